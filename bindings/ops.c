/* Arithmetic of tensors: operators, elementwise methods, products. Reductions are in reduce.c. */
#include "tensor.h"
#include <numlab/ops.h>

/* One operand of each pair may be a number; its place among the arguments is kept. */
static int binary(lua_State *L, nl_binary_op op) {
  const nl_tensor *a = nlL_toanytensor(L, 1), *b = nlL_toanytensor(L, 2);
  int other = a ? 2 : 1;
  if (!a && !b) nlL_checkanytensor(L, 1);
  if (nlL_tosparse(L, other))
    nlL_error(L, "%s: a tensor and a sparse matrix; S:dense() makes a tensor of the matrix",
              nl_binary_name(op));
  if (!(a && b) && lua_type(L, other) != LUA_TNUMBER)
    nlL_error(L, "%s: operands are tensors or numbers, got %s%s", nl_binary_name(op), nlL_typename(L, other),
              nlL_mend(L, other, "tensor"));
  double number = lua_tonumber(L, other);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  if (a && b) NLL_RETRY(L, s, nl_binary(op, a, b, out));
  else NLL_RETRY(L, s, nl_binary_number(op, a ? a : b, number, !a, out));
  return nlL_finishtensor(L, s, out);
}

static int l_add(lua_State *L) { return binary(L, NL_ADD); }
static int l_sub(lua_State *L) { return binary(L, NL_SUB); }
static int l_mul(lua_State *L) { return binary(L, NL_MUL); }
static int l_div(lua_State *L) { return binary(L, NL_DIV); }
static int l_pow(lua_State *L) { return binary(L, NL_POW); }
static int l_lt(lua_State *L) { return binary(L, NL_LT); }
static int l_le(lua_State *L) { return binary(L, NL_LE); }
static int l_gt(lua_State *L) { return binary(L, NL_GT); }
static int l_ge(lua_State *L) { return binary(L, NL_GE); }
static int l_eq(lua_State *L) { return binary(L, NL_EQ); }
static int l_ne(lua_State *L) { return binary(L, NL_NE); }

static int unary(lua_State *L, nl_unary_op op) {
  const nl_tensor *a = nlL_checkanytensor(L, 1);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_unary(op, a, out));
  return nlL_finishtensor(L, s, out);
}

static int l_neg(lua_State *L) { return unary(L, NL_NEG); }
static int l_abs(lua_State *L) { return unary(L, NL_ABS); }
static int l_exp(lua_State *L) { return unary(L, NL_EXP); }
static int l_log(lua_State *L) { return unary(L, NL_LOG); }
static int l_sqrt(lua_State *L) { return unary(L, NL_SQRT); }
static int l_tanh(lua_State *L) { return unary(L, NL_TANH); }
static int l_sin(lua_State *L) { return unary(L, NL_SIN); }
static int l_cos(lua_State *L) { return unary(L, NL_COS); }
static int l_round_down(lua_State *L) { return unary(L, NL_FLOOR); }
static int l_isnan(lua_State *L) { return unary(L, NL_ISNAN); }

/* A * B: the matrix product, or scaling by a number; 1-d times 1-d is a number. A sparse matrix on the right
 * comes here, one on the left finds the __mul of its own class. */
static int l_product(lua_State *L) {
  const nl_tensor *a = nlL_toanytensor(L, 1), *b = nlL_toanytensor(L, 2);
  const nl_sparse *S = a ? nlL_tosparse(L, 2) : NULL;
  if (!a || !(b || S)) return binary(L, NL_MUL);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  if (S) {
    nlL_checktensor(L, 1);
    NLL_RETRY(L, s, nl_sparse_apply_left(a, S, out));
    return nlL_finishtensor(L, s, out);
  }
  NLL_RETRY(L, s, nl_matmul(a, b, out));
  if (s == NL_SHAPE && nl_tensor_same_shape(a, b))
    nlL_error(L, "%s; a:mul(b) multiplies elementwise", nl_message());
  nlL_check(L, s);
  if (out->ndim > 0) return nlL_finishtensor(L, s, out);
  nlL_pushscalar(L, out);
  nl_tensor_release(out);
  return 1;
}

