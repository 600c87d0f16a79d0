/* Devices: where the elements of a tensor lie, and what computes with them.
 *
 * "cpu" is always there. Others come from a plugin (backend.h), looked for when one is first asked for: the
 * file that NUMLAB_CUDA names ("off": none), numlab_cuda.so beside the program or module, then in
 * ../lib/numlab/ from there. It stays loaded. Tensors of one call must lie on one device; nothing is copied
 * between devices unless nl_tensor_to is called. What a device cannot do is UNSUPPORTED and says so.
 */
#ifndef NUMLAB_DEVICE_H
#define NUMLAB_DEVICE_H

#include <numlab/backend.h>

/* "cpu", "cuda" (the first one) or "cuda:1". DEVICE, with the reason, where it is not there. */
nl_status nl_device_find(const char *name, nl_device **out);

/* Devices that are there: 0 is the CPU. Loads the plugin. */
int nl_device_count(void);
nl_device *nl_device_at(int i);

/* Why there is no device beside the CPU ("no numlab_cuda.so in ..; `make gpu` builds it"); "" where there is
 * one. Loads the plugin. */
const char *nl_device_why(void);

const char *nl_device_name(const nl_device *device); /* "cuda:0" */
bool nl_device_is_cpu(const nl_device *device);
/* NULL for the CPU. */
const nl_device_facts *nl_device_describe(const nl_device *device);

/* Wait until everything queued has run; its errors come back here. Nothing on the CPU. */
nl_status nl_device_sync(nl_device *device);

/* Bytes on the device; of the CPU, those of nl_memory. */
nl_status nl_device_memory_of(nl_device *device, nl_device_memory *out);
void nl_device_reset_peak(nl_device *device);

/* Seconds that call(context) keeps the device busy, from the first of its work to the last: by events on a
 * GPU, by the clock on the CPU. The status of call, or of the device. */
nl_status nl_device_time(nl_device *device, nl_status call(void *context), void *context, double *seconds);

/* The ways of computing attention that this device knows by name; NULL with *count 0 on the CPU. */
const nl_attention_path *nl_device_attention_paths(const nl_device *device, int *count);

#endif
