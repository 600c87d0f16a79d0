/* Softmax of rows, in place: m = max x, p_i = exp(x_i - m) / sum_k exp(x_k - m).
 *
 * Subtracting the maximum keeps every exponent <= 0, so nothing overflows and the sum is at least 1. The sum
 * runs in f64 over fixed lanes. */
#include "core/tmpl.h"
#include "softmax.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <tgmath.h>

enum { LANES = 8 };

void NL_FN(nl_softmax_rows)(void *context, int64_t begin, int64_t end) {
  const nl_softmax_job *job = context;
  for (int64_t i = begin; i < end && !nl_interrupted(); i++) {
    NL_R *x = (NL_R *)job->data + i * job->n, largest = x[0];
    double s[LANES] = {0};
    for (int64_t k = 1; k < job->n; k++) largest = x[k] > largest || isnan(x[k]) ? x[k] : largest;
    for (int64_t k = 0; k < job->n; k++) {
      x[k] = exp(x[k] - largest);
      s[k % LANES] += (double)x[k];
    }
    double total = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    for (int64_t k = 0; k < job->n; k++) x[k] = (NL_R)((double)x[k] / total);
  }
}
