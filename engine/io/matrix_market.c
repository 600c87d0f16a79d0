/* Reading Matrix Market files (Boisvert, Pozo, Remington, NISTIR 5935, 1996).
 *
 *   %%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric|skew-symmetric
 *   % comments and blank lines, anywhere after the banner
 *   rows cols entries            then one line "i j value" (pattern: "i j") an entry, 1-based
 *   rows cols                    for arrays; one value a line, by columns, of the stored triangle
 *
 * symmetric: a_ji = a_ij; skew-symmetric: a_ji = -a_ij, a_ii = 0. The banner's case does not matter. The
 * standard asks for the lower triangle; the upper one is taken too, but not both in one file: nothing tells
 * then whether an entry was stored twice. Only libc and core headers besides io/. */
#include "number.h"
#include "text.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct banner {
  bool array;
  nl_mtx_field field;
  nl_mtx_symmetry symmetry;
} banner;

enum {
  POLL = 4095,               /* lines between two looks at the interrupt flag, less one: a mask */
  MOST_UNJUSTIFIED = 1 << 22 /* rows or columns that any file may claim: 32 MiB of row starts */
};

/* --- the banner and the size line -------------------------------------------------------------------- */

/* Which of the names (NULL-terminated) the next word of the banner is. */
static nl_status banner_word(nl_text *t, const char *what, const char *const *names, int *which) {
  char *word, quote[NL_QUOTE], *end = nl_text_word(t, &word);
  if (!end) return nl_text_fail(t, "the banner ends before the %s", what);
  for (*which = 0; names[*which]; ++*which)
    if (strlen(names[*which]) == (size_t)(end - word) &&
        strncasecmp(names[*which], word, (size_t)(end - word)) == 0)
      return NL_OK;
  return nl_text_fail(t, "the banner has %s '%s', expected %s%s%s%s%s", what, nl_text_quote(word, end, quote),
                      names[0], names[1] ? ", " : "", names[1] ? names[1] : "",
                      names[1] && names[2] ? ", " : "", names[1] && names[2] ? names[2] : "");
}

static nl_status read_banner(nl_text *t, banner *out) {
  static const char *const objects[] = {"matrix", NULL}, *const formats[] = {"coordinate", "array", NULL};
  static const char *const fields[] = {"real", "integer", "pattern", "double", "complex", NULL};
  static const char *const symmetries[] = {"general", "symmetric", "skew-symmetric", "hermitian", NULL};
  static const nl_mtx_field field_of[] = {NL_MTX_REAL, NL_MTX_INTEGER, NL_MTX_PATTERN, NL_MTX_REAL};
  char *word, *end = NULL;
  int object, format, field, symmetry;
  if (nl_text_line(t)) end = nl_text_word(t, &word);
  if (!end || end - word != 14 || strncasecmp(word, "%%MatrixMarket", 14) != 0)
    return nl_fail(NL_IO, "%s:1: not a Matrix Market file: the first line must begin with %%%%MatrixMarket",
                   t->path);
  NL_TRY(banner_word(t, "object", objects, &object));
  NL_TRY(banner_word(t, "format", formats, &format));
  NL_TRY(banner_word(t, "field", fields, &field));
  NL_TRY(banner_word(t, "symmetry", symmetries, &symmetry));
  if (field == 4 || symmetry == 3)
    return nl_text_fail(t, "%s matrices are not supported: numlab computes with real numbers",
                        field == 4 ? "complex" : "hermitian");
  if (nl_text_word(t, &word)) return nl_text_fail(t, "the banner has words after the symmetry");
  *out = (banner){format == 1, field_of[field], (nl_mtx_symmetry)symmetry};
  if (out->field == NL_MTX_PATTERN && out->array) return nl_text_fail(t, "an array cannot be a pattern");
  if (out->field == NL_MTX_PATTERN && out->symmetry == NL_MTX_SKEW)
    return nl_text_fail(t, "a pattern cannot be skew-symmetric");
  return NL_OK;
}

/* The next line that is neither blank nor a comment. */
static bool content_line(nl_text *t) {
  while (nl_text_line(t))
    if (t->word < t->line_end && *t->word != '%') return true;
  return false;
}

static nl_status next_integer(nl_text *t, const char *what, int64_t *value) {
  char *word, quote[NL_QUOTE], *end = nl_text_word(t, &word);
  if (!end) return nl_text_fail(t, "the line ends before the %s", what);
  nl_number_fault fault = nl_number_parse_integer(word, end, value);
  if (fault == NL_NUMBER_OK) return NL_OK;
  return nl_text_fail(t, "%s '%s' %s", what, nl_text_quote(word, end, quote),
                      fault == NL_NUMBER_RANGE ? "is beyond 64 bits" : "is not a whole number");
}

