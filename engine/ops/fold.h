/* Folding elements into one: the arithmetic under every reduction.
 *
 * Elements are folded in chunks of NL_CHUNK, and chunks are combined in a fixed binary tree that depends on
 * their number alone (pairwise summation: error O(log n) instead of O(n), Higham, "Accuracy and Stability of
 * Numerical Algorithms", 4.2). A block of 2^7 chunks is a whole subtree, so blocks can be folded on any
 * thread and joined later into the same bits. */
#ifndef NL_OPS_FOLD_H
#define NL_OPS_FOLD_H

#include "walk.h"
#include <numlab/ops.h>

/* sum (|x| / scale)^p; not a reduction of its own for callers, a step of nl_norm. */
enum { NL_REDUCE_POWER = NL_REDUCTIONS };

enum { NL_BLOCK = 128 * NL_CHUNK };

__extension__ typedef __int128 nl_wide;

typedef struct nl_part {
  double value;      /* sum or extreme of reals; 0 or 1 of any, all */
  double big, small; /* 2-norm: sums of squares of elements scaled by 2^-600, 2^600 */
  nl_wide whole;     /* sum or extreme of integers: 2^63 terms of 2^63 fit */
  int64_t at;        /* argmax, argmin: position of the extreme */
} nl_part;

typedef struct nl_fold {
  int op;     /* nl_reduction or NL_REDUCE_POWER */
  bool whole; /* integers: read as i64 */
  double p, scale;
} nl_fold;

/* A binary counter: level[k] holds the fold of 2^k leaves where bit k of count is set. Starts with count
 * 0. */
typedef struct nl_fold_tree {
  nl_part level[64];
  uint64_t count;
} nl_fold_tree;

/* Chunks of f64 or f32 one by one, for whoever has them as neighbours; nl_fold_takes: this fold can. The same
 * bits as nl_fold_run where each has NL_CHUNK elements but the last. */
bool nl_fold_takes(const nl_fold *fold, nl_dtype dtype);
void nl_fold_add(const nl_fold *fold, nl_fold_tree *t, int64_t first, nl_dtype type, int64_t n,
                 const void *x);
nl_part nl_fold_total(const nl_fold *fold, const nl_fold_tree *t);

/* The next n elements of the walk, at positions first, first + 1, .. */
nl_part nl_fold_run(const nl_fold *fold, nl_walk *w, int64_t first, int64_t n);

/* count parts, each of a full NL_BLOCK but the last. */
nl_part nl_fold_join(const nl_fold *fold, const nl_part *parts, int64_t count);

/* What a part of n elements amounts to, as an element of dtype at p. */
void nl_fold_store(const nl_fold *fold, const nl_part *part, int64_t n, nl_dtype dtype, void *p);

#endif
