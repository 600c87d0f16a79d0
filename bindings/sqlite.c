/* nl.sqlite: a database in a file. What happens to a file is an outcome (nil, message, info); wrong SQL and
 * values a database cannot hold are misuse and raise. A statement is prepared, bound, run and released within
 * one call, by a handle the collector knows: making rows can raise. */
#include "support.h"
#include <numlab/sqlite.h>
#include <string.h>

#define NLL_QUERY "numlab.sqlite.query"

static nl_sqlite *check_database(lua_State *L, int arg) {
  nl_sqlite *db = luaL_testudata(L, arg, NLL_SQLITE);
  if (!db) nlL_typeerror(L, arg, "database");
  if (!db->handle) luaL_argerror(L, arg, "this database was closed");
  return db;
}

/* nil, message, {code=, reason=}; misuse raises. */
static int failed(lua_State *L, nl_status status) {
  int values = nlL_failed(L, status);
  if (status == NL_IO) nlL_setstring(L, "reason", nl_sqlite_reason());
  return values;
}

/* nl.sqlite(path[, opts]) -> database | nil, message, info */
static int l_sqlite(lua_State *L) {
  static const char *const known[] = {"readonly", "timeout", NULL};
  const char *path = nlL_checkpath(L, 1);
  nlL_checkoptions(L, 2, "sqlite", known);
  double timeout = nlL_optnumber(L, 2, "sqlite", "timeout", 5);
  if (!(timeout >= 0 && timeout <= 1e6))
    return nlL_error(L, "sqlite: option 'timeout' must be from 0 to 1e6 seconds, got %f", timeout);
  nl_sqlite_options options = {nlL_optboolean(L, 2, "sqlite", "readonly", false), (int)(timeout * 1e3)};
  nl_sqlite *db = lua_newuserdatauv(L, sizeof *db, 1); /* its value: the path */
  db->handle = NULL;
  luaL_setmetatable(L, NLL_SQLITE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  nl_status status = nl_sqlite_open(path, options, db);
  return status == NL_OK ? 1 : failed(L, status);
}

/* --- statements --------------------------------------------------------------------------------------- */

static int l_release_query(lua_State *L) {
  nl_query_release(luaL_checkudata(L, 1, NLL_QUERY));
  return 0;
}

static nl_query *new_query(lua_State *L) {
  nl_query *query = lua_newuserdatauv(L, sizeof *query, 0);
  query->handle = NULL;
  luaL_setmetatable(L, NLL_QUERY);
  return query;
}

/* The Lua value at arg for parameter i; true and false are 1 and 0. */
static nl_sqlite_value check_value(lua_State *L, int arg, const char *what, int i) {
  nl_sqlite_value value = {.type = NL_SQLITE_NULL};
  switch (lua_type(L, arg)) {
  case LUA_TNIL: break;
  case LUA_TBOOLEAN:
    value.type = NL_SQLITE_INTEGER;
    value.integer = lua_toboolean(L, arg);
    break;
  case LUA_TNUMBER:
    value.type = lua_isinteger(L, arg) ? NL_SQLITE_INTEGER : NL_SQLITE_REAL;
    value.integer = lua_isinteger(L, arg) ? lua_tointeger(L, arg) : 0;
    value.real = lua_tonumber(L, arg);
    break;
  case LUA_TSTRING:
    value.type = NL_SQLITE_TEXT;
    value.text = lua_tolstring(L, arg, &value.bytes);
    break;
  default:
    nlL_error(L, "%s: value %d is a %s; a database holds numbers, strings, booleans and nil", what, i,
              nlL_typename(L, arg));
  }
  return value;
}

static void push_value(lua_State *L, nl_sqlite_value value) {
  switch (value.type) {
  case NL_SQLITE_NULL: lua_pushnil(L); break;
  case NL_SQLITE_INTEGER: lua_pushinteger(L, value.integer); break;
  case NL_SQLITE_REAL: lua_pushnumber(L, value.real); break;
  case NL_SQLITE_TEXT: lua_pushlstring(L, value.bytes ? value.text : "", value.bytes); break;
  }
}

/* Bind the arguments from 3 on: as many as the statement has question marks. */
static nl_status bind_all(lua_State *L, const nl_query *query, const char *what, int given) {
  int wanted = nl_query_parameters(query);
  if (wanted != given)
    nlL_error(L, "%s: the statement has %d parameter%s, got %d value%s", what, wanted, wanted == 1 ? "" : "s",
              given, given == 1 ? "" : "s");
  for (int i = 1; i <= wanted; i++) NL_TRY(nl_query_bind(query, i, check_value(L, i + 2, what, i)));
  return NL_OK;
}

/* Run the statements of the string at 2 one after the other, values only where there is a single one. Each
 * row a statement gives is appended to the list at `list` (0: thrown away). */
static nl_status run(lua_State *L, const char *what, int list) {
  const nl_sqlite *db = check_database(L, 1);
  size_t bytes;
  const char *sql = luaL_checklstring(L, 2, &bytes), *end = sql + bytes;
  if (strlen(sql) != bytes) luaL_argerror(L, 2, "SQL must not contain a zero byte; give it as a value");
  int given = (list ? list - 1 : lua_gettop(L)) - 2;
  lua_Integer rows = 0;
  nl_query *query = new_query(L);
  while (sql < end) {
    const char *rest;
    bool row = true, first = sql == lua_tostring(L, 2);
    NL_TRY(nl_query_prepare(db, sql, (size_t)(end - sql), query, &rest));
    sql = rest;
    if (!query->handle) continue;
    if (given && !(first && rest[strspn(rest, " \t\r\n;")] == 0))
      nlL_error(L, "%s: values go with a single statement, got several", what);
    NL_TRY(bind_all(L, query, what, given));
    for (;;) {
      NL_TRY(nl_query_step(query, &row));
      if (!row) break;
      if (!list) continue;
      lua_createtable(L, 0, nl_query_columns(query));
      for (int c = 0; c < nl_query_columns(query); c++) {
        push_value(L, nl_query_value(query, c));
        lua_setfield(L, -2, nl_query_name(query, c));
      }
      lua_rawseti(L, list, ++rows);
    }
    nl_query_release(query);
  }
  return NL_OK;
}

/* The failed statement lets go of its locks now, not when the collector comes by. */
static int failed_query(lua_State *L, nl_status status) {
  nl_query *query = luaL_testudata(L, -1, NLL_QUERY);
  if (query) nl_query_release(query);
  return failed(L, status);
}

/* db:rows(sql, ...) -> list of records | nil, message, info */
static int l_rows(lua_State *L) {
  luaL_checkstring(L, 2); /* before the list stands there */
  lua_newtable(L);
  nl_status status = run(L, "rows", lua_gettop(L));
  if (status != NL_OK) return failed_query(L, status);
  lua_pop(L, 1);
  return 1;
}

/* db:run(sql, ...) -> rows changed, id of the last one inserted | nil, message, info */
static int l_run(lua_State *L) {
  const nl_sqlite *db = check_database(L, 1);
  nl_status status = run(L, "run", 0);
  if (status != NL_OK) return failed_query(L, status);
  lua_pushinteger(L, nl_sqlite_changes(db));
  lua_pushinteger(L, nl_sqlite_last_id(db));
  return 2;
}

/* --- transactions ------------------------------------------------------------------------------------- */

static nl_status execute(lua_State *L, const nl_sqlite *db, const char *sql) {
  nl_query *query = new_query(L);
  const char *rest;
  bool row;
  nl_status status = nl_query_prepare(db, sql, strlen(sql), query, &rest);
  if (status == NL_OK) status = nl_query_step(query, &row);
  nl_query_release(query);
  lua_pop(L, 1);
  return status;
}

/* A full disk may have rolled back already. What went wrong before is what is told. */
static void roll_back(lua_State *L, const nl_sqlite *db) {
  if (db->handle && nl_sqlite_in_transaction(db)) execute(L, db, "ROLLBACK");
}

/* db:transaction(f) -> what f returned | nil, message, info. In C, so that a Ctrl-C cannot come between the
 * end of f and the commit or the way back. */
static int l_transaction(lua_State *L) {
  const nl_sqlite *db = check_database(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  if (nl_sqlite_in_transaction(db)) nlL_error(L, "transaction: one is open already");
  nl_status status = execute(L, db, "BEGIN IMMEDIATE");
  if (status != NL_OK) return failed(L, status);
  if (lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK) {
    roll_back(L, db);
    return lua_error(L);
  }
  int results = lua_gettop(L) - 1;
  if (results > 0 && lua_isnil(L, 2)) { /* f's own outcome */
    roll_back(L, db);
    return results;
  }
  if (!db->handle) nlL_error(L, "transaction: the database was closed inside");
  status = execute(L, db, "COMMIT");
  if (status != NL_OK) {
    int values = failed(L, status); /* before the way back makes another message */
    roll_back(L, db);
    return values;
  }
  if (results) return results;
  lua_pushboolean(L, true);
  return 1;
}

/* --- the class ---------------------------------------------------------------------------------------- */

static int l_close(lua_State *L) {
  nl_sqlite *db = luaL_testudata(L, 1, NLL_SQLITE);
  if (!db) nlL_typeerror(L, 1, "database");
  nl_sqlite_close(db);
  return 0;
}

static int l_tostring(lua_State *L) {
  const nl_sqlite *db = luaL_checkudata(L, 1, NLL_SQLITE);
  lua_getiuservalue(L, 1, 1);
  lua_pushfstring(L, "sqlite database %s%s", lua_tostring(L, -1), db->handle ? "" : " (closed)");
  return 1;
}

static const luaL_Reg methods[] = {
    {"rows", l_rows}, {"run", l_run}, {"transaction", l_transaction}, {"close", l_close}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {
    {"__tostring", l_tostring}, {"__gc", l_close}, {"__close", l_close}, {NULL, NULL}};
static const luaL_Reg query_metamethods[] = {{"__gc", l_release_query}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"sqlite", l_sqlite}, {NULL, NULL}};

void nlL_open_sqlite(lua_State *L) {
  luaL_newmetatable(L, NLL_QUERY);
  luaL_setfuncs(L, query_metamethods, 0);
  luaL_newmetatable(L, NLL_SQLITE);
  lua_pushliteral(L, "database"); /* how messages name the type */
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "methods");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
  luaL_setfuncs(L, functions, 0);
}
