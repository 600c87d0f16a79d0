/* numlab repl: reads a line (more, until the chunk is complete), runs it, prints what an expression gave.
 *
 * `nl` is a global here and only here; `ans` is the first value of the last expression; a `;` at the end
 * keeps a result from being printed; `?name` is help. Prompts appear only on a terminal, so a pipe sees results
 * alone. */
#include "program.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct reader {
  char *line; /* getline's */
  size_t room;
  int terminal;
} reader;

/* Push the next line without its newline. 1: pushed; 0: end of input; -1: interrupted, nothing pushed. */
static int push_line(lua_State *L, reader *in, const char *prompt) {
  if (in->terminal) {
    fputs(prompt, stdout);
    fflush(stdout);
  }
  errno = 0;
  ssize_t length = getline(&in->line, &in->room, stdin);
  if (length < 0) {
    int interrupted = errno == EINTR;
    clearerr(stdin);
    return interrupted ? -1 : 0;
  }
  if (length > 0 && in->line[length - 1] == '\n') length--;
  lua_pushlstring(L, in->line, (size_t)length);
  return 1;
}

static int load(lua_State *L, const char *text) {
  return luaL_loadbufferx(L, text, strlen(text), "=stdin", "t");
}

/* Replace the line on top by a function when `return LINE` is a chunk. */
static int load_expression(lua_State *L) {
  const char *line = lua_tostring(L, -1);
  const char *chunk = lua_pushfstring(L, "return %s", line[0] == '=' ? line + 1 : line);
  int status = load(L, chunk);
  if (status != LUA_OK) {
    lua_pop(L, 2);
    return 0;
  }
  lua_replace(L, -3);
  lua_pop(L, 1);
  return 1;
}

/* The parser met the end of the text: more lines may complete it. */
static int is_incomplete(lua_State *L, int status) {
  static const char mark[] = "<eof>";
  size_t length;
  if (status != LUA_ERRSYNTAX) return 0;
  const char *message = lua_tolstring(L, -1, &length);
  return length >= sizeof mark - 1 && strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

/* Replace the line on top by its function, reading more lines as needed; a load status, or -1: dropped. */
static int load_statement(lua_State *L, reader *in) {
  for (;;) {
    int status = load(L, lua_tostring(L, -1));
    if (!is_incomplete(L, status)) {
      lua_remove(L, -2);
      return status;
    }
    int more = push_line(L, in, ">> ");
    if (more < 0) {
      lua_pop(L, 2);
      return -1;
    }
    if (more == 0) {
      lua_remove(L, -2);
      return status; /* what is missing */
    }
    lua_remove(L, -2); /* the message; below the new line lies the text so far */
    lua_pushliteral(L, "\n");
    lua_insert(L, -2);
    lua_concat(L, 3);
  }
}

static int is_silenced(const char *line) {
  size_t length = strlen(line);
  while (length > 0 && strchr(" \t\r", line[length - 1])) length--;
  return length > 0 && line[length - 1] == ';';
}

/* The values of an expression lie on the stack from `first` on. */
static int print_values(lua_State *L, int first, int silenced) {
  int count = lua_gettop(L) - first + 1;
  if (count == 0) return LUA_OK;
  lua_pushvalue(L, first);
  lua_setglobal(L, "ans");
  if (silenced) return LUA_OK;
  lua_getglobal(L, "print");
  lua_insert(L, first);
  return nlL_program_call(L, count, 0, 0);
}

static void complain(lua_State *L) {
  const char *message = luaL_tolstring(L, -1, NULL);
  fflush(stdout);
  fprintf(stderr, "%s\n", message);
  lua_settop(L, 0);
}

/* `?words`: what numlab.help says of them. */
static int help(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "numlab.help");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "show");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 0);
  return 0;
}

/* One round; false at the end of the input. */
static int round_trip(lua_State *L, reader *in) {
  lua_settop(L, 0);
  int got = push_line(L, in, "> ");
  if (nlL_program_interrupt_taken() || got < 0) {
    if (in->terminal) fputs("\n", stdout);
    return 1;
  }
  if (got == 0) return 0;
  if (lua_tostring(L, 1)[0] == '?') {
    lua_pushcfunction(L, help);
    lua_pushstring(L, lua_tostring(L, 1) + 1);
    if (nlL_program_call(L, 1, 0, 0) != LUA_OK) complain(L);
    nlL_program_interrupt_taken();
    return 1;
  }
  int silenced = is_silenced(lua_tostring(L, 1));
  if (in->terminal && strncmp(lua_tostring(L, 1), "local ", 6) == 0)
    fputs("(a local lives for this line only: leave out 'local' to keep it)\n", stderr);
  int is_expression = load_expression(L);
  if (!is_expression && silenced) { /* `x;` is an expression too */
    lua_pushvalue(L, 1);
    lua_pushlstring(L, lua_tostring(L, -1), strlen(lua_tostring(L, -1)) - 1);
    lua_remove(L, -2);
    const char *line = lua_tostring(L, -1);
    const char *end = line + strlen(line);
    while (end > line && strchr("; \t\r", end[-1])) end--;
    lua_pushlstring(L, line, (size_t)(end - line));
    lua_remove(L, -2);
    is_expression = load_expression(L);
    if (is_expression) lua_remove(L, 1);
    else lua_settop(L, 1);
  }
  int status = is_expression ? LUA_OK : load_statement(L, in);
  if (status == -1) {
    if (in->terminal) fputs("\n", stdout);
    nlL_program_interrupt_taken();
    return 1;
  }
  if (status == LUA_OK) status = nlL_program_call(L, 0, LUA_MULTRET, 0);
  if (status == LUA_OK && is_expression) status = print_values(L, 1, silenced);
  if (status != LUA_OK) complain(L);
  nlL_program_interrupt_taken();
  return 1;
}

/* Frees what getline took, however the session ends. */
static int close_reader(lua_State *L) {
  reader *in = lua_touserdata(L, 1);
  free(in->line);
  in->line = NULL;
  return 0;
}

static int repl(lua_State *L) {
  reader *in = lua_newuserdatauv(L, sizeof *in, 0);
  *in = (reader){NULL, 0, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, close_reader);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, "numlab.reader"); /* out of reach, alive until the state closes */
  lua_getglobal(L, "require");
  lua_pushliteral(L, "numlab");
  lua_call(L, 1, 1);
  lua_setglobal(L, "nl");
  if (in->terminal)
    printf("numlab %s, " LUA_RELEASE ". nl is loaded. An expression prints its values, `;` at\n"
           "its end silences them, ans is the last value. ?NAME helps, as in ?solve; Ctrl-C\n"
           "interrupts, Ctrl-D ends.\n",
           NL_VERSION);
  while (round_trip(L, in)) {}
  if (in->terminal) puts("");
  return 0;
}

int nlL_program_repl(int argc, char **argv) {
  if (argc > 1) {
    fprintf(stderr, "numlab repl: takes no words, got '%s' (numlab repl --help)\n", argv[1]);
    return NLL_EXIT_USAGE;
  }
  return nlL_program(repl, argc, argv);
}
