/* Elements, rows and slices: t(i, "2:5"), t[i], t:set(v, i), ipairs(t). */
#include "tensor.h"
#include <stdlib.h>
#include <string.h>

/* --- indices ----------------------------------------------------------------------------------------- */

/* 1-based, negatives from the end, to 0-based; raises outside. */
static int64_t check_index(lua_State *L, lua_Integer given, const nl_tensor *t, int dim) {
  int64_t size = t->shape[dim], index = given < 0 ? given + size : given - 1;
  if (index < 0 || index >= size || given == 0)
    nlL_error(L, "index %I is outside dimension %d of size %I%s", given, dim + 1, (lua_Integer)size,
              given == 0 ? " (indices count from 1)" : "");
  return index;
}

/* One of the numbers of "a:b:c"; false when it is left out. */
static bool slice_number(lua_State *L, const char **text, const char *whole, int64_t *value) {
  char *end;
  while (**text == ' ') (*text)++;
  if (**text == ':' || **text == 0) return false;
  *value = strtoll(*text, &end, 10);
  if (end == *text) nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", whole);
  *text = end;
  while (**text == ' ') (*text)++;
  return true;
}

/* "a:b:c", inclusive, as begin (0-based), count and step. */
static void parse_slice(lua_State *L, const char *text, const nl_tensor *t, int dim, int64_t *begin,
                        int64_t *count, int64_t *step) {
  const char *p = text;
  int64_t size = t->shape[dim], first = 1, last = size;
  bool has_first, has_last = false;
  *step = 1;
  has_first = slice_number(L, &p, text, &first);
  if (*p != ':') nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", text);
  p++;
  has_last = slice_number(L, &p, text, &last);
  if (*p == ':') {
    p++;
    if (!slice_number(L, &p, text, step)) *step = 1;
  }
  if (*p != 0) nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", text);
  if (*step == 0) nlL_error(L, "slice '%s': the step must not be 0", text);
  if (*step < 0) {
    if (!has_first) first = size;
    if (!has_last) last = 1;
  }
  if (has_first && first < 0) first += size + 1;
  if (has_last && last < 0) last += size + 1;
  bool empty = *step > 0 ? first > last : first < last;
  int64_t low = empty ? 0 : 1, high = empty ? size + 1 : size;
  if (first < low || first > high || last < low || last > high)
    nlL_error(L, "slice '%s' leaves dimension %d of size %I", text, dim + 1, (lua_Integer)size);
  *begin = first - 1;
  *count = empty ? 0 : (last - first) / *step + 1;
}

/* Neither a number nor a slice. t:T() calls t.T with t; a tensor of truths is NumPy's and Torch's way to
 * choose. */
static void wrong_index(lua_State *L, const nl_tensor *t, int dim, int arg) {
  const nl_tensor *given = nlL_toanytensor(L, arg);
  const char *mend = "";
  if (given && given->storage == t->storage) mend = "; T is a field: t.T";
  else if (given && given->dtype == NL_BOOL) mend = "; nl.where(mask, a, b) chooses by a mask";
  nlL_error(L, "index of dimension %d must be a whole number or a slice such as \"2:5\", got %s%s", dim + 1,
            nlL_describe(L, arg), mend);
}

/* Arguments first.. as indices and slices: *view becomes what they select. True when every dimension was
 * given an index, so that the selection is one element. View is an empty handle on the Lua stack. */
static bool select_indices(lua_State *L, const nl_tensor *t, int first, int last, nl_tensor *view) {
  if (last - first + 1 > t->ndim)
    nlL_error(L, "%d indices for a tensor of %d dimensions", last - first + 1, t->ndim);
  int64_t begin[NL_MAX_NDIM], count[NL_MAX_NDIM], step[NL_MAX_NDIM];
  bool sliced[NL_MAX_NDIM] = {false};
  int kept = t->ndim;
  for (int d = 0; d <= last - first; d++) {
    int whole, arg = first + d;
    if (lua_type(L, arg) == LUA_TSTRING) {
      parse_slice(L, lua_tostring(L, arg), t, d, &begin[d], &count[d], &step[d]);
      sliced[d] = true;
    } else {
      lua_Integer index = lua_tointegerx(L, arg, &whole);
      if (!whole || lua_type(L, arg) != LUA_TNUMBER) wrong_index(L, t, d, arg);
      begin[d] = check_index(L, index, t, d);
      kept--;
    }
  }
  /* from the last dimension, so that those before keep their numbers; none of these can fail any more */
  nl_tensor now = nl_tensor_share(t), next;
  for (int d = last - first; d >= 0; d--) {
    nl_status s = sliced[d] ? nl_tensor_slice(&now, d, begin[d], count[d], step[d], &next)
                            : nl_tensor_select(&now, d, begin[d], &next);
    nl_tensor_release(&now);
    nlL_check(L, s);
    now = next;
  }
  *view = now;
  return kept == 0;
}

