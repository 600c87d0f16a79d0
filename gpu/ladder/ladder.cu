/* What every rung of the ladder asks for. */
#include "ladder.cuh"

static void add_unmet(const nlg_device *device, const nl_attention_pass *pass, nlg_unmet *unmet) {
  int64_t d = pass->q.shape[3];
  if (device->properties.major < 8) nlg_add_unmet(unmet, "the ladder needs compute capability 8.0");
  if (pass->q.dtype != NL_F16 && pass->q.dtype != NL_BF16)
    nlg_add_unmet(unmet, "the ladder takes f16 and bf16");
  if ((d != 64 && d != 128) || pass->v.shape[3] != d)
    nlg_add_unmet(unmet, "the ladder's heads have 64 or 128 columns in q, k and v alike");
  if (!(pass->scale > 0)) nlg_add_unmet(unmet, "the ladder's scale must be positive");
  if (pass->left >= 0 || pass->right > 0) nlg_add_unmet(unmet, "the ladder has no windows but causal");
  if (pass->softcap > 0) nlg_add_unmet(unmet, "the ladder has no softcap");
  if (pass->bias.data) nlg_add_unmet(unmet, "the ladder has no bias");
  if (pass->drop_below) nlg_add_unmet(unmet, "the ladder has no dropout");
  if (pass->cu_q) nlg_add_unmet(unmet, "the ladder has no variable lengths");
  const nl_array *rows[] = {&pass->q, &pass->k, &pass->v, &pass->out};
  bool fits = true;
  for (const nl_array *x : rows) fits = fits && nlg_rows_aligned(x, 8);
  if (!fits) nlg_add_unmet(unmet, "the ladder's rows must start at multiples of 16 bytes");
}

#define SUPPORTS(name, what)                                                                \
  void nlg_##name##_supports(const nlg_device *device, const nl_attention_pass *pass, bool, \
                             nlg_unmet *unmet) {                                            \
    add_unmet(device, pass, unmet);                                                         \
  }
NLG_LADDER(SUPPORTS)
