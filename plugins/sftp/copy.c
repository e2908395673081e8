/*
 * copy-data: draft-ietf-secsh-filexfer-extensions-00 section 7. A copy takes as long as
 * it takes; it is done in slices, and what the peer asks meanwhile waits behind it.
 */
#include "session.h"

#include <errno.h>

#define COPY_CHUNK 65536u

static void
finish(struct session *s, int r, int short_of)
{
	s->copy.active = 0;
	if (short_of)
		reply_status(s, s->copy.id, FX_EOF, NULL);
	else
		reply_result(s, s->copy.id, r);
}

void
copy_start(struct session *s, const struct request *r)
{
	struct handle *from = handles_find(&s->handles, r->handle[0], HANDLE_FILE);
	struct handle *to = handles_find(&s->handles, r->handle[1], HANDLE_FILE);

	if (from == NULL || to == NULL) {
		reply_status(s, r->id, FX_FAILURE, "Invalid handle");
		return;
	}
	/* Over itself a file could grow without end. */
	if (from == to || (from->device == to->device && from->inode == to->inode)) {
		reply_status(s, r->id, FX_FAILURE, "A file cannot be copied to itself");
		return;
	}
	s->copy = (struct copy){ .active = 1, .id = r->id, .from = from, .to = to, .from_off = r->u64[0],
	    .left = r->u64[1], .to_off = r->u64[2], .to_end = r->u64[1] == 0 };
	copy_go(s);
}

/* The whole of a chunk; 0 or -errno. */
static int
put(struct session *s, const uint8_t *from, size_t len)
{
	struct copy *c = &s->copy;
	int64_t n;

	while (len > 0) {
		n = s->files->write(s->files_ctx, c->to->fd, from, len, c->to_off);
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		from += n;
		len -= (size_t)n;
		c->to_off += (uint64_t)n;
		c->to->wrote += (uint64_t)n;
	}
	return 0;
}

void
copy_go(struct session *s)
{
	struct copy *c = &s->copy;
	uint8_t chunk[COPY_CHUNK];

	while (s->slice > 0) {
		size_t want = c->to_end || c->left > sizeof(chunk) ? sizeof(chunk) : (size_t)c->left;
		int64_t n =
		    want > 0 ? s->files->read(s->files_ctx, c->from->fd, chunk, want, c->from_off) : 0;
		int r;

		if (n <= 0) {
			finish(s, (int)n, n == 0 && !c->to_end && c->left > 0);
			return;
		}
		s->slice -= n;
		c->from_off += (uint64_t)n;
		c->from->read += (uint64_t)n;
		if (!c->to_end)
			c->left -= (uint64_t)n;
		r = put(s, chunk, (size_t)n);
		if (r < 0) {
			finish(s, r, 0);
			return;
		}
	}
	s->io->later(s->io_ctx);
}
