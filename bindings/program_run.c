/* numlab run FILE [words ...] and numlab -e CODE: scripts as lua5.4 runs them; commands written in Lua.
 *
 * FILE is taken as given, then below ./scripts/, then below the scripts/ that belong to this numlab. Only
 * text chunks: a binary one could break the interpreter. */
#include "program.h"
#include "support.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* arg[i - zero] = argv[i], and the program below them all, where scripts that start themselves anew look for
 * it; pushes nothing. */
static void set_arg(lua_State *L, int argc, char **argv, int zero) {
  lua_createtable(L, argc, zero + 2);
  lua_pushstring(L, program_invocation_name);
  lua_rawseti(L, -2, -zero - 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - zero);
  }
  lua_setglobal(L, "arg");
}

static int push_words(lua_State *L, int argc, char **argv) {
  luaL_checkstack(L, argc + 2, "too many words");
  for (int i = 0; i < argc; i++) lua_pushstring(L, argv[i]);
  return argc;
}

/* Push the path of FILE, or raise naming the places that were looked at. */
static const char *push_file(lua_State *L, const char *file) {
  if (strcmp(file, "-") == 0 || access(file, F_OK) == 0) return lua_pushstring(L, file);
  if (file[0] == '/') luaL_error(L, "cannot find %s", file);
  const char *below = lua_pushfstring(L, "scripts/%s", file);
  if (access(below, F_OK) == 0) return below;
  const char *own = nlL_scripts();
  if (!own)
    luaL_error(L, "cannot find %s (looked at: %s, %s; numlab's own scripts were not found)", file, file,
               below);
  const char *installed = lua_pushfstring(L, "%s/%s", own, file);
  if (access(installed, F_OK) != 0)
    luaL_error(L, "cannot find %s (looked at: %s, %s, %s)", file, file, below, installed);
  return installed;
}

static int run(lua_State *L) {
  nlL_words *words = lua_touserdata(L, 1);
  const char *path = push_file(L, words->argv[1]);
  set_arg(L, words->argc, words->argv, 1);
  int status = luaL_loadfilex(L, strcmp(path, "-") == 0 ? NULL : path, "t");
  if (status == LUA_OK) status = nlL_program_call(L, push_words(L, words->argc - 2, words->argv + 2), 0, 1);
  if (status != LUA_OK) words->code = nlL_program_report(L);
  return 0;
}

int nlL_program_run(int argc, char **argv) {
  if (argc < 2) {
    fputs("numlab run: FILE is missing (numlab run --help)\n", stderr);
    return NLL_EXIT_USAGE;
  }
  return nlL_program(run, argc, argv);
}

/* -e CODE [-e CODE ...] words: every CODE sees the words as arg and `...`. */
static int evaluate(lua_State *L) {
  nlL_words *words = lua_touserdata(L, 1);
  int first = 0; /* word after the last CODE */
  while (first + 1 < words->argc && strcmp(words->argv[first], "-e") == 0) first += 2;
  set_arg(L, words->argc - first + 1, words->argv + first - 1, 0);
  for (int i = 1; i < first; i += 2) {
    const char *code = words->argv[i];
    int status = luaL_loadbufferx(L, code, strlen(code), "=(command line)", "t");
    lua_pushstring(L, code); /* for numlab.explain */
    lua_setfield(L, LUA_REGISTRYINDEX, "numlab.typed=(command line)");
    if (status == LUA_OK)
      status = nlL_program_call(L, push_words(L, words->argc - first, words->argv + first), 0, 1);
    if (status != LUA_OK) {
      words->code = nlL_program_report(L);
      return 0;
    }
  }
  return 0;
}

int nlL_program_eval(int argc, char **argv) {
  if (argc < 2 || (argc > 2 && argc % 2 && strcmp(argv[argc - 1], "-e") == 0)) {
    fputs("numlab -e: CODE is missing (numlab -e --help)\n", stderr);
    return NLL_EXIT_USAGE;
  }
  return nlL_program(evaluate, argc, argv);
}

/* A command written in Lua: numlab.command.NAME is a function of the words behind NAME that returns the exit
 * code (nothing: 0); it prints its own help and complains about its words itself. */
static int library(lua_State *L) {
  nlL_words *words = lua_touserdata(L, 1);
  if (!nlL_scripts()) luaL_error(L, "numlab's own scripts were not found, and '%s' is one", words->argv[0]);
  set_arg(L, words->argc, words->argv, 0);
  lua_getglobal(L, "require");
  lua_pushfstring(L, "numlab.command.%s", words->argv[0]);
  int status = nlL_program_call(L, 1, 1, 1);
  if (status == LUA_OK) status = nlL_program_call(L, push_words(L, words->argc - 1, words->argv + 1), 1, 1);
  if (status != LUA_OK) words->code = nlL_program_report(L);
  else words->code = (int)luaL_optinteger(L, -1, NLL_EXIT_OK);
  return 0;
}

int nlL_program_library(int argc, char **argv) { return nlL_program(library, argc, argv); }
