/* Where the arrays of a sparse matrix lie, for the engine's own use. */
#ifndef NL_SPARSE_PLACE_H
#define NL_SPARSE_PLACE_H

#include <numlab/sparse.h>

/* UNSUPPORTED, with how to mend it, unless S lies on the CPU. */
nl_status nl_sparse_check_on_cpu(const char *what, const nl_sparse *S);

/* DEVICE, naming both, unless S and x lie on one device. */
nl_status nl_sparse_check_one_device(const char *what, const nl_sparse *S, const nl_tensor *x);

#endif
