/* A pool of pthreads that sleeps on a condition variable when idle.
 *
 * Spinning workers (as in libgomp) slow whatever runs next on few cores, so ours never spin. Parts are fixed
 * by the count, the grain and the number of threads; the caller works on part 0. One parallel region runs at
 * a time; a region started inside a task, or while another thread holds the pool, runs serially. */
#include <numlab/parallel.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 256 };

static struct {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  int workers; /* threads made so far, beside the caller */
  unsigned long round;
  int pending; /* parts of this round not finished */
  /* the current region */
  nl_task *task;
  void *context;
  int64_t count;
  int parts;
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .start = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static atomic_int threads; /* 0: not determined yet */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static _Thread_local bool inside;
static _Thread_local bool worker;

static int default_threads(void) {
  const char *text = getenv("NUMLAB_THREADS");
  long wanted = text ? strtol(text, NULL, 10) : 0;
  cpu_set_t set;
  if (wanted < 1 && sched_getaffinity(0, sizeof set, &set) == 0) wanted = CPU_COUNT(&set);
  return wanted < 1 ? 1 : wanted > MAX_THREADS ? MAX_THREADS : (int)wanted;
}

int nl_threads(void) {
  int known = atomic_load(&threads);
  if (known == 0) atomic_store(&threads, known = default_threads());
  return known;
}

nl_status nl_threads_set(int count) {
  if (count < 1 || count > MAX_THREADS)
    return nl_fail(NL_ARG, "threads: %d, expected 1 to %d", count, MAX_THREADS);
  atomic_store(&threads, count);
  return NL_OK;
}

bool nl_parallel_is_worker(void) { return worker; }

static void run_part(int part) {
  int64_t begin = pool.count * part / pool.parts, end = pool.count * (part + 1) / pool.parts;
  inside = true;
  pool.task(pool.context, begin, end);
  inside = false;
}

static void *work(void *number) {
  int part = (int)(intptr_t)number;
  unsigned long seen = 0;
  worker = true;
  pthread_mutex_lock(&pool.lock);
  for (;;) {
    while (pool.round == seen || part >= pool.parts) {
      seen = pool.round;
      pthread_cond_wait(&pool.start, &pool.lock);
    }
    seen = pool.round;
    pthread_mutex_unlock(&pool.lock);
    run_part(part);
    pthread_mutex_lock(&pool.lock);
    if (--pool.pending == 0) pthread_cond_signal(&pool.done);
  }
  return NULL;
}

/* After a fork the child has no workers: start over. */
static void forget_workers(void) {
  pool.workers = 0;
  pool.round = 0;
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.start, NULL);
  pthread_cond_init(&pool.done, NULL);
  atomic_flag_clear(&busy);
}

/* Make sure of wanted workers; returns how many there are. Signals stay with the main thread. */
static int hire(int wanted) {
  static bool registered;
  if (!registered) registered = pthread_atfork(NULL, NULL, forget_workers) == 0;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.workers < wanted) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, (void *)(intptr_t)(pool.workers + 1)) != 0) break;
    pthread_detach(thread);
    pool.workers++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return pool.workers;
}

void nl_parallel_for(int64_t count, int64_t grain, nl_task *task, void *context) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  int64_t parts = count / grain;
  if (parts > nl_threads()) parts = nl_threads();
  if (parts <= 1 || inside || atomic_flag_test_and_set(&busy)) {
    task(context, 0, count);
    return;
  }
  pthread_mutex_lock(&pool.lock);
  int workers = hire((int)parts - 1);
  if (parts > workers + 1) parts = workers + 1;
  pool.task = task;
  pool.context = context;
  pool.count = count;
  pool.parts = (int)parts;
  pool.pending = (int)parts - 1;
  pool.round++;
  pthread_cond_broadcast(&pool.start);
  pthread_mutex_unlock(&pool.lock);
  run_part(0);
  pthread_mutex_lock(&pool.lock);
  while (pool.pending > 0) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
  atomic_flag_clear(&busy);
}

/* --- items of uneven size --------------------------------------------------------------------------- */

typedef struct queue {
  nl_item *item;
  void *context;
  int64_t count;
  atomic_llong next;
} queue;

static void drain(void *context, int64_t slot, int64_t end) {
  queue *q = context;
  for (; slot < end; slot++)
    for (;;) {
      int64_t item = atomic_fetch_add(&q->next, 1);
      if (item >= q->count) break;
      q->item(q->context, slot, item);
    }
}

void nl_parallel_items(int64_t count, int64_t workers, nl_item *item, void *context) {
  if (workers > count) workers = count;
  if (workers > nl_threads()) workers = nl_threads();
  if (workers <= 1) {
    for (int64_t i = 0; i < count; i++) item(context, 0, i);
    return;
  }
  queue q = {.item = item, .context = context, .count = count};
  nl_parallel_for(workers, 1, drain, &q);
}
