/* Tables of numbers as comma separated values (RFC 4180), with or without a header line.
 *
 *   record: field , field , ... LF or CR LF      field: text without " , LF   or   "text, with "" for a
 * quote"
 *
 * Every record has as many fields as the first. The file is scanned twice: once to count, which settles how
 * much memory is needed, once to convert. Blanks around fields and blank lines are skipped; an empty field is
 * an error, for nothing tells what it stands for. Only libc and core headers besides io/. */
#include "file.h"
#include "number.h"
#include "text.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <string.h>

enum { A_FIELD = 64 }; /* what reading one counts for among the entries that nl_poll counts */

/* The current field is [begin, end) of column (from 1) on line text->line. */
typedef struct scanner {
  nl_text *text;
  int64_t next_line, column;
  char *begin, *end;
  bool quoted, last; /* last: of its record */
} scanner;

static scanner scan_from(nl_text *t) { return (scanner){.text = t, .next_line = t->line, .last = true}; }

/* --- fields ------------------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* From behind the opening quote to behind the closing one. */
static nl_status scan_quoted(scanner *s, char **at) {
  char *p = s->begin = *at, *stop = s->text->end;
  for (; p < stop; p++) {
    if (*p == '\n') s->next_line++;
    if (*p != '"') continue;
    if (p + 1 == stop || p[1] != '"') break;
    p++;
  }
  if (p == stop) return nl_text_fail(s->text, "column %" PRId64 ": the quote is never closed", s->column);
  s->end = p++;
  while (p < stop && is_blank(*p)) p++;
  *at = p;
  if (p == stop || *p == ',' || *p == '\n') return NL_OK;
  return nl_text_fail(s->text, "column %" PRId64 ": text after the closing quote", s->column);
}

static nl_status scan_plain(scanner *s, char **at) {
  char *p = s->begin = *at, *stop = s->text->end;
  while (p < stop && *p != ',' && *p != '\n' && *p != '"') p++;
  if (p < stop && *p == '"')
    return nl_text_fail(s->text, "column %" PRId64 ": a quote inside a field that does not begin with one",
                        s->column);
  *at = s->end = p;
  while (s->end > s->begin && is_blank(s->end[-1])) s->end--;
  return NL_OK;
}

static nl_status next_field(scanner *s) {
  nl_text *t = s->text;
  char *p = t->at;
  t->line = s->next_line;
  s->column = s->last ? 1 : s->column + 1;
  while (p < t->end && is_blank(*p)) p++;
  s->quoted = p < t->end && *p == '"';
  if (s->quoted) p++;
  NL_TRY(s->quoted ? scan_quoted(s, &p) : scan_plain(s, &p));
  s->last = p == t->end || *p == '\n';
  if (p < t->end && *p == '\n') s->next_line++;
  t->at = p < t->end ? p + 1 : p;
  return NL_OK;
}

static bool is_empty(const scanner *s) { return s->begin == s->end; }
static bool is_blank_line(const scanner *s) { return s->column == 1 && s->last && !s->quoted && is_empty(s); }

/* The first field of the next record that is no blank line; *found false at the end of the file. */
static nl_status next_record(scanner *s, bool *found) {
  for (*found = false; s->text->at < s->text->end;) {
    NL_TRY(next_field(s));
    if (is_blank_line(s)) continue;
    *found = true;
    break;
  }
  return NL_OK;
}

static nl_status to_number(const scanner *s, double *value) {
  char quote[NL_QUOTE];
  if (is_empty(s))
    return nl_text_fail(s->text, "column %" PRId64 " is empty (nan stands for a missing value)", s->column);
  nl_number_fault fault = nl_number_parse(s->begin, s->end, value);
  if (fault == NL_NUMBER_OK) return NL_OK;
  return nl_text_fail(s->text, "column %" PRId64 ": '%s' is %s", s->column,
                      nl_text_quote(s->begin, s->end, quote),
                      fault == NL_NUMBER_RANGE ? "beyond what f64 can hold" : "not a number");
}

/* --- the header line ---------------------------------------------------------------------------------- */

/* The number of fields of the first record, and how many of them are numbers. */
static nl_status look_at_first(nl_text *t, int64_t *columns, int64_t *numbers) {
  scanner s = scan_from(t);
  bool found, named = false;
  double value;
  NL_TRY(next_record(&s, &found));
  if (!found) return nl_text_fail(t, "the file is empty");
  for (*columns = 1, *numbers = 0;; ++*columns) {
    *numbers += nl_number_parse(s.begin, s.end, &value) != NL_NUMBER_MALFORMED;
    named |= !is_empty(&s);
    if (s.last) break;
    NL_TRY(next_field(&s));
  }
  if (!named) return nl_text_fail(t, "the first line has neither names nor numbers");
  return NL_OK;
}

/* The fields of the first record, one after another, each ended by a 0. */
static nl_status read_names(scanner *s, char *names) {
  bool found;
  NL_TRY(next_record(s, &found));
  for (;;) {
    if (memchr(s->begin, 0, (size_t)(s->end - s->begin)))
      return nl_text_fail(s->text, "column %" PRId64 ": a zero byte in its name", s->column);
    for (char *p = s->begin; p < s->end; p++) {
      *names++ = *p;
      p += s->quoted && *p == '"'; /* "" is one quote */
    }
    *names++ = 0;
    if (s->last) return NL_OK;
    NL_TRY(next_field(s));
  }
}

/* --- the table ---------------------------------------------------------------------------------------- */

