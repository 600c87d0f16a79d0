/* The contract between numlab and a device plugin such as numlab_cuda.so.
 *
 * A plugin exports one function, nl_backend_entry, and links against nothing of ours: what it needs of the
 * program comes in nl_host, what it can do goes out in nl_backend. Plugin and program are built from one
 * tree; the id of the headers they were built with must agree. The engine checks shapes, types and options,
 * makes room for the results, and calls one function of the table; a NULL there means that the device cannot.
 *
 * Calls of one device come from one thread at a time. Work is queued on the device's stream and may not be
 * finished when a call returns; sync, download and memory counters wait for it. Arrays lie in the device's
 * memory unless said otherwise. Statuses and messages are the engine's, through nl_host.
 */
#ifndef NUMLAB_BACKEND_H
#define NUMLAB_BACKEND_H

#include <numlab/attention.h>
#include <numlab/ops.h>
#include <numlab/sparse.h>

enum { NL_BACKEND_ABI = 1 };
#define NL_BACKEND_ENTRY "nl_backend_entry"

typedef struct nl_host {
  nl_status (*fail)(nl_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
  bool (*interrupted)(void);
} nl_host;

/* Elements in memory: element (i, j, ..) at data + (i*stride[0] + j*stride[1] + ..) * size of dtype.
 * data NULL: there is none (an optional operand left out). */
typedef struct nl_array {
  void *data;
  nl_dtype dtype;
  int ndim;
  int64_t shape[NL_MAX_NDIM], stride[NL_MAX_NDIM]; /* strides in elements; 0 where expanded */
} nl_array;

typedef struct nl_device_facts {
  char name[128];  /* "NVIDIA H100 80GB HBM3" */
  char driver[32]; /* version of the driver, and of the runtime the plugin was built with */
  char runtime[32];
  char build[20]; /* id of the sources the plugin was built from */

  int major, minor;                             /* compute capability */
  int processors;                               /* multiprocessors */
  int64_t memory_bytes, l2_bytes, shared_bytes; /* of the device; of a block at most */
} nl_device_facts;

/* Bytes of tensors and workspaces, as the engine counts its own; beside it what the pool keeps for later and
 * what the driver says of the whole device. */
typedef struct nl_device_memory {
  int64_t live, peak;
  int64_t live_kind[NL_MEMORY_KINDS], peak_kind[NL_MEMORY_KINDS];
  int64_t pooled;      /* taken from the driver, in no use at the moment */
  int64_t free, total; /* of the device, all programs together */
} nl_device_memory;

/* One way of computing attention that can be asked for by name. */
typedef struct nl_attention_path {
  const char *name;       /* "flash_simt" */
  nl_attention_impl impl; /* the family it belongs to; the first supported path of a family is its default */
  const char *what;       /* one line for people */
  bool ladder;            /* forward alone, for study: never chosen by itself */
} nl_attention_path;

/* A validated problem, forward or backward. Shapes as in attention.h; q, k, v, out, dout and the gradients
 * have stride 1 in their last dimension, lse and p are contiguous. */
typedef struct nl_attention_pass {
  int path; /* index in nl_backend.paths; -1: the backend chooses one of impl */
  nl_attention_impl impl;
  nl_array q, k, v, out; /* forward writes out, lse (and p where impl is standard: P before dropout) */
  nl_array lse, p;
  nl_array bias; /* expanded to (B, H, Nq, Nk); data NULL without one */
  double scale, softcap;
  int64_t left, right; /* window, bottom right aligned; -1: open. causal is right = 0 */
  double dropout;      /* share dropped; kept weights are scaled by 1 / (1 - dropout) */
  uint64_t drop_below; /* an entry whose random word (engine/attention/mask.h) is below this is dropped */
  uint64_t seed;
  int64_t q_tile, k_tile;     /* what was asked for; paths with tiles of their own leave them aside */
  const int64_t *cu_q, *cu_k; /* in host memory, sequences + 1 offsets; NULL: none */
  int64_t sequences, longest_q, longest_k;
  bool deterministic; /* the same bits in every run; backward alone */
  /* backward: reads out, lse, p, dout; writes dq, dk, dv, dbias, which hold anything before. dbias is f64 or
   * f32 (the compute type), contiguous, of bias's own shape padded to 4 dimensions with sizes of 1. */
  nl_array dout, dq, dk, dv, dbias;
} nl_attention_pass;

/* What a factorisation P A = L U says of itself. */
typedef struct nl_lu_facts {
  int64_t singular_column;                     /* 0, or the 1-based column of the first exactly zero pivot */
  int64_t exchanges;                           /* of rows */
  double largest_a, largest_u, smallest_pivot; /* absolute; largest_u inf or NaN: so is U */
} nl_lu_facts;

typedef struct nl_backend {
  uint32_t abi, size;  /* NL_BACKEND_ABI and sizeof(nl_backend) when the plugin was compiled */
  const char *headers; /* id of the public headers it was compiled with */
  const char *name;    /* "cuda" */

  /* Devices of this kind here; 0 and *why (static text) is a normal answer. */
  int (*count)(const char **why);
  nl_status (*open)(int index, void **device, nl_device_facts *facts);

  /* --- memory: blocks of at least 256-byte alignment. alloc tries again once after giving pooled blocks
   * back; NOMEM names bytes wanted and free. */
  nl_status (*alloc)(void *device, int64_t bytes, nl_memory_kind kind, void **block);
  void (*free)(void *device, void *block);
  nl_status (*memory)(void *device, nl_device_memory *out);
  void (*reset_peak)(void *device);
  nl_status (*trim)(void *device); /* pooled blocks back to the driver */
  nl_status (*upload)(void *device, void *to, const void *from, int64_t bytes);
  nl_status (*download)(void *device, void *to, const void *from, int64_t bytes);
  nl_status (*sync)(void *device);
  /* Seconds of device time between two calls of mark, by events on the stream; slot 0 to 7. */
  nl_status (*mark)(void *device, int slot);
  nl_status (*elapsed)(void *device, int from, int to, double *seconds);

  /* --- tensors: outputs are contiguous and of the types that ops.h gives; operands have one shape
   * (expanded), any strides, and each a dtype of its own. compute: F64, F32 or I64, the type the operation
   * computes in (ops.h). */
  nl_status (*copy)(void *device, const nl_array *src,
                    const nl_array *dst); /* casts; any strides; no overlap */
  nl_status (*fill)(void *device, const nl_array *dst, double value);
  nl_status (*random)(void *device, bool normal, const nl_array *dst, uint64_t seed, uint64_t stream);
  nl_status (*binary)(void *device, nl_binary_op op, nl_dtype compute, const nl_array *a, const nl_array *b,
                      const nl_array *out);
  nl_status (*unary)(void *device, nl_unary_op op, nl_dtype compute, const nl_array *a, const nl_array *out);
  nl_status (*where)(void *device, const nl_array *condition, const nl_array *a, const nl_array *b,
                     const nl_array *out);
  /* Each run of n elements of rows, in row-major order, becomes one element of out (contiguous). */
  nl_status (*reduce)(void *device, nl_reduction op, const nl_array *rows, int64_t n, const nl_array *out);
  /* In place, along the last dimension of contiguous rows, f64 or f32. */
  nl_status (*softmax)(void *device, const nl_array *rows);
  /* C = A B for each leading index; the last two dimensions are the matrices, any strides; C contiguous; one
   * float dtype for all three. f16 and bf16 are summed in f32. */
  nl_status (*matmul)(void *device, const nl_array *A, const nl_array *B, const nl_array *C);

  /* --- linear systems: f64 or f32, row-major and contiguous */
  /* A (n, n) becomes P A = L U with partial pivoting: U above and on the diagonal, L (unit diagonal) below.
   * Row i of P A is row row_of[i] of A (n values in host memory). A zero pivot is a fact, not a failure: its
   * column is passed over. block: columns of a panel; 0 chooses. INTERRUPTED. */
  nl_status (*lu_factor)(void *device, const nl_array *A, int64_t block, int64_t *row_of, nl_lu_facts *facts);
  /* X (n, k): the right-hand sides become the solutions. */
  nl_status (*lu_solve)(void *device, const nl_array *LU, const int64_t *row_of, const nl_array *X);
  /* x (n) becomes A^-T x: what an estimate of the condition asks for. */
  nl_status (*lu_solve_transposed)(void *device, const nl_array *LU, const int64_t *row_of,
                                   const nl_array *x);
  /* Both steps by the vendor's library, which counts columns first: A is A^T row by row and is overwritten,
   * X (k, n) holds a right-hand side a row. prepare opens it: UNAVAILABLE says how to get it. Facts the
   * library does not tell are NaN. */
  nl_status (*library_prepare)(void *device);
  nl_status (*library_solve)(void *device, const nl_array *A, const nl_array *X, nl_lu_facts *facts);

  /* --- sparse matrices (sparse.h), their arrays in the device's memory; X, Y, B (n, k) f64, row-major */
  /* Y = S X */
  nl_status (*sparse_apply)(void *device, const nl_sparse *S, const double *X, int64_t k, double *Y);
  /* x_i <- x_i + omega (b_i - sum_j a_ij x_j) / a_ii for rows i = first .. first + count - 1, in place and in
   * any order: none of these rows has an entry in the column of another. A missing or zero a_ii gives an
   * infinity or NaN. */
  nl_status (*sparse_relax)(void *device, const nl_sparse *S, int64_t first, int64_t count, double omega,
                            const double *B, int64_t k, double *X);

  /* --- attention */
  const nl_attention_path *paths;
  int path_count;
  /* The path that would be taken; UNSUPPORTED listing every unmet condition. */
  nl_status (*attention_path)(void *device, const nl_attention_pass *pass, bool backward, int *path);
  nl_status (*attention_forward)(void *device, const nl_attention_pass *pass);
  nl_status (*attention_backward)(void *device, const nl_attention_pass *pass);
} nl_backend;

/* What a plugin exports. NULL (after host->fail) when it cannot serve this program. */
typedef const nl_backend *nl_backend_entry_function(const nl_host *host, uint32_t abi, const char *headers);

#endif
