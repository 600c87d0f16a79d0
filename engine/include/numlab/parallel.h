/* The only door to threads: a small pool that sleeps when idle. */
#ifndef NUMLAB_PARALLEL_H
#define NUMLAB_PARALLEL_H

#include <numlab/status.h>
#include <stdint.h>

/* Works on the half-open range [begin, end). Must not fail: allocate and validate before. */
typedef void nl_task(void *context, int64_t begin, int64_t end);

/* Split [0, count) into at most nl_threads() contiguous parts of at least grain elements each, run them side
 * by side, return when all are done. A task must compute each element the same way whatever part it lies in:
 * that is what makes results the same bits at any thread count. A call from inside a task runs serially. */
void nl_parallel_for(int64_t count, int64_t grain, nl_task *task, void *context);

/* One piece of work; worker, below the number of workers, says whose workspace to use. Must not fail. */
typedef void nl_item(void *context, int64_t worker, int64_t item);

/* Do item 0 .. count-1, each by whichever of at most `workers` threads is free next: for pieces of uneven
 * size. Items start in ascending order. Each must give the same whoever does it and whatever was done before.
 * A single item, or a single worker, runs in the caller, where parallel calls inside it still find the pool.
 */
void nl_parallel_items(int64_t count, int64_t workers, nl_item *item, void *context);

/* Threads in use: NUMLAB_THREADS, else the cores this process may run on. */
int nl_threads(void);
/* 1 to 256; ARG otherwise. */
nl_status nl_threads_set(int count);
/* True on the threads of the pool, false on those that call into it. */
bool nl_parallel_is_worker(void);

#endif
