/* Shared by the tensor bindings: shapes, indices and values between Lua and tensors. */
#ifndef NLL_TENSOR_H
#define NLL_TENSOR_H

#include "support.h"

/* Push element (already located by index, 0-based) as integer, float or boolean by dtype. */
void nlL_pushelement(lua_State *L, const nl_tensor *t, const int64_t *index);

/* Push the only element of t, a tensor of one element. */
void nlL_pushscalar(lua_State *L, const nl_tensor *t);

/* A number or boolean at arg as the bytes of one element of dtype; raises when it does not fit the type (a
 * fraction for an integer type). `what` opens the message. */
void nlL_checkelement(lua_State *L, int arg, const char *what, nl_dtype dtype, void *element);

/* What a new tensor is made of and where. */
typedef struct nlL_place {
  nl_dtype dtype;
  nl_device *device;
} nlL_place;

/* The names of the options that say so. */
extern const char *const nlL_place_options[];

/* dtype and device from the option table at arg (none: fallback, on the CPU). */
nlL_place nlL_checkplace(lua_State *L, int arg, const char *what, nl_dtype fallback);

/* The device of this name; raises where it is not there, with the reason. */
nl_device *nlL_checkdevice(lua_State *L, const char *what, const char *device);

/* The device named at arg, the CPU where there is none. */
nl_device *nlL_optdevice(lua_State *L, int arg, const char *what);

/* 1-based dimension at arg, negatives from the end, as 0-based. */
int nlL_checkdim(lua_State *L, int arg, const char *what, const nl_tensor *t);

/* Sizes from arguments first..last, or from one table at first; returns ndim. -1 is allowed where `open`. */
int nlL_checkshape(lua_State *L, int first, int last, const char *what, bool open, int64_t *shape);

/* Raise unless the engine filled t, the handle on top of the stack; tell the collector of its bytes;
 * returns 1. */
int nlL_finishtensor(lua_State *L, nl_status status, const nl_tensor *t);

/* out, made on the CPU and on top of the stack, becomes the result on its device; returns 1. */
int nlL_finishon(lua_State *L, nl_device *device, const nl_tensor *out);

/* The tensor at arg as it lies on the CPU: itself, or a copy that takes its place among the arguments. */
nl_tensor *nlL_checklocaltensor(lua_State *L, int arg);

/* Push t[i]: a row, or an element of a vector; nil behind the last, so that ipairs ends (index.c). */
int nlL_pushrow(lua_State *L, const nl_tensor *t, lua_Integer i);

/* The __tostring metamethod (show.c): as wide as the window. */
int nlL_showtensor(lua_State *L);

/* Add functions to the method table or the metatable of tensors. */
void nlL_addmethods(lua_State *L, const luaL_Reg *methods);
void nlL_addmetamethods(lua_State *L, const luaL_Reg *metamethods);

#endif
