/* Multicolour Gauss-Seidel and SOR (Adams & Ortega 1982; Saad, Iterative Methods, 2nd ed., 12.4): rows in the
 * order of a colouring in which no row refers to another of its colour. With P the permutation to that order,
 *
 *   P A P^T = [ D_1  A_12 .. ]      D_c diagonal, so a sweep over colours c = 1, 2, ..
 *             [ A_21 D_2  .. ]        x_c <- x_c + omega D_c^-1 (b - A x)_c
 *             [ ..           ]      is the Gauss-Seidel (SOR) sweep of P A P^T, each colour at once.
 *
 * It is another iteration than that of A: with the same spectral radius where A is consistently ordered, as
 * the Laplacians are (Young 1950), with its own elsewhere; dominance suffices for both. The colours are found
 * on the CPU; the ordered matrix is a copy there, so that a colour is a run of rows. */
#include "multicolour.h"
#include "device/device.h"
#include "sparse/colour.h"
#include "splitting.h"
#include "stop.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <stdio.h>

typedef struct relaxation {
  nl_colours colours;
  nl_sweep direction;
  double omega;
} relaxation;

static nl_status relax(nl_placed *p, const relaxation *r, int64_t colour) {
  int64_t first = r->colours.first[colour], count = r->colours.first[colour + 1] - first;
  return NL_DEVICE_CALL("sparse sweep", &p->X, sparse_relax, &p->A, first, count, r->omega,
                        nl_tensor_data(&p->B), p->here.k, nl_tensor_data(&p->X));
}

static nl_status sweep(nl_placed *p, const void *context) {
  const relaxation *r = context;
  int64_t colours = r->colours.count;
  if (r->direction != NL_SWEEP_BACKWARD)
    for (int64_t c = 0; c < colours && !nl_interrupted(); c++) NL_TRY(relax(p, r, c));
  if (r->direction != NL_SWEEP_FORWARD)
    for (int64_t c = colours; c-- > 0 && !nl_interrupted();) NL_TRY(relax(p, r, c));
  return NL_OK;
}

/* A zero diagonal is named as the rows were given, before they are ordered. */
static nl_status prepare(nl_placed *p, nl_colours *colours, nl_solve_info *info) {
  nl_splitting S;
  NL_TRY(nl_splitting_new(&p->here.A, info, &S));
  nl_splitting_release(&S);
  NL_TRY(nl_colour_rows(&p->A_here, colours));
  snprintf(info->converted, sizeof info->converted, "rows coloured on the CPU: %" PRId64 " colour%s",
           colours->count, colours->count == 1 ? "" : "s");
  return nl_placed_reorder(p, colours->order);
}

nl_status nl_multicolour_run(const nl_system *s, const nl_solve_options *o, double omega,
                             nl_solve_info *info) {
  nl_placed p;
  relaxation r = {.direction = o->sweep, .omega = omega};
  nl_status status = nl_placed_begin(s, &p);
  if (status == NL_OK) status = prepare(&p, &r.colours, info);
  if (status == NL_OK) status = nl_stop_run_placed(&p, o, info, sweep, &r);
  status = nl_placed_end(&p, status);
  nl_colours_release(&r.colours);
  return status;
}
