#include "tests/unit/dataplane/ssh/duo.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "dataplane/ssh/inner.h"
#include "tests/unit/dataplane/ssh/duo_inner.h"
#include "tests/unit/dataplane/ssh/toy.h"

uint64_t
duo_random(struct duo *d)
{
	d->seed = d->seed * 6364136223846793005ull + 1442695040888963407ull;
	return d->seed >> 33;
}

uint8_t
duo_byte(int from, uint32_t n, uint64_t pos)
{
	return (uint8_t)(pos * 131 + (pos >> 8) + (pos >> 17) + (uint64_t)from * 7 + n);
}

/* ---- life ---- */

static void
side_new(struct duo *d, struct duo_side *s, enum ssh_role role)
{
	s->pool_mem = aligned_alloc(64, pool_size(DUO_POOL));
	pool_init(&s->pool, s->pool_mem, DUO_POOL);
	s->scratch = malloc(2 * RECORD_MAX);
	s->room_each = 1u << 20;
	s->env = (struct ssh_env){ .ops = &duo_ops, .owner = d, .pool = &s->pool, .stats = &s->stats, .scratch = s->scratch,
		.engine = toy_engine, .rekey_deadline_us = 60000000 };
	ssh_init(&s->c, &s->env, role, s->ctx, s, d->now);
}

void
duo_zip(struct duo *d, const struct zip_engine *e, uint32_t in_max, uint32_t out_max)
{
	for (int i = 0; i < 2; i++) {
		struct duo_side *s = &d->s[i];
		size_t size = zip_pool_size(e, in_max, out_max);

		s->zip_mem = aligned_alloc(64, size);
		memset(s->zip_mem, 0, size);
		zip_pool_init(&s->zip, s->zip_mem, e, in_max, out_max);
		s->env.zip = &s->zip;
		s->zip_in = s->zip_out = true;
	}
}

struct duo *
duo_new(uint16_t suite)
{
	struct duo *d = aligned_alloc(64, (sizeof(*d) + 63) / 64 * 64);

	memset(d, 0, sizeof(*d));
	d->suite = suite;
	d->strict = true;
	d->now = 1000000;
	d->seed = 42;
	side_new(d, &d->s[SRV], SSH_SERVER);
	side_new(d, &d->s[CLI], SSH_CLIENT);
	return d;
}

void
duo_free(struct duo *d)
{
	static const uint8_t zero[2 * sizeof(struct cipher_ctx)];

	for (int i = 0; i < 2; i++) {
		struct duo_side *s = &d->s[i];

		ssh_fini(&s->c, R_NONE);
		CU_ASSERT_EQUAL(s->pool.free_count, s->pool.count);
		CU_ASSERT_EQUAL(ssh_charge(&s->c), 0);
		CU_ASSERT(memcmp(s->ctx, zero, sizeof(s->ctx)) == 0);
		for (unsigned u = 0; u < s->up_count; u++)
			free(s->up[u].data);
		if (s->zip_mem != NULL) {
			CU_ASSERT_EQUAL(s->zip.places + s->zip.guests + s->zip.busy_in + s->zip.busy_out.count, 0);
			free(s->zip_mem);
		}
		free(s->pool_mem);
		free(s->scratch);
		free(s->rx);
	}
	CU_ASSERT_EQUAL(toy_live, 0);
	free(d);
}

/* ---- the control side ---- */

int
duo_record(struct duo *d, int side, const void *payload, size_t len)
{
	return ssh_do_record(&d->s[side].c, view_of(payload, len));
}

int
duo_kexinit(struct duo *d, int side)
{
	uint8_t kexinit[64] = { SSH_MSG_KEXINIT };
	int rc = duo_record(d, side, kexinit, sizeof(kexinit));

	return rc != 0 ? rc : ssh_do_hold(&d->s[side].c, d->now);
}

