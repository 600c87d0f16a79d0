/* nl.load and nl.save: files by extension. A file that cannot be read or written is an outcome (nil, message,
 * info); an unknown extension, unknown options and things a format cannot hold are misuse and raise. */
#include "tensor.h"
#include <numlab/io.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const extensions[] = {"mtx", "npy", "npz", "csv", NULL};
enum { MTX, NPY, NPZ, CSV };

/* Which of the known extensions path ends in; raises otherwise. */
static int check_extension(lua_State *L, const char *what, const char *path) {
  const char *name = strrchr(path, '/');
  const char *dot = strrchr(name ? name + 1 : path, '.');
  for (int i = 0; dot && extensions[i]; i++)
    if (strcasecmp(dot + 1, extensions[i]) == 0) return i;
  return nlL_unknown(L, what, "file extension", dot ? dot + 1 : "", extensions);
}

static int load_mtx(lua_State *L, const char *path) {
  nl_status status;
  nl_mtx found = {0};
  nlL_checkoptions(L, 2, "load", (const char *const[]){NULL});
  nl_tensor *dense = nlL_newtensor(L);
  nl_sparse *sparse = nlL_newsparse(L);
  NLL_RETRY(L, status, nl_mtx_read(path, &found));
  *dense = found.dense;
  *sparse = found.sparse;
  if (status != NL_OK) return nlL_failed(L, status);
  nlL_account(L, dense->storage ? nlL_tensor_bytes(dense) : nlL_sparse_bytes(sparse));
  if (dense->storage) lua_pop(L, 1);
  return 1;
}

static int save_mtx(lua_State *L, const char *path) {
  static const char *const options[] = {"field", "symmetry", NULL};
  static const char *const fields[] = {"auto", "real", "integer", "pattern", NULL};
  static const char *const symmetries[] = {"general", "symmetric", "skew-symmetric", NULL};
  nl_matrix A = nlL_checkmatrix(L, 2);
  nl_status status;
  nlL_checkoptions(L, 3, "save", options);
  nl_mtx_field field = (nl_mtx_field)nlL_optchoice(L, 3, "save", "field", fields, NL_MTX_AUTO);
  nl_mtx_symmetry symmetry =
      (nl_mtx_symmetry)nlL_optchoice(L, 3, "save", "symmetry", symmetries, NL_MTX_GENERAL);
  NLL_RETRY(L, status, nl_mtx_write(path, &A, field, symmetry));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_pushboolean(L, true);
  return 1;
}

static int load_npy(lua_State *L, const char *path) {
  nl_status status;
  nlL_checkoptions(L, 2, "load", (const char *const[]){NULL});
  nl_tensor *t = nlL_newtensor(L);
  NLL_RETRY(L, status, nl_npy_read(path, t));
  if (status != NL_OK) return nlL_failed(L, status);
  nlL_account(L, nlL_tensor_bytes(t));
  return 1;
}

/* The tensor to save; a sparse matrix is told where it belongs. */
static const nl_tensor *check_dense(lua_State *L, int arg, const char *extension) {
  if (nlL_tosparse(L, arg))
    nlL_error(L, "save: an .%s file cannot hold a sparse matrix; use .mtx, or save A:dense()", extension);
  return nlL_checklocaltensor(L, arg);
}

static int save_npy(lua_State *L, const char *path) {
  const nl_tensor *t = check_dense(L, 2, "npy");
  nl_status status;
  nlL_checkoptions(L, 3, "save", (const char *const[]){NULL});
  NLL_RETRY(L, status, nl_npy_write(path, t));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_pushboolean(L, true);
  return 1;
}

/* --- what the engine read, until all of it is in Lua's hands: making strings and tables can raise ------ */

static int l_release_csv(lua_State *L) {
  nl_csv_release(lua_touserdata(L, 1));
  return 0;
}

static int l_release_npz(lua_State *L) {
  nl_npz_release(lua_touserdata(L, 1));
  return 0;
}

/* Push size zeroed bytes that release cleans up. */
static void *new_holder(lua_State *L, size_t size, const char *name, lua_CFunction release) {
  void *holder = memset(lua_newuserdatauv(L, size, 0), 0, size);
  if (luaL_newmetatable(L, name)) {
    lua_pushcfunction(L, release);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return holder;
}

/* --- tables of numbers --------------------------------------------------------------------------------- */

static int load_csv(lua_State *L, const char *path) {
  nl_status status;
  nlL_checkoptions(L, 2, "load", (const char *const[]){"header", NULL});
  bool names = nlL_optboolean(L, 2, "load", "header", false);
  bool automatic = nlL_optboolean(L, 2, "load", "header", true) != names; /* the default came back */
  nl_csv_header header = automatic ? NL_CSV_AUTO : names ? NL_CSV_NAMES : NL_CSV_NO_NAMES;
  nl_csv *found = new_holder(L, sizeof *found, "numlab.csv", l_release_csv);
  nl_tensor *t = nlL_newtensor(L);
  NLL_RETRY(L, status, nl_csv_read(path, header, found));
  if (status != NL_OK) return nlL_failed(L, status);
  *t = found->values;
  found->values = (nl_tensor){0};
  nlL_account(L, nlL_tensor_bytes(t));
  if (!found->names) return 1;
  lua_newtable(L);
  const char *name = found->names;
  for (int64_t j = 0; j < t->shape[1]; j++, name += strlen(name) + 1) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, j + 1);
  }
  nl_csv_release(found);
  return 2;
}

