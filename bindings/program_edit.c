/* The lines of the prompt: edited by libedit where it is and the terminal can, plain ones elsewhere.
 *
 * libedit calls back for each key (get_key) and for Tab (complete), so Lua runs inside of it there, always
 * protected: an error must not jump over libedit's frames. */
#include "program.h"
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <numlab/edit.h>
#include <numlab/interrupt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EDITOR "numlab.editor"

enum { COMPLETE = 1 /* the user value that holds what Tab asks */, END_OF_LINE = 'E' & 31 /* Ctrl-E */ };

typedef struct editor {
  bool terminal;    /* people type */
  bool interrupted; /* Ctrl-C ended this line */
  nl_edit *edit;    /* NULL: plain lines */
  nl_edit_history *history;
  lua_State *L; /* where read was called: the editor is at 1, the prompt at 2 */
  char *line;   /* getline's */
  size_t room;
} editor;

static const nl_edit_functions *lib; /* once an editor has been opened */

static editor *check_editor(lua_State *L) { return luaL_checkudata(L, 1, EDITOR); }

static editor *editor_of(nl_edit *edit) {
  void *data = NULL;
  lib->get(edit, NL_EDIT_DATA, &data);
  return data;
}

/* --- keys --------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t resized, continued;

static void on_resize(int number) {
  (void)number;
  resized = 1;
}

static void on_continue(int number) {
  (void)number;
  continued = 1;
}

/* The window changed, or we were stopped and another program had the terminal. */
static void redraw(editor *e) {
  if (resized) lib->resize(e->edit);
  if (continued) {
    lib->set(e->edit, NL_EDIT_PREPARE, 0);
    lib->set(e->edit, NL_EDIT_PREPARE, 1);
    lib->set(e->edit, NL_EDIT_REFRESH);
  }
  resized = continued = 0;
}

/* Wait for a byte; false: a signal came. They stay blocked from the look at what they left to the wait, so
 * that none comes in between and is seen only with the next key. */
static bool wait_for_key(editor *e) {
  sigset_t ours, before;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGWINCH);
  sigaddset(&ours, SIGCONT);
  pthread_sigmask(SIG_BLOCK, &ours, &before);
  e->interrupted = nlL_program_interrupt_taken();
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  bool ready = !e->interrupted && !resized && !continued && ppoll(&in, 1, NULL, &before) > 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ready;
}

/* NL_EDIT_GETC */
static int get_key(nl_edit *edit, wchar_t *key) {
  editor *e = editor_of(edit);
  mbstate_t state = {0};
  for (;;) {
    char byte;
    if (e->interrupted) return -1;
    if (!wait_for_key(e)) {
      redraw(e);
      if (!e->interrupted) continue;
      *key = END_OF_LINE; /* ^C is written where the line ends */
      return 1;
    }
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return (int)got;
    size_t used = mbrtowc(key, &byte, 1, &state);
    if (used == (size_t)-2) continue; /* the character has more bytes */
    if (used != (size_t)-1) return 1;
    memset(&state, 0, sizeof state); /* none of this locale: left out */
  }
}

/* The editor's function of (line, bytes before the cursor, columns): what to insert, what to list. */
static int ask(lua_State *L) {
  editor *e = check_editor(L);
  const nl_edit_line *line = lib->line(e->edit);
  lua_getiuservalue(L, 1, COMPLETE);
  lua_pushlstring(L, line->begin, (size_t)(line->end - line->begin));
  lua_pushinteger(L, line->cursor - line->begin);
  lua_pushinteger(L, nlL_columns());
  lua_call(L, 3, 2);
  return 2;
}

