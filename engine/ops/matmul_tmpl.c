/* Rows of a matrix product: row i of C is built as sum_p A(i,p) * row p of B. */
#include "core/tmpl.h"
#include "matmul.h"
#include <numlab/interrupt.h>

void NL_FN(nl_matmul_rows)(void *context, int64_t begin, int64_t end) {
  const nl_matmul_job *job = context;
  int64_t n = job->n, k = job->k;
  for (int64_t i = begin; i < end && !nl_interrupted(); i++) {
    const NL_R *a = (const NL_R *)job->A + i * k;
    NL_R *c = (NL_R *)job->C + i * n;
    for (int64_t j = 0; j < n; j++) c[j] = 0;
    for (int64_t p = 0; p < k; p++) {
      const NL_R *b = (const NL_R *)job->B + p * n;
      for (int64_t j = 0; j < n; j++) c[j] += a[p] * b[j];
    }
  }
}
