/* C = alpha A B + beta C, blocked and packed after Goto and van de Geijn (ACM TOMS 34(3), 2008).
 *
 *   for jc in steps of nc:            B(:, jc) in blocks that stay in L3
 *     for pc in steps of kc:          pack B(pc, jc) into strips of nr columns, A(:, pc) into strips of mr
 * rows blocks of mc rows x some strips of B, shared among threads: a strip of B in L1, a block of A in L2
 *         tile(kc)                    mr x nr sums in registers (kernels.h)
 *
 * Tiles lie on one grid that starts at C(0,0), and pc runs upwards: threads change neither the tile an
 * element belongs to nor the order of its sum. Edge tiles go through a buffer. Strips are padded with zeros.
 */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "gemm.h"
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

typedef struct product {
  const nl_gemm_kernel *kernel;
  int64_t m, n, k; /* of this block: n <= nc, k <= kc */
  double alpha, beta;
  const NL_R *A, *B; /* at the block's first element */
  int64_t A_row, A_col, B_row, B_col;
  NL_R *C;
  int64_t C_row;
  NL_R *packed_A, *packed_B;
  int64_t A_strips, B_strips;
  int64_t blocks_across, strips_a_block; /* the grid of work: mc rows x strips_a_block strips of B */
} product;

static int64_t up(int64_t n, int64_t step) { return (n + step - 1) / step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Strip s of X, width lines of which `lines` exist: out[p*width + i] = X(s*width + i, p). */
static void pack_strip(int64_t width, int64_t lines, int64_t k, const NL_R *X, int64_t line_stride,
                       int64_t p_stride, NL_R *out) {
  for (int64_t i = 0; i < lines; i++) {
    const NL_R *line = X + i * line_stride;
    for (int64_t p = 0; p < k; p++) out[p * width + i] = line[p * p_stride];
  }
  for (int64_t i = lines; i < width; i++)
    for (int64_t p = 0; p < k; p++) out[p * width + i] = 0;
}

/* Like pack_strip where lines are adjacent in memory: copies runs. */
static void pack_adjacent(int64_t width, int64_t lines, int64_t k, const NL_R *X, int64_t p_stride,
                          NL_R *out) {
  for (int64_t p = 0; p < k; p++, X += p_stride, out += width)
    for (int64_t i = 0; i < width; i++) out[i] = i < lines ? X[i] : 0;
}

/* Strips of A come first, then those of B. */
static void pack(void *context, int64_t begin, int64_t end) {
  const product *q = context;
  int64_t mr = q->kernel->mr, nr = q->kernel->nr;
  for (int64_t s = begin; s < end; s++) {
    bool of_A = s < q->A_strips;
    int64_t t = of_A ? s : s - q->A_strips, width = of_A ? mr : nr;
    int64_t lines = least(width, (of_A ? q->m : q->n) - t * width);
    int64_t line_stride = of_A ? q->A_row : q->B_col, p_stride = of_A ? q->A_col : q->B_row;
    const NL_R *X = (of_A ? q->A : q->B) + t * width * line_stride;
    NL_R *out = (of_A ? q->packed_A : q->packed_B) + t * width * q->k;
    if (line_stride == 1) pack_adjacent(width, lines, q->k, X, p_stride, out);
    else pack_strip(width, lines, q->k, X, line_stride, p_stride, out);
  }
}

static void edge_tile(const product *q, int64_t rows, int64_t cols, const NL_R *a, const NL_R *b, NL_R *C) {
  _Alignas(64) NL_R tile[NL_GEMM_TILE_MOST];
  int64_t nr = q->kernel->nr;
  NL_R beta = (NL_R)q->beta;
  /* beta C first, so that the kernel adds to it as it does in a whole tile */
  for (int64_t i = 0; i < rows && beta != 0; i++)
    for (int64_t j = 0; j < cols; j++) tile[i * nr + j] = C[i * q->C_row + j];
  if (beta != 0) {
    for (int64_t i = 0; i < q->kernel->mr; i++)
      for (int64_t j = i < rows ? cols : 0; j < nr; j++) tile[i * nr + j] = 0;
  }
  q->kernel->tile(q->k, q->alpha, a, b, q->beta, tile, nr);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) C[i * q->C_row + j] = tile[i * nr + j];
}

