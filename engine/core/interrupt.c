#include <numlab/interrupt.h>
#include <signal.h>

static volatile sig_atomic_t interrupted;

void nl_interrupt(void) { interrupted = 1; }
bool nl_interrupted(void) { return interrupted != 0; }
void nl_interrupt_clear(void) { interrupted = 0; }
