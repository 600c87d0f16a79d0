/* The Lua state around a subcommand: set up, called, interrupted, reported.
 *
 * A signal handler may set a Lua hook (lua_sethook is made for that) and the engine's flag, nothing else. The
 * hook raises at the next instruction; own kernels return within 10 ms of the flag. A hook belongs to one
 * thread of Lua, so resuming a coroutine notes which one runs, here and on the way back. */
#include "numlab.h"
#include "program.h"
#include "support.h"
#include <errno.h>
#include <lualib.h>
#include <numlab/interrupt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static lua_State *volatile running;           /* the thread of Lua a signal interrupts */
static volatile sig_atomic_t stopping;        /* a hook is set and has not raised yet */
static volatile sig_atomic_t interrupts;      /* Ctrl-C seen in this process */
static volatile sig_atomic_t output_is_gone;  /* standard output is a pipe nobody reads */
static volatile int64_t last_interrupt = -10; /* milliseconds, monotonic */
static pthread_t main_thread;

/* --- signals ------------------------------------------------------------------------------------------ */

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void stop(lua_State *L, lua_Debug *where) {
  (void)where;
  stopping = 0;
  lua_sethook(L, NULL, 0, 0);
  nl_interrupt_clear(); /* what the script does after catching this runs normally */
  if (output_is_gone) luaL_error(L, "nobody reads the standard output any more");
  luaL_error(L, "interrupted!");
}

static void stop_soon(void) {
  lua_State *L = running;
  stopping = L != NULL;
  if (L) lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* A borrowed library's thread may be the one that gets the signal; the state belongs to the main one. */
static int forwarded(int number) {
  if (pthread_equal(pthread_self(), main_thread)) return 0;
  pthread_kill(main_thread, number);
  return 1;
}

static void on_interrupt(int number) {
  if (forwarded(number)) return;
  int64_t now = milliseconds();
  if (interrupts && now - last_interrupt < 1000) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    return;
  }
  last_interrupt = now;
  interrupts = 1;
  nl_interrupt();
  stop_soon();
}

/* A handler instead of SIG_IGN: child programs get the default back, and a script that prints for ever into
 * `head` ends. A pipe to gnuplot that broke does not concern standard output and only fails its write. */
static void on_broken_pipe(int number) {
  if (forwarded(number)) return;
  int saved = errno;
  struct pollfd out = {.fd = STDOUT_FILENO};
  if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR)) {
    output_is_gone = 1;
    stop_soon();
  }
  errno = saved;
}

/* A file beyond the limit of its size (ulimit -f) fails its write with a reason instead of ending us. */
static void on_file_size(int number) { (void)number; }

void nlL_program_signals(void) {
  main_thread = pthread_self();
  struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: a blocked read ends too */
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = on_broken_pipe;
  action.sa_flags = SA_RESTART;
  sigaction(SIGPIPE, &action, NULL);
  action.sa_handler = on_file_size;
  sigaction(SIGXFSZ, &action, NULL);
}

int nlL_program_interrupt_taken(void) {
  int seen = interrupts;
  if (running) lua_sethook(running, NULL, 0, 0); /* a kernel may have returned before the hook could raise */
  stopping = 0;
  interrupts = 0;
  nl_interrupt_clear();
  return seen;
}

/* --- coroutines --------------------------------------------------------------------------------------- */

static lua_CFunction lua_resume_function; /* coroutine.resume as Lua has it: an error of co is a result */

/* A Ctrl-C that came during a change of threads may have set its hook on the one that no longer runs. */
static void runs_now(lua_State *L) {
  lua_State *before = running;
  running = L;
  if (!stopping) return;
  if (before) lua_sethook(before, NULL, 0, 0);
  stop_soon();
}

/* coroutine.resume(co, ...) */
static int l_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1), *before = running;
  if (!co) return lua_resume_function(L); /* says what it expected */
  runs_now(co);
  int results = lua_resume_function(L);
  runs_now(before);
  return results;
}

/* What coroutine.wrap returns; upvalue 1: the coroutine. As Lua's: an error ends it, closes what is to be
 * closed, and says where it was called from. */
static int l_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  int results = l_resume(L);
  if (lua_toboolean(L, -results)) return results - 1;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {
    status = lua_resetthread(co); /* its error, or that of a __close */
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* coroutine.wrap(f) */
static int l_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, l_wrapped, 1);
  return 1;
}

