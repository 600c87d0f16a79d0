/* Attention on a device that is not the CPU. */
#ifndef NL_ATTENTION_THERE_H
#define NL_ATTENTION_THERE_H

#include "device/device.h"
#include "impl.h"

/* DEVICE unless those of the tensors that are there (not NULL, not empty) lie where q does. */
nl_status nl_attention_one_device(const char *what, const nl_tensor *const *others, int count,
                                  const nl_tensor *q);

/* Fill f->out, f->lse and, where it is there, f->p; *path is the name of the way that was taken (static
 * text). */
nl_status nl_attention_forward_there(nl_forward *f, const char **path);

/* Fill the gradients of g. */
nl_status nl_attention_backward_there(nl_backward *g);

#endif
