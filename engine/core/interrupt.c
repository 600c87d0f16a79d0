/* The interrupt flag: an atomic, because a signal handler sets it while pool threads read it; lock-free
 * atomics are async-signal-safe (C11 7.14.1.1). */
#include <numlab/interrupt.h>
#include <stdatomic.h>

static atomic_bool interrupted;
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

void nl_interrupt(void) { atomic_store_explicit(&interrupted, true, memory_order_relaxed); }
bool nl_interrupted(void) { return atomic_load_explicit(&interrupted, memory_order_relaxed); }
void nl_interrupt_clear(void) { atomic_store_explicit(&interrupted, false, memory_order_relaxed); }
