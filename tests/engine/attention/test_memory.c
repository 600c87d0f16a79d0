/* Workspace: how much, how it grows, what remains when memory runs out or Ctrl-C comes. */
#include "cases.h"
#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* Peak bytes of workspace during a forward and a backward pass. */
typedef struct peaks {
  int64_t forward, backward;
} peaks;

static peaks measure(operands *s, nl_attention_impl impl, bool backward) {
  peaks p = {0, 0};
  results r;
  int64_t before = nl_memory().live_kind[NL_WORKSPACE];
  nl_memory_reset_peak();
  run_forward(s, impl, &r);
  p.forward = nl_memory().peak_kind[NL_WORKSPACE] - before;
  if (backward) {
    nl_memory_reset_peak();
    assert_ok_in(nl_attention_backward(&s->dout, &s->q, &s->k, &s->v, &r.out, &r.aux, &s->o, &r.g), s, impl);
    p.backward = nl_memory().peak_kind[NL_WORKSPACE] - before;
  }
  assert_int_equal(nl_memory().live_kind[NL_WORKSPACE], before);
  results_free(&r);
  return p;
}

/* Tiles up to 128 and D up to 128, any N (a narrow window keeps the long ones quick): at most 1 MiB a thread;
 * the backward pass besides that one number a row and head. */
static void flash_takes_a_mebibyte_a_thread(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {
      {1, 128, 128}, {100, 128, 128}, {1500, 16, 128}, {1500, 128, 128}, {3000, 64, 64}};
  int before = nl_threads();
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int n = 0; n < 5; n++) {
      attention_case c = plain_case(1, 2, sizes[n][0], sizes[n][0], sizes[n][2]);
      c.left = c.right = 40;
      c.q_tile = c.k_tile = sizes[n][1];
      c.softcap = n % 2 ? 10 : 0;
      operands s;
      operands_make(&c, (nl_dtype)dtype, &s);
      for (int threads = 1; threads <= 2; threads++) {
        assert_ok(nl_threads_set(threads));
        peaks p = measure(&s, NL_ATTENTION_FLASH, true);
        int64_t row = (dtype == NL_F64 ? 8 : 4) * c.H * c.Nq;
        if (p.forward > threads << 20 || p.backward > (threads << 20) + row + 64)
          fail_msg("%s: %lld bytes forward, %lld backward on %d threads", case_text(&s, NL_ATTENTION_FLASH),
                   (long long)p.forward, (long long)p.backward, threads);
      }
      operands_free(&s);
    }
  assert_ok(nl_threads_set(before));
}

/* log2 of peak(2 N) / peak(N): 0 for flash, 1 for tiled, 2 for standard; and standard > tiled > flash at each
 * N. */
static void growth_with_the_length(void **state) {
  (void)state;
  static const int64_t most[] = {4096, 4096, 2048}; /* of each: standard keeps 8 N^2 numbers four times */
  int before = nl_threads();
  peaks last[3] = {{0, 0}, {0, 0}, {0, 0}}, p[3];
  assert_ok(nl_threads_set(1));
  for (int64_t n = 1024; n <= 4096; n *= 2) {
    attention_case c = plain_case(1, 8, n, n, 4);
    c.left = c.right = 40; /* quick; what is kept does not depend on it */
    operands s;
    operands_make(&c, NL_F32, &s);
    for (int i = 0; i < 3 && n <= most[i]; i++) {
      nl_attention_impl impl = all_impls[2 - i];
      p[i] = measure(&s, impl, true);
      p[i].backward -= i == 0 ? 4 * c.H * n : 0; /* one number a row */
      if (i > 0) assert_true(p[i].forward > p[i - 1].forward && p[i].backward > p[i - 1].backward);
      double forward = log2((double)p[i].forward / (double)last[i].forward);
      double backward = log2((double)p[i].backward / (double)last[i].backward);
      if (n == most[i] && !(fabs(forward - i) <= 0.05 && fabs(backward - i) <= 0.05))
        fail_msg("%s: exponents %g and %g, %lld and %lld bytes", case_text(&s, impl), forward, backward,
                 (long long)p[i].forward, (long long)p[i].backward);
      last[i] = p[i];
    }
    operands_free(&s);
  }
  assert_ok(nl_threads_set(before));
}

/* --- no memory ------------------------------------------------------------------------------------------ */

/* Options that make every buffer wanted: 16-bit inputs, strides, cap, bias, dropout, heads that share keys.
 */
static void demanding(nl_attention_impl impl, int variant, operands *s) {
  attention_case c = plain_case(2, 4, 9, 300, 5);
  c.Hkv = 2;
  c.layout = variant % 2 ? TURNED : PLAIN;
  c.bias = variant < 2 ? 1 + 8 : NO_BIAS;
  c.softcap = 2;
  c.dropout = impl == NL_ATTENTION_TILED ? 0 : 0.2;
  if (variant == 3) {
    c.B = 1;
    c.sequences = 2;
    memcpy(c.cu_q, (int64_t[]){0, 4, 9}, 3 * sizeof(int64_t));
    memcpy(c.cu_k, (int64_t[]){0, 100, 300}, 3 * sizeof(int64_t));
  }
  operands_make(&c, variant % 2 ? NL_BF16 : NL_F64, s);
  s->o.impl = impl;
}

