/* NumPy arrays, format versions 1.0, 2.0 and 3.0 (NEP 1; numpy.lib.format).
 *
 *   \x93NUMPY major minor | length of the header: u16 (v1) or u32 (v2, v3), low byte first
 *   {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   a Python literal, blanks, a line feed
 *   the elements, nothing after them
 *
 * The header is read by a parser of just that literal. Files come from anywhere: a header is at most 10 000
 * bytes (NumPy's own limit), and memory is taken only after the shape has been found to fill the rest of the
 * file exactly. Offsets in messages count from 0. Only libc and core headers besides io/. */
#include "npy.h"
#include "file.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_HEADER = 10000, PIECE = 1 << 20, SHOWN = 32 };

static const bool big_host = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* What is kept of each type; kind and size as NumPy writes them. */
static const struct {
  const char *kind_size;
  nl_dtype dtype;
} types[] = {{"f8", NL_F64}, {"f4", NL_F32}, {"f2", NL_F16}, {"i8", NL_I64},
             {"i4", NL_I32}, {"i2", NL_I16}, {"u1", NL_U8},  {"b1", NL_BOOL}};
enum { TYPES = sizeof types / sizeof *types };

typedef struct header {
  nl_dtype dtype;
  bool swap, fortran;
  int ndim;
  int64_t shape[NL_MAX_NDIM];
} header;

/* The header's text; at is base bytes + (at - begin) from the start of the array. */
typedef struct cursor {
  const char *name, *begin, *at, *end;
  int64_t base;
} cursor;

