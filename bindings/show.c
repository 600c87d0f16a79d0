/* How tensors print: columns aligned, one scale for all elements, long ones elided, type and shape below.
 *
 *       1.0000  0.5000
 *       0.5000  0.3333
 *     f64 tensor 2x2
 */
#include "tensor.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { EDGE_ROWS = 8, EDGE_COLUMNS = 12, EDGE_SLABS = 3, CELL = 40 };

int nlL_columns(void) {
  struct winsize window;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
}

/* Which of n positions are shown: all, or `edge` at both ends. */
typedef struct shown {
  int64_t n, edge;
} shown;

static int64_t count_shown(shown s) { return s.n <= 2 * s.edge ? s.n : 2 * s.edge; }
static int64_t position(shown s, int64_t k) {
  return s.n <= 2 * s.edge || k < s.edge ? k : s.n - 2 * s.edge + k;
}
/* A gap is written before the k-th shown position. */
static bool gap_before(shown s, int64_t k) { return s.n > 2 * s.edge && k == s.edge; }

/* How numbers are written, decided from those shown. */
typedef struct style {
  nl_dtype dtype;
  bool whole;   /* all are whole numbers */
  int exponent; /* common factor 10^exponent */
  double factor;
  int width;
} style;

typedef struct page {
  const nl_tensor *t;
  shown slabs, rows, columns; /* the last two dimensions make a slab */
  style style;
} page;

/* Index of element (row, column) of slab number `slab`. */
static void locate(const nl_tensor *t, int64_t slab, int64_t row, int64_t column, int64_t *index) {
  int d = t->ndim - 1;
  if (d >= 0) index[d--] = column;
  if (d >= 0) index[d--] = row;
  for (; d >= 0; d--) {
    index[d] = slab % t->shape[d];
    slab /= t->shape[d];
  }
}

static int write_cell(const page *p, const int64_t *index, char *cell) {
  const nl_tensor *t = p->t;
  double value = nl_tensor_get(t, index);
  if (t->dtype == NL_BOOL) return snprintf(cell, CELL, "%s", value != 0 ? "true" : "false");
  if (t->dtype == NL_I64) {
    int64_t at = 0;
    for (int d = 0; d < t->ndim; d++) at += index[d] * t->stride[d];
    return snprintf(cell, CELL, "%" PRId64, ((const int64_t *)nl_tensor_data(t))[at]);
  }
  if (isnan(value)) return snprintf(cell, CELL, "nan");
  if (isinf(value)) return snprintf(cell, CELL, value < 0 ? "-inf" : "inf");
  if (p->style.whole || value == 0) return snprintf(cell, CELL, "%.0f", value); /* an exact 0 shows as one */
  return snprintf(cell, CELL, "%.4f", value / p->style.factor);
}

/* Visit the elements shown; widest cell and largest value. */
static void measure(page *p, bool widths) {
  double largest = 0;
  bool whole = true;
  char cell[CELL];
  int64_t index[NL_MAX_NDIM] = {0};
  for (int64_t s = 0; s < count_shown(p->slabs); s++)
    for (int64_t i = 0; i < count_shown(p->rows); i++)
      for (int64_t j = 0; j < count_shown(p->columns); j++) {
        locate(p->t, position(p->slabs, s), position(p->rows, i), position(p->columns, j), index);
        double value = nl_tensor_get(p->t, index);
        if (widths) {
          int width = write_cell(p, index, cell);
          if (width > p->style.width) p->style.width = width;
        } else if (isfinite(value)) {
          if (fabs(value) > largest) largest = fabs(value);
          whole = whole && value == floor(value) && fabs(value) < 1e7;
        }
      }
  if (widths) return;
  p->style.whole = whole || !nl_dtype_is_float(p->t->dtype);
  p->style.factor = 1;
  if (p->style.whole || (largest >= 1e-3 && largest < 1e5)) return;
  p->style.exponent = (int)floor(log10(largest));
  if (p->style.exponent < -315) p->style.exponent = -315; /* 10^e keeps a few bits */
  p->style.factor = pow(10, p->style.exponent);
}

