/* libedit (NetBSD), which edits the lines of the prompt. */
#include "library.h"
#include <numlab/edit.h>

static nl_edit_functions lib;

#define ENTRY(name, member) \
  { name, offsetof(nl_edit_functions, member), false }

static const nl_symbol symbols[] = {
    ENTRY("el_init", open),
    ENTRY("el_end", close),
    ENTRY("el_gets", gets),
    ENTRY("el_set", set),
    ENTRY("el_get", get),
    ENTRY("el_insertstr", insert),
    ENTRY("el_line", line),
    ENTRY("el_source", source),
    ENTRY("el_resize", resize),
    ENTRY("history_init", history_open),
    ENTRY("history_end", history_close),
    ENTRY("history", history),
    {NULL, 0, false},
};

/* libedit.so.0 is what it is called outside of Debian */
static const char *const candidates[] = {"libedit.so.2", "libedit.so.0", NULL};

nl_library nl_library_libedit = {
    .name = "libedit",
    .candidates = candidates,
    .symbols = symbols,
    .table = &lib,
    .needed_for = "editing, history and completion at the prompt of numlab repl",
    .cost = "the prompt takes plain lines: no cursor keys, no history, no completion",
    .package = "libedit2",
};

const nl_edit_functions *nl_edit_library(void) {
  return nl_library_open(&nl_library_libedit) == NL_OK ? &lib : NULL;
}
