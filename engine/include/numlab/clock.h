/* Monotonic time in seconds since an arbitrary start. */
#ifndef NUMLAB_CLOCK_H
#define NUMLAB_CLOCK_H

double nl_clock(void);

#endif
