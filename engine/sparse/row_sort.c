/* Merge sort of a row's entries by column, bottom-up over runs of ascending columns that insertion made.
 * Stable, O(count log count), and linear where the row is ascending already. */
#include "row_sort.h"
#include <string.h>

enum { RUN = 16 };

static void insert(int64_t count, int32_t *index, double *values) {
  for (int64_t i = 1; i < count; i++) {
    int32_t column = index[i];
    double value = values[i];
    int64_t j = i;
    for (; j > 0 && index[j - 1] > column; j--) {
      index[j] = index[j - 1];
      values[j] = values[j - 1];
    }
    index[j] = column;
    values[j] = value;
  }
}

/* Runs [0, middle) and [middle, count) into one; on equal columns the first run goes first. */
static void merge(int64_t middle, int64_t count, const int32_t *index, const double *values,
                  int32_t *to_index, double *to_values) {
  int64_t a = 0, b = middle;
  for (int64_t k = 0; k < count; k++) {
    int64_t from = b >= count || (a < middle && index[a] <= index[b]) ? a++ : b++;
    to_index[k] = index[from];
    to_values[k] = values[from];
  }
}

void nl_row_sort(int64_t count, int32_t *index, double *values, int32_t *scratch_index,
                 double *scratch_values) {
  int64_t sorted = 1;
  while (sorted < count && index[sorted - 1] <= index[sorted]) sorted++;
  if (sorted >= count) return;
  for (int64_t begin = 0; begin < count; begin += RUN)
    insert(count - begin < RUN ? count - begin : RUN, index + begin, values + begin);
  for (int64_t run = RUN; run < count; run *= 2) {
    for (int64_t begin = 0; begin < count; begin += 2 * run) {
      int64_t left = count - begin, whole = left < 2 * run ? left : 2 * run;
      merge(run < whole ? run : whole, whole, index + begin, values + begin, scratch_index + begin,
            scratch_values + begin);
    }
    memcpy(index, scratch_index, (size_t)count * sizeof *index);
    memcpy(values, scratch_values, (size_t)count * sizeof *values);
  }
}
