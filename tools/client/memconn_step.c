/* A step takes effect. */
#include "abi/link/slot.h"
#include "tools/client/memconn_inner.h"

static int
do_newkeys(struct memconn *m, const struct step *s, struct cur *c)
{
	struct link_slot k;
	struct ssh_new_keys keys;
	int r = slot_take(m->slots, cur_u32(c), s->conn, s->gen, &k);

	keys = (struct ssh_new_keys){
		.suite_in = k.in.suite, .suite_out = k.out.suite, .reset_seq = k.strict != 0,
		.zip_in = k.zip_in == LINK_ZIP_DELAYED, .zip_out = k.zip_out == LINK_ZIP_DELAYED,
		.key_in = k.in.key, .iv_in = k.in.iv, .mac_in = k.in.mac,
		.key_out = k.out.key, .iv_out = k.out.iv, .mac_out = k.out.mac,
	};
	if (r == 0)
		r = ssh_do_newkeys(&m->conn, &keys, m->now);
	explicit_bzero(&k, sizeof(k));
	return r;
}

static int
do_phase(struct memconn *m, struct cur *c)
{
	enum ssh_phase to = (enum ssh_phase)cur_u8(c);
	int r = ssh_do_phase(&m->conn, to);

	if (r == 0 && m->ops->phase != NULL)
		m->ops->phase(m->ops->ctx, to);
	return r;
}

static int
do_close(struct memconn *m, struct cur *c)
{
	int reason = (int)cur_u32(c);
	struct view said = cur_string(c);
	char text[256];
	size_t len = said.len < sizeof(text) - 1 ? said.len : sizeof(text) - 1;

	if (len > 0)
		memcpy(text, said.data, len);
	text[len] = '\0';
	if (m->fatal == 0)
		m->fatal = -reason;
	ssh_end(&m->conn, reason, len > 0 ? text : NULL);
	return 0;
}

static int
do_chan_new(struct memconn *m, struct cur *c)
{
	uint32_t v[6];

	for (int i = 0; i < 6; i++)
		v[i] = cur_u32(c);
	return ssh_do_chan_new(&m->conn, v[0], v[1], v[2], v[3], v[4], v[5]);
}

/* The peer may have closed the channel meanwhile. */
static int
forgive_closed(int r)
{
	return r == -R_LINK_CHAN ? 0 : r;
}

static int
do_chan_start(struct memconn *m, struct cur *c)
{
	uint32_t ours = cur_u32(c), link = cur_u32(c);
	bool want_reply = cur_bool(c);

	return forgive_closed(ssh_do_chan_start(&m->conn, ours, link, want_reply, cur_take(c, cur_left(c))));
}

static int
do_item(struct memconn *m, const struct step *s, uint8_t item, struct view body)
{
	struct cur c = cur_view(body);

	switch (item) {
	case LINK_ITEM_RECORD:
		return ssh_do_record(&m->conn, body);
	case LINK_ITEM_HOLD:
		return ssh_do_hold(&m->conn, m->now);
	case LINK_ITEM_NEWKEYS:
		return do_newkeys(m, s, &c);
	case LINK_ITEM_NOTE:
		if (m->ops->note != NULL)
			m->ops->note(m->ops->ctx, body);
		return 0;
	case LINK_ITEM_PHASE:
		return do_phase(m, &c);
	case LINK_ITEM_CLOSE:
		return do_close(m, &c);
	case LINK_ITEM_CHAN_NEW:
		return do_chan_new(m, &c);
	case LINK_ITEM_CHAN_START:
		return do_chan_start(m, &c);
	case LINK_ITEM_CHAN_CLOSE:
		return forgive_closed(ssh_do_chan_close(&m->conn, cur_u32(&c)));
	default:
		return -R_LINK_ITEM;
	}
}

int
memconn_apply(struct memconn *m, const struct step *s)
{
	struct cur c = cur_of(s->w.start, put_len(&s->w));
	int r = step_bad(s) ? -R_LIMIT : 0;

	while (r == 0 && cur_left(&c) > 0) {
		uint8_t item = cur_u8(&c);

		r = do_item(m, s, item, cur_string(&c));
	}
	if (s->done && m->up_waits && s->serial == m->up.serial) {
		m->up_waits = m->up_sent = false;
		explicit_bzero(m->up_bytes, m->up.len);
	}
	if (r != 0)
		memconn_end(m, r);
	return r;
}
