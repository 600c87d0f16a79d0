/* Helpers every binding uses. Prefix nlL_; statics of a binding that Lua calls are l_name.
 *
 * A binding function has three phases, in this order: check arguments (may raise, owns nothing), push empty
 * handles, make one engine call that fills them or cleans up. Between acquiring a resource and handing it to
 * a userdata there is no Lua call, because any of them can raise and leak it.
 */
#ifndef NLL_SUPPORT_H
#define NLL_SUPPORT_H

#include <lauxlib.h>
#include <lua.h>
#include <numlab/device.h>
#include <numlab/solve.h>

/* --- errors ----------------------------------------------------------------------------------------- */

/* Raise as luaL_error, with the position of the user's line where one of numlab's own libraries made the
 * call. */
int nlL_error(lua_State *L, const char *format, ...);

/* Raise the engine's message unless status is OK. */
void nlL_check(lua_State *L, nl_status status);

/* In a binding's own long loop, at its turn i: raise "WHAT: interrupted" after Ctrl-C. */
void nlL_poll(lua_State *L, const char *what, int64_t i);

/* Push nil and the engine's message (2 values): how an outcome is returned; the caller may add info. */
int nlL_outcome(lua_State *L);

/* After a call that failed: nil, message, {code = ...} for an outcome (3 values); anything else raises. */
int nlL_failed(lua_State *L, nl_status status);

/* Make the call again after a full collection when memory ran out: dead handles may hold what is missing. */
#define NLL_RETRY(L, status, call) \
  do {                             \
    (status) = (call);             \
    if ((status) == NL_NOMEM) {    \
      lua_gc(L, LUA_GCCOLLECT);    \
      (status) = (call);           \
    }                              \
  } while (0)

/* Raise "bad argument #2 to 'solve' (tensor expected, got nil; ...)": as luaL_typeerror, and what mends
 * it. */
int nlL_typeerror(lua_State *L, int arg, const char *expected);

/* "; and how to mend it" where what stands at arg in place of what was expected suggests it, else "". */
const char *nlL_mend(lua_State *L, int arg, const char *expected);

/* Raise "WHAT: unknown option 'pivto' (did you mean 'pivot'?)" style errors. known is NULL-terminated. */
int nlL_unknown(lua_State *L, const char *what, const char *kind, const char *given,
                const char *const *known);

/* The known name nearest to given, by letters (names.c); NULL when none is near. */
const char *nlL_nearest(const char *given, const char *const *known);

/* --- userdata --------------------------------------------------------------------------------------- */

#define NLL_TENSOR "numlab.tensor"
#define NLL_SPARSE "numlab.sparse"
#define NLL_LU     "numlab.lu"
#define NLL_SQLITE "numlab.sqlite"

/* Push an empty, collectable handle; the engine call that follows fills it. */
nl_tensor *nlL_newtensor(lua_State *L);
nl_sparse *nlL_newsparse(lua_State *L);

/* The argument, or raise; an emptied (closed) handle raises too. */
nl_tensor *nlL_checktensor(lua_State *L, int arg);
nl_sparse *nlL_checksparse(lua_State *L, int arg);
/* The argument, or NULL when it is something else. */
nl_tensor *nlL_totensor(lua_State *L, int arg);
nl_sparse *nlL_tosparse(lua_State *L, int arg);
/* Those four raise for what does not lie on the CPU: most of the engine reads memory directly. These take
 * what lies on any device; for functions whose engine call knows devices. */
nl_tensor *nlL_checkanytensor(lua_State *L, int arg);
nl_tensor *nlL_toanytensor(lua_State *L, int arg);
nl_sparse *nlL_checkanysparse(lua_State *L, int arg);
nl_sparse *nlL_toanysparse(lua_State *L, int arg);
/* A tensor or a sparse matrix, on the CPU; on any device. */
nl_matrix nlL_checkmatrix(lua_State *L, int arg);
nl_matrix nlL_checkanymatrix(lua_State *L, int arg);

/* Tell the collector that the handle on the stack brought this many foreign bytes. */
void nlL_account(lua_State *L, int64_t bytes);
int64_t nlL_tensor_bytes(const nl_tensor *t);
int64_t nlL_sparse_bytes(const nl_sparse *S);

/* --- arguments -------------------------------------------------------------------------------------- */

/* A number; a whole number, given as integer or integral float; one not below 0. A string of digits is none.
 * Raise "linspace: n must be a whole number not below 0, got nothing". */
