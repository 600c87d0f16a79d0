/* Inside of devices, and the door through which an op reaches the one its operands lie on. */
#ifndef NL_DEVICE_DEVICE_H
#define NL_DEVICE_DEVICE_H

#include <numlab/device.h>

struct nl_device {
  char name[32];
  const nl_backend *backend; /* NULL: the CPU */
  void *state;               /* the backend's */
  int index;
  bool open;
  nl_device_facts facts;
};

extern nl_device nl_cpu;

/* The plugin's table, loaded once; NULL with the reason in *why (static text). plugin.c */
const nl_backend *nl_plugin(const char **why);

static inline bool nl_on_cpu(const nl_tensor *t) { return nl_tensor_device(t) == &nl_cpu; }

/* DEVICE, naming both, unless the tensors lie on one device. */
nl_status nl_check_one_device(const char *what, const nl_tensor *a, const nl_tensor *b);

/* UNSUPPORTED, with how to mend it, unless t lies on the CPU. */
nl_status nl_check_on_cpu(const char *what, const char *name, const nl_tensor *t);

/* The tensor as the backend sees it. */
nl_array nl_array_of(const nl_tensor *t);

/* Call an entry of the backend of t's device: NL_DEVICE_CALL("add", t, binary, op, compute, &a, &b, &out).
 * UNSUPPORTED naming op and device where the entry is empty. */
#define NL_DEVICE_CALL(what, t, entry, ...)                                           \
  (nl_tensor_device(t)->backend->entry                                                \
       ? nl_tensor_device(t)->backend->entry(nl_tensor_device(t)->state, __VA_ARGS__) \
       : nl_lacks(what, nl_tensor_device(t)))
nl_status nl_lacks(const char *what, const nl_device *device);

/* Blocks of a device; free accepts NULL. */
nl_status nl_device_alloc(nl_device *device, int64_t bytes, nl_memory_kind kind, void **block);
void nl_device_free(nl_device *device, void *block);

#endif