/* True when arguments first..last are one number a dimension: the index of the element they name. */
static bool element_index(lua_State *L, const nl_tensor *t, int first, int last, int64_t *index) {
  if (last - first + 1 != t->ndim) return false;
  for (int d = 0; d < t->ndim; d++) {
    int whole;
    if (lua_type(L, first + d) != LUA_TNUMBER) return false;
    lua_Integer given = lua_tointegerx(L, first + d, &whole);
    if (!whole) return false;
    index[d] = check_index(L, given, t, d);
  }
  return true;
}

/* --- elements and slices ----------------------------------------------------------------------------- */

/* t(i, j, "2:5", ..) */
static int l_call(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  int last = lua_gettop(L);
  int64_t index[NL_MAX_NDIM];
  if (nl_device_is_cpu(nl_tensor_device(t)) && element_index(L, t, 2, last, index)) {
    nlL_pushelement(L, t, index);
    return 1;
  }
  nl_tensor *view = nlL_newtensor(L);
  if (!select_indices(L, t, 2, last, view)) return 1;
  nlL_pushscalar(L, view);
  nl_tensor_release(view);
  return 1;
}

static char *element_address(const nl_tensor *t, const int64_t *index) {
  int64_t at = 0;
  for (int d = 0; d < t->ndim; d++) at += index[d] * t->stride[d];
  return (char *)nl_tensor_data(t) + at * nl_dtype_size(t->dtype);
}

/* t:set(value, i, j, ..): a number, a boolean, or a tensor that broadcasts to what the indices select */
static int l_set(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  const nl_tensor *source = nlL_toanytensor(L, 2);
  char element[8] = {0};
  if (!source) nlL_checkelement(L, 2, "set", t->dtype, element);
  else if (source->dtype != t->dtype)
    nlL_error(L, "set: the tensors are %s and %s; convert one with :to", nl_dtype_name(t->dtype),
              nl_dtype_name(source->dtype));
  int last = lua_gettop(L);
  int64_t index[NL_MAX_NDIM];
  if (!source && nl_device_is_cpu(nl_tensor_device(t)) && element_index(L, t, 3, last, index)) {
    memcpy(element_address(t, index), element, (size_t)nl_dtype_size(t->dtype));
    lua_settop(L, 1);
    return 1;
  }
  nl_tensor *view = nlL_newtensor(L), *value = nlL_newtensor(L);
  select_indices(L, t, 3, last, view);
  if (!source) {
    nlL_check(L, nl_tensor_new(t->dtype, 0, NULL, value));
    memcpy(nl_tensor_data(value), element, (size_t)nl_dtype_size(t->dtype));
    source = value;
  }
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_copy(source, view));
  if (s != NL_OK) nlL_error(L, "set: %s", nl_message());
  nl_tensor_release(view);
  nl_tensor_release(value);
  lua_settop(L, 1);
  return 1;
}

/* --- rows -------------------------------------------------------------------------------------------- */

int nlL_pushrow(lua_State *L, const nl_tensor *t, lua_Integer i) {
  if (t->ndim == 0) nlL_error(L, "index %I of a scalar; use :item()", i);
  if (i == t->shape[0] + 1) { /* so that ipairs ends */
    lua_pushnil(L);
    return 1;
  }
  int64_t index = check_index(L, i, t, 0);
  if (t->ndim == 1) nlL_pushelement(L, t, &index);
  else nlL_check(L, nl_tensor_select(t, 0, index, nlL_newtensor(L)));
  return 1;
}

/* t[i] = value */
static int l_newindex(lua_State *L) {
  nlL_checkanytensor(L, 1);
  if (lua_type(L, 2) != LUA_TNUMBER)
    nlL_error(L, "a tensor has no settable field '%s'; elements are set by t[i] = v or t:set(v, i, j)",
              nlL_describe(L, 2));
  lua_settop(L, 3);
  lua_insert(L, 2); /* t, v, i: called from here, l_set names the line of the assignment */
  l_set(L);
  return 0;
}

static int next_row(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  lua_Integer i = luaL_checkinteger(L, 2) + 1;
  lua_pushinteger(L, i);
  nlL_pushrow(L, t, i);
  return lua_isnil(L, -1) ? 1 : 2;
}

static int l_pairs(lua_State *L) {
  nlL_checkanytensor(L, 1);
  lua_pushcfunction(L, next_row);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

static const luaL_Reg methods[] = {{"set", l_set}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {
    {"__call", l_call}, {"__newindex", l_newindex}, {"__pairs", l_pairs}, {NULL, NULL}};

void nlL_open_index(lua_State *L) {
  nlL_addmethods(L, methods);
  nlL_addmetamethods(L, metamethods);
}
