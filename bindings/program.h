/* What the files of the numlab program share: the Lua state around a subcommand, and the subcommands. */
#ifndef NLL_PROGRAM_H
#define NLL_PROGRAM_H

#include <lauxlib.h>
#include <lua.h>

enum { NLL_EXIT_OK = 0, NLL_EXIT_FAILED = 1, NLL_EXIT_USAGE = 2, NLL_EXIT_INTERRUPTED = 130 };

/* --- state: program_state.c --------------------------------------------------------------------------- */

/* The words of a subcommand (argv[0] is its name), and the exit code it came to. */
typedef struct nlL_words {
  int argc;
  char **argv;
  int code;
} nlL_words;

/* Run body under a fresh Lua state with numlab preloaded; body gets the words as light userdata, sets their
 * code, and may raise. Returns the exit code; a standard output that could not be written makes 0 a 1. */
int nlL_program(lua_CFunction body, int argc, char **argv);

/* Call the function below nargs arguments, with a traceback added to errors when `trace`: to those that
 * say where they were raised. A Lua status. */
int nlL_program_call(lua_State *L, int nargs, int nresults, int trace);

/* Print the error on top of the stack as lua5.4 would, pop it; the exit code it stands for. */
int nlL_program_report(lua_State *L);

/* SIGINT raises "interrupted!" in Lua and the engine's flag; a second one within a second kills.
 * SIGPIPE and SIGXFSZ are harmless, except that a script whose standard output is gone ends. */
void nlL_program_signals(void);
/* Forget a Ctrl-C that did its work: the next one counts as the first. True when there was one. */
int nlL_program_interrupt_taken(void);

/* --- lines of the prompt: program_edit.c -------------------------------------------------------------- */

/* Push an editor of standard input: read, history, on, edits, is_terminal. */
void nlL_program_editor(lua_State *L);

/* --- subcommands: each returns the exit code ---------------------------------------------------------- */

int nlL_program_run(int argc, char **argv);     /* program_run.c */
int nlL_program_eval(int argc, char **argv);    /* program_run.c; argv[0] is "-e" */
int nlL_program_library(int argc, char **argv); /* program_run.c: scripts/lib/numlab/command/ARGV0.lua */
int nlL_program_repl(int argc, char **argv);    /* program_repl.c */
int nlL_program_doctor(int argc, char **argv);  /* program_doctor.c */

#endif
