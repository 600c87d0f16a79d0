/* What nl_attention_check and the calls themselves refuse, and the facts they give; what AUTO and the
 * defaults mean. */
#include "cases.h"

/* q 2x4x5x3, k and v 2x2x7x3. */
static operands usual(void) {
  attention_case c = plain_case(2, 4, 5, 7, 3);
  operands s;
  c.Hkv = 2;
  operands_make(&c, NL_F32, &s);
  return s;
}

/* All entries refuse alike, say the same, and leave what they should have filled as it was. */
static void assert_refused(operands *s, nl_status want, const char *const *facts) {
  nl_attention_options used;
  nl_attention_aux aux;
  nl_tensor out;
  memset(&used, 0x55, sizeof used);
  memset(&aux, 0x55, sizeof aux);
  memset(&out, 0x55, sizeof out);
  unsigned char same[sizeof used + sizeof aux + sizeof out];
  memset(same, 0x55, sizeof same);
  int64_t live = nl_memory().live;
  for (int entry = 0; entry < 2; entry++) {
    nl_status got = entry == 0 ? nl_attention_check(&s->q, &s->k, &s->v, &s->o, &used)
                               : nl_attention(&s->q, &s->k, &s->v, &s->o, &out, &aux);
    if (got != want) fail_msg("%s, expected %s: %s", nl_status_name(got), nl_status_name(want), nl_message());
    for (int i = 0; facts[i]; i++)
      if (!strstr(nl_message(), facts[i])) fail_msg("message '%s' lacks '%s'", nl_message(), facts[i]);
  }
  assert_memory_equal(&used, same, sizeof used);
  assert_memory_equal(&aux, same, sizeof aux);
  assert_memory_equal(&out, same, sizeof out);
  assert_int_equal(nl_memory().live, live);
}
#define REFUSED(s, want, ...) assert_refused(s, want, (const char *const[]){"attention: ", __VA_ARGS__, NULL})