static nl_status end_of_line(nl_text *t) {
  char *word, quote[NL_QUOTE], *end = nl_text_word(t, &word);
  return end ? nl_text_fail(t, "'%s' after the end of the entry", nl_text_quote(word, end, quote)) : NL_OK;
}

static nl_status check_extent(const nl_text *t, const char *what, int64_t count) {
  if (count < 0) return nl_text_fail(t, "%" PRId64 " %s: a size must not be negative", count, what);
  if (count > INT32_MAX)
    return nl_text_fail(t, "%" PRId64 " %s: numlab's matrices have at most %d", count, what, INT32_MAX);
  int64_t bytes = t->end - t->bytes;
  if (count > MOST_UNJUSTIFIED && count > bytes)
    return nl_text_fail(
        t, "%" PRId64 " %s are not justified by a file of %" PRId64 " bytes (at most %d or one a byte)",
        count, what, bytes, MOST_UNJUSTIFIED);
  return NL_OK;
}

static nl_status read_sizes(nl_text *t, const banner *b, int64_t *rows, int64_t *cols, int64_t *count) {
  if (!content_line(t)) return nl_text_fail(t, "the file ends before the size line");
  NL_TRY(next_integer(t, "number of rows", rows));
  NL_TRY(next_integer(t, "number of columns", cols));
  if (!b->array) NL_TRY(next_integer(t, "number of entries", count));
  NL_TRY(end_of_line(t));
  NL_TRY(check_extent(t, "rows", *rows));
  NL_TRY(check_extent(t, "columns", *cols));
  if (b->symmetry != NL_MTX_GENERAL && *rows != *cols)
    return nl_text_fail(t, "a symmetric matrix must be square, this one is %" PRId64 "x%" PRId64, *rows,
                        *cols);
  int64_t n = *rows; /* extents are below 2^31: no product below overflows */
  if (b->array)
    *count = b->symmetry == NL_MTX_GENERAL     ? *rows * *cols
             : b->symmetry == NL_MTX_SYMMETRIC ? n * (n + 1) / 2
                                               : n * (n - 1) / 2;
  if (*count < 0) return nl_text_fail(t, "%" PRId64 " entries: a size must not be negative", *count);
  /* "i j\n", "i j v\n", "v\n"; the last line may lack its end */
  int64_t shortest = b->array ? 2 : b->field == NL_MTX_PATTERN ? 4 : 6, left = t->end - t->at;
  if (*count > (left + 1) / shortest)
    return nl_text_fail(t, "%" PRId64 " entries cannot stand in the %" PRId64 " bytes that follow", *count,
                        left);
  return NL_OK;
}

/* --- entries ------------------------------------------------------------------------------------------ */

static nl_status next_value(nl_text *t, nl_mtx_field field, double *value) {
  char *word, quote[NL_QUOTE], *end = nl_text_word(t, &word);
  int64_t whole = 0;
  if (!end) return nl_text_fail(t, "the line ends before the value");
  nl_number_fault fault = field == NL_MTX_INTEGER ? nl_number_parse_integer(word, end, &whole)
                                                  : nl_number_parse(word, end, value);
  if (fault == NL_NUMBER_MALFORMED)
    return nl_text_fail(t, "value '%s' is not %s number", nl_text_quote(word, end, quote),
                        field == NL_MTX_INTEGER ? "a whole" : "a");
  const int64_t exact = INT64_C(1) << 53; /* f64 holds every integer up to here */
  if (fault == NL_NUMBER_RANGE || whole > exact || whole < -exact)
    return nl_text_fail(t, "value '%s' is beyond what f64 can hold", nl_text_quote(word, end, quote));
  if (field == NL_MTX_INTEGER) *value = (double)whole;
  return NL_OK;
}

static nl_status next_entry_line(nl_text *t, int64_t k, int64_t count) {
  if ((k & POLL) == 0 && nl_interrupted())
    return nl_fail(NL_INTERRUPTED, "%s: interrupted while reading", t->path);
  if (content_line(t)) return NL_OK;
  return nl_text_fail(t, "the file ends after %" PRId64 " of %" PRId64 " entries", k, count);
}

static nl_status no_more(nl_text *t, int64_t count) {
  if (!content_line(t)) return NL_OK;
  return nl_text_fail(t, "more than the %" PRId64 " entries announced", count);
}

