/* What the checks of the plugin share: the device under test, arrays that lie on both sides, TAP lines. */
#ifndef TESTS_GPU_PLUGIN_H
#define TESTS_GPU_PLUGIN_H

#include <numlab/backend.h>

extern const nl_backend *backend;
extern void *device;

/* One TAP line; returns pass. */
bool check(bool pass, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line for an error norm: passes where error <= bound, so that NaN fails. */
bool check_error(double error, double bound, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Ends the program with the message of the last failure unless s is OK. */
void need(nl_status s, const char *what);

/* How an array lies in memory. */
typedef enum layout {
  DENSE,
  TURNED,   /* the first dimension is the innermost */
  GAPPY,    /* two unused elements between any two, starting with the second element */
  BACKWARD, /* the first dimension runs backwards */
  EXPANDED, /* the first dimension has stride 0 */
  LAYOUTS
} layout;
extern const char *const layout_name[LAYOUTS];

/* An array on the device and its image here. */
typedef struct array {
  nl_array there;
  char *base;          /* the image; element 0 lies `first` elements behind */
  void *block;         /* on the device, laid out like the image */
  int64_t first, room; /* elements */
  int64_t size;        /* elements of the array */
} array;

/* Both sides filled with the byte 0xAB. */
array make_array(nl_dtype dtype, int ndim, const int64_t *shape, layout how);
/* Random values: normal reals, integers of the whole range. special: NaN, infinities and the like among
 * them. */
void fill_array(array *a, uint64_t seed, bool special);
/* The image as the device has it now. */
void fetch_array(array *a);
void free_array(array *a);
/* Element i in row-major order of the image. */
void *element(const array *a, int64_t i);
double value(const array *a, int64_t i);
/* Bytes of the image that belong to no element still hold 0xAB. */
bool gaps_untouched(const array *a);

/* |got - want| / max(|want|, least); 0 for two NaNs or equal infinities, infinite where only one is. */
double relative(double got, double want, double least);
/* The larger; NaN counts as infinite. */
double worse(double worst, double error);
/* Unit roundoff of a float type, 0 for others; its least normal number. */
double unit_of(nl_dtype dtype);
double least_of(nl_dtype dtype);
/* value rounded to dtype. */
double rounded(nl_dtype dtype, double x);

void check_copies(void);
void check_random(void);
void check_elementwise(void);
void check_reductions(void);
void check_softmax(void);
void check_matmul(void);
void check_sparse(void);

#endif