static void replace(nl_tensor *t, nl_dtype dtype, int ndim, const int64_t *shape) {
  nl_tensor_release(t);
  *t = normals(dtype, ndim, shape, 1);
}
#define RESHAPED(t, dtype, ...) \
  replace(t, dtype, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

static void shapes(void **state) {
  (void)state;
  operands s = usual();
  RESHAPED(&s.q, NL_F32, 4, 5, 3);
  REFUSED(&s, NL_SHAPE, "q is 4x5x3", "4 dimensions", "(B, H, Nq, D)");
  RESHAPED(&s.q, NL_F32, 2, 4, 5, 3, 1);
  REFUSED(&s, NL_SHAPE, "q is 2x4x5x3x1");
  RESHAPED(&s.q, NL_F32, 2, 4, 5, 3);
  RESHAPED(&s.k, NL_F32, 14, 3);
  REFUSED(&s, NL_SHAPE, "k is 14x3", "(B, Hkv, Nk, D)");
  RESHAPED(&s.k, NL_F32, 3, 2, 7, 3);
  REFUSED(&s, NL_SHAPE, "batches", "2x4x5x3", "k is 3x2x7x3");
  RESHAPED(&s.k, NL_F32, 2, 2, 7, 4);
  REFUSED(&s, NL_SHAPE, "head dimension", "q is 2x4x5x3", "k is 2x2x7x4");
  RESHAPED(&s.k, NL_F32, 2, 1, 7, 3);
  REFUSED(&s, NL_SHAPE, "heads", "v is 2x2x7x3", "k is 2x1x7x3");
  RESHAPED(&s.k, NL_F32, 2, 2, 8, 3);
  REFUSED(&s, NL_SHAPE, "keys", "v is 2x2x7x3", "k is 2x2x8x3");
  RESHAPED(&s.k, NL_F32, 2, 2, 7, 3);
  RESHAPED(&s.v, NL_F32, 7);
  REFUSED(&s, NL_SHAPE, "v is 7,", "(B, Hkv, Nk, Dv)");
  RESHAPED(&s.v, NL_F32, 1, 2, 7, 3);
  REFUSED(&s, NL_SHAPE, "batches", "v is 1x2x7x3", "k is 2x2x7x3");
  RESHAPED(&s.v, NL_F32, 2, 3, 7, 3);
  RESHAPED(&s.k, NL_F32, 2, 3, 7, 3);
  REFUSED(&s, NL_SHAPE, "q has 4 heads", "k has 3", "multiple");
  RESHAPED(&s.v, NL_F32, 2, 8, 7, 3);
  RESHAPED(&s.k, NL_F32, 2, 8, 7, 3);
  REFUSED(&s, NL_SHAPE, "q has 4 heads", "k has 8");
  RESHAPED(&s.v, NL_F32, 2, 0, 7, 3);
  RESHAPED(&s.k, NL_F32, 2, 0, 7, 3);
  REFUSED(&s, NL_SHAPE, "q has 4 heads", "k has 0");
  RESHAPED(&s.v, NL_F32, 2, 2, 7, 0);
  RESHAPED(&s.k, NL_F32, 2, 2, 7, 3);
  REFUSED(&s, NL_SHAPE, "last dimension of v is 0");
  RESHAPED(&s.k, NL_F32, 2, 2, 7, 0);
  RESHAPED(&s.q, NL_F32, 2, 4, 5, 0);
  REFUSED(&s, NL_SHAPE, "last dimension of q is 0");
  operands_free(&s);
}

static void types(void **state) {
  (void)state;
  operands s = usual();
  RESHAPED(&s.k, NL_F64, 2, 2, 7, 3);
  REFUSED(&s, NL_DTYPE, "q is f32", "k is f64", "v is f32");
  RESHAPED(&s.k, NL_F32, 2, 2, 7, 3);
  RESHAPED(&s.v, NL_BF16, 2, 2, 7, 3);
  REFUSED(&s, NL_DTYPE, "q is f32", "k is f32", "v is bf16");
  for (int dtype = NL_I64; dtype < NL_DTYPES; dtype++) {
    nl_tensor *const all[] = {&s.q, &s.k, &s.v};
    for (int i = 0; i < 3; i++) {
      nl_tensor whole;
      assert_ok(nl_tensor_clone(all[i], (nl_dtype)dtype, &whole));
      nl_tensor_release(all[i]);
      *all[i] = whole;
    }
    REFUSED(&s, NL_DTYPE, "q is ", nl_dtype_name((nl_dtype)dtype), "expected f64, f32, f16 or bf16");
  }
  operands_free(&s);
}

static void numbers_out_of_range(void **state) {
  (void)state;
  operands s = usual();
  const nl_attention_options good = s.o;
  const double inf = (double)INFINITY, nan = (double)NAN;
  const double scales[] = {inf, -inf}, caps[] = {-1, -1e-300, nan, inf}, shares[] = {-0.1, 1, 1.5, nan, inf};
  for (int i = 0; i < 2; i++) {
    s.o.scale = scales[i];
    REFUSED(&s, NL_ARG, "scale is", "inf", "finite");
  }
  s.o = good;
  for (int i = 0; i < 4; i++) {
    s.o.softcap = caps[i];
    REFUSED(&s, NL_ARG, "softcap is");
  }
  s.o = good;
  for (int i = 0; i < 5; i++) {
    s.o.dropout = shares[i];
    REFUSED(&s, NL_ARG, "dropout is", "0 <= p < 1");
  }
  s.o = good;
  s.o.left = -2;
  REFUSED(&s, NL_ARG, "window is {-2, -1}", "-1");
  s.o.left = 3;
  s.o.right = INT64_MIN;
  REFUSED(&s, NL_ARG, "window is {3, -9223372036854775808}");
  s.o = good;
  s.o.q_tile = 0;
  REFUSED(&s, NL_ARG, "tiles are 0 x 64");
  s.o.q_tile = 16;
  s.o.k_tile = -5;
  REFUSED(&s, NL_ARG, "tiles are 16 x -5");
  operands_free(&s);
}

/* A number that f32 makes zero or infinite would make every score NaN. */
static void numbers_beyond_f32(void **state) {
  (void)state;
  operands s = usual();
  s.o.softcap = 1e-50;
  REFUSED(&s, NL_ARG, "softcap is 1e-50", "f32 cannot hold");
  s.o.softcap = 1e300;
  REFUSED(&s, NL_ARG, "softcap is 1e+300");
  s.o.softcap = 0;
  s.o.scale = 1e300;
  REFUSED(&s, NL_ARG, "scale is 1e+300", "f32 cannot hold");
  s.o.scale = 1e-300; /* zero in f32: every score is 0, which is what it rounds to */
  nl_attention_options used;
  assert_ok(nl_attention_check(&s.q, &s.k, &s.v, &s.o, &used));
  operands_free(&s);
}

/* Expanded, a tensor may be longer than memory: a workspace by its length must not overflow into a small one.
 */
static void lengths_beyond_memory(void **state) {
  (void)state;
  operands s = usual();
  nl_tensor one = normals(NL_F32, 4, (int64_t[]){1, 1, 1, 1}, 1);
  const struct {
    int64_t nq, nk, q_tile, k_tile;
  } cases[] = {{1000000, INT64_C(1) << 45, 1000000, 64},
               {1, INT64_C(1) << 60, 1, INT64_C(1) << 60},
               {INT64_C(1) << 60, 1, INT64_C(1) << 60, 1}};
  for (int i = 0; i < 3; i++) {
    nl_tensor_release(&s.q), nl_tensor_release(&s.k), nl_tensor_release(&s.v);
    assert_ok(nl_tensor_expand(&one, 4, (int64_t[]){1, 1, cases[i].nq, 1}, &s.q));
    assert_ok(nl_tensor_expand(&one, 4, (int64_t[]){1, 1, cases[i].nk, 1}, &s.k));
    s.v = nl_tensor_share(&s.k);
    s.o.q_tile = cases[i].q_tile, s.o.k_tile = cases[i].k_tile;
    s.o.left = s.o.right = 0;
    for (s.o.impl = NL_ATTENTION_TILED; s.o.impl < NL_ATTENTION_IMPLS; s.o.impl++)
      REFUSED(&s, NL_SHAPE, "queries and", "more than can be addressed");
  }
  nl_tensor_release(&one);
  operands_free(&s);
}

static void biases(void **state) {
  (void)state;
  static const int64_t bad[][5] = {{3, 4, 5, 7}, {2, 3, 5, 7}, {2, 4, 4, 7},
                                   {2, 4, 5, 6}, {2, 2, 5, 7}, {0, 4, 5, 7}};
  operands s = usual();
  s.o.bias = &s.bias;
  for (int i = 0; i < 6; i++) {
    char text[NL_SHAPE_TEXT];
    replace(&s.bias, NL_F32, 4, bad[i]);
    REFUSED(&s, NL_SHAPE, "bias is ", nl_shape_text(4, bad[i], text), "(B, H, Nq, Nk) = 2x4x5x7");
  }
  RESHAPED(&s.bias, NL_F32, 1, 2, 4, 5, 7);
  REFUSED(&s, NL_SHAPE, "bias is 1x2x4x5x7");
  RESHAPED(&s.bias, NL_F32, 5);
  REFUSED(&s, NL_SHAPE, "bias is 5,");
  RESHAPED(&s.bias, NL_F64, 7);
  REFUSED(&s, NL_DTYPE, "bias is f64", "q is f32");
  operands_free(&s);
}

/* A number alone is a bias too. */
static void a_bias_without_dimensions(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++) {
    operands s = usual();
    results with, without;
    run_both(&s, all_impls[i], &without);
    s.bias = normals(NL_F32, 0, NULL, 1);
    nl_tensor_put(&s.bias, NULL, 2);
    s.o.bias = &s.bias;
    run_both(&s, all_impls[i], &with);
    assert_int_equal(with.g.dbias.ndim, 0);
    assert_at_most(fabs(nl_tensor_get(&with.g.dbias, NULL)), 1e-5);
    for (int64_t e = 0; e < nl_tensor_size(&with.aux.lse); e++)
      assert_at_most(fabs(element(&with.aux.lse, e) - element(&without.aux.lse, e) - 2), 1e-5);
    results_free(&with);
    results_free(&without);
    operands_free(&s);
  }
}

