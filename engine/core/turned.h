/* What turned.c hands to the loops of one type. */
#ifndef NL_CORE_TURNED_H
#define NL_CORE_TURNED_H

#include "turn.h"

/* dst[j*width + i] = src[i*line + j], 0 <= j < across. */
typedef struct nl_turned {
  const void *src;
  void *dst;
  int64_t across, line, width;
  bool polls; /* looks at the interrupt flag */
} nl_turned;

/* nl_task functions over i. */
void nl_turn_lines_f64(void *job, int64_t begin, int64_t end);
void nl_turn_lines_f32(void *job, int64_t begin, int64_t end);

#endif
