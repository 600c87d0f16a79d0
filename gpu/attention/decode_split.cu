/* Attention of few queries over many keys (flash decoding): the keys of a head are cut into pieces, a block
 * each, so that a single row keeps every multiprocessor busy; the pieces are merged by their maxima:
 *
 *   m = max_p m_p,   l = sum_p exp(m_p - m) l_p,   O = sum_p exp(m_p - m) O_p / l,   lse = m + log l
 *
 * A block has 8 rows, taken from all query heads of a group one after another, so K and V are read once for
 * the group: the bound is reading them. Tiles are those of simt.cuh with one row a thread. Pieces: as many as
 * give each multiprocessor four blocks, of at least 128 keys. Workspace: (Dv + 2) numbers of the compute type
 * a row and piece. The backward pass is flash's, from the same lse. */
#include "simt_scores.cuh"

template <typename C> struct parts {
  C *O, *m, *l; /* of (row, piece): O of value_dim numbers */
  int count;    /* pieces of keys */
  int keys;     /* in each, a multiple of 64 */
};

template <typename T, typename S, typename C>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 ? 2 : 4)
    decode_pieces(const __grid_constant__ nlg_attention a, parts<C> p, int tiles, int pieces) {
  typedef nlg_weights<C> weights;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y, *W = (C *)nlg_shared + S::W;
  int part = blockIdx.x % p.count, rest = blockIdx.x / p.count, from = rest % pieces * S::DIM;
  rest /= pieces;
  int tile = rest % tiles, kv_head = rest / tiles % a.kv_heads;
  nlg_sequence s = nlg_sequence_of(a, rest / tiles / a.kv_heads);
  int r0 = tile * S::ROWS, rows = min(S::ROWS, s.nq * a.group - r0);
  if (rows <= 0) return;
  int own = r0 + min(S::row(0), rows - 1), head = kv_head * a.group + own / s.nq, i = own % s.nq;
  int begin = part * p.keys, end = min(begin + p.keys, s.nk); /* of this piece; of it this row sees: */
  int first = max(nlg_first_key(a, s, i), begin), last = min(nlg_last_key(a, s, i), end);
  const T *k = nlg_rows_of<T>(a.k, s.batch, kv_head, s.k_begin),
          *v = nlg_rows_of<T>(a.v, s.batch, kv_head, s.k_begin);

  C o[1][S::N] = {}, m = -nlg_infinity<C>(), l = 0;
  for (int j0 = begin; j0 < end; j0 += S::COLUMNS) {
    if (!__syncthreads_or(j0 < last && j0 + S::COLUMNS > first)) continue; /* nobody sees the tile */
    int keys = min(S::COLUMNS, end - j0);
    C x[1][S::COLUMNS_EACH] = {};
    for (int c = 0; c < a.head_dim; c += S::DIM) {
      for (int e = threadIdx.x; e < S::ROWS * S::DIM; e += S::THREADS) {
        int r = r0 + e / S::DIM, column = c + e % S::DIM;
        bool there = r < r0 + rows && column < a.head_dim;
        X[e / S::DIM * S::PITCH + e % S::DIM] =
            there ? nlg_read<C>(nlg_rows_of<T>(a.q, s.batch, kv_head * a.group + r / s.nq,
                                               s.q_begin + r % s.nq)[column])
                  : 0;
      }
      nlg_load<S, S::COLUMNS>(Y, k + j0 * a.k.row, a.k.row, keys, c, a.head_dim);
      __syncthreads();
      nlg_add_scores<S, 1>(x, X, Y, min(S::DIM, a.head_dim - c));
      __syncthreads();
    }
    nlg_load<S, S::COLUMNS>(Y, v + j0 * a.v.row, a.v.row, keys, from, a.value_dim);
    C most = m;
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) {
      int key = j0 + S::column(j);
      bool seen = key >= first && key < last;
      x[0][j] = seen ? nlg_score<T>(a, s, head, i, key, x[0][j], (C *)nullptr) * (C)weights::unit
                     : -nlg_infinity<C>();
      most = fmax(most, x[0][j]);
    }
    most = nlg_row_max(most);
    C shift = most == -nlg_infinity<C>() ? 0 : most, shrink = m == most ? 1 : weights::power(m - shift);
    m = most;
    l *= shrink;
#pragma unroll
    for (int n = 0; n < S::N; n++) o[0][n] *= shrink;
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) {
      C w = weights::power(x[0][j] - shift);
      l += w;
      bool dropped = a.drop_below && nlg_dropped(a, s, head, i, j0 + S::column(j));
      W[S::row(0) * S::W_PITCH + S::column(j)] = dropped ? 0 : w;
    }
    __syncthreads();
    nlg_add_seen<S>(o, W, Y, false, [&](int) -> nlg_span {
      return {max(first - j0, 0), min(last - j0, (int)S::COLUMNS)};
    });
    __syncthreads();
  }

  nlg_add_slices<S>(o);
  l = nlg_row_sum(l);
  if (S::row(0) >= rows) return;
  int64_t at = nlg_vector_at(a, s, head, i) * p.count + part;
  nlg_store_row<S>(o[0], (C)1, p.O + at * a.value_dim, from, a.value_dim);
  if (S::tx() == 0 && from == 0) p.m[at] = m, p.l[at] = l;
}

