/* Entries of one row into ascending columns, stable: equal columns keep their order. */
#ifndef NL_SPARSE_ROW_SORT_H
#define NL_SPARSE_ROW_SORT_H

#include <stdint.h>

/* index and values hold count entries; the scratch arrays have room for as many. */
void nl_row_sort(int64_t count, int32_t *index, double *values, int32_t *scratch_index,
                 double *scratch_values);

#endif
