/* Element types. f64 and f32 compute; f16 and bf16 store and become f32 when loaded; the rest holds
 * indices, masks and the contents of files. */
#ifndef NUMLAB_DTYPE_H
#define NUMLAB_DTYPE_H

#include <numlab/status.h>
#include <stdint.h>

typedef enum nl_dtype {
  NL_F64,
  NL_F32,
  NL_F16,
  NL_BF16,
  NL_I64,
  NL_I32,
  NL_I16,
  NL_U8,
  NL_BOOL, /* one byte, 0 or 1 */
  NL_DTYPES
} nl_dtype;

int64_t nl_dtype_size(nl_dtype dtype);     /* bytes */
const char *nl_dtype_name(nl_dtype dtype); /* "f64" */
bool nl_dtype_is_float(nl_dtype dtype);
nl_status nl_dtype_parse(const char *name, nl_dtype *out); /* DTYPE, naming the known ones */

/* One element at p, exact for all types but i64 beyond 2^53. */
double nl_dtype_load(nl_dtype dtype, const void *p);

/* Store value at p: floats round to nearest even; integers truncate towards zero and saturate, NaN is 0;
 * bool is value != 0. */
void nl_dtype_store(nl_dtype dtype, void *p, double value);

/* Round to nearest even; NaN stays NaN; overflow becomes infinity. */
float nl_f16_to_f32(uint16_t bits);
uint16_t nl_f32_to_f16(float value);
float nl_bf16_to_f32(uint16_t bits);
uint16_t nl_f32_to_bf16(float value);

#endif
