#include "dataplane/ssh/inner.h"

#define CTRL_HEAD 4u

static int
queue_put(struct ssh_conn *c, struct fifo *f, uint32_t max, uint32_t flags, struct view bytes)
{
	uint8_t head[CTRL_HEAD];
	struct put w = put_of(head, sizeof(head));

	if (f->len + CTRL_HEAD + bytes.len > max)
		return -R_SSH_QUEUE;
	if (!fifo_fits(f, c->env->pool, CTRL_HEAD + bytes.len))
		return -R_NOMEM;
	put_u32(&w, flags | (uint32_t)bytes.len);
	fifo_put(f, c->env->pool, head, sizeof(head));
	fifo_put(f, c->env->pool, bytes.data, bytes.len);
	return 0;
}

int
ctrl_put(struct ssh_conn *c, struct view payload)
{
	/* Behind what HOLD kept back, so that the order of the senders stays. */
	if (mux_held(payload.data[0]) && (c->hold || c->delayed.len > 0))
		return queue_put(c, &c->delayed, SSH_HOLD_MAX, 0, payload);
	return queue_put(c, &c->ctrl, SSH_CTRL_MAX, 0, payload);
}

int
ctrl_put_raw(struct ssh_conn *c, struct view bytes)
{
	return queue_put(c, &c->ctrl, SSH_CTRL_MAX, CTRL_RAW, bytes);
}

int
out_emit(struct ssh_conn *c, size_t len, size_t *room)
{
	const struct ssh_env *env = c->env;
	uint8_t random[RECORD_RANDOM];
	uint8_t *dst = scratch_out(c);
	struct view payload = view_of(dst + RECORD_HEAD, len);
	int n = 0;

	if (c->zip.out.on)
		n = zip_seal(env->zip, &c->zip, payload, &payload);
	if (n < 0)
		return n;
	trace(c, true, view_of(dst + RECORD_HEAD, len), c->out.seq, record_size(&c->out, payload.len));
	env->ops->random(env->owner, random, sizeof(random));
	stage(c, SSH_STAGE_SEAL, payload.len);
	n = record_seal(&c->out, dst, RECORD_MAX, payload, random);
	stage(c, SSH_STAGE_REST, 0);
	if (n < 0)
		return n;
	*room -= (size_t)n;
	return env->ops->wire(env->owner, c, dst, (size_t)n);
}

static bool
fits(struct ssh_conn *c, size_t size, size_t room)
{
	if (size <= room)
		return true;
	c->env->ops->room_short(c->env->owner, c);
	return false;
}

bool
out_may(struct ssh_conn *c, size_t len, size_t room)
{
	if (!c->zip.out.on)
		return fits(c, record_size(&c->out, len), room);
	return zip_may(c->env->zip, &c->zip) && fits(c, record_size(&c->out, zip_wire(len)), room);
}

static int
raw_out(struct ssh_conn *c, struct fifo *f, uint32_t len, size_t *room)
{
	uint8_t *dst = scratch_out(c);
	int rc;

	if (!fits(c, len, *room))
		return 0;
	fifo_copy(f, CTRL_HEAD, dst, len);
	fifo_take(f, c->env->pool, CTRL_HEAD + len);
	rc = c->env->ops->wire(c->env->owner, c, dst, len);
	*room -= len;
	return rc < 0 ? rc : 1;
}

/* The first record of a control queue: 1, 0 for no room, or -R_*. */
static int
record_out(struct ssh_conn *c, struct fifo *f, size_t *room)
{
	uint8_t head[CTRL_HEAD];
	struct cur r = cur_of(head, sizeof(head));
	uint8_t *payload = scratch_out(c) + RECORD_HEAD;
	uint32_t len;
	uint8_t msg;
	int rc;

	fifo_copy(f, 0, head, sizeof(head));
	len = cur_u32(&r);
	if (len & CTRL_RAW)
		return raw_out(c, f, len & ~CTRL_RAW, room);
	if (!out_may(c, len, *room))
		return 0;
	fifo_copy(f, CTRL_HEAD, payload, len);
	fifo_take(f, c->env->pool, CTRL_HEAD + len);
	msg = payload[0];
	rc = out_emit(c, len, room);
	if (rc >= 0 && msg == SSH_MSG_NEWKEYS)
		rc = keys_out_switch(c);
	if (rc >= 0 && msg == SSH_MSG_USERAUTH_SUCCESS && c->role == SSH_SERVER)
		zip_login_out(c);
	return rc < 0 ? rc : 1;
}

static int
queue_out(struct ssh_conn *c, struct fifo *f, int most, size_t *room)
{
	int count = 0;

	while (f->len > 0 && count < most) {
		int rc = record_out(c, f, room);

		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		count++;
	}
	return count;
}

int
ssh_output(struct ssh_conn *c, uint64_t now)
{
	size_t room = c->env->ops->room(c->env->owner, c);
	int total, rc;

	if (c->env->zip != NULL)
		zip_turn(c->env->zip, &c->zip);
	total = queue_out(c, &c->ctrl, SSH_OUTPUT_BATCH, &room);
	if (total < 0 || c->ctrl.len > 0 || c->hold || c->phase == SSH_PHASE_CLOSING)
		return total;
	rc = queue_out(c, &c->delayed, SSH_OUTPUT_BATCH - total, &room);
	if (rc < 0)
		return rc;
	total += rc;
	if (c->delayed.len > 0 || c->chan_count == 0)
		return total;
	rc = mux_out(c, SSH_OUTPUT_BATCH - total, &room, now);
	if (rc < 0)
		return rc;
	total += rc;
	rc = rekey_check(c, now);
	return rc < 0 ? rc : total;
}
