/* What holds whatever the numbers: the same bits in every run, and NaN where it may be and nowhere else. Each
 * returns how much is wrong, or -1 where the path cannot do what is asked. */
#ifndef TEST_ATTENTION_PROPERTIES_H
#define TEST_ATTENTION_PROPERTIES_H

#include "attention_device.h"

/* The same bits in so many runs. */
static int check_repeats(nl_dtype dtype, int path, int most) {
  problem p = {.dtype = dtype, .B = 2, .H = 4, .Hkv = 2, .Nq = 113, .Nk = 203, .D = 64, .Dv = 64, .left = -1};
  p.bias = NO_BIAS;
  p.seed = 7;
  operands o;
  operands_new(&p, &o);
  results_new(&p, &o, gpu->paths[path].impl);
  int differ = 0, runs = 0;
  char *first[3] = {0};
  if (can(path, &o.pass, false) && can(path, &o.pass, true)) {
    must(gpu->attention_forward(device, &o.pass));
    for (; runs < most; runs++) {
      must(gpu->attention_backward(device, &o.pass));
      for (int e = 0; e < 3; e++) {
        bool intact = true;
        const block *b = &o.blocks[DQ + e];
        char *now = block_read(b, &intact);
        if (first[e] && memcmp(first[e], now, (size_t)b->bytes) != 0) differ++;
        if (first[e]) free(now);
        else first[e] = now;
      }
    }
  }
  for (int e = 0; e < 3; e++) free(first[e]);
  results_free(&o);
  operands_free(&o);
  if (differ > 0) printf("# %s: %d results of %d runs differ\n", gpu->paths[path].name, differ, runs);
  return runs == 0 ? -1 : differ;
}

/* --- NaN ------------------------------------------------------------------------------------------------ */

/* The spacing of numbers at 1. */
static double epsilon_of(nl_dtype dtype) {
  return dtype == NL_F64 ? 0x1p-52 : dtype == NL_F32 ? 0x1p-23 : dtype == NL_F16 ? 0x1p-10 : 0x1p-7;
}

/* One NaN in k, v, q or dout: the rows that see it have NaN, all others what they had without it, up to the
 * rounding of sums in another order (a tile that holds NaN may be summed another way). */
static int check_nan(nl_dtype dtype, int path) {
  int wrong = 0;
  for (int place = Q; place <= DOUT; place++) {
    if (place == BIAS) continue;
    problem p = {
        .dtype = dtype, .B = 1, .H = 2, .Hkv = 1, .Nq = 130, .Nk = 140, .D = 16, .Dv = 16, .left = 20};
    p.bias = NO_BIAS;
    p.seed = 9;
    char *clean[BLOCKS] = {0};
    operands o;
    operands_new(&p, &o);
    for (int run = 0; run < 2; run++) {
      results_new(&p, &o, gpu->paths[path].impl);
      if (!can(path, &o.pass, false) || !can(path, &o.pass, true)) {
        results_free(&o);
        operands_free(&o);
        return -1;
      }
      must(gpu->attention_forward(device, &o.pass));
      must(gpu->attention_backward(device, &o.pass));
      enum { ROW = 75 };
      for (int e = OUT; e <= DV; e++) {
        bool intact = true;
        if (e == P) continue;
        char *now = block_read(&o.blocks[e], &intact);
        if (run == 0) {
          clean[e] = now;
          continue;
        }
        int64_t width = e == LSE ? 1 : p.D, length = e >= DK ? p.Nk : p.Nq;
        nl_dtype type = e == LSE ? compute_of(dtype) : dtype;
        for (int64_t r = 0; r < o.blocks[e].bytes / nl_dtype_size(type) / width; r++) {
          int64_t i = r % length;
          bool mine = e >= DK || place == K || place == V || r / length == 0, reached;
          bool key_seen = false, row_sees = false;
          /* rows that see key ROW, or row ROW itself; keys that share a row with it */
          for (int64_t q = 0; q < p.Nq; q++) {
            bool bad_row = place == K || place == V ? sees(&p, q, ROW, p.Nq, p.Nk) : q == ROW;
            if (e < DK && q == i && bad_row) row_sees = true;
            if (e >= DK && bad_row && sees(&p, q, i, p.Nq, p.Nk)) key_seen = true;
          }
          reached = mine && (e >= DK ? key_seen : row_sees);
          if (place == V && (e == LSE || e == DV)) reached = false;
          if (place == DOUT && (e == LSE || e == OUT)) reached = false;
          bool bad = false, same = true;
          for (int64_t c = 0; c < width; c++) {
            int64_t at = (r * width + c) * nl_dtype_size(type);
            bad = bad || isnan(nl_dtype_load(type, now + at));
            double is = nl_dtype_load(type, now + at), was = nl_dtype_load(type, clean[e] + at);
            same = same && (is == was || fabs(is - was) <= 16 * epsilon_of(type) * (1 + fabs(was)));
          }
          if (bad != reached || (!reached && !same)) {
            if (wrong++ < 5)
              printf("# %s %s: NaN in operand %d: row %d of result %d %s\n", gpu->paths[path].name,
                     nl_dtype_name(dtype), place, (int)r, e,
                     bad       ? "has NaN"
                     : reached ? "has none"
                               : "changed");
          }
        }
        free(now);
      }
      if (run == 0) { /* element (0, 0, ROW, 3) */
        nl_array *in[] = {&o.pass.q, &o.pass.k, &o.pass.v, NULL, &o.pass.dout};
        char nan[8];
        nl_dtype_store(dtype, nan, (double)NAN);
        int64_t at = ROW * in[place]->stride[2] + 3;
        must(gpu->upload(device, (char *)in[place]->data + at * nl_dtype_size(dtype), nan,
                         nl_dtype_size(dtype)));
      }
      results_free(&o);
    }
    for (int e = OUT; e <= DV; e++) free(clean[e]);
    operands_free(&o);
  }
  return wrong;
}

#endif
