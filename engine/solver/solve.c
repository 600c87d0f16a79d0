/* nl_solve: validate, choose, convert, run, check. The methods themselves live one a file (method.h). */
#include "check.h"
#include "method.h"
#include "there.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <numlab/diagnose.h>
#include <numlab/interrupt.h>
#include <stdio.h>
#include <string.h>

/* Every method, in the order people read about them. */
static const nl_method *const methods[] = {
    &nl_method_gauss,   &nl_method_lu,       &nl_method_jacobi,  &nl_method_gauss_seidel, &nl_method_sor,
    &nl_method_cg,      &nl_method_bicgstab, &nl_method_gmres,   &nl_method_lapack,       &nl_method_cusolver,
    &nl_method_csparse, &nl_method_klu,      &nl_method_umfpack, &nl_method_cholmod,      NULL,
};
enum { METHODS = sizeof methods / sizeof *methods - 1 };

const nl_method *nl_method_find(const char *name) {
  for (int i = 0; i < METHODS; i++)
    if (strcmp(methods[i]->name, name) == 0) return methods[i];
  return NULL;
}

const char *const *nl_solve_methods(void) {
  static const char *names[METHODS + 2] = {"auto"};
  for (int i = 0; i < METHODS; i++) names[i + 1] = methods[i]->name;
  return names;
}

nl_solve_options nl_solve_defaults(void) {
  return (nl_solve_options){.method = "auto", .tol = 1e-10, .max_iter = 10000, .omega = 1.5, .restart = 50};
}

static nl_solve_info empty_info(void) {
  return (nl_solve_info){.relative_residual = NAN,
                         .backward_error = NAN,
                         .growth = NAN,
                         .smallest_pivot = NAN,
                         .rcond = NAN,
                         .error_bound = NAN,
                         .exchanges = -1,
                         .rank = -1,
                         .nnz_factor = -1,
                         .refinements = -1};
}

void nl_solve_info_release(nl_solve_info *info) {
  nl_free(info->history);
  info->history = NULL;
  info->history_length = 0;
}

/* One more word of a list. */
static void say(char *text, size_t room, const char *what) {
  size_t used = strlen(text);
  snprintf(text + used, room - used, "%s%s", used ? ", " : "", what);
}

/* --- validation -------------------------------------------------------------------------------------- */

static nl_status check_types(const nl_matrix *A, const nl_tensor *b) {
  nl_dtype type = A->dense ? A->dense->dtype : NL_F64;
  if (type != NL_F64 && type != NL_F32)
    return nl_fail(NL_DTYPE, "solve: A is %s, expected f64 or f32 (convert with A:to(\"f64\"))",
                   nl_dtype_name(type));
  if (b->dtype != type)
    return nl_fail(NL_DTYPE, "solve: A is %s, b is %s, expected one type (convert with :to(\"%s\"))",
                   nl_dtype_name(type), nl_dtype_name(b->dtype), nl_dtype_name(type));
  return NL_OK;
}

static nl_status check_shapes(const nl_matrix *A, const nl_tensor *b) {
  char text_A[NL_SHAPE_TEXT], text_b[NL_SHAPE_TEXT];
  int64_t of_sparse[2] = {0};
  int ndim = A->dense ? A->dense->ndim : 2;
  const int64_t *shape = A->dense ? A->dense->shape : of_sparse;
  if (A->sparse) {
    of_sparse[0] = A->sparse->rows;
    of_sparse[1] = A->sparse->cols;
  }
  nl_shape_text(ndim, shape, text_A);
  nl_shape_text(b->ndim, b->shape, text_b);
  if (ndim != 2) return nl_fail(NL_SHAPE, "solve: A is %s, expected a matrix (2 dimensions)", text_A);
  if (shape[0] != shape[1])
    return nl_fail(NL_SHAPE, "solve: A is %s, expected a square matrix (nl.lstsq takes rectangular ones)",
                   text_A);
  if (shape[0] == 0) return nl_fail(NL_SHAPE, "solve: A is 0x0, there is nothing to solve");
  if (b->ndim != 1 && b->ndim != 2)
    return nl_fail(NL_SHAPE, "solve: b is %s, expected one vector (n) or several as columns (n, k)", text_b);
  if (b->shape[0] != shape[0])
    return nl_fail(NL_SHAPE, "solve: A is %s, b has %" PRId64 " rows, expected %" PRId64, text_A, b->shape[0],
                   shape[0]);
  if (b->ndim == 2 && b->shape[1] == 0)
    return nl_fail(NL_SHAPE, "solve: b is %s, it holds no right-hand side", text_b);
  return NL_OK;
}