static void variable_lengths(void **state) {
  (void)state;
  static const int64_t good_q[] = {0, 2, 2, 5}, good_k[] = {0, 0, 4, 7}, late[] = {1, 2, 2, 5},
                       falls[] = {0, 4, 3, 5};
  static const int64_t shorter[] = {0, 2, 2, 4}, longer[] = {0, 0, 4, 8}, below[] = {0, -1, 4, 7};
  operands s = usual();
  s.o.sequences = 3;
  s.o.cu_q = good_q;
  REFUSED(&s, NL_ARG, "cu_seqlens_q is given without cu_seqlens_k");
  s.o.cu_q = NULL;
  s.o.cu_k = good_k;
  REFUSED(&s, NL_ARG, "cu_seqlens_k is given without cu_seqlens_q");
  s.o.cu_q = good_q;
  REFUSED(&s, NL_SHAPE, "2 batches", "expected 1");
  RESHAPED(&s.q, NL_F32, 1, 4, 5, 3);
  RESHAPED(&s.k, NL_F32, 1, 2, 7, 3);
  RESHAPED(&s.v, NL_F32, 1, 2, 7, 3);
  assert_ok(nl_attention_check(&s.q, &s.k, &s.v, &s.o, &s.o));
  s.o.cu_q = late;
  REFUSED(&s, NL_ARG, "cu_seqlens_q starts with 1", "expected 0");
  s.o.cu_q = falls;
  REFUSED(&s, NL_ARG, "cu_seqlens_q falls from 4 to 3");
  s.o.cu_q = shorter;
  REFUSED(&s, NL_ARG, "cu_seqlens_q ends with 4", "expected 5");
  s.o.cu_q = good_q;
  s.o.cu_k = longer;
  REFUSED(&s, NL_ARG, "cu_seqlens_k ends with 8", "expected 7");
  s.o.cu_k = below;
  REFUSED(&s, NL_ARG, "cu_seqlens_k falls from 0 to -1");
  s.o.cu_k = good_k;
  s.o.sequences = -1;
  REFUSED(&s, NL_ARG, "cu_seqlens_q");
  operands_free(&s);
}

