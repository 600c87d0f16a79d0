/* Calls to try: a case says shapes, mask, options, tiles and how the operands lie in memory; operands_make
 * fills it with normal numbers; case_random draws one of any kind. */
#ifndef TEST_ATTENTION_CASES_H
#define TEST_ATTENTION_CASES_H

#include "oracle.h"
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

enum { PLAIN, TURNED, REVERSED, COLUMNS, EXPANDED, LAYOUTS }; /* laid() */
enum { NO_BIAS = -1, BIAS_VECTOR = 16 }; /* other values: bit d: whole in dimension d, else 1 */
enum { MOST_SEQUENCES = 6 };

typedef struct attention_case {
  int64_t B, H, Hkv, Nq, Nk, D, Dv;
  bool causal;
  int64_t left, right;
  double scale, softcap, dropout;
  int bias, layout;
  int64_t q_tile, k_tile;
  int64_t sequences, cu_q[MOST_SEQUENCES + 1], cu_k[MOST_SEQUENCES + 1]; /* 0: no variable lengths */
} attention_case;

typedef struct operands {
  attention_case c;
  nl_dtype dtype;
  nl_tensor q, k, v, bias, dout;
  nl_attention_options o;
} operands;

static const nl_attention_impl all_impls[] = {NL_ATTENTION_STANDARD, NL_ATTENTION_TILED, NL_ATTENTION_FLASH,
                                              NL_ATTENTION_DECODE};
enum { IMPLS = 4, FLOATS = 4 };
static const nl_dtype all_floats[] = {NL_F64, NL_F32, NL_F16, NL_BF16};

static inline attention_case plain_case(int64_t B, int64_t H, int64_t Nq, int64_t Nk, int64_t D) {
  return (attention_case){.B = B,
                          .H = H,
                          .Hkv = H,
                          .Nq = Nq,
                          .Nk = Nk,
                          .D = D,
                          .Dv = D,
                          .left = -1,
                          .right = -1,
                          .scale = (double)NAN,
                          .bias = NO_BIAS,
                          .q_tile = 64,
                          .k_tile = 64};
}

static inline const char *case_text(const operands *s, nl_attention_impl impl) {
  static char text[400];
  const attention_case *c = &s->c;
  snprintf(text, sizeof text,
           "%s %s B %lld H %lld/%lld N %lldx%lld D %lld/%lld causal %d window %lld,%lld scale %g softcap %g "
           "dropout %g "
           "bias %d layout %d tiles %lld,%lld sequences %lld",
           nl_attention_impl_name(impl), nl_dtype_name(s->dtype), (long long)c->B, (long long)c->H,
           (long long)c->Hkv, (long long)c->Nq, (long long)c->Nk, (long long)c->D, (long long)c->Dv,
           c->causal, (long long)c->left, (long long)c->right, c->scale, c->softcap, c->dropout, c->bias,
           c->layout, (long long)c->q_tile, (long long)c->k_tile, (long long)c->sequences);
  return text;
}

#define assert_ok_in(call, s, impl)                                          \
  do {                                                                       \
    nl_status got_ = (call);                                                 \
    if (got_ != NL_OK) fail_msg("%s: %s", case_text(s, impl), nl_message()); \
  } while (0)

/* tiled knows no dropout; everything else is in all. */
static inline bool has(nl_attention_impl impl, const attention_case *c) {
  return impl != NL_ATTENTION_TILED || c->dropout == 0;
}

/* --- operands ------------------------------------------------------------------------------------------ */

static inline nl_tensor normals(nl_dtype dtype, int ndim, const int64_t *shape, uint64_t stream) {
  nl_tensor t;
  assert_ok(nl_tensor_new(dtype, ndim, shape, &t));
  assert_ok(nl_random_fill_normal(&t, 20, stream));
  return t;
}

/* Normal numbers of a 4-d shape, lying in memory
 * PLAIN row-major; TURNED as (B, N, H, D); REVERSED rows backwards and every other, columns a part of longer
 * rows; COLUMNS as (B, H, D, N); EXPANDED one head seen as all. */
