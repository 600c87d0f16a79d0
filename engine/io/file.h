/* Whole files in, and files that appear whole or not at all. */
#ifndef NL_IO_FILE_H
#define NL_IO_FILE_H

#include <numlab/status.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* --- reading ------------------------------------------------------------------------------------------ */

/* An open regular file. */
typedef struct nl_file {
  const char *path; /* the caller's */
  int fd;
  int64_t size; /* bytes when it was opened */
} nl_file;

nl_status nl_file_open(const char *path, nl_file *out);
void nl_file_close(nl_file *file);
/* The next count bytes. IO when the file is shorter now than it was, or cannot be read. */
nl_status nl_file_read(nl_file *file, void *bytes, int64_t count);

/* All bytes of a file and one 0 after them; the caller frees *bytes (nl_free). */
nl_status nl_file_load(const char *path, char **bytes, int64_t *size);

/* --- writing ------------------------------------------------------------------------------------------ */

enum { NL_WRITER_ROOM = 1 << 16 };

/* The first failure is kept; later calls do nothing. Large: about 70 KiB, so take it from nl_alloc. */
typedef struct nl_writer {
  const char *path;     /* the caller's, for messages */
  char target[4096];    /* path with links resolved */
  char temporary[4096]; /* "" when written straight into target */
  int fd;
  nl_status status;
  int64_t used;
  char room[NL_WRITER_ROOM];
} nl_writer;

/* NULL, with a message and the status (NOMEM, IO), on failure. */
nl_writer *nl_writer_open(const char *path, nl_status *status);
void nl_writer_bytes(nl_writer *w, const void *bytes, int64_t count);
void nl_writer_format(nl_writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts the file in place when status and all writes were OK, else removes what there is of it. Frees w (NULL
 * is accepted) and returns the first failure. */
nl_status nl_writer_close(nl_writer *w, nl_status status);

/* path with symbolic links resolved, and whether a regular file is or can be made there. */
nl_status nl_file_target(const char *path, char *target, size_t room, bool *regular);

#endif
