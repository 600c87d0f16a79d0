/* Masks, shapes and tiles that the forward and the backward pass are both taken through. */
#ifndef TEST_ATTENTION_GRID_H
#define TEST_ATTENTION_GRID_H

#include "judge.h"

typedef struct mask {
  bool causal;
  int64_t left, right;
} mask;

/* Nothing; causal; the diagonal; bands, open on a side; causal with a window, whose right end then is 0. */
static const mask masks[] = {{false, -1, -1}, {true, -1, -1}, {false, 0, 0},
                             {false, 3, 1},   {false, -1, 2}, {false, 5, -1},
                             {true, 4, 7},    {true, 0, -1},  {false, 1000, INT64_MAX}};

/* Nq, Nk, D, Dv */
static const int64_t shapes[][4] = {{1, 1, 1, 1},     {1, 1, 5, 3},     {1, 67, 8, 8},   {67, 1, 3, 5},
                                    {2, 3, 1, 1},     {17, 17, 16, 1},  {64, 64, 8, 4},  {65, 63, 7, 9},
                                    {31, 97, 5, 1},   {97, 31, 1, 12},  {129, 5, 32, 3}, {5, 129, 3, 33},
                                    {13, 13, 64, 64}, {3, 2, 128, 127}, {16, 128, 2, 2}, {4, 300, 6, 4}};

static const int64_t tiles[][2] = {{64, 64}, {1, 1}, {3, 16}, {16, 3}, {1000, 1000}, {1, 64}, {64, 1}};

enum {
  MASKS = sizeof masks / sizeof *masks,
  SHAPES = sizeof shapes / sizeof *shapes,
  TILES = sizeof tiles / sizeof *tiles
};

/* Every mask at every shape; heads, tiles and layouts take turns. */
static inline void judge_grid(nl_dtype dtype, bool backward) {
  for (int m = 0; m < MASKS; m++)
    for (int n = 0; n < SHAPES; n++) {
      if ((backward || dtype > NL_F32) && (m + n) % 2 != (int)dtype % 2) continue; /* half of them do */
      const int64_t *shape = shapes[n], *tile = tiles[(m + n) % TILES];
      attention_case c = plain_case(1 + n % 2, 1 + m % 3, shape[0], shape[1], shape[2]);
      c.Hkv = n % 3 == 0 && c.H == 3 ? 1 : c.H;
      c.Dv = shape[3];
      c.causal = masks[m].causal;
      c.left = masks[m].left;
      c.right = masks[m].right;
      c.q_tile = tile[0];
      c.k_tile = tile[1];
      c.layout = (m + 2 * n) % LAYOUTS;
      judge_case(&c, dtype, backward);
    }
}

#endif
