/* Ctrl-C as a flag. The program's handler sets it; own kernels poll it per panel, sweep or tile row, at most
 * 10 ms apart, and return NL_INTERRUPTED with their outputs in a valid state. */
#ifndef NUMLAB_INTERRUPT_H
#define NUMLAB_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

void nl_interrupt(void); /* async-signal-safe */
bool nl_interrupted(void);
void nl_interrupt_clear(void);

enum { NL_POLL = 1 << 18 }; /* entries between two looks at the flag: about a millisecond */

/* For loops whose turns are short: adds up what they do and looks at the flag once in NL_POLL of it.
 *   for (i = 0; i < rows && !nl_poll(&work, entries of row i); i++) */
static inline bool nl_poll(int64_t *work, int64_t more) {
  if ((*work += more) < NL_POLL) return false;
  *work = 0;
  return nl_interrupted();
}

#endif
