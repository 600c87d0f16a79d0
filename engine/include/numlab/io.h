/* Files: Matrix Market (.mtx), NumPy arrays (.npy), archives of them (.npz) and tables of numbers (.csv);
 * zip archives of any files.
 *
 * Every malformed, missing or unwritable file is IO, with a message that names the file, the line or byte and
 * the reason. A reader never allocates more than the bytes of the file justify. A writer fills a file beside
 * the target and renames it, so that a failure leaves what was there before; devices and pipes are written
 * straight into. Long reads and writes poll nl_interrupted().
 */
#ifndef NUMLAB_IO_H
#define NUMLAB_IO_H

#include <numlab/solve.h>

/* --- Matrix Market ------------------------------------------------------------------------------------ */

typedef enum nl_mtx_field { NL_MTX_AUTO, NL_MTX_REAL, NL_MTX_INTEGER, NL_MTX_PATTERN } nl_mtx_field;
typedef enum nl_mtx_symmetry { NL_MTX_GENERAL, NL_MTX_SYMMETRIC, NL_MTX_SKEW } nl_mtx_symmetry;

/* What a file holds: coordinate -> sparse, array -> dense (f64, 2-d). Exactly one is filled. */
typedef struct nl_mtx {
  nl_tensor dense;
  nl_sparse sparse;
} nl_mtx;

/* Symmetric and skew-symmetric files are expanded; patterns have the value 1; entries given twice are summed.
 * Lines may start with blanks, end in CR LF, be blank or be comments. One triangle of a symmetric coordinate
 * file may be stored, either one; entries off the diagonal in both are refused. */
nl_status nl_mtx_read(const char *path, nl_mtx *out);

/* Sparse -> coordinate, dense (1-d is one column) -> array. AUTO is integer for integer types, else real.
 * ARG where A does not have the symmetry or the field asked for. */
nl_status nl_mtx_write(const char *path, const nl_matrix *A, nl_mtx_field field, nl_mtx_symmetry symmetry);

/* --- NumPy arrays ------------------------------------------------------------------------------------- */

/* Versions 1.0 to 3.0, either byte order; f64 f32 f16 i64 i32 i16 u8 bool. A column-major array comes as a
 * tensor with column-major strides. */
nl_status nl_npy_read(const char *path, nl_tensor *out);

/* Version 1.0, row-major, the host's byte order. DTYPE for bf16, which the format lacks. */
nl_status nl_npy_write(const char *path, const nl_tensor *t);

/* --- archives of NumPy arrays -------------------------------------------------------------------------- */

typedef struct nl_npz {
  int64_t count;
  nl_tensor *tensors;
  char *names; /* count of them, one after another, each ended by a 0 */
} nl_npz;

/* Entries NAME.npy, stored or deflated. UNAVAILABLE without libzip. */
nl_status nl_npz_read(const char *path, nl_npz *out);
void nl_npz_release(nl_npz *z);

/* ARG for no array at all or a name that is empty or beyond 1024 bytes; regular files only. */
nl_status nl_npz_write(const char *path, int64_t count, const char *const *names,
                       const nl_tensor *const *tensors, bool deflate);

/* --- archives of files ---------------------------------------------------------------------------------- */

typedef struct nl_entry {
  const char *name; /* parts with '/' between; a folder's ends in one */
  const char *bytes;
  int64_t size;
  bool executable;
  bool link, utf8; /* read: a symbolic link; the name is in ASCII or flagged as UTF-8 */
} nl_entry;

typedef struct nl_archive {
  int64_t count;
  nl_entry *entries;
  char *memory; /* of their names and bytes, each ended by a 0 */
} nl_archive;

/* A whole .zip, stored or deflated; names are the archive's own bytes and may be anything. IO where its files
 * together hold more than `most` bytes. UNAVAILABLE without libzip. */
nl_status nl_archive_read(const char *path, int64_t most, nl_archive *out);
void nl_archive_release(nl_archive *a);

/* Deflated, in the order given, names flagged as UTF-8, all times 1980-01-01. ARG for no file at all or a
 * name that is empty or beyond 65535 bytes, IO for one that is there twice or no UTF-8; regular files only.
 */
nl_status nl_archive_write(const char *path, int64_t count, const nl_entry *entries);

/* --- comma separated values --------------------------------------------------------------------------- */

/* AUTO: the first line names the columns when none of its fields is a number. */
typedef enum nl_csv_header { NL_CSV_AUTO, NL_CSV_NO_NAMES, NL_CSV_NAMES } nl_csv_header;

typedef struct nl_csv {
  nl_tensor values; /* f64, rows x columns */
  char *names;      /* one a column, one after another, each ended by a 0; NULL: no header line */
} nl_csv;

nl_status nl_csv_read(const char *path, nl_csv_header header, nl_csv *out);
void nl_csv_release(nl_csv *c);

/* A matrix, or a vector as one column, of any type; values read back as the same numbers. names: NULL, or
 * count of them, one a column. */
nl_status nl_csv_write(const char *path, const nl_tensor *t, int64_t count, const char *const *names);

#endif
