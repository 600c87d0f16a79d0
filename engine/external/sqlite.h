/* The functions of SQLite that sqlite.c uses, by SQLite's names without sqlite3_. Prototypes and codes
 * checked against SQLite 3.40; all of them are older than 3.12. */
#ifndef NL_EXTERNAL_SQLITE_H
#define NL_EXTERNAL_SQLITE_H

#include <stdint.h>

typedef struct sqlite sqlite;
typedef struct sqlite_statement sqlite_statement;

enum {
  SQLITE_OK = 0,
  SQLITE_ERROR = 1, /* wrong SQL */
  SQLITE_BUSY = 5,
  SQLITE_LOCKED = 6,
  SQLITE_NOMEM = 7,
  SQLITE_INTERRUPT = 9,
  SQLITE_TOOBIG = 18,
  SQLITE_MISUSE = 21,
  SQLITE_RANGE = 25,
  SQLITE_ROW = 100,
  SQLITE_DONE = 101
};

enum { SQLITE_OPEN_READONLY = 1, SQLITE_OPEN_READWRITE = 2, SQLITE_OPEN_CREATE = 4 };

enum { SQLITE_IS_INTEGER = 1, SQLITE_IS_FLOAT = 2, SQLITE_IS_TEXT = 3, SQLITE_IS_BLOB = 4 };

typedef struct nl_sqlite_functions {
  const char *(*version)(void);
  /* databases */
  int (*open)(const char *path, sqlite **, int flags, const char *vfs); /* to be closed after a failure too */
  int (*close)(sqlite *);                                               /* NULL is fine */
  int (*busy_handler)(sqlite *, int (*again)(void *, int before), void *);
  void (*progress_handler)(sqlite *, int steps, int (*stop)(void *), void *);
  int (*changes)(sqlite *);
  int64_t (*last_id)(sqlite *);
  int (*autocommit)(sqlite *);
  const char *(*filename)(sqlite *, const char *schema);
  /* failures */
  const char *(*error_message)(sqlite *);
  const char *(*error_string)(int code);
  int (*system_errno)(sqlite *);
  /* statements */
  int (*prepare)(sqlite *, const char *sql, int bytes, sqlite_statement **, const char **rest);
  int (*finalize)(sqlite_statement *); /* NULL is fine */
  int (*step)(sqlite_statement *);
  sqlite *(*database)(sqlite_statement *);
  int (*parameters)(sqlite_statement *);
  int (*bind_null)(sqlite_statement *, int i);
  int (*bind_integer)(sqlite_statement *, int i, int64_t);
  int (*bind_real)(sqlite_statement *, int i, double);
  int (*bind_text)(sqlite_statement *, int i, const char *, int bytes, void (*release)(void *));
  int (*columns)(sqlite_statement *);
  const char *(*column_name)(sqlite_statement *, int);
  int (*column_type)(sqlite_statement *, int);
  int64_t (*column_integer)(sqlite_statement *, int);
  double (*column_real)(sqlite_statement *, int);
  const void *(*column_blob)(sqlite_statement *, int); /* a text's bytes too */
  int (*column_bytes)(sqlite_statement *, int);
} nl_sqlite_functions;

#endif
