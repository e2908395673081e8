#include "tools/client/memconn.h"

#include <stdlib.h>

#include "drivers/cipher/select.h"
#include "tools/client/memconn_inner.h"

/* ---- bytes ---- */

int
membytes_put(struct membytes *b, struct view bytes)
{
	if (b->start > 0 && b->start + b->len + bytes.len > b->size) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
	}
	if (b->len + bytes.len > b->size) {
		size_t size = 2 * (b->len + bytes.len);
		uint8_t *more = realloc(b->data, size);

		if (more == NULL)
			return -R_NOMEM;
		b->data = more;
		b->size = size;
	}
	if (bytes.len > 0)
		memcpy(b->data + b->start + b->len, bytes.data, bytes.len);
	b->len += bytes.len;
	return 0;
}

void
membytes_take(struct membytes *b, size_t len)
{
	b->start += len;
	b->len -= len;
	if (b->len == 0)
		b->start = 0;
}

int
memconn_in(struct memconn *m, struct view bytes)
{
	return membytes_put(&m->in, bytes);
}

struct view
memconn_out(const struct memconn *m)
{
	return view_of(m->out.data + m->out.start, m->out.len);
}

void
memconn_sent(struct memconn *m, size_t len)
{
	membytes_take(&m->out, len);
}

/* ---- life ---- */

/* One stream in each direction. */
static int
zip_start(struct memconn *m)
{
	size_t size = (zip_pool_size(m->ops->zip, 1, 1) + 63) / 64 * 64;

	m->zip_mem = aligned_alloc(64, size);
	if (m->zip_mem == NULL)
		return -1;
	memset(m->zip_mem, 0, size);
	zip_pool_init(&m->zip, m->zip_mem, m->ops->zip, 1, 1);
	m->env.zip = &m->zip;
	return 0;
}

int
memconn_init(struct memconn *m, enum ssh_role role, const struct ssh_env *limits, const char *comment,
    struct rng *rng, const struct memconn_ops *ops, uint64_t now)
{
	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->rng = rng;
	m->now = now;
	m->pool_mem = aligned_alloc(64, pool_size(MEMCONN_BLOCKS));
	m->scratch = malloc(2 * RECORD_MAX);
	m->up_bytes = malloc(RECORD_MAX);
	if (m->pool_mem == NULL || m->scratch == NULL || m->up_bytes == NULL)
		return -R_NOMEM;
	pool_init(&m->pool, m->pool_mem, MEMCONN_BLOCKS);
	m->env = *limits;
	m->env.ops = &memconn_ssh_ops;
	m->env.owner = m;
	m->env.pool = &m->pool;
	m->env.stats = &m->stats;
	m->env.scratch = m->scratch;
	m->env.engine = cipher_engine_for;
	m->env.zip = NULL;
	if (ops->zip != NULL && zip_start(m) != 0)
		return -R_NOMEM;
	ssh_init(&m->conn, &m->env, role, m->ctx, m, now);
	return ssh_start(&m->conn, comment);
}

void
memconn_fini(struct memconn *m)
{
	static const struct memconn_ops deaf;

	m->ops = &deaf;
	if (m->conn.env != NULL)
		ssh_fini(&m->conn, R_NONE);
	explicit_bzero(m->slots, sizeof(m->slots));
	if (m->scratch != NULL)
		explicit_bzero(m->scratch, 2 * RECORD_MAX);
	if (m->up_bytes != NULL)
		explicit_bzero(m->up_bytes, RECORD_MAX);
	free(m->zip_mem);
	free(m->pool_mem);
	free(m->scratch);
	free(m->up_bytes);
	free(m->in.data);
	free(m->out.data);
}

void
memconn_end(struct memconn *m, int reason)
{
	if (m->fatal != 0)
		return;
	m->fatal = reason < 0 ? reason : -reason;
	ssh_end(&m->conn, reason, NULL);
}

/* ---- running ---- */

void
memconn_tell(struct memconn *m, uint16_t op, uint32_t chan, uint64_t arg)
{
	const struct link_entry e = { .op = op, .conn = 1, .gen = 1, .chan = chan,
		.arg = { arg, memconn_may_zip(m) } };

	m->ops->up(m->ops->ctx, &e, view_of(NULL, 0));
}

/* What waits for the control side. */
static bool
serve(struct memconn *m)
{
	bool any = m->deadlines != 0 || chanset_next(&m->freed, 0) < CHANSET_MAX || (m->up_waits && !m->up_sent);

	while (m->deadlines != 0) {
		uint64_t which = (uint64_t)__builtin_ctzll(m->deadlines);

		m->deadlines &= m->deadlines - 1;
		memconn_tell(m, LINK_UP_DEADLINE, LINK_CHAN_NONE, which);
	}
	if (m->up_waits && !m->up_sent) {
		m->up_sent = true;
		m->ops->up(m->ops->ctx, &m->up, view_of(m->up_bytes, m->up.len));
	}
	for (uint32_t chan = chanset_next(&m->freed, 0); chan < CHANSET_MAX;
	     chan = chanset_next(&m->freed, chan + 1)) {
		chanset_del(&m->freed, chan);
		memconn_tell(m, LINK_UP_CHAN_FREE, chan, 0);
	}
	return (m->ops->work != NULL && m->ops->work(m->ops->ctx)) || any;
}

int
memconn_run(struct memconn *m, uint64_t now)
{
	bool moved = true;

	m->now = now;
	while (moved) {
		bool served;
		int in, out;

		if (m->env.zip != NULL)
			zip_pool_poll(&m->zip, now);
		in = m->fatal == 0 ? ssh_input(&m->conn, now) : 0;
		if (in < 0)
			memconn_end(m, in);
		served = m->fatal == 0 && serve(m);
		out = ssh_output(&m->conn, now);
		if (out < 0)
			memconn_end(m, out);
		moved = in > 0 || out > 0 || served;
	}
	return m->fatal;
}

uint64_t
memconn_tick(struct memconn *m, uint64_t now)
{
	int fatal = 0;
	uint64_t next = ssh_tick(&m->conn, now, &fatal);

	m->now = now;
	if (fatal != 0)
		memconn_end(m, fatal);
	return next;
}
