/* libedit: its table is filled, its history works; without it the reason is told. */
#include "check.h"
#include <numlab/edit.h>
#include <numlab/external.h>
#include <stdlib.h>

/* Is it on this machine? */
static bool here(void) {
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    if (nl_external_describe(i, &e) == NL_OK && strcmp(e.name, "libedit") == 0) return e.found;
  }
  return false;
}

static void keeps_a_history(void **state) {
  (void)state;
  if (!here()) skip();
  enum { GET_SIZE = 2, FIRST = 3, NEXT = 6 };
  const nl_edit_functions *lib = nl_edit_library();
  nl_edit_history *history = lib->history_open();
  nl_edit_event event;
  assert_non_null(history);
  assert_true(lib->history(history, &event, NL_HISTORY_SIZE, 2) >= 0);
  const char *const lines[] = {"first", "for i = 1, 2 do\nend", "数 = 1"};
  for (int i = 0; i < 3; i++) assert_true(lib->history(history, &event, NL_HISTORY_ENTER, lines[i]) >= 0);
  assert_true(lib->history(history, &event, FIRST) >= 0); /* the newest; the oldest did not fit */
  assert_string_equal(event.text, lines[2]);
  assert_true(lib->history(history, &event, NEXT) >= 0);
  assert_string_equal(event.text, lines[1]);
  assert_true(lib->history(history, &event, NEXT) < 0);
  assert_true(lib->history(history, &event, NL_HISTORY_CLEAR) >= 0);
  assert_true(lib->history(history, &event, GET_SIZE) >= 0);
  assert_int_equal(event.number, 0);
  lib->history_close(history);
}

static void tells_when_it_is_not_there(void **state) {
  (void)state;
  setenv("NUMLAB_EXTERNAL", "libedit", 1);
  assert_null(nl_edit_library());
  assert_message("libedit is not available (switched off by NUMLAB_EXTERNAL): the prompt takes plain lines");
  assert_message("apt install libedit2");
  unsetenv("NUMLAB_EXTERNAL");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_a_history),
                                     cmocka_unit_test(tells_when_it_is_not_there)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
