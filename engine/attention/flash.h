/* Online softmax over the keys of a tile of queries, for flash_forward_tmpl.c and decode_tmpl.c. Include
 * after core/tmpl.h. */
#ifndef NL_ATTENTION_FLASH_H
#define NL_ATTENTION_FLASH_H

#include "tile.h"

/* A worker's workspace: what is kept of Br query rows while their keys pass by, and one tile of Bc keys. */
typedef struct flash_state {
  NL_R *O;         /* Br x Dv: sum over the keys so far of exp(S - m) V, for a row's own m */
  NL_R *m, *l;     /* Br each: the largest score so far, and the sum of exp(S - m) */
  NL_R *S;         /* Br x Bc */
  NL_R *q, *k, *v; /* tiles in the compute type; NULL where the tensors hold it */
  NL_R *room;
} flash_state;

/* Numbers the workspace takes; lays it out from base unless that is NULL. */
int64_t NL_FN(nl_flash_layout)(const nl_attention_plan *plan, NL_R *base, flash_state *w);

/* The rows of b against its keys, tile after tile. */
void NL_FN(nl_flash_rows)(const nl_block *b, const flash_state *w);

/* O becomes the attention over the keys that were seen, lse_i = m_i + log l_i: 0 and -inf where there were
 * none. */
void NL_FN(nl_flash_finish)(const flash_state *w, int64_t rows, int64_t d, NL_R *lse);

#endif