static inline nl_tensor laid(nl_dtype dtype, int layout, const int64_t shape[4], uint64_t stream) {
  int64_t B = shape[0], H = shape[1], N = shape[2], D = shape[3];
  nl_tensor whole, part, view;
  switch (layout) {
  case TURNED:
    whole = normals(dtype, 4, (int64_t[]){B, N, H, D}, stream);
    assert_ok(nl_tensor_transpose(&whole, 1, 2, &view));
    break;
  case COLUMNS:
    whole = normals(dtype, 4, (int64_t[]){B, H, D, N}, stream);
    assert_ok(nl_tensor_transpose(&whole, 2, 3, &view));
    break;
  case REVERSED:
    whole = normals(dtype, 4, (int64_t[]){B, H, 2 * N + 1, D + 3}, stream);
    assert_ok(nl_tensor_slice(&whole, 2, N > 0 ? 2 * N - 1 : 0, N, N > 0 ? -2 : 1, &part));
    assert_ok(nl_tensor_slice(&part, 3, 2, D, 1, &view));
    nl_tensor_release(&part);
    break;
  case EXPANDED:
    whole = normals(dtype, 4, (int64_t[]){B, 1, N, D}, stream);
    assert_ok(nl_tensor_expand(&whole, 4, shape, &view));
    break;
  default: return normals(dtype, 4, shape, stream);
  }
  nl_tensor_release(&whole);
  return view;
}

/* v, bias and dout lie otherwise than q and k. */
static inline void operands_make(const attention_case *c, nl_dtype dtype, operands *s) {
  *s = (operands){.c = *c, .dtype = dtype, .o = nl_attention_defaults()};
  int other = c->layout == PLAIN ? PLAIN : 1 + (c->layout + 1) % (LAYOUTS - 1);
  s->q = laid(dtype, c->layout, (int64_t[]){c->B, c->H, c->Nq, c->D}, 1);
  s->k = laid(dtype, c->layout, (int64_t[]){c->B, c->Hkv, c->Nk, c->D}, 2);
  s->v = laid(dtype, other, (int64_t[]){c->B, c->Hkv, c->Nk, c->Dv}, 3);
  s->dout = laid(dtype, other, (int64_t[]){c->B, c->H, c->Nq, c->Dv}, 4);
  if (c->bias == BIAS_VECTOR) {
    s->bias = normals(dtype, 1, &c->Nk, 5);
  } else if (c->bias != NO_BIAS) {
    int64_t full[4] = {c->B, c->H, c->Nq, c->Nk};
    for (int d = 0; d < 4; d++)
      if (!(c->bias >> d & 1)) full[d] = 1;
    s->bias = laid(dtype, other, full, 5);
  }
  s->o.causal = c->causal;
  s->o.left = c->left;
  s->o.right = c->right;
  s->o.scale = c->scale;
  s->o.softcap = c->softcap;
  s->o.dropout = c->dropout;
  s->o.seed = UINT64_C(0x123456789abcdef0);
  s->o.bias = c->bias == NO_BIAS ? NULL : &s->bias;
  s->o.q_tile = c->q_tile;
  s->o.k_tile = c->k_tile;
  s->o.sequences = c->sequences;
  s->o.cu_q = c->sequences ? s->c.cu_q : NULL;
  s->o.cu_k = c->sequences ? s->c.cu_k : NULL;
}

static inline void operands_free(operands *s) {
  nl_tensor_release(&s->q);
  nl_tensor_release(&s->k);
  nl_tensor_release(&s->v);
  nl_tensor_release(&s->bias);
  nl_tensor_release(&s->dout);
}

static inline numbers operands_numbers(const operands *s) {
  return numbers_of(&s->q, &s->k, &s->v, &s->dout, &s->o);
}

/* --- calls --------------------------------------------------------------------------------------------- */

typedef struct results {
  nl_tensor out;
  nl_attention_aux aux;
  nl_attention_gradients g;
} results;

static inline void run_forward(operands *s, nl_attention_impl impl, results *r) {
  *r = (results){0};
  s->o.impl = impl;
  assert_ok_in(nl_attention(&s->q, &s->k, &s->v, &s->o, &r->out, &r->aux), s, impl);
  assert_int_equal(r->aux.impl, impl);
}

