/* SQLite (Hipp), for the store of results: statements run one at a time, waiting and long computing end with
 * a Ctrl-C, every failure says which file. */
#include "sqlite.h"
#include "library.h"
#include <errno.h>
#include <limits.h>
#include <numlab/interrupt.h>
#include <numlab/sqlite.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static nl_sqlite_functions lib;

#define ENTRY(name, member) \
  { "sqlite3_" name, offsetof(nl_sqlite_functions, member), false }

static const nl_symbol symbols[] = {
    ENTRY("libversion", version),
    ENTRY("open_v2", open),
    ENTRY("close_v2", close),
    ENTRY("busy_handler", busy_handler),
    ENTRY("progress_handler", progress_handler),
    ENTRY("changes", changes),
    ENTRY("last_insert_rowid", last_id),
    ENTRY("get_autocommit", autocommit),
    ENTRY("db_filename", filename),
    ENTRY("errmsg", error_message),
    ENTRY("errstr", error_string),
    ENTRY("system_errno", system_errno),
    ENTRY("prepare_v2", prepare),
    ENTRY("finalize", finalize),
    ENTRY("step", step),
    ENTRY("db_handle", database),
    ENTRY("bind_parameter_count", parameters),
    ENTRY("bind_null", bind_null),
    ENTRY("bind_int64", bind_integer),
    ENTRY("bind_double", bind_real),
    ENTRY("bind_text", bind_text),
    ENTRY("column_count", columns),
    ENTRY("column_name", column_name),
    ENTRY("column_type", column_type),
    ENTRY("column_int64", column_integer),
    ENTRY("column_double", column_real),
    ENTRY("column_blob", column_blob),
    ENTRY("column_bytes", column_bytes),
    {NULL, 0, false},
};

static void describe(nl_external *out) { snprintf(out->version, sizeof out->version, "%s", lib.version()); }

static const char *const candidates[] = {"libsqlite3.so.0", NULL};

nl_library nl_library_sqlite = {
    .name = "sqlite",
    .candidates = candidates,
    .symbols = symbols,
    .table = &lib,
    .describe = describe,
    .needed_for = "the store of results: samples, provenance, numlab list, show, compare, export",
    .cost = "a sweep keeps its rows in its csv alone: no samples, no earlier runs, no numlab list, show, "
            "compare, export",
    .package = "libsqlite3-0",
};

/* --- failures ----------------------------------------------------------------------------------------- */

static _Thread_local const char *reason = "OK";

const char *nl_sqlite_reason(void) { return reason; }

/* Primary codes from 1; what is no name of a fault a user can meet is told as ERROR. */
static const char *name_of(int code) {
  static const char *const names[] = {
      "OK",        "ERROR",      "INTERNAL", "PERM",     "ABORT", "BUSY",     "LOCKED",   "NOMEM", "READONLY",
      "INTERRUPT", "IOERR",      "CORRUPT",  "NOTFOUND", "FULL",  "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA",
      "TOOBIG",    "CONSTRAINT", "MISMATCH", "MISUSE",   "NOLFS", "AUTH",     "FORMAT",   "RANGE", "NOTADB"};
  return code >= 0 && code < (int)(sizeof names / sizeof *names) ? names[code] : "ERROR";
}

static nl_status status_of(int code) {
  switch (code) {
  case SQLITE_NOMEM: return NL_NOMEM;
  case SQLITE_INTERRUPT: return NL_INTERRUPTED;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return nl_interrupted() ? NL_INTERRUPTED : NL_IO; /* the wait for the lock was cut short */
  case SQLITE_ERROR:
  case SQLITE_TOOBIG:
  case SQLITE_RANGE: return NL_ARG;
  case SQLITE_MISUSE: return NL_INTERNAL;
  default: return NL_IO;
  }
}

/* The system's word belongs to the message where the system said no: IOERR, FULL, CANTOPEN. */
static nl_status failed(sqlite *db, const char *path, int code) {
  code &= 0xff; /* the rest of a code says which of its steps failed */
  reason = name_of(code);
  int system = db ? lib.system_errno(db) : 0;
  bool cause = system && (code == 10 || code == 13 || code == 14);
  nl_status status = status_of(code);
  if (status == NL_INTERRUPTED) return nl_fail(status, "sqlite: %s: interrupted", path);
  return nl_fail(status, "sqlite: %s: %s%s%s", path, db ? lib.error_message(db) : lib.error_string(code),
                 cause ? ": " : "", cause ? strerror(system) : "");
}

static nl_status failed_on(sqlite *db, int code) {
  const char *path = lib.filename(db, "main");
  return failed(db, path && *path ? path : ":memory:", code);
}

/* --- databases ---------------------------------------------------------------------------------------- */