/* Triplets, 0-based, with room for both triangles; *used counts them. */
static nl_status read_triplets(nl_text *t, const banner *b, int64_t rows, int64_t cols, int64_t count,
                               int64_t *row_of, int64_t *col_of, double *values, int64_t *used) {
  int triangle = 0; /* -1: entries below the diagonal were seen, 1: above */
  int64_t filled = 0;
  for (int64_t k = 0; k < count; k++) {
    int64_t i, j;
    double value = 1;
    NL_TRY(next_entry_line(t, k, count));
    NL_TRY(next_integer(t, "row", &i));
    NL_TRY(next_integer(t, "column", &j));
    if (b->field != NL_MTX_PATTERN) NL_TRY(next_value(t, b->field, &value));
    NL_TRY(end_of_line(t));
    if (i < 1 || i > rows || j < 1 || j > cols)
      return nl_text_fail(t, "entry (%" PRId64 ", %" PRId64 ") is outside the %" PRId64 "x%" PRId64 " matrix",
                          i, j, rows, cols);
    row_of[filled] = i - 1;
    col_of[filled] = j - 1;
    values[filled++] = value;
    if (b->symmetry == NL_MTX_GENERAL) continue;
    if (i == j && b->symmetry == NL_MTX_SKEW && value != 0)
      return nl_text_fail(t, "diagonal entry (%" PRId64 ", %" PRId64 ") of a skew-symmetric matrix is not 0",
                          i, j);
    if (i == j) continue;
    if (triangle == (i > j ? 1 : -1))
      return nl_text_fail(
          t, "entry (%" PRId64 ", %" PRId64 "): a symmetric file stores one triangle, this one has both", i,
          j);
    triangle = i > j ? -1 : 1;
    row_of[filled] = j - 1;
    col_of[filled] = i - 1;
    values[filled++] = b->symmetry == NL_MTX_SKEW ? -value : value;
  }
  *used = filled;
  return no_more(t, count);
}

static nl_status read_coordinate(nl_text *t, const banner *b, int64_t rows, int64_t cols, int64_t count,
                                 nl_sparse *out) {
  int64_t room = b->symmetry == NL_MTX_GENERAL ? count : 2 * count, used = 0;
  int64_t *row_of = nl_alloc(room, sizeof *row_of, NL_WORKSPACE);
  int64_t *col_of = nl_alloc(room, sizeof *col_of, NL_WORKSPACE);
  double *values = nl_alloc(room, sizeof *values, NL_WORKSPACE);
  nl_status status = NL_NOMEM;
  if (!row_of || !col_of || !values) goto done;
  status = read_triplets(t, b, rows, cols, count, row_of, col_of, values, &used);
  nl_text_release(t); /* the text is not needed beside the matrix */
  if (status == NL_OK) status = nl_sparse_from_coo(rows, cols, used, row_of, col_of, values, out);
done:
  nl_free(row_of);
  nl_free(col_of);
  nl_free(values);
  return status;
}

static nl_status read_values(nl_text *t, const banner *b, int64_t rows, int64_t cols, int64_t count,
                             double *a) {
  int64_t k = 0, skip = b->symmetry == NL_MTX_SKEW ? 1 : 0;
  for (int64_t j = 0; j < cols; j++)
    for (int64_t i = b->symmetry == NL_MTX_GENERAL ? 0 : j + skip; i < rows; i++, k++) {
      double value = 0;
      NL_TRY(next_entry_line(t, k, count));
      NL_TRY(next_value(t, b->field, &value));
      NL_TRY(end_of_line(t));
      a[i * cols + j] = value;
      if (b->symmetry != NL_MTX_GENERAL && i != j)
        a[j * cols + i] = b->symmetry == NL_MTX_SKEW ? -value : value;
    }
  return no_more(t, count);
}

static nl_status read_array(nl_text *t, const banner *b, int64_t rows, int64_t cols, int64_t count,
                            nl_tensor *out) {
  nl_tensor A;
  NL_TRY(nl_tensor_new(NL_F64, 2, (const int64_t[]){rows, cols}, &A));
  nl_status status = read_values(t, b, rows, cols, count, nl_tensor_data(&A));
  if (status == NL_OK) *out = A;
  else nl_tensor_release(&A);
  return status;
}

nl_status nl_mtx_read(const char *path, nl_mtx *out) {
  nl_text t;
  banner b = {0};
  int64_t rows = 0, cols = 0, count = 0;
  nl_mtx found = {0};
  NL_TRY(nl_text_load(path, &t));
  nl_status status = read_banner(&t, &b);
  if (status == NL_OK) status = read_sizes(&t, &b, &rows, &cols, &count);
  if (status == NL_OK)
    status = b.array ? read_array(&t, &b, rows, cols, count, &found.dense)
                     : read_coordinate(&t, &b, rows, cols, count, &found.sparse);
  nl_text_release(&t);
  if (status == NL_OK) *out = found;
  return status;
}
