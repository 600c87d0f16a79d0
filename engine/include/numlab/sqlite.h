/* SQLite, borrowed: the least a store of results needs. Databases and queries are handles that are empty when
 * zeroed; releasing an empty one does nothing.
 *
 * Failures: UNAVAILABLE without the library; IO for what happens to a file (locked, full, corrupt, a
 * constraint that does not hold): nl_sqlite_reason names it; INTERRUPTED while computing or waiting for a
 * lock; ARG for SQL that is wrong. Messages name the file. SQLite's own memory is not counted.
 */
#ifndef NUMLAB_SQLITE_H
#define NUMLAB_SQLITE_H

#include <numlab/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nl_sqlite {
  void *handle;
} nl_sqlite;

typedef struct nl_query {
  void *handle;
} nl_query;

typedef enum nl_sqlite_type {
  NL_SQLITE_NULL,
  NL_SQLITE_INTEGER,
  NL_SQLITE_REAL,
  NL_SQLITE_TEXT
} nl_sqlite_type;

typedef struct nl_sqlite_value {
  nl_sqlite_type type;
  int64_t integer;
  double real; /* SQLite keeps NaN as NULL */
  const char *text;
  size_t bytes; /* of text */
} nl_sqlite_value;

typedef struct nl_sqlite_options {
  bool readonly; /* the file must be there and stays as it is; else it is made where it is missing */
  int patience;  /* milliseconds to wait for another program's lock */
} nl_sqlite_options;

nl_status nl_sqlite_open(const char *path, nl_sqlite_options options, nl_sqlite *out);
void nl_sqlite_close(nl_sqlite *db); /* at once, or once its last query is released */

/* One statement of sql; *rest points behind it. A query without a statement (only spaces and comments) has
 * handle NULL. */
nl_status nl_query_prepare(const nl_sqlite *db, const char *sql, size_t bytes, nl_query *out,
                           const char **rest);
int nl_query_parameters(const nl_query *query);
/* Parameter i, from 1. A text must stay where it is until the query is released. */
nl_status nl_query_bind(const nl_query *query, int i, nl_sqlite_value value);
/* *row: there is a row; its columns, from 0, are valid until the next step. */
nl_status nl_query_step(const nl_query *query, bool *row);
int nl_query_columns(const nl_query *query);
const char *nl_query_name(const nl_query *query, int column);
nl_sqlite_value nl_query_value(const nl_query *query, int column); /* blobs are texts */
void nl_query_release(nl_query *query);

bool nl_sqlite_in_transaction(const nl_sqlite *db);
int64_t nl_sqlite_changes(const nl_sqlite *db); /* rows the last statement wrote */
int64_t nl_sqlite_last_id(const nl_sqlite *db); /* of the last row inserted */

/* The last failure on this thread in one word, SQLite's without SQLITE_: BUSY, FULL, CORRUPT, NOTADB,
 * READONLY, CANTOPEN, IOERR, CONSTRAINT ... */
const char *nl_sqlite_reason(void);

#endif