static void
newkeys(struct duo *d, int side)
{
	uint8_t key[2][64], iv[2][16];
	struct ssh_new_keys k = { .suite_in = d->suite, .suite_out = d->suite, .reset_seq = d->strict };
	int in = side == SRV ? 0 : 1;

	for (int dir = 0; dir < 2; dir++) {
		memset(key[dir], (int)(d->epoch * 2 + (unsigned)dir), sizeof(key[dir]));
		memset(iv[dir], (int)(d->epoch + 9), sizeof(iv[dir]));
	}
	k.key_in = k.mac_in = key[in];
	k.iv_in = iv[in];
	k.zip_in = d->s[side].zip_in;
	k.zip_out = d->s[side].zip_out;
	if (k.zip_in || k.zip_out)
		CU_ASSERT(zip_place(&d->s[side].zip, &d->s[side].c.zip, d->s[side].c.phase != SSH_PHASE_OPEN));
	k.key_out = k.mac_out = key[!in];
	k.iv_out = iv[!in];
	CU_ASSERT_EQUAL(ssh_do_newkeys(&d->s[side].c, &k, d->now), 0);
	d->s[side].kex_count++;
}

static void
answer(struct duo *d, int side, struct duo_up *u)
{
	static const uint8_t init[33] = { SSH_MSG_KEX_ECDH_INIT }, reply[90] = { SSH_MSG_KEX_ECDH_REPLY };
	static const uint8_t accept[] = { 6, 0, 0, 0, 1, 'a' };
	static const uint8_t request[20] = { 50 }, success[] = { 52 };
	struct ssh_conn *c = &d->s[side].c;

	switch (u->data[0]) {
	case SSH_MSG_KEXINIT:
		if (!c->hold)
			CU_ASSERT_EQUAL(duo_kexinit(d, side), 0);
		if (side == CLI)
			CU_ASSERT_EQUAL(duo_record(d, side, init, sizeof(init)), 0);
		break;
	case SSH_MSG_KEX_ECDH_INIT:
		d->epoch++;
		CU_ASSERT_EQUAL(duo_record(d, side, reply, sizeof(reply)), 0);
		newkeys(d, side);
		break;
	case SSH_MSG_KEX_ECDH_REPLY:
		newkeys(d, side);
		break;
	case SSH_MSG_SERVICE_REQUEST:
		CU_ASSERT_EQUAL(duo_record(d, side, accept, sizeof(accept)), 0);
		CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_AUTH), 0);
		break;
	case SSH_MSG_SERVICE_ACCEPT:
		CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_AUTH), 0);
		CU_ASSERT_EQUAL(duo_record(d, side, request, sizeof(request)), 0);
		break;
	case SSH_MSG_USERAUTH_REQUEST:
		c->granted = true;
		CU_ASSERT_EQUAL(duo_record(d, side, success, sizeof(success)), 0);
		CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), 0);
		break;
	case SSH_MSG_USERAUTH_SUCCESS:
		CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), 0);
		break;
	}
}

static bool
control(struct duo *d, int side)
{
	static const uint8_t service[] = { 5, 0, 0, 0, 1, 'a' };
	struct duo_side *s = &d->s[side];
	bool moved = false;

	while (s->up_done < s->up_count && !s->passive) {
		struct duo_up *u = &s->up[s->up_done++];

		switch (u->kind) {
		case SSH_UP_IDENT:
			s->ident_ups++;
			if (side == CLI)
				CU_ASSERT_EQUAL(duo_kexinit(d, side), 0);
			break;
		case SSH_UP_NEWKEYS:
			if (side == CLI && s->c.phase == SSH_PHASE_SERVICE)
				CU_ASSERT_EQUAL(duo_record(d, side, service, sizeof(service)), 0);
			break;
		case SSH_UP_REKEY:
			s->rekey_ups++;
			if (!s->c.hold && !s->c.kex_in)
				CU_ASSERT_EQUAL(duo_kexinit(d, side), 0);
			break;
		case SSH_UP_DEADLINE:
			s->deadline_ups++;
			s->deadline_arg = u->arg;
			break;
		case SSH_UP_RECORD:
			answer(d, side, u);
			break;
		}
		free(u->data);
		u->data = NULL;
		moved = true;
	}
	if (!s->passive)
		s->up_count = s->up_done = 0;
	return moved;
}