double nlL_checkreal(lua_State *L, int arg, const char *what, const char *name);
int64_t nlL_checkwhole(lua_State *L, int arg, const char *what, const char *name);
int64_t nlL_checksize(lua_State *L, int arg, const char *what, const char *name);

/* A string as a path: a zero byte inside, which would cut it short, raises. */
const char *nlL_checkpath(lua_State *L, int arg);

/* Option tables: nil or absent means none; anything else than a table raises, as does an unknown key. */
void nlL_checkoptions(lua_State *L, int arg, const char *what, const char *const *known);
/* One option: its value when present, else the default. Wrong types raise naming what and key.
 * Strings stay valid while the table holds them. nlL_optchoice returns the index in `known`. */
double nlL_optnumber(lua_State *L, int arg, const char *what, const char *key, double fallback);
int64_t nlL_optinteger(lua_State *L, int arg, const char *what, const char *key, int64_t fallback);
bool nlL_optboolean(lua_State *L, int arg, const char *what, const char *key, bool fallback);
const char *nlL_optstring(lua_State *L, int arg, const char *what, const char *key, const char *fallback);
int nlL_optchoice(lua_State *L, int arg, const char *what, const char *key, const char *const *known,
                  int fallback);
/* "tensor" rather than "userdata". */
const char *nlL_typename(lua_State *L, int arg);
/* What stands at arg, for a message: a number or string itself, of anything else its type. */
const char *nlL_describe(lua_State *L, int arg);
/* "f32"; raises naming the nearest known one */
nl_dtype nlL_parsedtype(lua_State *L, const char *what, const char *name);
/* dtype = "f32" */
nl_dtype nlL_optdtype(lua_State *L, int arg, const char *what, nl_dtype fallback);

/* --- numlab's own scripts: tree.c --------------------------------------------------------------------- */

/* The folder that holds lib/numlab/ and experiments/; NULL when it is not found. */
const char *nlL_scripts(void);
/* Put its lib/?.lua in front of package.path, once. */
void nlL_addpath(lua_State *L);
/* Give the module on top of the stack its lazily required libraries: nl.plot, nl.args, ... */
void nlL_open_library(lua_State *L);

/* --- results ---------------------------------------------------------------------------------------- */

/* t[key] = value for the table on top of the stack. */
void nlL_setnumber(lua_State *L, const char *key, double value);
void nlL_setinteger(lua_State *L, const char *key, int64_t value);
void nlL_setboolean(lua_State *L, const char *key, bool value);
void nlL_setstring(lua_State *L, const char *key, const char *value);

/* Columns of the terminal that standard output is; 80 where it is none. */
int nlL_columns(void);

/* --- modules: each adds its functions to the table on top of the stack ------------------------------ */

void nlL_open_tensor(lua_State *L);    /* tensor.c: the tensor class */
void nlL_open_index(lua_State *L);     /* index.c: elements, rows and slices of tensors */
void nlL_open_nested(lua_State *L);    /* nested.c: tables as tensors and back */
void nlL_open_make(lua_State *L);      /* make.c: constructors of tensors */
void nlL_open_ops(lua_State *L);       /* ops.c: elementwise, reductions, products as functions and methods */
void nlL_open_reduce(lua_State *L);    /* reduce.c: reductions, norms */
void nlL_open_combine(lua_State *L);   /* combine.c: where, cat, softmax, allclose */
void nlL_open_sparse(lua_State *L);    /* sparse.c: nl.sparse */
void nlL_open_gallery(lua_State *L);   /* gallery.c: nl.gallery */
void nlL_open_solve(lua_State *L);     /* solve.c: nl.solve */
void nlL_open_lu(lua_State *L);        /* lu.c: nl.lu */
void nlL_open_linalg(lua_State *L);    /* linalg.c: borrowed factorisations */
void nlL_open_attention(lua_State *L); /* attention.c: nl.attention, its gradient, merging */
void nlL_open_diagnose(lua_State *L);
void nlL_open_io(lua_State *L);     /* io.c: nl.load, nl.save */
void nlL_open_zip(lua_State *L);    /* zip.c: nl.zip */
void nlL_open_sqlite(lua_State *L); /* sqlite.c: nl.sqlite */
void nlL_open_facts(lua_State *L);  /* facts.c: nl.facts */
void nlL_open_folder(lua_State *L); /* folder.c: nl.folder */
void nlL_open_system(lua_State *L); /* system.c: memory, clock, threads, devices, interrupt hook */

#endif