/* What an implementation does not have is said at once, all of it. */
static void unsupported(void **state) {
  (void)state;
  static const int64_t cu_q[] = {0, 5}, cu_k[] = {0, 7};
  attention_case c = plain_case(1, 2, 5, 7, 3);
  c.bias = 15;
  operands s;
  operands_make(&c, NL_F64, &s);
  s.o.impl = NL_ATTENTION_TILED;
  s.o.dropout = 0.5;
  REFUSED(&s, NL_UNSUPPORTED, "'tiled'", "dropout must be 0", "standard", "flash", "decode");
  assert_null(strstr(nl_message(), "bias"));
  s.o.cu_q = cu_q;
  s.o.cu_k = cu_k;
  s.o.sequences = 1;
  REFUSED(&s, NL_UNSUPPORTED, "'tiled'", "dropout must be 0", "; bias cannot be combined with cu_seqlens");
  for (int i = 0; i < IMPLS; i++) {
    s.o.impl = all_impls[i];
    s.o.dropout = 0;
    REFUSED(&s, NL_UNSUPPORTED, nl_attention_impl_name(all_impls[i]),
            "bias cannot be combined with cu_seqlens");
    assert_null(strstr(nl_message(), "dropout"));
  }
  operands_free(&s);
}

static void what_is_used(void **state) {
  (void)state;
  nl_attention_options d = nl_attention_defaults(), used;
  assert_true(d.impl == NL_ATTENTION_AUTO && isnan(d.scale) && !d.causal && d.left == -1 && d.right == -1);
  assert_true(d.softcap == 0 && d.dropout == 0 && !d.bias && d.q_tile == 64 && d.k_tile == 64 && !d.cu_q &&
              !d.cu_k);
  operands s = usual();
  assert_ok(nl_attention_check(&s.q, &s.k, &s.v, &d, &used));
  assert_true(used.scale == 1 / sqrt(3.0) && used.impl == NL_ATTENTION_FLASH);
  d.scale = 0; /* uniform attention is no mistake */
  assert_ok(nl_attention_check(&s.q, &s.k, &s.v, &d, &used));
  assert_true(used.scale == 0);
  RESHAPED(&s.q, NL_F32, 2, 4, 1, 3);
  RESHAPED(&s.k, NL_F32, 2, 2, 5000, 3);
  RESHAPED(&s.v, NL_F32, 2, 2, 5000, 3);
  assert_ok(nl_attention_check(&s.q, &s.k, &s.v, &d, &used));
  assert_int_equal(used.impl, NL_ATTENTION_DECODE);
  results r;
  assert_ok(nl_attention(&s.q, &s.k, &s.v, &d, &r.out, &r.aux));
  assert_int_equal(r.aux.impl, NL_ATTENTION_DECODE);
  nl_tensor_release(&r.out);
  nl_attention_aux_release(&r.aux);
  operands_free(&s);
  static const char *const names[] = {"auto", "standard", "tiled", "flash", "decode"};
  for (int i = 0; i < NL_ATTENTION_IMPLS; i++)
    assert_string_equal(nl_attention_impl_name((nl_attention_impl)i), names[i]);
}