static void multiply_block(const product *q, int64_t i_begin, int64_t i_end, int64_t j_begin, int64_t j_end) {
  int64_t mr = q->kernel->mr, nr = q->kernel->nr;
  for (int64_t j = j_begin; j < j_end; j += nr)
    for (int64_t i = i_begin; i < i_end; i += mr) {
      const NL_R *a = q->packed_A + i * q->k, *b = q->packed_B + j * q->k;
      NL_R *C = q->C + i * q->C_row + j;
      int64_t rows = least(mr, q->m - i), cols = least(nr, q->n - j);
      if (rows == mr && cols == nr) q->kernel->tile(q->k, q->alpha, a, b, q->beta, C, q->C_row);
      else edge_tile(q, rows, cols, a, b, C);
    }
}

static void multiply(void *context, int64_t begin, int64_t end) {
  const product *q = context;
  int64_t mc = q->kernel->mc, width = q->strips_a_block * q->kernel->nr;
  for (int64_t t = begin; t < end && !nl_interrupted(); t++) {
    int64_t i = t / q->blocks_across * mc, j = t % q->blocks_across * width;
    multiply_block(q, i, least(i + mc, q->m), j, least(j + width, q->n));
  }
}

/* One block of k: pack, then multiply. */
static void run_block(product *q) {
  enum { WORTH_A_THREAD = 400000 }; /* products: 30 us, what waking a thread may take */
  const nl_gemm_kernel *g = q->kernel;
  q->A_strips = up(q->m, g->mr);
  q->B_strips = up(q->n, g->nr);
  q->strips_a_block = up(256, g->nr);
  q->blocks_across = up(q->B_strips, q->strips_a_block);
  int64_t strips = q->A_strips + q->B_strips, blocks = up(q->m, g->mc) * q->blocks_across;
  nl_parallel_for(strips, WORTH_A_THREAD / (8 * q->k) + 1, pack, q);
  int64_t a_block = least(q->m, g->mc) * least(q->n, q->strips_a_block * g->nr) * q->k;
  nl_parallel_for(blocks, WORTH_A_THREAD / a_block + 1, multiply, q);
}

static void scale(int64_t m, int64_t n, NL_R beta, NL_R *C, int64_t C_row) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) C[i * C_row + j] = beta == 0 ? 0 : beta * C[i * C_row + j];
}

int64_t NL_FN(nl_gemm_room)(int64_t m, int64_t n, int64_t k) {
  const nl_gemm_kernel *g = &nl_kernels_in_use()->dense[NL_DTYPE].gemm;
  int64_t kc = least(k, g->kc), line = 64 / (int64_t)sizeof(NL_R);
  return up(up(m, g->mr) * g->mr * kc, line) * line + up(least(n, g->nc), g->nr) * g->nr * kc;
}

void NL_FN(nl_gemm_in)(NL_R *room, int64_t m, int64_t n, int64_t k, double alpha, const NL_R *A,
                       int64_t A_row, int64_t A_col, const NL_R *B, int64_t B_row, int64_t B_col, double beta,
                       NL_R *C, int64_t C_row) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) {
    scale(m, n, (NL_R)beta, C, C_row);
    return;
  }
  const nl_gemm_kernel *g = &nl_kernels_in_use()->dense[NL_DTYPE].gemm;
  int64_t line = 64 / (int64_t)sizeof(NL_R);
  product q = {
      .kernel = g, .m = m, .alpha = alpha, .A_row = A_row, .A_col = A_col, .B_row = B_row, .B_col = B_col};
  q.packed_A = room;
  q.packed_B = room + up(up(m, g->mr) * g->mr * least(k, g->kc), line) * line;
  q.C_row = C_row;
  for (int64_t jc = 0; jc < n; jc += g->nc)
    for (int64_t pc = 0; pc < k && !nl_interrupted(); pc += g->kc) {
      q.n = least(g->nc, n - jc);
      q.k = least(g->kc, k - pc);
      q.beta = pc == 0 ? beta : 1;
      q.A = A + pc * A_col;
      q.B = B + pc * B_row + jc * B_col;
      q.C = C + jc;
      run_block(&q);
    }
}

nl_status NL_FN(nl_gemm)(int64_t m, int64_t n, int64_t k, double alpha, const NL_R *A, int64_t A_row,
                         int64_t A_col, const NL_R *B, int64_t B_row, int64_t B_col, double beta, NL_R *C,
                         int64_t C_row) {
  NL_R *room = nl_alloc(NL_FN(nl_gemm_room)(m, n, k), sizeof *room, NL_WORKSPACE);
  if (!room) return NL_NOMEM;
  NL_FN(nl_gemm_in)(room, m, n, k, alpha, A, A_row, A_col, B, B_row, B_col, beta, C, C_row);
  nl_free(room);
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "matrix product: interrupted, the result is incomplete")
                          : NL_OK;
}