static void assert_nomem(nl_status status, const void *untouched, size_t size) {
  unsigned char same[2048];
  assert_true(size <= sizeof same);
  memset(same, 0x55, size);
  assert_int_equal(status, NL_NOMEM);
  assert_message("out of memory");
  assert_memory_equal(untouched, same, size);
}

/* Allocation 1, 2, .. fails, alone or with all after it: NOMEM, outputs untouched, nothing left behind; then
 * all is well. */
static void every_allocation_fails_once(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++)
    for (int variant = 0; variant < 4; variant++) {
      operands s;
      results want;
      demanding(all_impls[i], variant, &s);
      run_both(&s, all_impls[i], &want);
      for (int once = 0; once < 2; once++)
        for (int pass = 0; pass < 2; pass++) {
          nl_status status = NL_NOMEM;
          int64_t before = nl_memory().live, k = 0;
          while (status != NL_OK) {
            results r;
            memset(&r, 0x55, sizeof r);
            assert_true(++k < 1000);
            nl_memory_fail_at(k, once == 0);
            status = pass == 0
                         ? nl_attention(&s.q, &s.k, &s.v, &s.o, &r.out, &r.aux)
                         : nl_attention_backward(&s.dout, &s.q, &s.k, &s.v, &want.out, &want.aux, &s.o, &r.g);
            nl_memory_fail_at(0, false);
            if (status != NL_OK) {
              assert_nomem(status, &r, sizeof r);
            } else if (pass == 0) {
              assert_true(same_bits(&r.out, &want.out) && same_bits(&r.aux.lse, &want.aux.lse));
              nl_tensor_release(&r.out);
              nl_attention_aux_release(&r.aux);
            } else {
              assert_true(same_bits(&r.g.dq, &want.g.dq) && same_bits(&r.g.dk, &want.g.dk));
              assert_true(same_bits(&r.g.dv, &want.g.dv) && same_bits(&r.g.dbias, &want.g.dbias));
              nl_attention_gradients_release(&r.g);
            }
            assert_int_equal(nl_memory().live, before);
          }
          assert_true(k > 3);
        }
      results_free(&want);
      operands_free(&s);
    }
}

static void merging_without_memory(void **state) {
  (void)state;
  for (int turned = 0; turned < 2; turned++) {
    operands s;
    results r;
    demanding(NL_ATTENTION_FLASH, turned, &s);
    run_forward(&s, NL_ATTENTION_FLASH, &r);
    nl_status status = NL_NOMEM;
    int64_t before = nl_memory().live, k = 0;
    while (status != NL_OK) {
      nl_tensor made[2];
      memset(made, 0x55, sizeof made);
      nl_memory_fail_at(++k, false);
      status = nl_attention_merge(&r.out, &r.aux.lse, &r.out, &r.aux.lse, &made[0], &made[1]);
      nl_memory_fail_at(0, false);
      if (status != NL_OK) assert_nomem(status, made, sizeof made);
      else nl_tensor_release(&made[0]), nl_tensor_release(&made[1]);
      assert_int_equal(nl_memory().live, before);
    }
    assert_true(k > 2);
    results_free(&r);
    operands_free(&s);
  }
}

static int64_t resident(void) {
  long long pages = 0, size = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%lld %lld", &size, &pages), 2);
  fclose(f);
  return pages * sysconf(_SC_PAGESIZE);
}

/* S and P of 8 heads of 16384 x 16384 take 16 GiB: refused below 4 GiB at once, with both numbers. */
static void too_much_is_refused_before_it_is_touched(void **state) {
  (void)state;
  nl_tensor number = normals(NL_F32, 4, (int64_t[]){1, 1, 1, 64}, 1), q, out;
  assert_ok(nl_tensor_expand(&number, 4, (int64_t[]){1, 8, 16384, 64}, &q));
  nl_attention_options o = nl_attention_defaults();
  nl_attention_aux aux;
  int64_t limit = nl_memory().limit, live = nl_memory().live, before = resident();
  assert_ok(nl_memory_set_limit(INT64_C(4) << 30));
  o.impl = NL_ATTENTION_STANDARD;
  nl_status status = nl_attention(&q, &q, &q, &o, &out, &aux);
  assert_int_equal(status, NL_NOMEM);
  assert_message("out of memory");
  assert_message("'standard'");
  assert_message("S and P, two 1x8x16384x16384 matrices of f32: 17179869184 bytes wanted");
  assert_message("of 4294967296 allowed");
  assert_message("'flash'");
  assert_int_equal(nl_memory().live, live);
  assert_true(resident() - before < INT64_C(64) << 20);
  o.impl = NL_ATTENTION_FLASH;
  o.left = o.right = 200; /* a window takes a fraction of the time and all of the memory */
  nl_memory_reset_peak();
  assert_ok(nl_attention(&q, &q, &q, &o, &out, &aux));
  assert_true(nl_memory().peak_kind[NL_WORKSPACE] < INT64_C(64) << 20);
  assert_ok(nl_memory_set_limit(limit));
  nl_tensor_release(&out);
  nl_attention_aux_release(&aux);
  nl_tensor_release(&q);
  nl_tensor_release(&number);
}

