#include "dataplane/ssh/ident.h"
#include "dataplane/ssh/inner.h"

void
ssh_init(struct ssh_conn *c, const struct ssh_env *env, enum ssh_role role, struct cipher_ctx *ctx,
    void *user, uint64_t now)
{
	memset(c, 0, sizeof(*c));
	c->env = env;
	c->user = user;
	c->role = role;
	c->phase = SSH_PHASE_IDENT;
	c->ctx = ctx;
	record_dir_init(&c->in, &ctx[0]);
	record_dir_init(&c->out, &ctx[1]);
	fifo_init(&c->ctrl, true);
	fifo_init(&c->delayed, true);
	itemq_init(&c->told, true);
	c->opened_us = now;
	c->heard_us = now;
}

bool
ssh_tell_closed(struct ssh_conn *c, int reason)
{
	const uint64_t why = (uint64_t)(reason < 0 ? -reason : reason);
	const struct view none = { NULL, 0 };

	for (uint32_t at = chanset_next(&c->used, 0); at < SSH_CHAN_MAX; at = chanset_next(&c->used, at + 1)) {
		struct ssh_chan *ch = ssh_chan_at(c, at);

		itemq_clear(&ch->out, c->env->pool);
		itemq_clear(&ch->held, c->env->pool);
		if ((ch->flags & (CHAN_OPEN_TOLD | CHAN_HOST_TOLD)) != CHAN_OPEN_TOLD ||
		    c->env->ops->host(c->env->owner, c, ch, CHAN_UP_CLOSED, why, 0, none))
			chan_drop(c, ch);
	}
	return c->chan_count == 0;
}

void
ssh_fini(struct ssh_conn *c, int reason)
{
	ssh_tell_closed(c, reason);
	fifo_clear(&c->ctrl, c->env->pool);
	fifo_clear(&c->delayed, c->env->pool);
	itemq_clear(&c->told, c->env->pool);
	record_dir_wipe(&c->in);
	record_dir_wipe(&c->out);
	if (c->env->zip != NULL)
		zip_leave(c->env->zip, &c->zip);
	explicit_bzero(&c->pending_in, sizeof(c->pending_in));
	explicit_bzero(&c->pending_out, sizeof(c->pending_out));
	c->phase = SSH_PHASE_CLOSING;
}

int
ssh_start(struct ssh_conn *c, const char *comment)
{
	uint8_t line[SSH_IDENT_MAX];
	struct put w = put_of(line, sizeof(line));
	int rc;

	if (c->ident_out)
		return -R_INTERNAL;
	rc = ident_build(&w, comment);
	if (rc == 0)
		rc = ctrl_put_raw(c, put_view(&w));
	c->ident_out = rc == 0;
	return rc;
}

/* Before the peer's line it is not known that it speaks SSH: a line of text. */
static void
end_in_text(struct ssh_conn *c, const char *text)
{
	uint8_t line[SSH_IDENT_MAX];
	struct put w = put_of(line, sizeof(line));
	size_t len = strlen(text);

	put_bytes(&w, text, len < sizeof(line) - 2 ? len : sizeof(line) - 2);
	put_bytes(&w, "\r\n", 2);
	ctrl_put_raw(c, put_view(&w));
}

static void
end_in_record(struct ssh_conn *c, int reason, const char *text)
{
	uint8_t buf[512];
	struct put w = put_of(buf, sizeof(buf));
	size_t len = strlen(text);

	put_u8(&w, SSH_MSG_DISCONNECT);
	put_u32(&w, reason_disconnect(reason));
	put_string(&w, text, len < 256 ? len : 256);
	put_cstr(&w, "");
	ctrl_put(c, put_view(&w));
}

void
ssh_end(struct ssh_conn *c, int reason, const char *text)
{
	int r = reason < 0 ? -reason : reason;

	if (c->phase == SSH_PHASE_CLOSING)
		return;
	if (text == NULL)
		text = reason_text(r);
	/* What HOLD kept back is not sent any more; nothing may follow DISCONNECT. */
	fifo_clear(&c->delayed, c->env->pool);
	if (reason_disconnect(r) != 0) {
		if (c->phase == SSH_PHASE_IDENT)
			end_in_text(c, text);
		else
			end_in_record(c, r, text);
	}
	c->phase = SSH_PHASE_CLOSING;
	c->ending = true;
}

bool
ssh_drained(const struct ssh_conn *c)
{
	return c->ctrl.len == 0;
}

size_t
ssh_charge(const struct ssh_conn *c)
{
	size_t blocks = c->ctrl.blocks + c->delayed.blocks + c->told.f.blocks;

	for (struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1))
		blocks += ch->out.f.blocks + ch->held.f.blocks;
	for (uint32_t i = 0; i < SSH_CHAN_LEAVES; i++)
		blocks += c->more[i] != NULL;
	return blocks * POOL_BLOCK;
}

void
ssh_host_ready(struct ssh_conn *c, uint32_t link)
{
	struct ssh_chan *ch;

	told_pump(c);
	for (uint32_t at = 0; (ch = ssh_chan_next(c, at)) != NULL;) {
		at = ch->ours + 1; /* it may be gone in the end */
		if ((ch->flags & CHAN_STARTED) && ch->link == link) {
			chan_pump(c, ch);
			chan_settle(c, ch);
		}
	}
}