/* ---- driving ---- */

/* A host whose peer closed has nothing more to say, unless the test lets it. */
void
duo_hosts_close(struct duo_side *s)
{
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++) {
		struct duo_host *h = &s->host[n];
		struct ssh_chan *ch;

		if (!h->shut || h->linger)
			continue;
		h->shut = false;
		ch = chanset_has(&s->c.used, n) ? ssh_chan_at(&s->c, n) : NULL;
		if (ch != NULL && ssh_chan_of(&s->c, n, ch->link) != NULL)
			ssh_host_close(&s->c, ch);
	}
}

/* What left for a side by now is there after the lag. */
static void
lag_mark(struct duo *d, struct duo_side *to)
{
	uint64_t end = to->rx_taken + to->rx_len;

	if (to->lag_us == 0 || (to->marks > 0 && to->mark[(to->marks - 1) % DUO_MARKS].end == end))
		return;
	CU_ASSERT_FATAL(to->marks - to->marks_past < DUO_MARKS);
	to->mark[to->marks % DUO_MARKS].us = d->now + to->lag_us;
	to->mark[to->marks % DUO_MARKS].end = end;
	to->marks++;
}

static void
lag_see(struct duo *d, struct duo_side *s)
{
	for (; s->marks_past < s->marks && s->mark[s->marks_past % DUO_MARKS].us <= d->now; s->marks_past++)
		s->visible = s->mark[s->marks_past % DUO_MARKS].end - s->rx_taken;
}

static bool
turn_side(struct duo *d, int side)
{
	struct duo_side *s = &d->s[side];
	size_t seen = s->visible, backlog;
	int in = 0, out = 0;
	bool acted;

	zip_pool_poll(&s->zip, d->now);

	if (s->lag_us != 0)
		lag_see(d, s);
	else if (d->step == 0 || s->visible + d->step > s->rx_len)
		s->visible = s->rx_len;
	else
		s->visible += d->step;
	seen = s->visible - seen;
	if (s->fatal == 0)
		in = ssh_input(&s->c, d->now);
	duo_hosts_close(s);
	if (in < 0 && s->fatal == 0)
		s->fatal = in;
	acted = control(d, side);
	backlog = d->s[!side].rx_len;
	s->room = s->room_each > backlog ? s->room_each - backlog : 0;
	if (s->fatal == 0)
		out = ssh_output(&s->c, d->now);
	if (out < 0 && s->fatal == 0)
		s->fatal = out;
	lag_mark(d, &d->s[!side]);
	return in > 0 || out > 0 || seen > 0 || acted;
}

bool
duo_turn(struct duo *d)
{
	bool moved = turn_side(d, SRV);

	return turn_side(d, CLI) || moved;
}

void
duo_run(struct duo *d)
{
	for (unsigned i = 0; i < 2000000 && duo_turn(d); i++)
		;
}

void
duo_login(struct duo *d)
{
	CU_ASSERT_EQUAL(ssh_start(&d->s[SRV].c, ""), 0);
	CU_ASSERT_EQUAL(ssh_start(&d->s[CLI].c, "client"), 0);
	duo_run(d);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(d->s[i].fatal, 0);
		CU_ASSERT_EQUAL(d->s[i].c.phase, SSH_PHASE_OPEN);
		CU_ASSERT_EQUAL(d->s[i].ident_ups, 1);
		CU_ASSERT(d->s[i].c.first_done);
	}
}

void
duo_rekey(struct duo *d, int side)
{
	struct ssh_conn *c = &d->s[side].c;

	if (!c->hold && !c->kex_in && !c->keys_pending && !c->out_pending)
		CU_ASSERT_EQUAL(duo_kexinit(d, side), 0);
}

