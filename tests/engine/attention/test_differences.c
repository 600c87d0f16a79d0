/* Finite differences of the engine's own forward pass: every combination of options that an implementation
 * has, f64.
 *
 *   d/dx sum(dout * out) = (f(x + h) - f(x - h)) / (2 h) + O(h^2) */
#include "judge.h"

static double total(operands *s, nl_attention_impl impl) {
  results r;
  double sum = 0;
  run_forward(s, impl, &r);
  for (int64_t e = 0; e < nl_tensor_size(&r.out); e++) sum += element(&r.out, e) * element(&s->dout, e);
  results_free(&r);
  return sum;
}

static void compare(operands *s, nl_attention_impl impl, const char *what, const nl_tensor *x,
                    const nl_tensor *dx) {
  const double h = 1e-5;
  for (int64_t e = 0; e < nl_tensor_size(x); e++) {
    int64_t at[4], rest = e;
    for (int d = 3; d >= 0; d--) {
      at[d] = rest % x->shape[d];
      rest /= x->shape[d];
    }
    double here = nl_tensor_get(x, at), up, down, got = nl_tensor_get(dx, at);
    nl_tensor_put(x, at, here + h);
    up = total(s, impl);
    nl_tensor_put(x, at, here - h);
    down = total(s, impl);
    nl_tensor_put(x, at, here);
    double want = (up - down) / (2 * h);
    if (!(fabs(got - want) <= 1e-7 + 1e-5 * fabs(want)))
      fail_msg("%s: %s(%lld) is %.12g, finite differences give %.12g", case_text(s, impl), what, (long long)e,
               got, want);
  }
}

static void check(const attention_case *c, nl_attention_impl impl) {
  operands s;
  results r;
  operands_make(c, NL_F64, &s);
  run_both(&s, impl, &r);
  compare(&s, impl, "dq", &s.q, &r.g.dq);
  compare(&s, impl, "dk", &s.k, &r.g.dk);
  compare(&s, impl, "dv", &s.v, &r.g.dv);
  if (s.o.bias) compare(&s, impl, "dbias", &s.bias, &r.g.dbias);
  results_free(&r);
  operands_free(&s);
}

/* 3 masks x softcap x dropout x (no bias, one a head and distance of rows, whole) x grouped heads; tiles of 2
 * x 3. */
static void every_combination_of_options(void **state) {
  nl_attention_impl impl = *(const nl_attention_impl *)*state;
  static const int biases[] = {NO_BIAS, 2 + 8, 15};
  for (int code = 0; code < 72; code++) {
    attention_case c = plain_case(1, 2, 3, 4, 3);
    c.Dv = 2;
    c.causal = code % 3 == 1;
    if (code % 3 == 2) c.left = 1, c.right = 1;
    c.softcap = code / 3 % 2 ? 1.5 : 0;
    c.dropout = code / 6 % 2 ? 0.4 : 0;
    c.bias = biases[code / 12 % 3];
    c.Hkv = code / 36 ? 1 : 2;
    c.q_tile = 2;
    c.k_tile = 3;
    if (has(impl, &c)) check(&c, impl);
  }
}

static void variable_lengths(void **state) {
  nl_attention_impl impl = *(const nl_attention_impl *)*state;
  for (int code = 0; code < 12; code++) {
    attention_case c = plain_case(1, 2, 6, 7, 2);
    c.Hkv = 1;
    c.causal = code % 3 == 1;
    if (code % 3 == 2) c.left = 1, c.right = 0;
    c.softcap = code / 3 % 2 ? 1.5 : 0;
    c.dropout = code / 6 % 2 ? 0.4 : 0;
    c.sequences = 4;
    memcpy(c.cu_q, (int64_t[]){0, 3, 3, 4, 6}, 5 * sizeof(int64_t));
    memcpy(c.cu_k, (int64_t[]){0, 2, 4, 4, 7}, 5 * sizeof(int64_t));
    c.q_tile = 2;
    c.k_tile = 2;
    if (has(impl, &c)) check(&c, impl);
  }
}

int main(void) {
  static nl_attention_impl standard = NL_ATTENTION_STANDARD, tiled = NL_ATTENTION_TILED,
                           flash = NL_ATTENTION_FLASH, decode = NL_ATTENTION_DECODE;
  const struct CMUnitTest tests[] = {
      {"every_combination_of_options standard", every_combination_of_options, NULL, NULL, &standard},
      {"every_combination_of_options tiled", every_combination_of_options, NULL, NULL, &tiled},
      {"every_combination_of_options flash", every_combination_of_options, NULL, NULL, &flash},
      {"every_combination_of_options decode", every_combination_of_options, NULL, NULL, &decode},
      {"variable_lengths standard", variable_lengths, NULL, NULL, &standard},
      {"variable_lengths tiled", variable_lengths, NULL, NULL, &tiled},
      {"variable_lengths flash", variable_lengths, NULL, NULL, &flash},
      {"variable_lengths decode", variable_lengths, NULL, NULL, &decode},
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
