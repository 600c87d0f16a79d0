/* nl.attention and its gradient. */
#include "tensor.h"
#include <math.h>
#include <numlab/attention.h>
#include <string.h>

/* --- options ------------------------------------------------------------------------------------------ */

static const char *const known_options[] = {
    "impl", "scale",        "causal",       "window", "bias",   "softcap",       "dropout",
    "seed", "cu_seqlens_q", "cu_seqlens_k", "q_tile", "k_tile", "deterministic", NULL};
/* Names of NL_ATTENTION_STANDARD and what follows. */
static const char *const *impl_names(void) {
  static const char *list[NL_ATTENTION_IMPLS];
  for (int i = NL_ATTENTION_STANDARD; i < NL_ATTENTION_IMPLS; i++)
    list[i - 1] = nl_attention_impl_name((nl_attention_impl)i);
  return list;
}

static bool is_known(const char *const *names, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

/* Push t[key] of the table at arg, raw (see nlL_checkoptions); false where it is nil or there is no table. */
static bool push_field(lua_State *L, int arg, const char *key) {
  if (!lua_istable(L, arg)) return false;
  lua_pushstring(L, key);
  if (lua_rawget(L, arg) != LUA_TNIL) return true;
  lua_pop(L, 1);
  return false;
}

/* The tensor under key, kept alive by the table; NULL where there is none. */
static const nl_tensor *tensor_field(lua_State *L, int arg, const char *what, const char *field,
                                     const char *key) {
  if (!push_field(L, arg, key)) return NULL;
  const nl_tensor *t = nlL_toanytensor(L, -1);
  if (!t) nlL_error(L, "%s: %s must be a tensor, got %s", what, field, nlL_describe(L, -1));
  lua_pop(L, 1);
  return t;
}

/* Element i (from 1) of the list on top of the stack: a whole number. */
static int64_t list_element(lua_State *L, const char *what, const char *key, int64_t i) {
  int whole;
  int type = lua_rawgeti(L, -1, (lua_Integer)i);
  int64_t value = lua_tointegerx(L, -1, &whole);
  if (!whole || type != LUA_TNUMBER)
    nlL_error(L, "%s: option '%s' must hold whole numbers, got %s", what, key, nlL_describe(L, -1));
  lua_pop(L, 1);
  return value;
}

static void check_window(lua_State *L, int arg, const char *what, nl_attention_options *o) {
  if (!push_field(L, arg, "window")) return;
  if (!lua_istable(L, -1) || lua_rawlen(L, -1) != 2)
    nlL_error(L, "%s: option 'window' must be {left, right}, two numbers of keys (-1 is open), got %s", what,
              lua_istable(L, -1) ? "another table" : nlL_describe(L, -1));
  o->left = list_element(L, what, "window", 1);
  o->right = list_element(L, what, "window", 2);
  lua_pop(L, 1);
}

/* Offsets as a list or a 1-d tensor of whole numbers, copied into a userdata that stays on the stack; *count
 * of them. NULL where the option is absent. */
static const int64_t *check_offsets(lua_State *L, int arg, const char *what, const char *key,
                                    int64_t *count) {
  if (!push_field(L, arg, key)) return NULL;
  const nl_tensor *t = nlL_totensor(L, -1);
  if (!t && !lua_istable(L, -1))
    nlL_error(L, "%s: option '%s' must be a list or a tensor of offsets, got %s", what, key,
              nlL_describe(L, -1));
  if (t && (t->ndim != 1 || nl_dtype_is_float(t->dtype) || t->dtype == NL_BOOL))
    nlL_error(L, "%s: option '%s' is a %s tensor of %d dimensions, expected integers in one", what, key,
              nl_dtype_name(t->dtype), t->ndim);
  *count = t ? t->shape[0] : (int64_t)lua_rawlen(L, -1);
  int source = lua_gettop(L);
  int64_t *offsets = lua_newuserdatauv(L, (size_t)(*count + 1) * sizeof *offsets, 0);
  lua_insert(L, source); /* below what it is filled from */
  for (int64_t i = 0; i < *count; i++)
    offsets[i] = t ? (int64_t)nl_tensor_get(t, &i) : list_element(L, what, key, i + 1);
  lua_pop(L, 1); /* the options keep the list; the copy stays */
  return offsets;
}

/* The implementations of a device by name, NULL-terminated, as a userdata left on the stack: those of
 * nl_attention_impl, then its own paths. *paths: their first index. */
static const char **names_on(lua_State *L, const nl_device *device, int *paths) {
  int count;
  const nl_attention_path *own = nl_device_attention_paths(device, &count);
  const char **names = lua_newuserdatauv(L, (size_t)(NL_ATTENTION_IMPLS + count) * sizeof *names, 0);
  *paths = 0;
  for (const char *const *name = impl_names(); *name; name++) names[(*paths)++] = *name;
  int n = *paths;
  for (int i = 0; i < count; i++)
    if (!is_known(names, *paths, own[i].name)) names[n++] = own[i].name;
  names[n] = NULL;
  return names;
}

/* impl: one of nl_attention_impl, or a path of the device, which belongs to one. */
static void check_impl(lua_State *L, int arg, const char *what, const nl_device *device,
                       nl_attention_impl *impl, const char **path) {
  int paths, count;
  const char **names = names_on(L, device, &paths);
  int choice = nlL_optchoice(L, arg, what, "impl", names, -1);
  const nl_attention_path *own = nl_device_attention_paths(device, &count);
  *impl = choice < paths ? (nl_attention_impl)(choice + 1) : NL_ATTENTION_AUTO;
  *path = NULL;
  for (int i = 0; choice >= paths && i < count; i++)
    if (strcmp(own[i].name, names[choice]) == 0) *impl = own[i].impl, *path = own[i].name;
  lua_pop(L, 1);
}

static nl_attention_options check_options(lua_State *L, int arg, const char *what, const nl_device *device) {
  nl_attention_options o = nl_attention_defaults();
  nlL_checkoptions(L, arg, what, known_options);
  if (!lua_istable(L, arg)) return o;
  check_impl(L, arg, what, device, &o.impl, &o.path);
  o.deterministic = nlL_optboolean(L, arg, what, "deterministic", false);
  double scale = nlL_optnumber(L, arg, what, "scale", o.scale);
  if (isnan(scale) && push_field(L, arg, "scale")) nlL_error(L, "%s: option 'scale' is NaN", what);
  o.scale = scale;
  o.causal = nlL_optboolean(L, arg, what, "causal", false);
  check_window(L, arg, what, &o);
  o.bias = tensor_field(L, arg, what, "option 'bias'", "bias");
  o.softcap = nlL_optnumber(L, arg, what, "softcap", 0);
  o.dropout = nlL_optnumber(L, arg, what, "dropout", 0);
  o.seed = (uint64_t)nlL_optinteger(L, arg, what, "seed", 0);
  o.q_tile = nlL_optinteger(L, arg, what, "q_tile", o.q_tile);
  o.k_tile = nlL_optinteger(L, arg, what, "k_tile", o.k_tile);
  int64_t q_count = 0, k_count = 0;
  o.cu_q = check_offsets(L, arg, what, "cu_seqlens_q", &q_count);
  o.cu_k = check_offsets(L, arg, what, "cu_seqlens_k", &k_count);
  if (o.cu_q && o.cu_k && q_count != k_count)
    nlL_error(L, "%s: cu_seqlens_q has %I offsets, cu_seqlens_k has %I, expected as many", what,
              (lua_Integer)q_count, (lua_Integer)k_count);
  o.sequences = q_count - 1;
  return o;
}

/* --- forward ------------------------------------------------------------------------------------------ */

/* The three operands and the options behind them, whatever else was given left off. */
static nl_attention_options check_call(lua_State *L, int last, const char *what, const nl_tensor *q) {
  lua_settop(L, last);
  return check_options(L, last, what, nl_tensor_device(q));
}

/* Move what the engine made into the handle at index: a Lua call between would leak it. */
static void hand_over(nl_tensor *from, nl_tensor *to) {
  *to = *from;
  from->storage = NULL;
}

static int l_attention(lua_State *L) {
  const nl_tensor *q = nlL_checkanytensor(L, 1), *k = nlL_checkanytensor(L, 2), *v = nlL_checkanytensor(L, 3);
  nl_attention_options o = check_call(L, 4, "attention", q);
  nl_tensor *out = nlL_newtensor(L), *lse = nlL_newtensor(L), *p = nlL_newtensor(L);
  int at = lua_gettop(L);
  nl_attention_aux aux = {0};
  nl_status s;
  NLL_RETRY(L, s, nl_attention(q, k, v, &o, out, &aux));
  hand_over(&aux.lse, lse);
  hand_over(&aux.p, p);
  if (s != NL_OK) return nlL_failed(L, s);
  nlL_account(L, nlL_tensor_bytes(out) + nlL_tensor_bytes(lse) + (p->storage ? nlL_tensor_bytes(p) : 0));
  lua_pushvalue(L, at - 2);
  lua_createtable(L, 0, 3);
  nlL_setstring(L, "impl", aux.path ? aux.path : nl_attention_impl_name(aux.impl));
  lua_pushvalue(L, at - 1);
  lua_setfield(L, -2, "lse");
  if (p->storage) {
    lua_pushvalue(L, at);
    lua_setfield(L, -2, "p");
  }
  return 2;
}

/* --- backward ----------------------------------------------------------------------------------------- */

/* aux as nl.attention returned it; its tensors stay in the table. */
static nl_attention_aux check_aux(lua_State *L, int arg, const nl_device *device) {
  static const char *const what = "attention_backward";
  nl_attention_aux aux = {.impl = NL_ATTENTION_AUTO};
  if (!lua_istable(L, arg))
    nlL_error(L, "%s: aux must be the table nl.attention returned behind out, got %s", what,
              nlL_describe(L, arg));
  const nl_tensor *lse = tensor_field(L, arg, what, "aux.lse", "lse"),
                  *p = tensor_field(L, arg, what, "aux.p", "p");
  if (!lse) nlL_error(L, "%s: aux.lse is missing; aux is the table nl.attention returned behind out", what);
  check_impl(L, arg, what, device, &aux.impl, &aux.path);
  aux.lse = *lse; /* borrowed: the engine takes references of its own */
  if (p) aux.p = *p;
  return aux;
}

static int l_attention_backward(lua_State *L) {
  const nl_tensor *dout = nlL_checkanytensor(L, 1), *q = nlL_checkanytensor(L, 2),
                  *k = nlL_checkanytensor(L, 3);
  const nl_tensor *v = nlL_checkanytensor(L, 4), *out = nlL_checkanytensor(L, 5);
  nl_attention_options o = check_call(L, 7, "attention_backward", q);
  nl_attention_aux aux = check_aux(L, 6, nl_tensor_device(q));
  nl_tensor *made[4];
  for (int i = 0; i < 4; i++) made[i] = nlL_newtensor(L);
  int at = lua_gettop(L);
  nl_attention_gradients g = {0};
  nl_status s;
  NLL_RETRY(L, s, nl_attention_backward(dout, q, k, v, out, &aux, &o, &g));
  hand_over(&g.dq, made[0]);
  hand_over(&g.dk, made[1]);
  hand_over(&g.dv, made[2]);
  hand_over(&g.dbias, made[3]);
  if (s != NL_OK) return nlL_failed(L, s);
  for (int i = 0; i < 3; i++) {
    nlL_account(L, nlL_tensor_bytes(made[i]));
    lua_pushvalue(L, at - 3 + i);
  }
  lua_createtable(L, 0, 1);
  if (made[3]->storage) {
    nlL_account(L, nlL_tensor_bytes(made[3]));
    lua_pushvalue(L, at);
    lua_setfield(L, -2, "dbias");
  }
  return 4;
}

/* --- merge, impls ------------------------------------------------------------------------------------- */

static int l_attention_merge(lua_State *L) {
  const nl_tensor *out1 = nlL_checkanytensor(L, 1), *lse1 = nlL_checkanytensor(L, 2);
  const nl_tensor *out2 = nlL_checkanytensor(L, 3), *lse2 = nlL_checkanytensor(L, 4);
  nl_tensor *out = nlL_newtensor(L), *lse = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_attention_merge(out1, lse1, out2, lse2, out, lse));
  if (s != NL_OK) return nlL_failed(L, s);
  nlL_account(L, nlL_tensor_bytes(out) + nlL_tensor_bytes(lse));
  return 2;
}

/* nl.attention_impls(device) -> names */
static int l_attention_impls(lua_State *L) {
  int paths;
  const char *const *names = names_on(L, nlL_optdevice(L, 1, "attention_impls"), &paths);
  lua_newtable(L);
  for (int i = 0; names[i]; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static const luaL_Reg functions[] = {{"attention", l_attention},
                                     {"attention_backward", l_attention_backward},
                                     {"attention_merge", l_attention_merge},
                                     {"attention_impls", l_attention_impls},
                                     {NULL, NULL}};

void nlL_open_attention(lua_State *L) { luaL_setfuncs(L, functions, 0); }
