/* SQLite behind our handles: values, locks, and the ways out of what takes long. */
#include "check.h"
#include <numlab/interrupt.h>
#include <numlab/sqlite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool missing(void) {
  nl_sqlite db = {NULL};
  nl_status status = nl_sqlite_open(":memory:", (nl_sqlite_options){0}, &db);
  nl_sqlite_close(&db);
  if (status == NL_UNAVAILABLE) print_message("%s\n", nl_message());
  return status == NL_UNAVAILABLE;
}

/* Run one statement to its end; the status of the first step that fails. */
static nl_status run(const nl_sqlite *db, const char *sql) {
  nl_query query = {NULL};
  const char *rest;
  bool row = true;
  nl_status status = nl_query_prepare(db, sql, strlen(sql), &query, &rest);
  while (status == NL_OK && row) status = nl_query_step(&query, &row);
  nl_query_release(&query);
  nl_query_release(&query); /* empty now: fine */
  return status;
}

static void keeps_values(void **state) {
  (void)state;
  if (missing()) return;
  nl_sqlite db = {NULL};
  nl_query query = {NULL};
  const char *rest, *sql = "SELECT ? AS i, ? AS r, ? AS t, ? AS n; rest";
  bool row;
  assert_int_equal(nl_sqlite_open(":memory:", (nl_sqlite_options){0}, &db), NL_OK);
  assert_int_equal(nl_query_prepare(&db, sql, strlen(sql), &query, &rest), NL_OK);
  assert_string_equal(rest, " rest");
  assert_int_equal(nl_query_parameters(&query), 4);
  nl_sqlite_value values[] = {{.type = NL_SQLITE_INTEGER, .integer = INT64_MIN},
                              {.type = NL_SQLITE_REAL, .real = 0.1},
                              {.type = NL_SQLITE_TEXT, .text = "a\0b", .bytes = 3},
                              {.type = NL_SQLITE_NULL}};
  for (int i = 0; i < 4; i++) assert_int_equal(nl_query_bind(&query, i + 1, values[i]), NL_OK);
  assert_int_equal(nl_query_bind(&query, 5, values[0]), NL_ARG);
  assert_int_equal(nl_query_step(&query, &row), NL_OK);
  assert_true(row && nl_query_columns(&query) == 4);
  assert_string_equal(nl_query_name(&query, 2), "t");
  assert_true(nl_query_value(&query, 0).integer == INT64_MIN && nl_query_value(&query, 1).real == 0.1);
  nl_sqlite_value text = nl_query_value(&query, 2);
  assert_true(text.type == NL_SQLITE_TEXT && text.bytes == 3 && memcmp(text.text, "a\0b", 3) == 0);
  assert_int_equal(nl_query_value(&query, 3).type, NL_SQLITE_NULL);
  nl_sqlite_close(&db); /* before its query: allowed */
  nl_query_release(&query);
}

static void ends_long_work_when_interrupted(void **state) {
  (void)state;
  if (missing()) return;
  nl_sqlite db = {NULL};
  assert_int_equal(nl_sqlite_open(":memory:", (nl_sqlite_options){0}, &db), NL_OK);
  nl_interrupt();
  assert_int_equal(
      run(&db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"),
      NL_INTERRUPTED);
  assert_int_equal(run(&db, "SELECT 1"),
                   NL_OK); /* what is short is done all the same: a commit, a way back */
  nl_interrupt_clear();
  nl_sqlite_close(&db);
}

static void waits_no_longer_than_told(void **state) {
  (void)state;
  if (missing()) return;
  char path[] = "/tmp/numlab-sqlite-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  nl_sqlite a = {NULL}, b = {NULL};
  assert_int_equal(nl_sqlite_open(path, (nl_sqlite_options){.patience = 1000000}, &a), NL_OK);
  assert_int_equal(nl_sqlite_open(path, (nl_sqlite_options){.patience = 20}, &b), NL_OK);
  assert_int_equal(run(&b, "BEGIN EXCLUSIVE"), NL_OK);
  assert_true(nl_sqlite_in_transaction(&b) && !nl_sqlite_in_transaction(&a));
  nl_interrupt(); /* a would wait a quarter of an hour */
  assert_int_equal(run(&a, "BEGIN IMMEDIATE"), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_int_equal(run(&b, "COMMIT"), NL_OK);
  assert_int_equal(run(&a, "BEGIN EXCLUSIVE"), NL_OK);
  assert_int_equal(run(&b, "BEGIN IMMEDIATE"), NL_IO);
  assert_string_equal(nl_sqlite_reason(), "BUSY");
  assert_message(path);
  nl_sqlite_close(&a);
  nl_sqlite_close(&a);
  nl_sqlite_close(&b);
  unlink(path);
}

static void says_what_is_wrong(void **state) {
  (void)state;
  if (missing()) return;
  nl_sqlite db = {NULL};
  assert_int_equal(nl_sqlite_open("/nowhere/x.sqlite", (nl_sqlite_options){0}, &db), NL_IO);
  assert_null(db.handle);
  assert_string_equal(nl_sqlite_reason(), "CANTOPEN");
  assert_message("/nowhere/x.sqlite: unable to open database file: No such file or directory");
  assert_int_equal(nl_sqlite_open(":memory:", (nl_sqlite_options){0}, &db), NL_OK);
  assert_int_equal(run(&db, "SELEKT"), NL_ARG);
  assert_message(":memory:: near \"SELEKT\": syntax error");
  assert_int_equal(run(&db, "CREATE TABLE t (n UNIQUE)"), NL_OK);
  assert_int_equal(run(&db, "INSERT INTO t VALUES (7)"), NL_OK);
  assert_true(nl_sqlite_changes(&db) == 1 && nl_sqlite_last_id(&db) == 1);
  assert_int_equal(run(&db, "INSERT INTO t VALUES (7)"), NL_IO);
  assert_string_equal(nl_sqlite_reason(), "CONSTRAINT");
  nl_sqlite_close(&db);
  setenv("NUMLAB_EXTERNAL", "sqlite", 1);
  assert_int_equal(nl_sqlite_open(":memory:", (nl_sqlite_options){0}, &db), NL_UNAVAILABLE);
  assert_message("apt install libsqlite3-0");
  unsetenv("NUMLAB_EXTERNAL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_values),
      cmocka_unit_test(ends_long_work_when_interrupted),
      cmocka_unit_test(waits_no_longer_than_told),
      cmocka_unit_test(says_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