/* Every record from here on: counted where values is NULL, else converted. */
static nl_status read_records(scanner s, int64_t columns, double *values, int64_t *rows) {
  int64_t work = NL_POLL; /* the flag is looked at before the first record */
  for (*rows = 0;; ++*rows) {
    bool found;
    if (nl_poll(&work, columns * A_FIELD))
      return nl_fail(NL_INTERRUPTED, "%s: interrupted while reading", s.text->path);
    NL_TRY(next_record(&s, &found));
    if (!found) return NL_OK;
    for (;;) {
      if (values) NL_TRY(to_number(&s, values++));
      if (s.last || s.column == columns) break;
      NL_TRY(next_field(&s));
    }
    if (!s.last) return nl_text_fail(s.text, "more than the %" PRId64 " columns of the first line", columns);
    if (s.column < columns)
      return nl_text_fail(s.text, "%" PRId64 " columns, the first line has %" PRId64, s.column, columns);
  }
}

static nl_status read_table(nl_text *t, nl_csv_header header, nl_csv *out) {
  int64_t columns = 0, numbers = 0, rows = 0;
  char *begin = t->at, *names = NULL;
  nl_tensor values = {0};
  t->line = 1;
  NL_TRY(look_at_first(t, &columns, &numbers));
  /* every field is followed by something in the file, or by its 0 */
  int64_t room = t->at - begin + 1;
  t->at = begin;
  t->line = 1;
  scanner s = scan_from(t);
  nl_status status = NL_OK;
  if (header == NL_CSV_NAMES || (header == NL_CSV_AUTO && numbers == 0)) {
    names = nl_alloc(room, 1, NL_WORKSPACE);
    status = names ? read_names(&s, names) : NL_NOMEM;
  }
  char *body = t->at;
  if (status == NL_OK) status = read_records(s, columns, NULL, &rows);
  if (status == NL_OK)
    status = nl_tensor_new_uninitialised(NL_F64, 2, (const int64_t[]){rows, columns}, &values);
  t->at = body;
  if (status == NL_OK) status = read_records(s, columns, nl_tensor_data(&values), &rows);
  if (status == NL_OK) {
    *out = (nl_csv){values, names};
    return NL_OK;
  }
  nl_tensor_release(&values);
  nl_free(names);
  return status;
}

nl_status nl_csv_read(const char *path, nl_csv_header header, nl_csv *out) {
  nl_text t;
  NL_TRY(nl_text_load(path, &t));
  nl_status status = read_table(&t, header, out);
  nl_text_release(&t);
  return status;
}

void nl_csv_release(nl_csv *c) {
  nl_tensor_release(&c->values);
  nl_free(c->names);
  c->names = NULL;
}

/* --- writing ------------------------------------------------------------------------------------------ */

static void put_name(nl_writer *w, const char *name) {
  size_t length = strlen(name);
  bool plain = length > 0 && !strpbrk(name, ",\"\r\n") && !is_blank(name[0]) && !is_blank(name[length - 1]);
  if (!plain) nl_writer_bytes(w, "\"", 1);
  for (const char *p = name; *p; p++) nl_writer_bytes(w, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
  if (!plain) nl_writer_bytes(w, "\"", 1);
}

static void put_value(nl_writer *w, nl_dtype dtype, const char *p) {
  char text[NL_NUMBER_TEXT];
  int64_t whole;
  if (dtype == NL_I64) { /* f64 does not hold all of them */
    memcpy(&whole, p, sizeof whole);
    nl_writer_format(w, "%" PRId64, whole);
  } else nl_writer_bytes(w, text, nl_number_format(nl_dtype_load(dtype, p), text));
}

static void put_table(nl_writer *w, const nl_tensor *t, int64_t columns, const char *const *names) {
  const char *p = nl_tensor_data(t);
  for (int64_t j = 0; names && j < columns; j++) {
    put_name(w, names[j]);
    nl_writer_bytes(w, j + 1 < columns ? "," : "\n", 1);
  }
  for (int64_t i = 0; i < t->shape[0] && w->status == NL_OK; i++)
    for (int64_t j = 0; j < columns; j++, p += nl_dtype_size(t->dtype)) {
      put_value(w, t->dtype, p);
      nl_writer_bytes(w, j + 1 < columns ? "," : "\n", 1);
    }
}

nl_status nl_csv_write(const char *path, const nl_tensor *t, int64_t count, const char *const *names) {
  char shape[NL_SHAPE_TEXT];
  nl_tensor row_major;
  nl_status status;
  if (t->ndim != 1 && t->ndim != 2)
    return nl_fail(NL_SHAPE, "save: a .csv file holds a matrix or a vector, got shape %s (use .npy)",
                   nl_shape_text(t->ndim, t->shape, shape));
  int64_t columns = t->ndim == 1 ? 1 : t->shape[1];
  if (columns == 0) return nl_fail(NL_SHAPE, "save: a .csv file holds at least one column, got none");
  if (t->shape[0] == 0 && !names)
    return nl_fail(NL_SHAPE, "save: a .csv file without names holds at least one row, got none");
  if (names && count != columns)
    return nl_fail(NL_ARG, "save: %" PRId64 " names for %" PRId64 " columns", count, columns);
  NL_TRY(nl_tensor_contiguous(t, t->dtype, &row_major));
  nl_writer *w = nl_writer_open(path, &status);
  if (w) put_table(w, &row_major, columns, names);
  nl_tensor_release(&row_major);
  return nl_writer_close(w, status);
}