/* The option names as an array of C strings, in memory of Lua's; the strings stay in their table. */
static const char *const *check_names(lua_State *L, int arg, int64_t *count) {
  if (lua_isnoneornil(L, arg) || lua_getfield(L, arg, "names") == LUA_TNIL) return NULL;
  if (!lua_istable(L, -1))
    nlL_error(L, "save: option 'names' is a %s, expected a table", luaL_typename(L, -1));
  lua_Unsigned length = lua_rawlen(L, -1);
  const char **names = lua_newuserdatauv(L, (length + 1) * sizeof *names, 0);
  for (lua_Unsigned j = 0; j < length; j++) {
    size_t bytes;
    if (lua_rawgeti(L, -2, (lua_Integer)j + 1) != LUA_TSTRING)
      nlL_error(L, "save: name %d is a %s, expected a string", (int)j + 1, luaL_typename(L, -1));
    names[j] = lua_tolstring(L, -1, &bytes);
    if (strlen(names[j]) != bytes) nlL_error(L, "save: name %d contains a zero byte", (int)j + 1);
    lua_pop(L, 1);
  }
  *count = (int64_t)length;
  return names;
}

static int save_csv(lua_State *L, const char *path) {
  const nl_tensor *t = check_dense(L, 2, "csv");
  nl_status status;
  int64_t count = 0;
  nlL_checkoptions(L, 3, "save", (const char *const[]){"names", NULL});
  const char *const *names = check_names(L, 3, &count);
  NLL_RETRY(L, status, nl_csv_write(path, t, count, names));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_pushboolean(L, true);
  return 1;
}

/* --- archives ------------------------------------------------------------------------------------------ */

static int load_npz(lua_State *L, const char *path) {
  nl_status status;
  nlL_checkoptions(L, 2, "load", (const char *const[]){NULL});
  nl_npz *found = new_holder(L, sizeof *found, "numlab.npz", l_release_npz);
  NLL_RETRY(L, status, nl_npz_read(path, found));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_newtable(L);
  const char *name = found->names;
  for (int64_t i = 0; i < found->count; i++, name += strlen(name) + 1) {
    nl_tensor *t = nlL_newtensor(L);
    *t = found->tensors[i];
    found->tensors[i] = (nl_tensor){0};
    nlL_account(L, nlL_tensor_bytes(t));
    lua_setfield(L, -2, name);
  }
  nl_npz_release(found);
  return 1;
}

static int compare_names(const void *a, const void *b) {
  const char *const *x = a, *const *y = b;
  return strcmp(*x, *y);
}

/* The keys of the table at arg, in order, as C strings that the table keeps. */
static const char **sorted_keys(lua_State *L, int arg, int64_t *count) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *count = 0;
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      nlL_error(L, "save: a key of the table is a %s, expected a name: {A = A, b = b}", luaL_typename(L, -2));
    if (strlen(lua_tostring(L, -2)) != lua_rawlen(L, -2)) nlL_error(L, "save: a name contains a zero byte");
    ++*count;
  }
  const char **keys = lua_newuserdatauv(L, (size_t)(*count + 1) * sizeof *keys, 0);
  int64_t i = 0;
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) keys[i++] = lua_tostring(L, -2);
  qsort(keys, (size_t)*count, sizeof *keys, compare_names);
  return keys;
}

static int save_npz(lua_State *L, const char *path) {
  int64_t count;
  nl_status status;
  nlL_checkoptions(L, 3, "save", (const char *const[]){"compress", NULL});
  bool compress = nlL_optboolean(L, 3, "save", "compress", false);
  const char **names = sorted_keys(L, 2, &count);
  const nl_tensor **tensors = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof *tensors, 0);
  for (int64_t i = 0; i < count; i++) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, 2);
    if (nlL_tosparse(L, -1))
      nlL_error(L, "save: '%s' is a sparse matrix; an .npz file holds tensors (use .mtx, or A:dense())",
                names[i]);
    tensors[i] = nlL_totensor(L, -1);
    if (!tensors[i]) nlL_error(L, "save: '%s' is a %s, expected a tensor", names[i], luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  NLL_RETRY(L, status, nl_npz_write(path, count, names, tensors, compress));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_pushboolean(L, true);
  return 1;
}

/* nl.load(path[, opts]) -> what the file holds | nil, message, info */
static int l_load(lua_State *L) {
  const char *path = nlL_checkpath(L, 1);
  switch (check_extension(L, "load", path)) {
  case MTX: return load_mtx(L, path);
  case NPY: return load_npy(L, path);
  case NPZ: return load_npz(L, path);
  case CSV: return load_csv(L, path);
  }
  return 0;
}

/* nl.save(path, x[, opts]) -> true | nil, message, info */
static int l_save(lua_State *L) {
  const char *path = nlL_checkpath(L, 1);
  switch (check_extension(L, "save", path)) {
  case MTX: return save_mtx(L, path);
  case NPY: return save_npy(L, path);
  case NPZ: return save_npz(L, path);
  case CSV: return save_csv(L, path);
  }
  return 0;
}

static const luaL_Reg functions[] = {{"load", l_load}, {"save", l_save}, {NULL, NULL}};

void nlL_open_io(lua_State *L) { luaL_setfuncs(L, functions, 0); }
