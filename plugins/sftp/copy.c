/*
 * copy-data: draft-ietf-secsh-filexfer-extensions-00 section 7. One task, as long as
 * it takes; what does not concern its two files goes on meanwhile.
 */
#include "ops.h"

#include <errno.h>
#include <stdlib.h>

#define COPY_CHUNK (256u * 1024u)

/* The whole of a chunk; 0 or -errno. */
static int
put(struct job *j, const uint8_t *from, size_t len, uint64_t off)
{
	const struct session *s = j->s;
	int64_t n;

	while (len > 0) {
		n = s->files->write(s->files_ctx, j->h[1]->fd, from, len, off);
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		from += n;
		len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}

/* 0 or -errno; 1: the source ended before `left` bytes. */
static int
copy(struct job *j, uint8_t *chunk)
{
	const struct session *s = j->s;
	uint64_t left = j->u64[1];
	int to_end = left == 0;

	while ((to_end || left > 0) && !atomic_load(&s->stop)) {
		size_t want = to_end || left > COPY_CHUNK ? COPY_CHUNK : (size_t)left;
		int64_t n = s->files->read(s->files_ctx, j->h[0]->fd, chunk, want, j->u64[0] + j->moved, 1);
		int r;

		if (n <= 0)
			return n < 0 ? (int)n : !to_end;
		r = put(j, chunk, (size_t)n, j->u64[2] + j->moved);
		if (r < 0)
			return r;
		j->moved += (uint64_t)n;
		left -= to_end ? 0 : (uint64_t)n;
	}
	return 0;
}

void
op_copy(struct job *j)
{
	uint8_t *chunk = malloc(COPY_CHUNK);
	int r = chunk != NULL ? copy(j, chunk) : -ENOMEM;

	free(chunk);
	if (r == 1)
		reply_status(j, FX_EOF, NULL);
	else
		reply_result(j, r);
}
