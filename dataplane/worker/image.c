#include "dataplane/worker/worker.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void
image_address(char text[INET6_ADDRSTRLEN], const uint8_t b[16])
{
	bool v4 = memcmp(b, v4_prefix, sizeof(v4_prefix)) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? b + 12 : b, text, INET6_ADDRSTRLEN) == NULL)
		text[0] = '\0';
}

static void
put_address(struct put *w, const uint8_t b[16], uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	image_address(text, b);
	put_cstr(w, text);
	put_u16(w, port);
}

static void
put_peer(struct put *w, const struct conn *c)
{
	put_address(w, c->at.remote, c->at.remote_port);
	put_address(w, c->at.local, c->at.local_port);
}

static void
put_fifo(struct put *w, const struct fifo *f)
{
	uint8_t *at;

	put_u32(w, f->len);
	at = put_room(w, f->len);
	if (at != NULL)
		(void)fifo_copy(f, 0, at, f->len);
}

static void
field_u8(struct put *w, uint8_t number, uint8_t v)
{
	note_put(w, number, view_of(&v, 1));
}

static void
field_fifo(struct put *w, uint8_t number, const struct fifo *f)
{
	if (f->len == 0)
		return;
	put_u8(w, number);
	put_fifo(w, f);
}

static void
field_peer(struct put *w, uint8_t number, const struct conn *c)
{
	size_t mark;

	put_u8(w, number);
	mark = put_mark(w);
	put_peer(w, c);
	put_fill(w, mark);
}

static void
field_chan(struct put *w, const struct ssh_chan *ch)
{
	size_t mark;

	put_u8(w, ADOPT_CHAN);
	mark = put_mark(w);
	put_u32(w, ch->ours);
	put_u32(w, ch->peers);
	put_u8(w, (ch->flags & CHAN_STARTED) != 0);
	put_u8(w, (uint8_t)(ch->flags & (CHAN_EOF_IN | CHAN_EOF_OUT | CHAN_CLOSE_IN | CHAN_CLOSE_OUT)));
	put_u32(w, ch->link);
	put_fill(w, mark);
}

size_t
image_adopt(struct worker *w, struct conn *c)
{
	struct put p = put_of(w->image, WORKER_IMAGE_MAX);
	const struct ssh_conn *s = &c->ssh;

	note_begin(&p);
	field_u8(&p, ADOPT_PHASE, (uint8_t)s->phase);
	field_peer(&p, ADOPT_PEER, c);
	field_fifo(&p, ADOPT_NOTE, &c->note);
	if (c->first_hash_len > 0)
		note_put(&p, ADOPT_FIRST_HASH, view_of(c->first_hash, c->first_hash_len));
	field_fifo(&p, ADOPT_GRANT, &c->grant);
	field_u8(&p, ADOPT_HOLD, s->hold);
	field_u8(&p, ADOPT_KEYS_PENDING, s->keys_pending);
	field_u8(&p, ADOPT_DEADLINES, s->kexinit_expired);
	note_put(&p, ADOPT_IDENT, view_of(c->ident, c->ident_len));
	for (const struct ssh_chan *ch = ssh_chan_next(s, 0); ch != NULL; ch = ssh_chan_next(s, ch->ours + 1))
		field_chan(&p, ch);
	return p.bad ? 0 : put_len(&p);
}

size_t
image_conn(struct worker *w, struct conn *c, uint8_t *dst, size_t size)
{
	struct put p = put_of(dst, size);

	put_u32(&p, conn_id(w, c));
	put_u32(&p, c->gen);
	put_peer(&p, c);
	put_u8(&p, (uint8_t)c->ssh.phase);
	put_string(&p, c->first_hash, c->first_hash_len);
	put_fifo(&p, &c->grant);
	put_u64(&p, c->opened_ms);
	return p.bad ? 0 : put_len(&p);
}

/* Everything of the grant but where the peer is: that is the dataplane's word. */
int
image_grant(struct worker *w, struct conn *c, struct view grant)
{
	struct put p = put_of(w->image, GRANT_MAX + 512u);
	struct grant *check = (struct grant *)(void *)w->step;
	struct fifo fresh;
	struct view body;
	struct cur at;
	uint16_t version;
	uint8_t number;
	int r;

	if (grant.len > GRANT_MAX || grant_decode(check, grant) != 0)
		return -R_LINK_NOTE;
	if (note_open(&at, grant, &version) != 0)
		return -R_LINK_NOTE;
	put_u16(&p, version);
	while ((r = note_next(&at, &number, &body)) == 1)
		if (number != GRANT_PEER)
			note_put(&p, number, body);
	field_peer(&p, GRANT_PEER, c);
	if (r < 0 || p.bad || put_len(&p) > GRANT_MAX)
		return -R_LINK_NOTE;
	fifo_init(&fresh, true);
	if (!fifo_put(&fresh, &w->pool, p.start, put_len(&p)))
		return -R_NOMEM;
	fifo_clear(&c->grant, &w->pool);
	c->grant = fresh;
	return 0;
}
