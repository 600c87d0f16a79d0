/* What flash_mma and flash_tf32 ask for; their kernels are in the files that bear these names. A forward pass
 * takes no more shared memory than every device they run on has (flash_forward.cuh); a backward pass may. */
#include "flash_mma.cuh"
#include "flash_tf32.cuh"
#include <stdio.h>

bool nlg_rows_aligned(const nl_array *x, int chunk) {
  bool fits = (uintptr_t)x->data % 16 == 0;
  for (int d = 0; d < x->ndim - 1; d++) fits = fits && (x->shape[d] <= 1 || x->stride[d] % chunk == 0);
  return fits;
}

void nlg_ask_shared(const nlg_device *device, int bytes, nlg_unmet *unmet) {
  const size_t there = device->properties.sharedMemPerBlockOptin;
  char text[96];
  snprintf(text, sizeof text, "needs %d KiB of shared memory a block, the device has %zu",
           (bytes + 1023) / 1024, there / 1024);
  if ((size_t)bytes > there) nlg_add_unmet(unmet, text);
}

static void both_ask_for(const nlg_device *device, const nl_attention_pass *pass, bool backward, int chunk,
                         nlg_unmet *unmet) {
  if (device->properties.major < 8) nlg_add_unmet(unmet, "needs compute capability 8.0");
  if (!(pass->scale > 0)) nlg_add_unmet(unmet, "scale must be positive");
  if (backward && pass->bias.data) nlg_add_unmet(unmet, "no gradient of a bias");
  const nl_array *rows[] = {&pass->q,    &pass->k,  &pass->v,  &pass->out,
                            &pass->dout, &pass->dq, &pass->dk, &pass->dv};
  bool fits = true;
  for (int i = 0; i < (backward ? 8 : 4); i++) fits = fits && nlg_rows_aligned(rows[i], chunk);
  if (!fits) nlg_add_unmet(unmet, "rows must start at multiples of 16 bytes");
}

void nlg_flash_mma_supports(const nlg_device *device, const nl_attention_pass *pass, bool backward,
                            nlg_unmet *unmet) {
  int64_t d = pass->q.shape[3], e = pass->v.shape[3];
  if (pass->q.dtype != NL_F16 && pass->q.dtype != NL_BF16) nlg_add_unmet(unmet, "takes f16 and bf16");
  if (d % 8 || e % 8 || d > 256 || e > 256)
    nlg_add_unmet(unmet, "head sizes must be multiples of 8 up to 256");
  else if (backward) nlg_ask_shared(device, nlg_flash_mma_backward_bytes(nlg_mma_bucket(d, e)), unmet);
  both_ask_for(device, pass, backward, 8, unmet);
}

void nlg_flash_tf32_supports(const nlg_device *device, const nl_attention_pass *pass, bool backward,
                             nlg_unmet *unmet) {
  int64_t d = pass->q.shape[3], e = pass->v.shape[3];
  if (pass->q.dtype != NL_F32) nlg_add_unmet(unmet, "takes f32");
  if (d % 4 || e % 4 || d > 128 || e > 128)
    nlg_add_unmet(unmet, "head sizes must be multiples of 4 up to 128");
  else if (backward) nlg_ask_shared(device, nlg_flash_tf32_backward_bytes(nlg_tf32_bucket(d, e)), unmet);
  if (pass->path < 0 && !backward && d <= 8 && e <= 8) /* padded to 32, it would lose to flash_simt */
    nlg_add_unmet(unmet, "head sizes up to 8 only where it is asked for by name");
  both_ask_for(device, pass, backward, 4, unmet);
}
