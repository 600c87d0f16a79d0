/* For Lua hosts: link the bindings and call luaopen_numlab, or require "numlab" with numlab.so. */
#ifndef NUMLAB_LUA_H
#define NUMLAB_LUA_H

#include <lua.h>

/* Pushes the module table. */
__attribute__((visibility("default"))) int luaopen_numlab(lua_State *L);

#endif