enum {
  NAP = 5 /* milliseconds between two looks at a lock */,
  STEPS = 1000 /* of SQLite's, well below 10 ms */
};

/* SQLite's own wait would not notice a Ctrl-C. The context is the patience in milliseconds. */
static int try_again(void *patience, int before) {
  if (nl_interrupted() || before >= (int)(intptr_t)patience / NAP) return 0;
  nanosleep(&(struct timespec){.tv_nsec = NAP * 1000000L}, NULL);
  return 1;
}

static int should_stop(void *unused) {
  (void)unused;
  return nl_interrupted();
}

nl_status nl_sqlite_open(const char *path, nl_sqlite_options options, nl_sqlite *out) {
  NL_TRY(nl_library_open(&nl_library_sqlite));
  sqlite *db = NULL;
  int flags = options.readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int code = lib.open(path, &db, flags, NULL);
  if (code != SQLITE_OK) {
    nl_status status = failed(db, path, code);
    lib.close(db);
    return status;
  }
  lib.busy_handler(db, try_again, (void *)(intptr_t)options.patience);
  lib.progress_handler(db, STEPS, should_stop, NULL);
  out->handle = db;
  return NL_OK;
}

void nl_sqlite_close(nl_sqlite *db) {
  if (db->handle) lib.close(db->handle);
  db->handle = NULL;
}

bool nl_sqlite_in_transaction(const nl_sqlite *db) { return !lib.autocommit(db->handle); }
int64_t nl_sqlite_changes(const nl_sqlite *db) { return lib.changes(db->handle); }
int64_t nl_sqlite_last_id(const nl_sqlite *db) { return lib.last_id(db->handle); }

/* --- queries ------------------------------------------------------------------------------------------ */

nl_status nl_query_prepare(const nl_sqlite *db, const char *sql, size_t bytes, nl_query *out,
                           const char **rest) {
  if (bytes > INT_MAX) return nl_fail(NL_ARG, "sqlite: a statement of %zu bytes is too long", bytes);
  sqlite_statement *statement = NULL;
  int code = lib.prepare(db->handle, sql, (int)bytes, &statement, rest);
  if (code != SQLITE_OK) return failed_on(db->handle, code);
  out->handle = statement;
  return NL_OK;
}

void nl_query_release(nl_query *query) {
  if (query->handle) lib.finalize(query->handle);
  query->handle = NULL;
}

int nl_query_parameters(const nl_query *query) { return lib.parameters(query->handle); }

nl_status nl_query_bind(const nl_query *query, int i, nl_sqlite_value value) {
  sqlite_statement *statement = query->handle;
  int code = SQLITE_OK;
  switch (value.type) {
  case NL_SQLITE_NULL: code = lib.bind_null(statement, i); break;
  case NL_SQLITE_INTEGER: code = lib.bind_integer(statement, i, value.integer); break;
  case NL_SQLITE_REAL: code = lib.bind_real(statement, i, value.real); break;
  case NL_SQLITE_TEXT:
    if (value.bytes > INT_MAX) return nl_fail(NL_ARG, "sqlite: a text of %zu bytes is too long", value.bytes);
    code = lib.bind_text(statement, i, value.text, (int)value.bytes, NULL); /* NULL: not copied */
    break;
  }
  return code == SQLITE_OK ? NL_OK : failed_on(lib.database(statement), code);
}

nl_status nl_query_step(const nl_query *query, bool *row) {
  int code = lib.step(query->handle);
  *row = code == SQLITE_ROW;
  return code == SQLITE_ROW || code == SQLITE_DONE ? NL_OK : failed_on(lib.database(query->handle), code);
}

int nl_query_columns(const nl_query *query) { return lib.columns(query->handle); }

const char *nl_query_name(const nl_query *query, int column) {
  const char *name = lib.column_name(query->handle, column); /* NULL when memory ran out */
  return name ? name : "?";
}

nl_sqlite_value nl_query_value(const nl_query *query, int column) {
  sqlite_statement *statement = query->handle;
  nl_sqlite_value value = {.type = NL_SQLITE_NULL};
  switch (lib.column_type(statement, column)) {
  case SQLITE_IS_INTEGER:
    value.type = NL_SQLITE_INTEGER;
    value.integer = lib.column_integer(statement, column);
    break;
  case SQLITE_IS_FLOAT:
    value.type = NL_SQLITE_REAL;
    value.real = lib.column_real(statement, column);
    break;
  case SQLITE_IS_TEXT:
  case SQLITE_IS_BLOB:
    value.type = NL_SQLITE_TEXT;
    value.text = lib.column_blob(statement, column); /* NULL for an empty one */
    value.bytes = (size_t)lib.column_bytes(statement, column);
    break;
  default: break;
  }
  return value;
}