void
duo_channel_bare(struct duo *d, uint32_t n, uint32_t window, uint32_t packet)
{
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(ssh_do_chan_new(&d->s[i].c, n, n, window, packet, window, packet), 0);
		memset(&d->s[i].host[n], 0, sizeof(d->s[i].host[n]));
		chanset_del(&d->s[i].freed, n);
	}
}

void
duo_channel(struct duo *d, uint32_t n, uint32_t window, uint32_t packet)
{
	duo_channel_bare(d, n, window, packet);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(ssh_do_chan_start(&d->s[i].c, n, DUO_LINK, false, view_str("start")), 0);
}

struct duo *
duo_opened(uint32_t window, uint32_t packet)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	duo_channel(d, 0, window, packet);
	return d;
}

struct ssh_chan *
duo_chan(struct duo *d, int side, uint32_t n)
{
	return ssh_chan_of(&d->s[side].c, n, DUO_LINK);
}

void
duo_take(struct duo *d, int side, uint32_t n)
{
	struct duo_host *h = &d->s[side].host[n];
	struct ssh_chan *ch = duo_chan(d, side, n);

	if (h->unread == 0 || ch == NULL)
		return;
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[side].c, ch, h->unread), 0);
	h->unread = 0;
}

static bool
write_one(struct duo *d, int side, uint32_t n)
{
	struct duo_host *h = &d->s[side].host[n];
	struct ssh_chan *ch = duo_chan(d, side, n);
	uint8_t buf[SSH_CHAN_OUT_MAX];
	uint64_t len = h->goal - h->sent;

	if (ch == NULL || h->goal == 0)
		return false;
	if (len > h->credit)
		len = h->credit;
	if (len > 1)
		len = 1 + duo_random(d) % len;
	for (uint64_t i = 0; i < len; i++)
		buf[i] = duo_byte(side, n, h->sent + i);
	if (len > 0)
		CU_ASSERT_EQUAL(ssh_host_data(&d->s[side].c, ch, 0, view_of(buf, len)), 0);
	h->sent += len;
	h->credit -= len;
	if (h->sent == h->goal && h->eof_at_goal) {
		h->eof_at_goal = false;
		CU_ASSERT_EQUAL(ssh_host_eof(&d->s[side].c, ch), 0);
		return true;
	}
	return len > 0;
}

bool
duo_write(struct duo *d, int side)
{
	bool any = false;

	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++) {
		if (!d->s[side].host[n].hold_back)
			duo_take(d, side, n);
		any |= write_one(d, side, n);
	}
	return any;
}

void
duo_forge(struct duo *d, int from, const void *payload, size_t len)
{
	struct duo_side *s = &d->s[from];
	uint8_t random[RECORD_RANDOM] = { 0 };
	uint8_t *buf = malloc(RECORD_MAX);
	int n = record_seal(&s->c.out, buf, RECORD_MAX, view_of(payload, len), random);

	CU_ASSERT(n > 0);
	duo_pipe(&d->s[!from], buf, (size_t)n);
	free(buf);
}

void
duo_forge_chan(struct duo *d, int from, uint8_t msg, uint32_t chan, const void *rest, size_t len)
{
	uint8_t *buf = malloc(5 + len);
	struct put w = put_of(buf, 5 + len);

	put_u8(&w, msg);
	put_u32(&w, chan);
	put_bytes(&w, rest, len);
	duo_forge(d, from, buf, 5 + len);
	free(buf);
}

void
duo_forge_data(struct duo *d, int from, uint32_t chan, uint32_t len)
{
	uint8_t *buf = calloc(1, 4 + (size_t)len);
	struct put w = put_of(buf, 4);

	put_u32(&w, len);
	duo_forge_chan(d, from, SSH_MSG_CHANNEL_DATA, chan, buf, 4 + (size_t)len);
	free(buf);
}