/* Tab */
static unsigned char complete(nl_edit *edit, int key) {
  (void)key;
  editor *e = editor_of(edit);
  lua_State *L = e->L;
  unsigned char then = NL_EDIT_BEEP;
  lua_pushcfunction(L, ask);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
    const char *insert = lua_tostring(L, -2), *list = lua_tostring(L, -1);
    if (insert && *insert && lib->insert(edit, insert) == 0) then = NL_EDIT_REDRAW;
    if (list) {
      printf("\n%s\n", list);
      lib->set(edit, NL_EDIT_REFRESH);
      then = NL_EDIT_REDRAW;
    }
  }
  lua_settop(L, 2);
  return then;
}

/* Text that is pasted comes between marks (xterm's bracketed paste): it is put into the line whole, its line
 * breaks too, and runs when Enter is pressed. */
static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

/* The text ends with the mark. */
static bool is_whole(const char *text, size_t length) {
  const size_t mark = sizeof paste_end - 1;
  return length >= mark && memcmp(text + length - mark, paste_end, mark) == 0;
}

static unsigned char paste(nl_edit *edit, int key) {
  unsigned char then = NL_EDIT_BEEP;
  size_t length = 0, room = 0;
  char *text = NULL, byte;
  (void)key;
  while (!is_whole(text, length)) {
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR && !nl_interrupted()) continue;
    if (got <= 0) break;
    if (length == room) {
      char *wider = realloc(text, room = 2 * room + 256);
      if (!wider) break;
      text = wider;
    }
    text[length++] = (char)(byte == '\r' ? '\n' : byte);
  }
  if (is_whole(text, length)) {
    text[length - (sizeof paste_end - 1)] = 0;
    if (lib->insert(edit, text) == 0) then = NL_EDIT_REDRAW;
  }
  free(text);
  return then;
}

static char *prompt_of(nl_edit *edit) {
  static char prompt[32];
  const char *wanted = lua_tostring(editor_of(edit)->L, 2);
  snprintf(prompt, sizeof prompt, "%s", wanted ? wanted : "");
  return prompt;
}

/* --- lines -------------------------------------------------------------------------------------------- */

/* The next line with its newline; NULL at the end of the input, or when Ctrl-C came. */
static const char *edited_line(editor *e, int *length) {
  struct sigaction resize = {.sa_handler = on_resize}, cont = {.sa_handler = on_continue}, before[2];
  sigaction(SIGWINCH, &resize, &before[0]); /* no SA_RESTART: get_key is woken */
  sigaction(SIGCONT, &cont, &before[1]);
  lib->resize(e->edit);
  fputs(paste_on, stdout);
  const char *line = lib->gets(e->edit, length);
  fputs(paste_off, stdout);
  sigaction(SIGWINCH, &before[0], NULL);
  sigaction(SIGCONT, &before[1], NULL);
  if (!line) puts(e->interrupted ? "^C" : "");
  return line;
}

static const char *plain_line(editor *e, const char *prompt, int *length) {
  if (e->terminal) fputs(prompt, stdout);
  fflush(stdout);
  while (e->terminal && !wait_for_key(e) && !e->interrupted) {}
  errno = 0;
  ssize_t got = e->interrupted ? -1 : getline(&e->line, &e->room, stdin);
  e->interrupted = e->interrupted || nlL_program_interrupt_taken() || (got < 0 && errno == EINTR);
  *length = (int)got;
  if (got >= 0 && !e->interrupted) return e->line;
  clearerr(stdin);
  if (e->terminal) puts("");
  return NULL;
}

/* A command of the shell may have left the terminal so that reading does not wait. */
static void wait_for_input(void) {
  int flags = fcntl(STDIN_FILENO, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK)) fcntl(STDIN_FILENO, F_SETFL, flags & ~O_NONBLOCK);
}

/* editor:read(prompt): the next line without its newline; nil at the end, false after Ctrl-C */
static int l_read(lua_State *L) {
  editor *e = check_editor(L);
  const char *prompt = luaL_checkstring(L, 2);
  int length = 0;
  lua_settop(L, 2);
  luaL_checkstack(L, LUA_MINSTACK, NULL); /* for what runs inside libedit */
  e->L = L;
  e->interrupted = false;
  wait_for_input();
  const char *line = e->edit ? edited_line(e, &length) : plain_line(e, prompt, &length);
  if (!line && e->interrupted) lua_pushboolean(L, 0);
  else if (!line) lua_pushnil(L);
  else lua_pushlstring(L, line, (size_t)(length > 0 && line[length - 1] == '\n' ? length - 1 : length));
  return 1;
}

