/* Between host and device, strided copies with a cast, fills.
 *
 * Equal types move as bits, so an i64 beyond 2^53 and the payload of a NaN survive; a cast goes through
 * double, which holds every other value exactly (engine/core/copy.c does the same). */
#include "element.cuh"
#include "ops.h"

/* Up to 64 KiB the driver takes the bytes into its queue at once; more may be read by the device later, and
 * the caller is free to change them when this returns. */
nl_status nlg_upload(void *handle, void *to, const void *from, int64_t bytes) {
  nlg_device *device = nlg_use(handle);
  if (bytes == 0) return NL_OK;
  NLG_CUDA(cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyHostToDevice, device->stream));
  if (bytes > 65536) NLG_CUDA(cudaStreamSynchronize(device->stream));
  return NL_OK;
}

nl_status nlg_download(void *handle, void *to, const void *from, int64_t bytes) {
  nlg_device *device = nlg_use(handle);
  if (bytes > 0) NLG_CUDA(cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyDeviceToHost, device->stream));
  NLG_CUDA(cudaStreamSynchronize(device->stream));
  return NL_OK;
}

/* --- kernels ----------------------------------------------------------------------------------------- */

template <typename Bits> static __global__ void move(nlg_layout<2> l, const Bits *src, Bits *dst) {
  for (int64_t i = nlg_first(); i < l.size; i += nlg_stride())
    dst[nlg_place(l, 1, i)] = src[nlg_place(l, 0, i)];
}

static __global__ void cast(nlg_layout<2> l, nlg_elements src, nlg_elements dst) {
  for (int64_t i = 4 * nlg_first(); i < l.size; i += 4 * nlg_stride()) {
    int n = (int)(l.size - i < 4 ? l.size - i : 4);
    double x[4];
    nlg_load4(l, 0, src, i, n, x);
    nlg_store4(l, 1, dst, i, n, x);
  }
}

static __global__ void fill(nlg_layout<1> l, nlg_elements dst, double value) {
  const double x[4] = {value, value, value, value};
  for (int64_t i = 4 * nlg_first(); i < l.size; i += 4 * nlg_stride())
    nlg_store4(l, 0, dst, i, (int)(l.size - i < 4 ? l.size - i : 4), x);
}

/* --- the table's ------------------------------------------------------------------------------------- */

template <typename Bits>
static void launch_move(nlg_device *device, const nlg_layout<2> &l, const void *src, void *dst) {
  move<Bits><<<nlg_grid(device, l.size), NLG_THREADS, 0, device->stream>>>(l, (const Bits *)src, (Bits *)dst);
}

nl_status nlg_copy(void *handle, const nl_array *src, const nl_array *dst) {
  nlg_device *device = nlg_use(handle);
  nlg_layout<2> l = nlg_lay_out<2>({src, dst});
  int64_t bytes = nlg_dtype_size(dst->dtype);
  if (l.size == 0) return NL_OK;
  if (src->dtype != dst->dtype) {
    cast<<<nlg_grid(device, nlg_ceil_div(l.size, 4)), NLG_THREADS, 0, device->stream>>>(
        l, nlg_elements_of(l, 0, src), nlg_elements_of(l, 1, dst));
  } else if (l.dense[0] && l.dense[1]) {
    NLG_CUDA(cudaMemcpyAsync(dst->data, src->data, (size_t)(l.size * bytes), cudaMemcpyDeviceToDevice,
                             device->stream));
  } else {
    auto *launch = bytes == 8   ? launch_move<uint64_t>
                   : bytes == 4 ? launch_move<uint32_t>
                   : bytes == 2 ? launch_move<uint16_t>
                                : launch_move<uint8_t>;
    launch(device, l, src->data, dst->data);
  }
  NLG_LAUNCHED(device, "copy");
  return NL_OK;
}

nl_status nlg_fill(void *handle, const nl_array *dst, double value) {
  nlg_device *device = nlg_use(handle);
  nlg_layout<1> l = nlg_lay_out<1>({dst});
  if (l.size == 0) return NL_OK;
  fill<<<nlg_grid(device, nlg_ceil_div(l.size, 4)), NLG_THREADS, 0, device->stream>>>(
      l, nlg_elements_of(l, 0, dst), value);
  NLG_LAUNCHED(device, "fill");
  return NL_OK;
}
