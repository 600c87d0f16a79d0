/* The factors of a packed LU as matrices of their own: L (unit lower) and U (upper). */
#include <numlab/interrupt.h>
#include <numlab/solve.h>

/* Copy columns [begin, begin + count) of row i of LU into the same place of out. */
static nl_status copy_part(const nl_tensor *LU, int64_t i, int64_t begin, int64_t count,
                           const nl_tensor *out) {
  nl_tensor from_row, from, to_row, to;
  NL_TRY(nl_tensor_select(LU, 0, i, &from_row));
  nl_status s = nl_tensor_slice(&from_row, 0, begin, count, 1, &from);
  nl_tensor_release(&from_row);
  NL_TRY(s);
  s = nl_tensor_select(out, 0, i, &to_row);
  if (s == NL_OK) {
    s = nl_tensor_slice(&to_row, 0, begin, count, 1, &to);
    nl_tensor_release(&to_row);
  }
  if (s == NL_OK) {
    s = nl_tensor_copy(&from, &to);
    nl_tensor_release(&to);
  }
  nl_tensor_release(&from);
  return s;
}

static nl_status unpack(const nl_lu *F, bool lower, nl_tensor *out) {
  nl_tensor T;
  NL_TRY(nl_tensor_new_beside(&F->LU, F->LU.dtype, 2, F->LU.shape, &T));
  nl_tensor diagonal = {T.storage, T.dtype, 1, 0, {F->n}, {F->n + 1}}; /* borrowed */
  nl_status s = nl_tensor_fill(&T, 0);
  if (s == NL_OK && lower) s = nl_tensor_fill(&diagonal, 1);
  for (int64_t i = 0, work = 0; i < F->n && s == NL_OK; i++)
    if (nl_poll(&work, F->n)) s = nl_fail(NL_INTERRUPTED, "lu: interrupted while unpacking the factors");
    else s = lower ? copy_part(&F->LU, i, 0, i, &T) : copy_part(&F->LU, i, i, F->n - i, &T);
  if (s == NL_OK) *out = T;
  else nl_tensor_release(&T);
  return s;
}

nl_status nl_lu_lower(const nl_lu *F, nl_tensor *L) { return unpack(F, true, L); }
nl_status nl_lu_upper(const nl_lu *F, nl_tensor *U) { return unpack(F, false, U); }