/* editor:history(list): what the arrow keys and Ctrl-R find, the oldest first */
static int l_history(lua_State *L) {
  editor *e = check_editor(L);
  nl_edit_event event;
  luaL_checktype(L, 2, LUA_TTABLE);
  if (!e->edit) return 0;
  lua_Integer count = luaL_len(L, 2);
  lib->history(e->history, &event, NL_HISTORY_CLEAR);
  lib->history(e->history, &event, NL_HISTORY_SIZE, (int)count + 1);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_geti(L, 2, i) == LUA_TSTRING)
      lib->history(e->history, &event, NL_HISTORY_ENTER, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  return 0;
}

/* editor:on_tab(complete): what Tab asks, function(line, cursor, columns) -> insertion, list */
static int l_on_tab(lua_State *L) {
  check_editor(L);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, COMPLETE);
  return 0;
}

/* editor:is_terminal(), does somebody type; editor:edits(), by libedit; editor:columns() of the window */
static int l_is_terminal(lua_State *L) {
  lua_pushboolean(L, check_editor(L)->terminal);
  return 1;
}

static int l_edits(lua_State *L) {
  lua_pushboolean(L, check_editor(L)->edit != NULL);
  return 1;
}

static int l_columns(lua_State *L) {
  lua_pushinteger(L, nlL_columns());
  return 1;
}

static int l_close(lua_State *L) {
  editor *e = check_editor(L);
  if (e->edit) lib->close(e->edit);
  if (e->history) lib->history_close(e->history);
  free(e->line);
  *e = (editor){0};
  return 0;
}

/* --- opening ------------------------------------------------------------------------------------------ */

static bool can_edit(void) {
  const char *term = getenv("TERM");
  return term && *term && strcmp(term, "dumb") != 0;
}

static void open_libedit(editor *e) {
  lib = nl_edit_library();
  if (!lib) return;
  if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8"); /* no locale set: text is UTF-8 all the same */
  e->history = lib->history_open();
  if (e->history) e->edit = lib->open("numlab", stdin, stdout, stderr);
  if (!e->edit) return;
  lib->set(e->edit, NL_EDIT_DATA, (void *)e);
  lib->set(e->edit, NL_EDIT_GETC, get_key);
  lib->set(e->edit, NL_EDIT_PROMPT, prompt_of);
  lib->set(e->edit, NL_EDIT_HISTORY, lib->history, e->history);
  lib->set(e->edit, NL_EDIT_EDITOR, "emacs");
  lib->set(e->edit, NL_EDIT_FUNCTION, "numlab-complete", "complete what stands before the cursor", complete);
  lib->set(e->edit, NL_EDIT_BIND, "^I", "numlab-complete", (char *)NULL);
  lib->set(e->edit, NL_EDIT_FUNCTION, "numlab-paste", "put in what is pasted", paste);
  lib->set(e->edit, NL_EDIT_BIND, paste_begin, "numlab-paste", (char *)NULL);
  lib->set(e->edit, NL_EDIT_BIND, "^R", "em-inc-search-prev", (char *)NULL);
  lib->source(e->edit, NULL);
}

void nlL_program_editor(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"read", l_read},   {"history", l_history},         {"on_tab", l_on_tab},
      {"edits", l_edits}, {"is_terminal", l_is_terminal}, {"columns", l_columns},
      {NULL, NULL}};
  editor *e = lua_newuserdatauv(L, sizeof *e, 1);
  *e = (editor){.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
  if (luaL_newmetatable(L, EDITOR)) {
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  if (e->terminal && can_edit()) open_libedit(e);
}