/* A block a row, a thread a column. Pieces that saw nothing (l = 0) count nothing. */
template <typename T, typename C>
__global__ void __launch_bounds__(128) decode_merge(const __grid_constant__ nlg_attention a, parts<C> p) {
  typedef nlg_weights<C> weights;
  int64_t row = blockIdx.x, at = row * p.count;
  C m = -nlg_infinity<C>(), l = 0;
  for (int e = 0; e < p.count; e++) m = fmax(m, p.m[at + e]);
  C shift = m == -nlg_infinity<C>() ? 0 : m;
  for (int e = 0; e < p.count; e++)
    if (p.l[at + e] != 0)
      l +=
          p.m[at + e] == -nlg_infinity<C>() ? p.l[at + e] : weights::power(p.m[at + e] - shift) * p.l[at + e];
  T *out = nlg_rows_of<T>(a.out, row / a.total_q / a.heads, row / a.total_q % a.heads, row % a.total_q);
  for (int c = threadIdx.x; c < a.value_dim; c += 128) {
    C sum = 0;
    for (int e = 0; e < p.count; e++) {
      C part = p.m[at + e];
      if (p.l[at + e] != 0) /* -inf beside l: NaN alone was seen */
        sum +=
            (part == -nlg_infinity<C>() ? 1 : weights::power(part - shift)) * p.O[(at + e) * a.value_dim + c];
    }
    nlg_write(&out[c], l == 0 ? 0 : sum * ((C)a.keep / l));
  }
  if (threadIdx.x == 0) ((C *)a.lse)[row] = l == 0 ? -nlg_infinity<C>() : m * (C)weights::natural + log(l);
}

void nlg_decode_split_supports(const nlg_device *, const nl_attention_pass *, bool, nlg_unmet *) {}

template <typename T, typename S>
static nl_status decode(nlg_device *device, const nl_attention_pass *pass, const nlg_attention *a) {
  typedef typename nlg_computes<T>::type C;
  enum { LEAST_KEYS = 128, BLOCKS_EACH = 4 };
  const char *name = "attention (decode_split)";
  int64_t tiles = nlg_ceil_div((int64_t)a->nq * a->group, S::ROWS), pieces = nlg_pieces<S>(a);
  int64_t units = (int64_t)a->sequences * a->kv_heads * tiles * pieces, rows = nlg_size(&pass->lse);
  int64_t wanted = nlg_ceil_div((int64_t)BLOCKS_EACH * device->properties.multiProcessorCount, units);
  int64_t most = nlg_ceil_div(a->nk, LEAST_KEYS), count = wanted < most ? wanted : most;
  parts<C> p = {};
  p.keys = (int)(nlg_ceil_div(nlg_ceil_div(a->nk, count), S::COLUMNS) * S::COLUMNS);
  p.count = (int)nlg_ceil_div(a->nk, p.keys);
  nlg_workspace<C> room(device);
  NL_TRY(room.take(rows * p.count * (a->value_dim + 2)));
  p.m = room.data, p.l = p.m + rows * p.count, p.O = p.l + rows * p.count;
  NL_TRY(nlg_launch(device, name, decode_pieces<T, S, C>, units * p.count, S::THREADS, S::BYTES, *a, p,
                    (int)tiles, (int)pieces));
  return nlg_launch(device, name, decode_merge<T, C>, rows, 128, 0, *a, p);
}

nl_status nlg_decode_split_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_by_width<T>(device, params, [&](auto shape) {
      typedef decltype(shape) S;
      typedef nlg_simt<typename nlg_computes<T>::type, S::DIM, 1> row_a_thread;
      return decode<T, row_a_thread>(device, pass, params);
    });
  });
}

nl_status nlg_decode_split_backward(nlg_device *device, const nl_attention_pass *pass,
                                    nlg_attention *params) {
  return nlg_flash_simt_backward(device, pass, params);
}
