/* What the parts of memconn share. */
#ifndef POSTERN_TOOLS_MEMCONN_INNER_H
#define POSTERN_TOOLS_MEMCONN_INNER_H

#include "tools/client/memconn.h"

extern const struct ssh_ops memconn_ssh_ops;

/* LINK_MAY_ZIP for an entry after which our KEXINIT may leave, or 0. */
uint64_t memconn_may_zip(struct memconn *m);

int membytes_put(struct membytes *b, struct view bytes);
void membytes_take(struct membytes *b, size_t len);

#endif
