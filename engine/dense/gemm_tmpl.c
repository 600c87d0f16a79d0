/* C = alpha A B + beta C, blocked and packed after Goto and van de Geijn (ACM TOMS 34(3), 2008).
 *
 *   for jc in steps of nc:            B(:, jc) in blocks that stay in L3
 *     for pc in steps of kc:          pack B(pc, jc) into strips of nr columns, A(:, pc) into strips of mr
 *       blocks of mc rows of A x some strips of B, shared among threads: a strip in L1, a block in L2
 *         tile(kc)                    mr x nr sums in registers (kernels.h)
 *
 * Tiles lie on one grid that starts at C(0,0), and pc runs upwards: threads change neither the tile an
 * element belongs to nor the order of its sum. Small products are not worth packing: the tile reads A and B
 * where they lie, with the same bits. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "cpu/pack.h"
#include "gemm.h"
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

/* Packing is worth it where a strip is used often: A is used where it lies for C of so many columns, B for so
 * many rows (measured; rows of B a page apart share cache sets, which costs as much as packing them would).
 */
enum { IN_PLACE_COLUMNS = 128, IN_PLACE_ROWS = 64 };
enum { WORTH_A_THREAD = 1500000 }; /* products: 30 to 60 us at AVX2, and waking a thread may take 30 */

/* One side of the product: the rows of A or the columns of B, both called lines here. */
typedef struct operand {
  const NL_R *X;        /* at the block's first element */
  int64_t line, along;  /* strides: from line to line, and along the sum */
  int64_t lines, width; /* lines of this block, lines in a strip */
  int64_t in_place;     /* the first so many lines are used where they lie, the others packed */
  NL_R *room;           /* for packed strips: strip s at s*width*k */
} operand;

typedef struct product {
  const nl_gemm_kernel *kernel;
  int64_t m, n, k; /* of this block: n <= nc, k <= kc */
  double alpha, beta;
  operand A, B;
  NL_R *C;
  int64_t C_row;
  int64_t blocks_across, strips_a_block; /* the grid of work: mc rows x strips_a_block strips of B */
} product;

static int64_t up(int64_t n, int64_t step) { return (n + step - 1) / step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t first_to_pack(const operand *o) { return up(o->in_place, o->width); }
static int64_t strips_to_pack(const operand *o) { return up(o->lines, o->width) - first_to_pack(o); }

static void pack_one(const operand *o, int64_t s, int64_t k) {
  int64_t begin = s * o->width, lines = least(o->width, o->lines - begin);
  pack_strip(o->width, lines, k, o->X + begin * o->line, o->line, o->along, o->room + begin * k);
}

/* Strips of A come first, then those of B. */
static void pack(void *context, int64_t begin, int64_t end) {
  const product *q = context;
  int64_t of_A = strips_to_pack(&q->A);
  for (int64_t s = begin; s < end; s++)
    if (s < of_A) pack_one(&q->A, first_to_pack(&q->A) + s, q->k);
    else pack_one(&q->B, first_to_pack(&q->B) + s - of_A, q->k);
}

/* Where the strip that starts with this line is, and its strides. */
static const NL_R *strip(const operand *o, int64_t first, int64_t k, int64_t *line, int64_t *along) {
  bool in_place = first < o->in_place;
  *line = in_place ? o->line : 1;
  *along = in_place ? o->along : o->width;
  return in_place ? o->X + first * o->line : o->room + first * k;
}

static void multiply_tile(const product *q, int64_t i, int64_t j) {
  const nl_gemm_kernel *g = q->kernel;
  int64_t a_row, a_col, b_row, b_col;
  const NL_R *a = strip(&q->A, i, q->k, &a_row, &a_col), *b = strip(&q->B, j, q->k, &b_col, &b_row);
  g->tile(least(g->mr, q->m - i), least(g->nr, q->n - j), q->k, q->alpha, a, a_row, a_col, b, b_row, q->beta,
          q->C + i * q->C_row + j, q->C_row);
}

static void multiply_block(const product *q, int64_t i_begin, int64_t i_end, int64_t j_begin, int64_t j_end) {
  for (int64_t j = j_begin; j < j_end; j += q->kernel->nr)
    for (int64_t i = i_begin; i < i_end; i += q->kernel->mr) multiply_tile(q, i, j);
}

static void multiply(void *context, int64_t begin, int64_t end) {
  const product *q = context;
  int64_t mc = q->kernel->mc, width = q->strips_a_block * q->kernel->nr;
  for (int64_t t = begin; t < end && !nl_interrupted(); t++) {
    int64_t i = t / q->blocks_across * mc, j = t % q->blocks_across * width;
    multiply_block(q, i, least(i + mc, q->m), j, least(j + width, q->n));
  }
}

static void run_pack(product *q) {
  nl_parallel_for(strips_to_pack(&q->A) + strips_to_pack(&q->B), WORTH_A_THREAD / (8 * q->k) + 1, pack, q);
}

/* One block of k: pack, then multiply. */
static void run_block(product *q) {
  const nl_gemm_kernel *g = q->kernel;
  q->strips_a_block = up(256, g->nr);
  q->blocks_across = up(up(q->n, g->nr), q->strips_a_block);
  int64_t blocks = up(q->m, g->mc) * q->blocks_across;
  run_pack(q);
  int64_t a_block = least(q->m, g->mc) * least(q->n, q->strips_a_block * g->nr) * q->k;
  nl_parallel_for(blocks, WORTH_A_THREAD / a_block + 1, multiply, q);
}

static void scale(int64_t m, int64_t n, NL_R beta, NL_R *C, int64_t C_row) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) C[i * C_row + j] = beta == 0 ? 0 : beta * C[i * C_row + j];
}