/* --- the backward pass --------------------------------------------------------------------------------- */

static void assert_backward_refused(operands *s, const results *r, nl_status want, const char *fact) {
  nl_attention_gradients g, same;
  memset(&g, 0x55, sizeof g);
  memset(&same, 0x55, sizeof same);
  int64_t live = nl_memory().live;
  nl_status got = nl_attention_backward(&s->dout, &s->q, &s->k, &s->v, &r->out, &r->aux, &s->o, &g);
  if (got != want) fail_msg("%s, expected %s: %s", nl_status_name(got), nl_status_name(want), nl_message());
  if (!strstr(nl_message(), fact)) fail_msg("message '%s' lacks '%s'", nl_message(), fact);
  assert_memory_equal(&g, &same, sizeof g);
  assert_int_equal(nl_memory().live, live);
}

static void backward_operands(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++) {
    operands s = usual();
    results r;
    run_forward(&s, all_impls[i], &r);
    RESHAPED(&s.dout, NL_F32, 2, 4, 5, 4);
    assert_backward_refused(&s, &r, NL_SHAPE, "attention_backward: dout is 2x4x5x4, expected 2x4x5x3");
    RESHAPED(&s.dout, NL_F32, 4, 5, 3);
    assert_backward_refused(&s, &r, NL_SHAPE, "dout is 4x5x3");
    RESHAPED(&s.dout, NL_F64, 2, 4, 5, 3);
    assert_backward_refused(&s, &r, NL_DTYPE, "dout is f64, expected f32");
    RESHAPED(&s.dout, NL_F32, 2, 4, 5, 3);
    nl_tensor out = r.out, lse = r.aux.lse, p = r.aux.p;
    r.out = normals(NL_F32, 4, (int64_t[]){2, 4, 6, 3}, 1);
    assert_backward_refused(&s, &r, NL_SHAPE, "out is 2x4x6x3, expected 2x4x5x3");
    RESHAPED(&r.out, NL_F16, 2, 4, 5, 3);
    assert_backward_refused(&s, &r, NL_DTYPE, "out is f16, expected f32");
    nl_tensor_release(&r.out);
    r.out = out;
    r.aux.lse = normals(NL_F32, 3, (int64_t[]){2, 4, 6}, 1);
    assert_backward_refused(&s, &r, NL_SHAPE, "lse is 2x4x6, expected 2x4x5");
    RESHAPED(&r.aux.lse, NL_F64, 2, 4, 5);
    assert_backward_refused(&s, &r, NL_DTYPE, "lse is f64, expected f32");
    nl_tensor_release(&r.aux.lse);
    assert_backward_refused(&s, &r, NL_ARG, "lse is missing");
    r.aux.lse = lse;
    if (all_impls[i] == NL_ATTENTION_STANDARD) {
      r.aux.p = normals(NL_F32, 4, (int64_t[]){2, 4, 5, 6}, 1);
      assert_backward_refused(&s, &r, NL_SHAPE, "p is 2x4x5x6, expected 2x4x5x7");
      nl_tensor_release(&r.aux.p);
      r.aux.p = p;
    } else {
      s.o.impl = NL_ATTENTION_STANDARD;
      assert_backward_refused(&s, &r, NL_ARG, "impl 'standard' takes p");
      s.o.impl = all_impls[i];
    }
    RESHAPED(&s.k, NL_F32, 2, 2, 7, 5); /* what the forward pass refuses, too */
    assert_backward_refused(&s, &r, NL_SHAPE, "head dimension");
    results_free(&r);
    operands_free(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes),
      cmocka_unit_test(types),
      cmocka_unit_test(numbers_out_of_range),
      cmocka_unit_test(numbers_beyond_f32),
      cmocka_unit_test(lengths_beyond_memory),
      cmocka_unit_test(biases),
      cmocka_unit_test(a_bias_without_dimensions),
      cmocka_unit_test(variable_lengths),
      cmocka_unit_test(unsupported),
      cmocka_unit_test(what_is_used),
      cmocka_unit_test(backward_operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
