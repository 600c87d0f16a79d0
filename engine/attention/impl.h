/* The implementations, by compute type: what attention.c chooses from. */
#ifndef NL_ATTENTION_IMPL_H
#define NL_ATTENTION_IMPL_H

#include "plan.h"

/* Operands of the forward pass; out and lse are contiguous and new, p only for standard. */
typedef struct nl_forward {
  nl_attention_plan plan;
  nl_tensor out, lse, p;
} nl_forward;

/* Operands of the backward pass: p as standard kept it; dq, dk, dv (and dbias with a bias) are contiguous and
 * zero. */
typedef struct nl_backward {
  nl_attention_plan plan;
  nl_tensor dout, out, lse, p;
  nl_tensor dq, dk, dv, dbias;
} nl_backward;

/* For at least one head. Each fails with NOMEM alone; after an interrupt the results are incomplete: the
 * caller polls. */
typedef nl_status nl_forward_pass(const nl_forward *f);
typedef nl_status nl_backward_pass(const nl_backward *g);

nl_forward_pass nl_standard_forward_f64, nl_standard_forward_f32;
nl_forward_pass nl_tiled_forward_f64, nl_tiled_forward_f32;
nl_forward_pass nl_flash_forward_f64, nl_flash_forward_f32;
nl_forward_pass nl_decode_forward_f64, nl_decode_forward_f32;
nl_backward_pass nl_standard_backward_f64, nl_standard_backward_f32;
nl_backward_pass nl_tiled_backward_f64, nl_tiled_backward_f32;
nl_backward_pass nl_flash_backward_f64, nl_flash_backward_f32;

/* dbias for tiled and flash, which keep no matrix it could be summed from. */
nl_backward_pass nl_bias_backward_f64, nl_bias_backward_f32;

#endif
