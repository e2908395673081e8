/* What the connection asks of its surroundings. */
#include "tools/client/memconn_inner.h"

/* Every exchange takes the connection's place anew: without compression it goes. */
uint64_t
memconn_may_zip(struct memconn *m)
{
	return m->env.zip != NULL && zip_place(&m->zip, &m->conn.zip, false) ? LINK_MAY_ZIP : 0;
}

static size_t
op_peek(void *owner, struct ssh_conn *c, void *dst, size_t len)
{
	const struct memconn *m = owner;

	(void)c;
	if (len > m->in.len)
		len = m->in.len;
	if (len > 0)
		memcpy(dst, m->in.data + m->in.start, len);
	return len;
}

static void
op_take(void *owner, struct ssh_conn *c, size_t len)
{
	struct memconn *m = owner;

	(void)c;
	membytes_take(&m->in, len);
}

static size_t
op_readable(void *owner, struct ssh_conn *c)
{
	const struct memconn *m = owner;

	(void)c;
	return m->in.len;
}

static size_t
op_room(void *owner, struct ssh_conn *c)
{
	const struct memconn *m = owner;

	(void)c;
	return m->out.len < MEMCONN_OUT_MAX ? MEMCONN_OUT_MAX - m->out.len : 0;
}

static void
op_room_short(void *owner, struct ssh_conn *c)
{
	(void)owner;
	(void)c;
}

static int
op_wire(void *owner, struct ssh_conn *c, const uint8_t *data, size_t len)
{
	struct memconn *m = owner;

	(void)c;
	if (m->ops->sealed != NULL)
		m->ops->sealed(m->ops->ctx, len);
	return membytes_put(&m->out, view_of(data, len));
}

static bool
op_control_ready(void *owner, struct ssh_conn *c)
{
	const struct memconn *m = owner;

	(void)c;
	return !m->up_waits;
}

static const uint16_t up_ops[] = {
	[SSH_UP_IDENT] = LINK_UP_IDENT,
	[SSH_UP_RECORD] = LINK_UP_RECORD,
	[SSH_UP_NEWKEYS] = LINK_UP_NEWKEYS,
	[SSH_UP_REKEY] = LINK_UP_REKEY,
};

static int
op_control(void *owner, struct ssh_conn *c, enum ssh_up kind, struct view payload, uint32_t seq,
    uint32_t chan, uint64_t arg)
{
	struct memconn *m = owner;

	(void)c;
	if (kind == SSH_UP_DEADLINE) {
		m->deadlines |= 1ull << arg;
		return 0;
	}
	if (m->up_waits || payload.len > RECORD_MAX)
		return -R_SSH_QUEUE;
	m->up = (struct link_entry){ .op = up_ops[kind], .conn = 1, .gen = 1, .chan = chan, .seq = seq,
		.len = (uint32_t)payload.len, .serial = ++m->serial };
	m->up.msg = kind == SSH_UP_RECORD ? payload.data[0] : 0;
	if (m->up.msg == SSH_MSG_KEXINIT || kind == SSH_UP_REKEY)
		m->up.arg[1] = memconn_may_zip(m);
	if (payload.len > 0)
		memcpy(m->up_bytes, payload.data, payload.len);
	m->up_waits = true;
	m->up_sent = false;
	return 0;
}

static bool
op_host(void *owner, struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint64_t arg0, uint64_t arg1,
    struct view payload)
{
	struct memconn *m = owner;
	const struct memconn_ops *ops = m->ops;

	(void)c;
	if (kind == CHAN_UP_OPEN)
		m->credit[ch->ours] = arg1;
	if (kind == CHAN_UP_CREDIT)
		m->credit[ch->ours] += arg0;
	return ops->chan == NULL || ops->chan(ops->ctx, ch->ours, kind, arg0, payload) || kind == CHAN_UP_CREDIT;
}

static void
op_chan_free(void *owner, struct ssh_conn *c, uint32_t ours, uint32_t use, bool started)
{
	struct memconn *m = owner;

	(void)c;
	(void)use;
	(void)started;
	chanset_add(&m->freed, ours);
}

static void
op_drop(void *owner, int reason)
{
	(void)owner;
	(void)reason;
}

static void
op_random(void *owner, void *dst, size_t len)
{
	struct memconn *m = owner;

	rng_fill(m->rng, dst, len);
}

const struct ssh_ops memconn_ssh_ops = {
	.peek = op_peek, .take = op_take, .readable = op_readable, .room = op_room, .room_short = op_room_short,
	.wire = op_wire, .control_ready = op_control_ready, .control = op_control, .host = op_host,
	.chan_free = op_chan_free, .drop = op_drop, .random = op_random,
};