static void open_coroutines(lua_State *L) {
  lua_getglobal(L, LUA_COLIBNAME);
  lua_getfield(L, -1, "resume");
  lua_resume_function = lua_tocfunction(L, -1);
  lua_pushcfunction(L, l_resume);
  lua_setfield(L, -3, "resume");
  lua_pushcfunction(L, l_wrap);
  lua_setfield(L, -3, "wrap");
  lua_pop(L, 2);
}

/* --- calls and errors --------------------------------------------------------------------------------- */

/* "file:line: ..." on its first line. */
static int has_position(const char *message) {
  for (; *message && *message != '\n'; message++) {
    size_t digits = *message == ':' ? strspn(message + 1, "0123456789") : 0;
    if (digits && message[digits + 1] == ':') return 1;
  }
  return 0;
}

/* Where Lua itself raised the message at 1 and numlab is loaded: what numlab.explain has to say behind it. */
static void explain(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING || !strstr(lua_tostring(L, 1), "attempt to ")) return;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "numlab") == LUA_TTABLE &&
      luaL_dostring(L, "return (require 'numlab.explain')") == LUA_OK) {
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) lua_replace(L, 1);
  }
  lua_settop(L, 1);
}

/* How a message gets to the user without a traceback. */
static int add_explanation(lua_State *L) {
  explain(L);
  return 1;
}

/* As lua5.4: a traceback below a message, __tostring of other error values, else their type. A message
 * without a position, error(message, 0), is an outcome told to the user (no such folder, disk full) and no
 * fault of the script: where the script was then helps nobody. */
static int add_traceback(lua_State *L) {
  explain(L);
  const char *message = lua_tostring(L, 1);
  if (!message) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
    message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    luaL_traceback(L, L, message, 1);
    return 1;
  }
  if (has_position(message)) luaL_traceback(L, L, message, 1);
  return 1;
}

int nlL_program_call(lua_State *L, int nargs, int nresults, int trace) {
  int handler = lua_gettop(L) - nargs;
  lua_pushcfunction(L, trace ? add_traceback : add_explanation);
  lua_insert(L, handler);
  lua_State *caller = running;
  int status = lua_pcall(L, nargs, nresults, handler);
  if (running != caller) runs_now(caller); /* no memory left inside coroutine.resume */
  lua_remove(L, handler);
  return status;
}

int nlL_program_report(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  /* A script may have caught a Ctrl-C and failed of something else since. */
  int interrupted = interrupts && message && strstr(message, "interrupted");
  if (interrupted) message = "interrupted"; /* where it was says nothing about an error */
  if (!output_is_gone) {
    fflush(stdout);
    fprintf(stderr, "numlab: %s\n", message ? message : "(error object is not a string)");
  }
  lua_pop(L, 1);
  return interrupted ? NLL_EXIT_INTERRUPTED : NLL_EXIT_FAILED;
}

/* --- the state ---------------------------------------------------------------------------------------- */

static int set_up(lua_State *L) {
  lua_gc(L, LUA_GCSTOP); /* nothing is garbage yet */
  luaL_openlibs(L);
  open_coroutines(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_numlab);
  lua_setfield(L, -2, "numlab");
  nlL_addpath(L);
  lua_gc(L, LUA_GCRESTART);
  return 0;
}

int nlL_program(lua_CFunction body, int argc, char **argv) {
  nlL_words words = {argc, argv, NLL_EXIT_OK};
  lua_State *L = luaL_newstate();
  if (!L) {
    fputs("numlab: not enough memory to start Lua\n", stderr);
    return NLL_EXIT_FAILED;
  }
  running = L;
  lua_pushcfunction(L, set_up);
  int status = lua_pcall(L, 0, 0, 0);
  if (status == LUA_OK) {
    lua_pushcfunction(L, body); /* with nothing below it: tracebacks end as those of lua5.4 do */
    lua_pushlightuserdata(L, &words);
    status = lua_pcall(L, 1, 0, 0);
  }
  if (status != LUA_OK) words.code = nlL_program_report(L);
  int last = errno; /* of a print that failed: it told nobody */
  running = NULL;   /* a Ctrl-C from here on has nothing to interrupt */
  lua_close(L);
  errno = 0;
  if (fflush(stdout) != 0 || ferror(stdout)) {
    if (errno == 0 && (last == ENOSPC || last == EDQUOT || last == EFBIG || last == EIO || last == EBADF))
      errno = last;
    const char *why = errno ? strerror(errno) : "an earlier write failed";
    if (!output_is_gone) fprintf(stderr, "numlab: cannot write to the standard output: %s\n", why);
    if (words.code == NLL_EXIT_OK) words.code = NLL_EXIT_FAILED;
  }
  return words.code;
}