static nl_status check_options(const nl_solve_options *o, const nl_tensor *b) {
  if (!(o->tol >= 0) || isinf(o->tol))
    return nl_fail(NL_ARG, "solve: tol is %g, expected a number >= 0", o->tol);
  if (o->max_iter < 0) return nl_fail(NL_ARG, "solve: max_iter is %" PRId64 ", expected >= 0", o->max_iter);
  if (o->restart < 1) return nl_fail(NL_ARG, "solve: restart is %" PRId64 ", expected >= 1", o->restart);
  if (o->block < 0) return nl_fail(NL_ARG, "solve: block is %" PRId64 ", expected >= 0", o->block);
  if (!o->x0) return NL_OK;
  if (!nl_tensor_same_shape(o->x0, b)) {
    char text_x[NL_SHAPE_TEXT], text_b[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "solve: x0 is %s, b is %s, expected the same shape",
                   nl_shape_text(o->x0->ndim, o->x0->shape, text_x),
                   nl_shape_text(b->ndim, b->shape, text_b));
  }
  if (o->x0->dtype != b->dtype)
    return nl_fail(NL_DTYPE, "solve: x0 is %s, b is %s, expected one type", nl_dtype_name(o->x0->dtype),
                   nl_dtype_name(b->dtype));
  return NL_OK;
}

/* On the CPU a method takes A in any form; elsewhere A is not converted, and few methods are there. */
static nl_status check_place(const nl_matrix *A, const nl_method *m) {
  const nl_device *device = nl_matrix_device(A);
  unsigned form = A->dense ? NL_TAKES_DENSE : NL_TAKES_SPARSE;
  char there[200] = "";
  if (device == &nl_cpu ? m->run != NULL : m->takes_there & form) return NL_OK;
  if (device == &nl_cpu)
    return nl_fail(
        NL_UNSUPPORTED,
        "solve: method '%s' wants A and b on a GPU (A:to('cuda')); on the CPU 'lapack' does the same",
        m->name);
  for (int i = 0; i < METHODS; i++)
    if (methods[i]->takes_there & form) say(there, sizeof there, methods[i]->name);
  return nl_fail(NL_UNSUPPORTED,
                 "solve: method '%s' takes no %s A on %s; there are %s, or move A and b with :to('cpu')",
                 m->name, A->dense ? "dense" : "sparse", device->name, there);
}

/* pivot or scale were given: a method that knows neither would go its own way unsaid. */
static bool wants_pivoting(const nl_solve_options *o) {
  return o->pivot != NL_PIVOT_PARTIAL || o->scale != NL_SCALE_NONE;
}

static nl_status check_pivoting(const nl_solve_options *o, const nl_method *m) {
  if (m->takes & NL_TAKES_PIVOTING || !wants_pivoting(o)) return NL_OK;
  return nl_fail(NL_UNSUPPORTED, "solve: method '%s' takes no option '%s'; method 'gauss' does", m->name,
                 o->pivot != NL_PIVOT_PARTIAL ? "pivot" : "scale");
}

/* The method of the options; for auto, reason says why. *method may be set on failure too. */
static nl_status choose(const nl_matrix *A, const nl_solve_options *o, const nl_method **method,
                        char *reason) {
  if (strcmp(o->method, "auto") == 0) {
    if (!wants_pivoting(o)) return nl_method_choose(A, o, method, reason);
    *method = &nl_method_gauss;
    return check_place(A, *method);
  }
  *method = nl_method_find(o->method);
  if (!*method) return nl_fail(NL_ARG, "solve: unknown method '%s'", o->method);
  NL_TRY(check_place(A, *method));
  return check_pivoting(o, *method);
}

static nl_status check_finite(const nl_matrix *A, const nl_tensor *b, const nl_tensor *x0) {
  NL_TRY(nl_check_finite_matrix(A));
  NL_TRY(nl_check_finite_vector("b", b));
  return x0 ? nl_check_finite_vector("x0", x0) : NL_OK;
}

/* --- conversion -------------------------------------------------------------------------------------- */

/* What a method works on, and what has to be given back afterwards. */
typedef struct workplace {
  nl_system s;
  nl_tensor dense, B, X; /* contiguous, of the working type */
  nl_sparse sparse;      /* own only when converted */
} workplace;

static void clear(workplace *w) {
  nl_tensor_release(&w->dense);
  nl_tensor_release(&w->B);
  nl_tensor_release(&w->X);
  nl_sparse_release(&w->sparse);
}

static nl_status convert(const nl_matrix *A, const nl_tensor *b, const nl_method *m,
                         const nl_solve_options *o, nl_solve_info *info, workplace *w) {
  nl_device *device = nl_matrix_device(A);
  unsigned takes = device == &nl_cpu ? m->takes : m->takes_there;
  nl_dtype given = b->dtype, type = takes & NL_TAKES_F32 ? given : NL_F64;
  if (given != type) say(info->converted, sizeof info->converted, "f32 to f64");
  if (A->dense && takes & NL_TAKES_DENSE) {
    NL_TRY(nl_tensor_contiguous(A->dense, type, &w->dense));
    w->s.A.dense = &w->dense;
  } else if (A->dense) {
    say(info->converted, sizeof info->converted, "dense to sparse");
    NL_TRY(nl_sparse_from_dense(A->dense, &w->sparse));
    w->s.A.sparse = &w->sparse;
  } else if (takes & NL_TAKES_SPARSE) {
    w->s.A.sparse = A->sparse;
  } else {
    say(info->converted, sizeof info->converted, "sparse to dense");
    NL_TRY(nl_sparse_to_dense(A->sparse, &w->dense));
    w->s.A.dense = &w->dense;
  }
  NL_TRY(nl_tensor_contiguous(b, type, &w->B));
  if (o->x0) NL_TRY(nl_tensor_clone(o->x0, type, &w->X));
  else NL_TRY(nl_tensor_new_beside(b, type, b->ndim, b->shape, &w->X));
  if (!o->x0) NL_TRY(nl_tensor_fill(&w->X, 0));
  w->s.dtype = type;
  w->s.n = b->shape[0];
  w->s.k = b->ndim == 2 ? b->shape[1] : 1;
  w->s.B = nl_tensor_data(&w->B);
  w->s.X = nl_tensor_data(&w->X);
  w->s.device = device;
  w->s.b = &w->B;
  w->s.x = &w->X;
  return nl_device_sync(device); /* what was queued before is not the method's time */
}