/* t:matmul(u): as t * u, for two tensors. */
static int l_matmul(lua_State *L) {
  nlL_checkanytensor(L, 1);
  if (!nlL_toanytensor(L, 2) && !nlL_tosparse(L, 2)) nlL_typeerror(L, 2, "tensor or sparse matrix");
  return l_product(L);
}

/* --- operators --------------------------------------------------------------------------------------- */

/* t + x where x is a table with an operator of its own (a variable of numlab.grad, say): its class decides.
 * Lua asks the left operand first, and a tensor knows nothing of other classes. */
static bool deferred(lua_State *L, const char *event) {
  if (!lua_istable(L, 2) || luaL_getmetafield(L, 2, event) == LUA_TNIL) return false;
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return true;
}

static int l_plus(lua_State *L) { return deferred(L, "__add") ? 1 : l_add(L); }
static int l_minus(lua_State *L) { return deferred(L, "__sub") ? 1 : l_sub(L); }
static int l_times(lua_State *L) { return deferred(L, "__mul") ? 1 : l_product(L); }
static int l_over(lua_State *L) { return deferred(L, "__div") ? 1 : l_div(L); }

/* --- operators that tensors do not have: they say which method does it ------------------------------- */

static int refuse(lua_State *L, const char *operator, const char * instead) {
  return nlL_error(L, "tensors have no operator %s; %s", operator, instead);
}

static int l_no_power(lua_State *L) {
  return refuse(L, "^", "use t:pow(p) for elementwise powers, A*A for products");
}
static int l_no_remainder(lua_State *L) { return refuse(L, "%", "use t:sub(t:div(n):floor():mul(n))"); }
static int l_no_whole_division(lua_State *L) { return refuse(L, "//", "use t:div(u):floor()"); }
static int l_no_concat(lua_State *L) {
  return refuse(L, "..", "use tostring(t) for text, nl.cat({t, u}, dim)");
}
static int l_no_order(lua_State *L) { return refuse(L, "< or <=", "use t:lt(u), t:le(u) elementwise"); }

/* t == u in Lua is a single truth: same dtype, same shape, all elements equal (NaN is unequal to itself) */
static int l_equal(lua_State *L) {
  const nl_tensor *a = nlL_toanytensor(L, 1), *b = nlL_toanytensor(L, 2);
  bool same = a && b && a->dtype == b->dtype && nl_tensor_same_shape(a, b);
  if (same) {
    nl_tensor *equal = nlL_newtensor(L), *all = nlL_newtensor(L);
    nl_status s;
    NLL_RETRY(L, s, nl_binary(NL_EQ, a, b, equal));
    if (s == NL_OK) NLL_RETRY(L, s, nl_reduce_all(NL_REDUCE_ALL, equal, all));
    nlL_check(L, s);
    nlL_check(L, nl_tensor_read(all, &same));
    nl_tensor_release(equal);
    nl_tensor_release(all);
  }
  lua_pushboolean(L, same);
  return 1;
}

static const luaL_Reg methods[] = {{"mul", l_mul},
                                   {"div", l_div},
                                   {"pow", l_pow},
                                   {"lt", l_lt},
                                   {"le", l_le},
                                   {"gt", l_gt},
                                   {"ge", l_ge},
                                   {"eq", l_eq},
                                   {"ne", l_ne},
                                   {"add", l_add},
                                   {"sub", l_sub},
                                   {"abs", l_abs},
                                   {"exp", l_exp},
                                   {"log", l_log},
                                   {"sqrt", l_sqrt},
                                   {"tanh", l_tanh},
                                   {"sin", l_sin},
                                   {"cos", l_cos},
                                   {"floor", l_round_down},
                                   {"isnan", l_isnan},
                                   {"matmul", l_matmul},
                                   {NULL, NULL}};

static const luaL_Reg operators[] = {{"__add", l_plus},
                                     {"__sub", l_minus},
                                     {"__mul", l_times},
                                     {"__div", l_over},
                                     {"__unm", l_neg},
                                     {"__pow", l_no_power},
                                     {"__mod", l_no_remainder},
                                     {"__idiv", l_no_whole_division},
                                     {"__concat", l_no_concat},
                                     {"__lt", l_no_order},
                                     {"__le", l_no_order},
                                     {"__eq", l_equal},
                                     {NULL, NULL}};

void nlL_open_ops(lua_State *L) {
  nlL_addmethods(L, methods);
  nlL_addmetamethods(L, operators);
}
