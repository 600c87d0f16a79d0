/* .npy arrays from and to any stream of bytes: a file, or an entry of an .npz archive. */
#ifndef NL_IO_NPY_H
#define NL_IO_NPY_H

#include <numlab/tensor.h>

/* Bytes in order; read delivers exactly count of them or fails. */
typedef struct nl_npy_source nl_npy_source;
struct nl_npy_source {
  const char *name; /* for messages: "a.npy", "a.npz: x.npy" */
  int64_t size;     /* of the whole array, header included: nothing beyond it is read or allocated */
  nl_status (*read)(nl_npy_source *, void *bytes, int64_t count);
  void *stream;
};

nl_status nl_npy_decode(nl_npy_source *source, nl_tensor *out);

/* The header of a contiguous tensor, a multiple of 64 bytes, which it returns. */
enum { NL_NPY_HEADER = 384 };
int64_t nl_npy_header(const nl_tensor *t, char text[NL_NPY_HEADER]);

/* DTYPE when the format has no such type. */
nl_status nl_npy_check(const nl_tensor *t);

#endif