static inline void run_both(operands *s, nl_attention_impl impl, results *r) {
  run_forward(s, impl, r);
  assert_ok_in(nl_attention_backward(&s->dout, &s->q, &s->k, &s->v, &r->out, &r->aux, &s->o, &r->g), s, impl);
}

static inline void results_free(results *r) {
  nl_tensor_release(&r->out);
  nl_attention_aux_release(&r->aux);
  nl_attention_gradients_release(&r->g);
}

/* Contiguous results alone. */
static inline bool same_bits(const nl_tensor *a, const nl_tensor *b) {
  if (a->storage == NULL || b->storage == NULL) return a->storage == b->storage;
  assert_true(nl_tensor_is_contiguous(a) && nl_tensor_is_contiguous(b));
  return a->dtype == b->dtype && nl_tensor_same_shape(a, b) &&
         memcmp(nl_tensor_data(a), nl_tensor_data(b),
                (size_t)(nl_tensor_size(a) * nl_dtype_size(a->dtype))) == 0;
}

static inline bool same_results(const results *a, const results *b) {
  return same_bits(&a->out, &b->out) && same_bits(&a->aux.lse, &b->aux.lse) &&
         same_bits(&a->aux.p, &b->aux.p) && same_bits(&a->g.dq, &b->g.dq) && same_bits(&a->g.dk, &b->g.dk) &&
         same_bits(&a->g.dv, &b->g.dv) && same_bits(&a->g.dbias, &b->g.dbias);
}

/* So many cases, with NUMLAB_SLOW set twenty times as many. */
static inline uint64_t rounds(uint64_t usual) { return getenv("NUMLAB_SLOW") ? 20 * usual : usual; }

/* --- a case of any kind -------------------------------------------------------------------------------- */

static inline int64_t draw(uint64_t seed, uint64_t *at, int64_t count) {
  return (int64_t)nl_random_below(seed, 99, (*at)++, (uint64_t)count);
}
#define DRAW_OF(list) ((list)[draw(seed, &at, (int64_t)(sizeof(list) / sizeof *(list)))])

static inline attention_case case_random(uint64_t seed) {
  static const int64_t lengths[] = {1, 2, 3, 5, 13, 16, 17, 33, 64, 67}, dims[] = {1, 2, 3, 5, 8, 16, 19, 33};
  static const int64_t tiles[] = {1, 3, 5, 16, 64, 1000}, windows[] = {-1, 0, 1, 4, 20, 100};
  static const double scales[] = {(double)NAN, (double)NAN, 0.3, -0.7, 2}, caps[] = {0, 0, 0.7, 5, 50};
  uint64_t at = 0;
  attention_case c = plain_case(1 + draw(seed, &at, 3), 1, DRAW_OF(lengths), DRAW_OF(lengths), DRAW_OF(dims));
  c.Dv = draw(seed, &at, 2) ? c.D : DRAW_OF(dims);
  c.Hkv = 1 + draw(seed, &at, 3);
  c.H = c.Hkv * (1 + draw(seed, &at, 3));
  c.causal = draw(seed, &at, 3) == 0;
  if (draw(seed, &at, 2)) {
    c.left = DRAW_OF(windows);
    c.right = DRAW_OF(windows);
  }
  c.scale = DRAW_OF(scales);
  c.softcap = DRAW_OF(caps);
  if (draw(seed, &at, 3) == 0) c.dropout = 0.3;
  if (draw(seed, &at, 2)) c.bias = (int)draw(seed, &at, 17);
  c.layout = (int)draw(seed, &at, LAYOUTS);
  c.q_tile = DRAW_OF(tiles);
  c.k_tile = DRAW_OF(tiles);
  if (draw(seed, &at, 4) == 0) { /* lengths 0, 1, .. */
    c.B = 1;
    c.bias = NO_BIAS;
    c.sequences = 1 + draw(seed, &at, MOST_SEQUENCES);
    for (int64_t s = 0; s < c.sequences; s++) {
      c.cu_q[s + 1] = c.cu_q[s] + draw(seed, &at, 3) * draw(seed, &at, 12);
      c.cu_k[s + 1] = c.cu_k[s] + draw(seed, &at, 3) * draw(seed, &at, 12);
    }
    c.Nq = c.cu_q[c.sequences];
    c.Nk = c.cu_k[c.sequences];
  }
  return c;
}

#endif