/* --- the call ---------------------------------------------------------------------------------------- */

/* An iterative method that did not get there still has its last iterate to show. */
static bool leaves_x(const nl_method *m, nl_status s) {
  return s == NL_OK || (m->iterative && (s == NL_DIVERGED || s == NL_STAGNATED || s == NL_NOT_CONVERGED ||
                                         s == NL_BREAKDOWN || s == NL_INTERRUPTED));
}

static nl_status finish(const nl_matrix *A, const nl_tensor *b, const workplace *w, nl_status outcome,
                        nl_tensor *x, nl_solve_info *info) {
  nl_tensor result;
  NL_TRY(nl_tensor_contiguous(&w->X, b->dtype, &result));
  nl_status s = nl_residuals(A, b, &result, &info->relative_residual, &info->backward_error);
  if (s == NL_INTERRUPTED) { /* what there is goes back unmeasured */
    if (outcome == NL_OK) info->reason[0] = 0;
    outcome = s;
    s = NL_OK;
  }
  if (s == NL_OK && outcome == NL_OK && !isfinite(info->backward_error)) {
    outcome = s = nl_fail(NL_NONFINITE, "solve: %s overflowed, its result is not finite", info->method);
    info->reason[0] = 0; /* the method thought it had converged */
  }
  if (outcome == NL_OK && b->dtype == NL_F64 && nl_on_cpu(b))
    info->error_bound = nl_error_bound(&w->s.A, w->s.X, w->s.B, w->s.k);
  if (s != NL_OK) nl_tensor_release(&result);
  else *x = result;
  return s != NL_OK ? s : outcome;
}

static nl_status run(const nl_matrix *A, const nl_tensor *b, const nl_solve_options *o, const nl_method *m,
                     nl_tensor *x, nl_solve_info *info) {
  workplace w = {0};
  char message[1024];
  nl_status s = convert(A, b, m, o, info, &w);
  if (s == NL_OK && !m->iterative && nl_interrupted()) /* borrowed ones would go on to their end */
    s = nl_fail(NL_INTERRUPTED, "solve: interrupted before %s began", m->name);
  if (s == NL_OK) {
    double start = nl_clock();
    s = (w.s.device == &nl_cpu ? m->run : m->run_there)(&w.s, o, info);
    if (s == NL_OK) s = nl_device_sync(w.s.device);
    double whole = nl_clock() - start;
    if (!(info->seconds > 0))
      info->seconds = whole; /* a method that takes its own time leaves out its set-up */
    snprintf(message, sizeof message, "%s", nl_message()); /* later checks must not replace it */
    if (leaves_x(m, s)) {
      nl_status after = finish(A, b, &w, s, x, info);
      if (after == s && s != NL_OK) nl_fail(s, "%s", message);
      s = after;
    }
  }
  clear(&w);
  return s;
}

nl_status nl_solve(const nl_matrix *A, const nl_tensor *b, const nl_solve_options *o, nl_tensor *x,
                   nl_solve_info *info) {
  *info = empty_info();
  const nl_method *m = NULL;
  nl_status s = check_shapes(A, b);
  if (s == NL_OK) s = check_types(A, b);
  if (s == NL_OK) s = check_options(o, b);
  if (s == NL_OK) s = nl_check_devices(A, b, o->x0);
  if (s == NL_OK) s = check_finite(A, b, o->x0);
  if (s == NL_OK) s = choose(A, o, &m, info->reason);
  if (m) snprintf(info->method, sizeof info->method, "%s", m->name);
  if (s == NL_OK && m->prepare && nl_on_cpu(b)) s = m->prepare();
  char choice[sizeof info->reason]; /* why auto took this method: of more interest than that it went well */
  snprintf(choice, sizeof choice, "%s", info->reason);
  if (s == NL_OK) s = run(A, b, o, m, x, info);
  if (s == NL_OK && *choice) snprintf(info->reason, sizeof info->reason, "%s", choice);
  if (s != NL_OK && !nl_status_is_outcome(s))
    nl_solve_info_release(info); /* misuse and NOMEM leave nothing */
  info->code = s;
  info->converged = s == NL_OK;
  if (s != NL_OK && !info->reason[0]) snprintf(info->reason, sizeof info->reason, "%.*s", 199, nl_message());
  return s;
}
