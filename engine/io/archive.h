/* What the files that read and write zip archives through libzip share (archive.c). */
#ifndef NL_IO_ARCHIVE_H
#define NL_IO_ARCHIVE_H

#include "external/zip.h"
#include <numlab/status.h>

/* "a.zip: x.txt" for messages; what does not print is escaped, for the name comes from the file. */
typedef struct nl_label {
  char text[640];
} nl_label;

nl_label nl_archive_label(const char *path, const char *name);

/* What libzip says of an archive that could not be opened (code), or of what it was asked to do with one. */
nl_status nl_archive_not_opened(const char *path, const char *verb, int code);
nl_status nl_archive_failed(zip_archive *archive, const char *path, const char *verb);

/* IO unless numlab can read the entry and its sizes can be true: a deflated entry is at most 1032 times as
 * long as its compressed form, a stored one just as long. *left, the bytes of the file not yet spoken for,
 * shrinks. */
nl_status nl_archive_check(const char *path, const zip_facts *facts, uint64_t *left);

/* The next count bytes of an entry named by label; at its end libzip compares the checksum. */
nl_status nl_archive_bytes(zip_entry *entry, const char *label, void *bytes, int64_t count);
nl_status nl_archive_entry_end(zip_entry *entry, const char *label);

/* Writing: begin, add, end. libzip reads the parts in end, which puts the archive in place whole when status
 * and all before were OK, else discards it; it returns the first failure. mode: of Unix, 0 for libzip's own.
 */
nl_status nl_archive_begin(const char *path, zip_archive **out);
nl_status nl_archive_add(zip_archive *archive, const char *path, const char *name, const zip_part *parts,
                         int count, bool deflate, uint32_t mode);
nl_status nl_archive_end(zip_archive *archive, const char *path, nl_status status);

#endif
