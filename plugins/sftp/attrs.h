/*
 * File attributes: draft-ietf-secsh-filexfer-02 section 5.
 */
#ifndef SFTP_ATTRS_H
#define SFTP_ATTRS_H

#include <sys/stat.h>

#include "wire.h"

#define ATTRS_MAX 32u /* bytes of what attrs_put writes */

struct attrs {
	uint32_t flags; /* ATTR_*: which of the others count */
	uint64_t size;
	uint32_t uid;
	uint32_t gid;
	uint32_t permissions; /* type bits too, where we send them */
	uint32_t atime;
	uint32_t mtime;
};

/* Extended pairs are skipped: none is known. */
void attrs_get(struct cur *c, struct attrs *a);
void attrs_put(struct out *o, const struct attrs *a);

void attrs_of(struct attrs *a, const struct stat *st);

#endif
