/* libedit, which edits lines in a terminal: its functions, opened at first use. Nothing of numlab's own is in
 * here; bindings/program_edit.c is what edits.
 *
 * Names are libedit's without el_; types, codes and prototypes are checked against 3.1-20221030. */
#ifndef NUMLAB_EDIT_H
#define NUMLAB_EDIT_H

#include <numlab/status.h>
#include <stdio.h>
#include <wchar.h>

typedef struct nl_edit nl_edit;                 /* EditLine */
typedef struct nl_edit_history nl_edit_history; /* History */

/* LineInfo: what is on the line, in the locale's bytes */
typedef struct nl_edit_line {
  const char *begin, *cursor, *end;
} nl_edit_line;

/* HistEvent */
typedef struct nl_edit_event {
  int number;
  const char *text;
} nl_edit_event;

/* what `set` sets, and what follows it */
enum {
  NL_EDIT_PROMPT = 0,   /* char *(*)(nl_edit *) */
  NL_EDIT_EDITOR = 2,   /* "emacs" or "vi" */
  NL_EDIT_BIND = 4,     /* key, name of a function, NULL */
  NL_EDIT_FUNCTION = 9, /* name, what it does, unsigned char (*)(nl_edit *, int key) */
  NL_EDIT_HISTORY = 10, /* the address of `history`, an nl_edit_history */
  NL_EDIT_GETC = 13,    /* int (*)(nl_edit *, wchar_t *): 1, 0 at the end, -1 */
  NL_EDIT_DATA = 14,    /* void *; `get` takes void ** */
  NL_EDIT_PREPARE = 16, /* 1: the terminal gives single keys, 0: lines */
  NL_EDIT_REFRESH = 20  /* nothing */
};

/* what the function of a key returns */
enum { NL_EDIT_REDRAW = 4, NL_EDIT_BEEP = 6, NL_EDIT_REDISPLAY = 8 };

/* what `history` does */
enum {
  NL_HISTORY_SIZE = 1,   /* int */
  NL_HISTORY_ENTER = 10, /* text */
  NL_HISTORY_CLEAR = 19
};

typedef struct nl_edit_functions {
  nl_edit *(*open)(const char *program, FILE *in, FILE *out, FILE *err);
  void (*close)(nl_edit *);
  const char *(*gets)(nl_edit *, int *count); /* NULL: count 0 at the end, -1 when GETC failed */
  int (*set)(nl_edit *, int what, ...);
  int (*get)(nl_edit *, int what, ...);
  int (*insert)(nl_edit *, const char *text);
  const nl_edit_line *(*line)(nl_edit *);
  int (*source)(nl_edit *, const char *path); /* NULL: ~/.editrc */
  void (*resize)(nl_edit *);
  nl_edit_history *(*history_open)(void);
  void (*history_close)(nl_edit_history *);
  int (*history)(nl_edit_history *, nl_edit_event *, int what, ...);
} nl_edit_functions;

/* NULL with a message (UNAVAILABLE) where libedit is not. */
const nl_edit_functions *nl_edit_library(void);

#endif
