/* Small blocks by the transposition of cpu/pack.h, and a matrix in such blocks. */
#include "core/tmpl.h"
#include "cpu/pack.h"
#include "turned.h"
#include <numlab/interrupt.h>
#include <string.h>

void NL_FN(nl_turn)(int64_t lines, int64_t few, const NL_R *X, int64_t line, NL_R *out, int64_t width) {
  pack_turned(width, lines, few, X, line, out);
}

/* A block of LINES x ACROSS goes through a buffer: its lines of src are used up at once, and dst gets runs of
 * LINES, where lines of both a power of two apart would drive each other out of a cache. */
enum { LINES = 64, ACROSS = 256 / sizeof(NL_R) };

static void turn_block(int64_t lines, int64_t few, const NL_R *X, int64_t line, NL_R *out, int64_t width) {
  NL_R block[ACROSS * LINES];
  pack_turned(LINES, lines, few, X, line, block);
  for (int64_t j = 0; j < few; j++) memcpy(out + j * width, block + j * LINES, (size_t)lines * sizeof *out);
}

void NL_FN(nl_turn_lines)(void *context, int64_t begin, int64_t end) {
  const nl_turned *t = context;
  const NL_R *X = t->src;
  NL_R *out = t->dst;
  for (int64_t i = begin; i < end && !(t->polls && nl_interrupted()); i += LINES) {
    int64_t lines = end - i < LINES ? end - i : LINES;
    for (int64_t j = 0; j < t->across; j += ACROSS)
      turn_block(lines, t->across - j < ACROSS ? t->across - j : ACROSS, X + i * t->line + j, t->line,
                 out + j * t->width + i, t->width);
  }
}
