/* Status names and the thread-local message of the last failure. */
#include <numlab/status.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[1024];

const char *nl_status_name(nl_status status) {
  switch (status) {
#define NAME(name) \
  case NL_##name: return #name;
    NL_STATUS_MAP(NAME)
#undef NAME
  }
  return "?";
}

bool nl_status_is_outcome(nl_status status) { return status >= NL_UNAVAILABLE && status <= NL_IO; }

nl_status nl_fail(nl_status status, const char *format, ...) {
  char text[sizeof message]; /* an argument may be the old message itself */
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(message, sizeof message, "%s", text);
  return status;
}

const char *nl_message(void) { return message; }
