/* Ctrl-C as a flag. The program's handler sets it; own kernels poll it per panel, sweep or tile row, at most
 * 10 ms apart, and return NL_INTERRUPTED with their outputs in a valid state. */
#ifndef NUMLAB_INTERRUPT_H
#define NUMLAB_INTERRUPT_H

#include <stdbool.h>

void nl_interrupt(void); /* async-signal-safe */
bool nl_interrupted(void);
void nl_interrupt_clear(void);

#endif
