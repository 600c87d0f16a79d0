/* Reductions as methods: over all elements to a Lua number, over a dimension to a tensor. */
#include "tensor.h"
#include <numlab/ops.h>

static const char *const options[] = {"keepdim", NULL};

/* t:name() or t:name(dim, {keepdim=}) */
static int reduce(lua_State *L, nl_reduction op) {
  const char *what = nl_reduction_name(op);
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  bool all = lua_isnoneornil(L, 2), position = op == NL_REDUCE_ARGMAX || op == NL_REDUCE_ARGMIN;
  if (lua_istable(L, 2))
    nlL_error(L, "%s: the dimension stands first: t:%s(dim, {keepdim = true})", what, what);
  int dim = all ? 0 : nlL_checkdim(L, 2, what, t);
  nlL_checkoptions(L, 3, what, options);
  bool keep = nlL_optboolean(L, 3, what, "keepdim", false);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  if (all) NLL_RETRY(L, s, nl_reduce_all(op, t, out));
  else NLL_RETRY(L, s, nl_reduce(op, t, dim, keep, out));
  nlL_check(L, s);
  if (position) { /* Lua counts from 1 */
    nl_tensor *from_1 = nlL_newtensor(L);
    NLL_RETRY(L, s, nl_binary_number(NL_ADD, out, 1, false, from_1));
    nlL_check(L, s);
    out = from_1;
  }
  if (!all) return nlL_finishtensor(L, s, out);
  nlL_pushscalar(L, out);
  nl_tensor_release(out);
  return 1;
}

static int l_sum(lua_State *L) { return reduce(L, NL_REDUCE_SUM); }
static int l_mean(lua_State *L) { return reduce(L, NL_REDUCE_MEAN); }
static int l_max(lua_State *L) { return reduce(L, NL_REDUCE_MAX); }
static int l_min(lua_State *L) { return reduce(L, NL_REDUCE_MIN); }
static int l_argmax(lua_State *L) { return reduce(L, NL_REDUCE_ARGMAX); }
static int l_argmin(lua_State *L) { return reduce(L, NL_REDUCE_ARGMIN); }
static int l_any(lua_State *L) { return reduce(L, NL_REDUCE_ANY); }
static int l_all(lua_State *L) { return reduce(L, NL_REDUCE_ALL); }

/* t:norm([p]): of all elements as one vector */
static int l_norm(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  double p = lua_isnoneornil(L, 2) ? 2 : nlL_checkreal(L, 2, "norm", "p"), value;
  nl_status s;
  NLL_RETRY(L, s, nl_norm(t, p, &value));
  nlL_check(L, s);
  lua_pushnumber(L, value);
  return 1;
}

static const luaL_Reg methods[] = {{"sum", l_sum},       {"mean", l_mean},     {"max", l_max}, {"min", l_min},
                                   {"argmax", l_argmax}, {"argmin", l_argmin}, {"any", l_any}, {"all", l_all},
                                   {"norm", l_norm},     {NULL, NULL}};

void nlL_open_reduce(lua_State *L) { nlL_addmethods(L, methods); }