static void add_row(luaL_Buffer *b, const page *p, int64_t slab, int64_t row) {
  int64_t index[NL_MAX_NDIM] = {0};
  char cell[CELL], padded[2 * CELL];
  for (int64_t j = 0; j < count_shown(p->columns); j++) {
    if (gap_before(p->columns, j)) luaL_addstring(b, "  ...");
    locate(p->t, slab, row, position(p->columns, j), index);
    write_cell(p, index, cell);
    snprintf(padded, sizeof padded, "  %*s", p->style.width, cell);
    luaL_addstring(b, padded);
  }
  luaL_addchar(b, '\n');
}

/* "(2, 1, :, :)" above a slab of a tensor with more than two dimensions. */
static void add_heading(luaL_Buffer *b, const nl_tensor *t, int64_t slab) {
  int64_t index[NL_MAX_NDIM] = {0};
  char number[32];
  locate(t, slab, 0, 0, index);
  luaL_addchar(b, '(');
  for (int d = 0; d < t->ndim - 2; d++) {
    snprintf(number, sizeof number, "%" PRId64 ", ", index[d] + 1);
    luaL_addstring(b, number);
  }
  luaL_addstring(b, ":, :)\n");
}

static void add_slab(luaL_Buffer *b, const page *p, int64_t slab) {
  for (int64_t i = 0; i < count_shown(p->rows); i++) {
    if (gap_before(p->rows, i)) luaL_addstring(b, "  ...\n");
    add_row(b, p, slab, position(p->rows, i));
  }
}

static void lay_out(page *p) {
  const nl_tensor *t = p->t;
  int n = t->ndim;
  p->columns = (shown){n > 0 ? t->shape[n - 1] : 1, EDGE_COLUMNS};
  p->rows = (shown){n > 1 ? t->shape[n - 2] : 1, EDGE_ROWS};
  p->slabs = (shown){1, EDGE_SLABS};
  for (int d = 0; d < n - 2; d++) p->slabs.n *= t->shape[d];
  measure(p, false);
  measure(p, true);
  int line = nlL_columns() - 1;                    /* a full last column would break some terminals' lines */
  int64_t fit = (line - 4) / (p->style.width + 2); /* cells a line, with room for the gap */
  if (p->columns.n > fit && fit / 2 < EDGE_COLUMNS) p->columns.edge = fit / 2 > 0 ? fit / 2 : 1;
}

int nlL_showtensor(lua_State *L) {
  const nl_tensor *t = luaL_checkudata(L, 1, NLL_TENSOR);
  const nl_device *device = t->storage ? nl_tensor_device(t) : NULL;
  char shape[NL_SHAPE_TEXT], line[NL_SHAPE_TEXT + 40];
  page p = {.t = t};
  luaL_Buffer b;
  if (!t->storage) {
    lua_pushliteral(L, "closed tensor");
    return 1;
  }
  if (!nl_device_is_cpu(device)) t = nlL_checklocaltensor(L, 1);
  p.t = t;
  luaL_buffinit(L, &b);
  if (nl_tensor_size(t) > 0) {
    lay_out(&p);
    if (p.style.exponent != 0) {
      snprintf(line, sizeof line, "1e%+03d *\n", p.style.exponent);
      luaL_addstring(&b, line);
    }
    for (int64_t s = 0; s < count_shown(p.slabs); s++) {
      if (gap_before(p.slabs, s)) luaL_addstring(&b, "...\n");
      if (t->ndim > 2) add_heading(&b, t, position(p.slabs, s));
      add_slab(&b, &p, position(p.slabs, s));
    }
  }
  snprintf(line, sizeof line, "%s tensor %s%s%s", nl_dtype_name(t->dtype),
           nl_shape_text(t->ndim, t->shape, shape), nl_device_is_cpu(device) ? "" : " on ",
           nl_device_is_cpu(device) ? "" : nl_device_name(device));
  luaL_addstring(&b, line);
  luaL_pushresult(&b);
  return 1;
}
