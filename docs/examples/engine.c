/* The engine alone, from C, without Lua: a linear system by Gauss-Seidel, attention in two ways.
 *
 *     cc -o engine engine.c $(pkg-config --cflags --libs numlab)
 *
 * Every function returns an nl_status; nl_message() says what went wrong. Who holds a tensor releases it. */
#include <numlab/attention.h>
#include <numlab/ops.h>
#include <numlab/random.h>
#include <numlab/solve.h>
#include <stdio.h>

/* A x = b, A the (-1, 4, -1) matrix of order 5 and b = A (1, 2, .., 5)'. */
static nl_status solve(void) {
  enum { N = 5 };
  nl_tensor A = {0}, b = {0}, x = {0};
  nl_solve_info info = {0};
  nl_solve_options options = nl_solve_defaults();
  options.method = "gauss_seidel";

  nl_status status = nl_tensor_new(NL_F64, 2, (int64_t[]){N, N}, &A);
  if (status == NL_OK) status = nl_tensor_new(NL_F64, 1, (int64_t[]){N}, &b);
  if (status != NL_OK) goto done;
  double *a = nl_tensor_data(&A), *right = nl_tensor_data(&b); /* row-major */
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i * N + j] = i == j ? 4 : i - j == 1 || j - i == 1 ? -1 : 0;
      right[i] += a[i * N + j] * (j + 1);
    }

  status = nl_solve(&(nl_matrix){.dense = &A}, &b, &options, &x, &info);
  if (status != NL_OK) goto done;
  printf("%s, %s after %d sweeps: x =", info.method, info.converged ? "converged" : "not converged",
         (int)info.iterations);
  for (int i = 0; i < N; i++) printf(" %.6f", nl_tensor_get(&x, (int64_t[]){i}));
  printf("\nrelative residual below 1e-10: %s\n", info.relative_residual < 1e-10 ? "yes" : "no");
done:
  nl_solve_info_release(&info);
  nl_tensor_release(&x);
  nl_tensor_release(&b);
  nl_tensor_release(&A);
  return status;
}

/* softmax(Q K' / sqrt(D)) V by flash and by the textbook; B = 1, H = 2, N = 100, D = 16. */
static nl_status attend(void) {
  nl_tensor qkv[3] = {{0}}, out[2] = {{0}};
  nl_attention_aux aux[2] = {{0}};
  nl_agreement agreement;
  nl_attention_options options = nl_attention_defaults();
  options.causal = true;

  nl_status status = NL_OK;
  for (int i = 0; i < 3 && status == NL_OK; i++) {
    status = nl_tensor_new(NL_F64, 4, (int64_t[]){1, 2, 100, 16}, &qkv[i]);
    if (status == NL_OK) status = nl_random_fill_normal(&qkv[i], /* seed */ 1, /* stream */ (uint64_t)i);
  }
  for (int i = 0; i < 2 && status == NL_OK; i++) {
    options.impl = i == 0 ? NL_ATTENTION_FLASH : NL_ATTENTION_STANDARD;
    status = nl_attention(&qkv[0], &qkv[1], &qkv[2], &options, &out[i], &aux[i]);
  }
  if (status == NL_OK) status = nl_allclose(&out[0], &out[1], 1e-12, 1e-12, &agreement);
  if (status == NL_OK) printf("flash and standard attention agree: %s\n", agreement.agree ? "yes" : "no");
  for (int i = 0; i < 2; i++) {
    nl_attention_aux_release(&aux[i]);
    nl_tensor_release(&out[i]);
  }
  for (int i = 0; i < 3; i++) nl_tensor_release(&qkv[i]);
  return status;
}

int main(void) {
  if (solve() != NL_OK || attend() != NL_OK) {
    fprintf(stderr, "engine: %s\n", nl_message());
    return 1;
  }
  return 0;
}