static const nl_gemm_kernel *kernel(void) { return &nl_kernels_in_use()->dense[NL_DTYPE].gemm; }

/* Room for the packed strips of A, a multiple of 64 bytes, so that those of B behind it are aligned; none
 * where A is used in place. */
static int64_t room_of_A(const nl_gemm_kernel *g, int64_t m, int64_t n, int64_t k) {
  int64_t line = 64 / (int64_t)sizeof(NL_R);
  if (n <= IN_PLACE_COLUMNS) return 0;
  return up(up(m, g->mr) * g->mr * least(k, g->kc), line) * line;
}

int64_t NL_FN(nl_gemm_room)(int64_t m, int64_t n, int64_t k) {
  const nl_gemm_kernel *g = kernel();
  return room_of_A(g, m, n, k) + up(least(n, g->nc), g->nr) * g->nr * least(k, g->kc);
}

/* Columns of B to use where they lie: whole strips, as the tile reads nr columns. */
static int64_t in_place_of_B(const product *q) {
  return q->B.line == 1 && q->m <= IN_PLACE_ROWS ? q->n - q->n % q->kernel->nr : 0;
}

/* The product over all blocks of A, B and C. */
static void run(product q, int64_t n, int64_t k, double beta) {
  const nl_gemm_kernel *g = q.kernel;
  if (q.m <= 0 || n <= 0) return;
  if (k <= 0) {
    scale(q.m, n, (NL_R)beta, q.C, q.C_row);
    return;
  }
  const product whole = q;
  q.A.lines = q.m, q.A.width = g->mr;
  q.A.in_place = n <= IN_PLACE_COLUMNS ? q.m : 0;
  q.B.width = g->nr;
  for (int64_t jc = 0; jc < n; jc += g->nc)
    for (int64_t pc = 0; pc < k && !nl_interrupted(); pc += g->kc) {
      q.n = q.B.lines = least(g->nc, n - jc);
      q.k = least(g->kc, k - pc);
      q.beta = pc == 0 ? beta : 1;
      q.A.X = whole.A.X + pc * q.A.along;
      q.B.X = whole.B.X + pc * q.B.along + jc * q.B.line;
      q.B.in_place = in_place_of_B(&q);
      q.C = whole.C + jc;
      run_block(&q);
    }
}

void NL_FN(nl_gemm_in)(NL_R *room, int64_t m, int64_t n, int64_t k, double alpha, const NL_R *A,
                       int64_t A_row, int64_t A_col, const NL_R *B, int64_t B_row, int64_t B_col, double beta,
                       NL_R *C, int64_t C_row) {
  product q = {.kernel = kernel(), .m = m, .alpha = alpha, .C = C, .C_row = C_row};
  q.A = (operand){.X = A, .line = A_row, .along = A_col, .room = room};
  q.B = (operand){.X = B, .line = B_col, .along = B_row, .room = room + room_of_A(q.kernel, m, n, k)};
  run(q, n, k, beta);
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