static nl_status fail_at(const char *name, int64_t byte, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static nl_status fail_at(const char *name, int64_t byte, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return nl_fail(NL_IO, "%s: byte %" PRId64 ": %s", name, byte, text);
}

static int64_t byte_of(const cursor *c, const char *at) { return c->base + (at - c->begin); }

/* --- the literal -------------------------------------------------------------------------------------- */

static void skip_blanks(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

static bool take(cursor *c, char wanted) {
  skip_blanks(c);
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static nl_status expect(cursor *c, char wanted, const char *where) {
  if (take(c, wanted)) return NL_OK;
  return fail_at(c->name, byte_of(c, c->at), "the header has no '%c' %s", wanted, where);
}

/* A quoted string without escapes, at most room - 1 characters of it. */
static nl_status take_string(cursor *c, const char *what, char *text, size_t room) {
  skip_blanks(c);
  const char *begin = c->at;
  char quote = begin < c->end ? *begin : 0;
  if (quote != '\'' && quote != '"')
    return fail_at(c->name, byte_of(c, begin), "the header has no quoted %s here", what);
  const char *end = memchr(begin + 1, quote, (size_t)(c->end - begin - 1));
  if (!end) return fail_at(c->name, byte_of(c, begin), "the quoted %s does not end", what);
  size_t length = (size_t)(end - begin - 1);
  for (const char *p = begin + 1; p < end; p++)
    if (*p < ' ' || *p > '~' || *p == '\\')
      return fail_at(c->name, byte_of(c, p), "the %s holds a byte that is not plain text", what);
  if (length >= room) return fail_at(c->name, byte_of(c, begin), "the %s is %zu bytes long", what, length);
  memcpy(text, begin + 1, length);
  text[length] = 0;
  c->at = end + 1;
  return NL_OK;
}

/* Why a type is not read, by the letter NumPy gives its kind. */
static const char *kind_name(char kind) {
  switch (kind) {
  case 'c': return "complex numbers";
  case 'O': return "Python objects";
  case 'S':
  case 'a': return "byte strings";
  case 'U': return "text";
  case 'V': return "structures or raw bytes";
  case 'M': return "dates";
  case 'm': return "time spans";
  case 'f': return "floats of this size";
  case 'i': return "integers of this size";
  case 'u': return "unsigned integers of this size";
  default: return "unknown elements";
  }
}

static nl_status read_descr(cursor *c, header *h) {
  char text[SHOWN];
  skip_blanks(c);
  int64_t byte = byte_of(c, c->at);
  if (c->at < c->end && (*c->at == '[' || *c->at == '('))
    return fail_at(c->name, byte,
                   "the elements are structures; numlab reads f64 f32 f16 i64 i32 i16 u8 bool");
  NL_TRY(take_string(c, "element type", text, sizeof text));
  bool ordered = *text && strchr("<>=|", *text);
  const char *kind_size = text + ordered;
  for (int i = 0; i < TYPES; i++) {
    if (strcmp(kind_size, types[i].kind_size) != 0) continue;
    h->dtype = types[i].dtype;
    bool wide = nl_dtype_size(h->dtype) > 1;
    if (wide && (!ordered || *text == '|'))
      return fail_at(c->name, byte, "element type '%s' lacks its byte order, < or >", text);
    h->swap = wide && *text != '=' && (*text == '>') != big_host;
    return NL_OK;
  }
  return fail_at(c->name, byte, "the elements are %s ('%s'); numlab reads f64 f32 f16 i64 i32 i16 u8 bool",
                 kind_name(*kind_size), text);
}

static nl_status read_order(cursor *c, header *h) {
  static const char *const words[] = {"False", "True"};
  skip_blanks(c);
  for (int i = 0; i < 2; i++) {
    size_t length = strlen(words[i]);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, words[i], length) != 0) continue;
    h->fortran = i == 1;
    c->at += length;
    return NL_OK;
  }
  return fail_at(c->name, byte_of(c, c->at), "fortran_order is neither True nor False");
}

static nl_status read_extent(cursor *c, int64_t *extent) {
  skip_blanks(c);
  const char *begin = c->at;
  bool over = false;
  *extent = 0;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    over |=
        __builtin_mul_overflow(*extent, 10, extent) || __builtin_add_overflow(*extent, *c->at - '0', extent);
  if (c->at == begin) return fail_at(c->name, byte_of(c, begin), "the shape has no whole number >= 0 here");
  if (over) return fail_at(c->name, byte_of(c, begin), "a size in the shape is beyond 64 bits");
  if (c->at < c->end && *c->at == 'L') c->at++; /* as Python 2 wrote long integers */
  return NL_OK;
}

/* () or (3,) or (3, 4) or (3, 4,) */
static nl_status read_shape(cursor *c, header *h) {
  int64_t size;
  bool comma = true;
  skip_blanks(c);
  int64_t byte = byte_of(c, c->at);
  NL_TRY(expect(c, '(', "before the shape"));
  for (h->ndim = 0; !take(c, ')'); h->ndim++) {
    if (!comma) return fail_at(c->name, byte_of(c, c->at), "the shape has neither ',' nor ')' here");
    if (h->ndim == NL_MAX_NDIM)
      return fail_at(c->name, byte_of(c, c->at), "the shape has more than the %d dimensions numlab has",
                     NL_MAX_NDIM);
    NL_TRY(read_extent(c, &h->shape[h->ndim]));
    comma = take(c, ',');
  }
  if (h->ndim == 1 && !comma) return fail_at(c->name, byte, "the shape is a number, not a tuple");
  if (nl_shape_size(h->ndim, h->shape, &size) == NL_OK) return NL_OK;
  return fail_at(c->name, byte, "the shape has more elements than 64 bits can count");
}

static nl_status read_literal(cursor *c, header *h) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  static nl_status (*const readers[])(cursor *, header *) = {read_descr, read_order, read_shape};
  bool seen[3] = {false};
  bool comma = true;
  NL_TRY(expect(c, '{', "at its start"));
  while (!take(c, '}')) {
    char key[SHOWN];
    int i = 0;
    int64_t byte = byte_of(c, c->at);
    if (!comma) return fail_at(c->name, byte, "the header has neither ',' nor '}' here");
    NL_TRY(take_string(c, "key", key, sizeof key));
    while (i < 3 && strcmp(keys[i], key) != 0) i++;
    if (i == 3) return fail_at(c->name, byte, "the header has the unknown key '%s'", key);
    if (seen[i]) return fail_at(c->name, byte, "the header has '%s' twice", key);
    seen[i] = true;
    NL_TRY(expect(c, ':', "after a key"));
    NL_TRY(readers[i](c, h));
    comma = take(c, ',');
  }
  skip_blanks(c);
  if (c->at < c->end) return fail_at(c->name, byte_of(c, c->at), "the header goes on after its '}'");
  for (int i = 0; i < 3; i++)
    if (!seen[i]) return fail_at(c->name, c->base, "the header has no '%s'", keys[i]);
  return NL_OK;
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* The header, and the byte at which the elements begin. */
static nl_status read_header(nl_npy_source *s, header *h, int64_t *data) {
  unsigned char lead[12] = {0};
  char text[LONGEST_HEADER];
  const int64_t size = s->size;
  int64_t lead_size = size < 10 ? size : 10;
  NL_TRY(s->read(s, lead, lead_size));
  if (lead_size < 6 || memcmp(lead, "\x93NUMPY", 6) != 0)
    return fail_at(s->name, 0, "not an .npy array: it must begin with \\x93NUMPY");
  if (lead_size < 10) return fail_at(s->name, size, "the file ends within the first 10 bytes");
  if (lead[6] < 1 || lead[6] > 3 || lead[7] != 0)
    return fail_at(s->name, 6, "format version %d.%d; numlab reads 1.0, 2.0 and 3.0", lead[6], lead[7]);
  int64_t length = lead[8] | lead[9] << 8;
  if (lead[6] > 1) {
    if (size < 12) return fail_at(s->name, size, "the file ends within the first 12 bytes");
    NL_TRY(s->read(s, lead + 10, 2));
    lead_size = 12;
    length |= (int64_t)lead[10] << 16 | (int64_t)lead[11] << 24;
  }
  if (length > LONGEST_HEADER)
    return fail_at(s->name, 8, "a header of %" PRId64 " bytes; at most %d are taken", length, LONGEST_HEADER);
  if (length > size - lead_size)
    return fail_at(s->name, size, "the file ends within the header of %" PRId64 " bytes", length);
  NL_TRY(s->read(s, text, length));
  cursor c = {s->name, text, text, text + length, lead_size};
  *data = lead_size + length;
  return read_literal(&c, h);
}

static nl_status check_size(const nl_npy_source *s, const header *h, int64_t data) {
  char shape[NL_SHAPE_TEXT];
  int64_t size, bytes, left = s->size - data;
  NL_TRY(nl_shape_size(h->ndim, h->shape, &size));
  bool over = __builtin_mul_overflow(size, nl_dtype_size(h->dtype), &bytes);
  nl_shape_text(h->ndim, h->shape, shape);
  if (over || bytes > left)
    return fail_at(s->name, s->size,
                   "the file ends; shape %s of %s needs %s%" PRId64 " bytes after the header, "
                   "%" PRId64 " are there",
                   shape, nl_dtype_name(h->dtype), over ? "more than " : "", over ? INT64_MAX : bytes, left);
  if (bytes < left)
    return fail_at(s->name, data + bytes, "%" PRId64 " bytes follow the elements of shape %s", left - bytes,
                   shape);
  return NL_OK;
}

static void swap_bytes(unsigned char *p, int64_t count, int64_t size) {
  for (unsigned char *end = p + count; p < end; p += size)
    for (int64_t i = 0; i < size / 2; i++) {
      unsigned char byte = p[i];
      p[i] = p[size - 1 - i];
      p[size - 1 - i] = byte;
    }
}

/* Piece by piece, so that what was just read is still in the cache when its bytes are swapped. */
static nl_status read_elements(nl_npy_source *s, const header *h, int64_t data, unsigned char *p) {
  for (int64_t done = 0, total = s->size - data; done < total;) {
    int64_t count = total - done < PIECE ? total - done : PIECE;
    if (nl_interrupted()) return nl_fail(NL_INTERRUPTED, "%s: interrupted while reading", s->name);
    NL_TRY(s->read(s, p, count));
    if (h->swap) swap_bytes(p, count, nl_dtype_size(h->dtype));
    for (int64_t i = 0; h->dtype == NL_BOOL && i < count; i++)
      if (p[i] > 1) return fail_at(s->name, data + done + i, "a bool is %d, neither 0 nor 1", p[i]);
    p += count;
    done += count;
  }
  return NL_OK;
}

static void reverse(int64_t *values, int count) {
  for (int i = 0, j = count - 1; i < j; i++, j--) {
    int64_t value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}

nl_status nl_npy_decode(nl_npy_source *source, nl_tensor *out) {
  header h = {0};
  int64_t data = 0;
  nl_tensor t;
  NL_TRY(read_header(source, &h, &data));
  NL_TRY(check_size(source, &h, data));
  /* column-major elements are the row-major ones of the reversed shape */
  if (h.fortran) reverse(h.shape, h.ndim);
  NL_TRY(nl_tensor_new_uninitialised(h.dtype, h.ndim, h.shape, &t));
  nl_status status = read_elements(source, &h, data, nl_tensor_data(&t));
  if (status != NL_OK) {
    nl_tensor_release(&t);
    return status;
  }
  if (h.fortran) {
    reverse(t.shape, t.ndim);
    reverse(t.stride, t.ndim);
  }
  *out = t;
  return NL_OK;
}

static nl_status read_file(nl_npy_source *s, void *bytes, int64_t count) {
  return nl_file_read(s->stream, bytes, count);
}

nl_status nl_npy_read(const char *path, nl_tensor *out) {
  nl_file file;
  NL_TRY(nl_file_open(path, &file));
  nl_npy_source source = {path, file.size, read_file, &file};
  nl_status status = nl_npy_decode(&source, out);
  nl_file_close(&file);
  return status;
}

/* --- writing ------------------------------------------------------------------------------------------ */

nl_status nl_npy_check(const nl_tensor *t) {
  for (int i = 0; i < TYPES; i++)
    if (types[i].dtype == t->dtype) return NL_OK;
  return nl_fail(NL_DTYPE, "save: NumPy has no element type for %s: convert to f32, which keeps every value",
                 nl_dtype_name(t->dtype));
}

int64_t nl_npy_header(const nl_tensor *t, char text[NL_NPY_HEADER]) {
  static const char begin[] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
  int i = 0;
  while (types[i].dtype != t->dtype) i++;
  char order = nl_dtype_size(t->dtype) == 1 ? '|' : big_host ? '>' : '<';
  char *p = text + 10, *end = text + NL_NPY_HEADER;
  p += snprintf(p, (size_t)(end - p), "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
                types[i].kind_size);
  for (int d = 0; d < t->ndim; d++)
    p += snprintf(p, (size_t)(end - p), "%s%" PRId64, d ? ", " : "", t->shape[d]);
  p += snprintf(p, (size_t)(end - p), "%s), }", t->ndim == 1 ? "," : "");
  int64_t size = (p + 1 - text + 63) / 64 * 64, length = size - 10; /* at most 60 + 8 * 21 + 5 */
  memset(p, ' ', (size_t)(text + size - p));
  text[size - 1] = '\n';
  memcpy(text, begin, sizeof begin);
  text[8] = (char)(length & 255);
  text[9] = (char)(length >> 8);
  return size;
}

nl_status nl_npy_write(const char *path, const nl_tensor *t) {
  char text[NL_NPY_HEADER];
  nl_tensor row_major;
  nl_status status;
  NL_TRY(nl_npy_check(t));
  NL_TRY(nl_tensor_contiguous(t, t->dtype, &row_major));
  nl_writer *w = nl_writer_open(path, &status);
  if (w) {
    nl_writer_bytes(w, text, nl_npy_header(&row_major, text));
    nl_writer_bytes(w, nl_tensor_data(&row_major), nl_tensor_size(t) * nl_dtype_size(t->dtype));
  }
  nl_tensor_release(&row_major);
  return nl_writer_close(w, status);
}
