#include "attrs.h"

void
attrs_get(struct cur *c, struct attrs *a)
{
	uint32_t count;

	memset(a, 0, sizeof(*a));
	a->flags = cur_u32(c);
	if (a->flags & ATTR_SIZE)
		a->size = cur_u64(c);
	if (a->flags & ATTR_UIDGID) {
		a->uid = cur_u32(c);
		a->gid = cur_u32(c);
	}
	if (a->flags & ATTR_PERMISSIONS)
		a->permissions = cur_u32(c);
	if (a->flags & ATTR_ACMODTIME) {
		a->atime = cur_u32(c);
		a->mtime = cur_u32(c);
	}
	if (a->flags & ATTR_EXTENDED)
		for (count = cur_u32(c); count > 0 && !c->bad; count--) {
			cur_string(c);
			cur_string(c);
		}
}

void
attrs_put(struct out *o, const struct attrs *a)
{
	uint32_t flags = a->flags & (ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME);

	out_u32(o, flags);
	if (flags & ATTR_SIZE)
		out_u64(o, a->size);
	if (flags & ATTR_UIDGID) {
		out_u32(o, a->uid);
		out_u32(o, a->gid);
	}
	if (flags & ATTR_PERMISSIONS)
		out_u32(o, a->permissions);
	if (flags & ATTR_ACMODTIME) {
		out_u32(o, a->atime);
		out_u32(o, a->mtime);
	}
}

void
attrs_of(struct attrs *a, const struct stat *st)
{
	a->flags = ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME;
	a->size = (uint64_t)st->st_size;
	a->uid = st->st_uid;
	a->gid = st->st_gid;
	a->permissions = st->st_mode;
	a->atime = (uint32_t)st->st_atime;
	a->mtime = (uint32_t)st->st_mtime;
}