/* --- Ctrl-C ------------------------------------------------------------------------------------------- */

static void *press_soon(void *unused) {
  (void)unused;
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  nl_interrupt();
  return NULL;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Pressed before or during a call that would take long: INTERRUPTED at once or soon, outputs untouched,
 * nothing left behind. One thread and two; pass 1 is the backward pass, with the results of another
 * implementation. */
/* Lengths that differ much: room for the rows there are, not for the longest times the number of
 * sequences; nor for a matrix of the longest queries and the longest keys where no sequence has both. */
static void skewed_lengths(void **state) {
  (void)state;
  enum { SEQUENCES = 300, LONGEST = 1000, H = 2, D = 8, MIB = 1 << 20 };
  static int64_t cu[SEQUENCES + 1];
  for (int64_t s = 0; s < SEQUENCES; s++) cu[s + 1] = cu[s] + (s == 5 ? LONGEST : 1);
  attention_case c = plain_case(1, H, cu[SEQUENCES], cu[SEQUENCES], D);
  operands s;
  results r;
  operands_make(&c, NL_F32, &s);
  s.o.cu_q = s.o.cu_k = cu, s.o.sequences = SEQUENCES;
  nl_memory_reset_peak();
  run_both(&s, NL_ATTENTION_DECODE, &r);
  assert_at_most(nl_memory().peak_kind[NL_WORKSPACE], 2 * MIB);
  results_free(&r);
  operands_free(&s);
  int64_t cu_q[] = {0, 4000, 4001}, cu_k[] = {0, 1, 4001};
  c = plain_case(1, 1, 4001, 4001, D);
  c.softcap = 3;
  operands_make(&c, NL_F32, &s);
  s.o.cu_q = cu_q, s.o.cu_k = cu_k, s.o.sequences = 2;
  nl_memory_reset_peak();
  run_both(&s, NL_ATTENTION_STANDARD, &r);
  assert_at_most(nl_memory().peak_kind[NL_WORKSPACE], 2 * MIB);
  results_free(&r);
  operands_free(&s);
}

static void interrupts(void **state) {
  (void)state;
  int threads = nl_threads();
  attention_case c = plain_case(1, 2, 3000, 3000, 16);
  operands s;
  results flash, r;
  nl_tensor scores = {0};
  c.softcap = 3; /* tanh takes its time */
  operands_make(&c, NL_F64, &s);
  assert_ok(nl_tensor_new(NL_F64, 4, (int64_t[]){1, 2, 3000, 3000}, &scores));
  flash.out = nl_tensor_share(&s.dout);
  flash.aux = (nl_attention_aux){.p = nl_tensor_share(&scores)};
  assert_ok(nl_tensor_new(NL_F64, 3, (int64_t[]){1, 2, 3000}, &flash.aux.lse));
  for (int i = 0; i < IMPLS; i++)
    for (int code = 0; code < 8; code++) {
      bool backward = code & 1, before = code & 2;
      pthread_t presser;
      assert_ok(nl_threads_set(code & 4 ? 2 : 1));
      memset(&r, 0x55, sizeof r);
      s.o.impl = all_impls[i];
      s.o.dropout = all_impls[i] == NL_ATTENTION_TILED ? 0 : 0.1;
      int64_t live = nl_memory().live;
      if (before) nl_interrupt();
      else assert_int_equal(pthread_create(&presser, NULL, press_soon, NULL), 0);
      double start = seconds();
      nl_status status =
          backward ? nl_attention_backward(&s.dout, &s.q, &s.k, &s.v, &flash.out, &flash.aux, &s.o, &r.g)
                   : nl_attention(&s.q, &s.k, &s.v, &s.o, &r.out, &r.aux);
      double took = seconds() - start;
      if (!before) assert_int_equal(pthread_join(presser, NULL), 0);
      nl_interrupt_clear();
      unsigned char same[sizeof r];
      memset(same, 0x55, sizeof same);
      if (status != NL_INTERRUPTED)
        fail_msg("%s code %d: %s after %g s", case_text(&s, all_impls[i]), code, nl_status_name(status),
                 took);
      assert_message("interrupted");
      assert_memory_equal(&r, same, sizeof r);
      assert_int_equal(nl_memory().live, live);
      if (!(took < (before ? 0.3 : 1))) fail_msg("%s code %d: %g s", case_text(&s, all_impls[i]), code, took);
    }
  assert_ok(nl_threads_set(threads));
  nl_tensor_release(&scores);
  nl_tensor_release(&flash.out);
  nl_attention_aux_release(&flash.aux);
  operands_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flash_takes_a_mebibyte_a_thread),
      cmocka_unit_test(growth_with_the_length),
      cmocka_unit_test(every_allocation_fails_once),
      cmocka_unit_test(merging_without_memory),
      cmocka_unit_test(too_much_is_refused_before_it_is_touched),
      cmocka_unit_test(skewed_lengths),
      cmocka_unit_test(interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
