/*
 * Two connections whose hosts, control sides and wire do what a seed says:
 * channels come and go, hosts write, stall, end, close and die, either side or
 * both start exchanges, the wire is narrow or cut into bytes. Every byte that
 * arrives is the right one, what was ended in order arrives whole, no side ever
 * finds fault with the other, and all memory comes back. A failure is one number.
 *
 * SEEDS=n and SEED=first choose the range.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define CHANNELS 6u
#define STEPS 1500

/* What the random walk has to reach, or it proves nothing. */
static struct {
	unsigned rekeys, crossed, held_start, window_shut, host_stalled, both_closed, host_died, reused,
	    closed_kexing, whole, data_kexing, last_word;
} reached;

struct life {
	bool open;             /* both sides have it */
	bool started[2], eof[2], closed[2], orderly[2];
};

struct world {
	struct duo *d;
	struct life life[CHANNELS];
};

static uint64_t
rnd(struct world *w, uint64_t n)
{
	return duo_random(w->d) % n;
}

static void
chan_open(struct world *w, uint32_t n)
{
	static const uint32_t windows[] = { 0, 1, 500, 40000, 2097152 };
	static const uint32_t packets[] = { 1, 100, 4096, 32768 };
	uint32_t window = windows[rnd(w, 5)], packet = packets[rnd(w, 4)];

	if (w->life[n].open)
		return;
	if (packet == 1)
		window = window > 500 ? 500 : window;
	if (chanset_has(&w->d->s[SRV].freed, n))
		reached.reused++;
	duo_channel_bare(w->d, n, window, packet);
	for (int s = 0; s < 2; s++)
		w->d->s[s].host[n].linger = rnd(w, 2); /* has a last word when the peer closed */
	w->life[n] = (struct life){ .open = true, .orderly = { true, true } };
}

static void
chan_start(struct world *w, int side, uint32_t n)
{
	struct life *l = &w->life[n];
	struct ssh_conn *c = &w->d->s[side].c;
	int rc;

	if (!l->open || l->started[side])
		return;
	if (chanset_has(&c->used, n) && ssh_chan_at(c, n)->held.count > 0)
		reached.held_start++;
	rc = ssh_do_chan_start(c, n, DUO_LINK, rnd(w, 2), view_str("start"));
	CU_ASSERT(rc == 0 || rc == -R_LINK_CHAN);
	l->started[side] = rc == 0;
}

/* The host has asked for CLOSE, by itself or because its peer did. */
static bool
closed(struct world *w, int side, uint32_t n)
{
	const struct ssh_conn *c = &w->d->s[side].c;

	return w->life[n].closed[side] ||
	    (chanset_has(&c->used, n) && (ssh_chan_at(c, n)->flags & CHAN_HOST_CLOSED) != 0);
}

static void
host_write(struct world *w, int side, uint32_t n)
{
	struct duo_host *h = &w->d->s[side].host[n];
	struct ssh_chan *ch = duo_chan(w->d, side, n);
	static uint8_t buf[SSH_CHAN_OUT_MAX];
	uint64_t len;

	if (ch == NULL || w->life[n].eof[side] || closed(w, side, n))
		return;
	if (h->credit == 0) {
		reached.window_shut++;
		return;
	}
	len = 1 + rnd(w, rnd(w, 3) ? (h->credit < 300 ? h->credit : 300) : h->credit);
	if (ch->packet_out_max < 100 && len > 50)
		len = 50;
	for (uint64_t i = 0; i < len; i++)
		buf[i] = duo_byte(side, n, h->sent + i);
	CU_ASSERT_EQUAL(ssh_host_data(&w->d->s[side].c, ch, 0, view_of(buf, len)), 0);
	h->sent += len;
	h->credit -= len;
	if (w->d->s[side].c.hold)
		reached.data_kexing++;
}

static void
host_take(struct world *w, int side, uint32_t n)
{
	struct duo_host *h = &w->d->s[side].host[n];
	struct ssh_chan *ch = duo_chan(w->d, side, n);
	uint64_t some;

	if (ch == NULL || h->unread == 0)
		return;
	some = rnd(w, 2) ? h->unread : 1 + rnd(w, h->unread);
	CU_ASSERT_EQUAL(ssh_host_took(&w->d->s[side].c, ch, some), 0);
	h->unread -= some;
}

static void
host_eof(struct world *w, int side, uint32_t n)
{
	struct ssh_chan *ch = duo_chan(w->d, side, n);

	if (ch == NULL || w->life[n].eof[side] || closed(w, side, n))
		return;
	CU_ASSERT_EQUAL(ssh_host_eof(&w->d->s[side].c, ch), 0);
	w->life[n].eof[side] = true;
}

static void
host_close(struct world *w, int side, uint32_t n)
{
	struct ssh_chan *ch = duo_chan(w->d, side, n);
	struct life *l = &w->life[n];
	uint8_t buf[19];
	struct put status = put_of(buf, sizeof(buf));

	put_cstr(&status, "exit-status");
	put_u32(&status, 1);
	if (ch == NULL || closed(w, side, n))
		return;
	if (rnd(w, 2)) {
		CU_ASSERT_EQUAL(ssh_host_request(&w->d->s[side].c, ch, put_view(&status)), 0);
		reached.last_word += w->d->s[side].host[n].shut;
	}
	CU_ASSERT_EQUAL(ssh_host_close(&w->d->s[side].c, ch), 0);
	l->closed[side] = true;
	/* Who closes takes nothing more: the other's bytes may be lost from here on. */
	l->orderly[!side] = false;
	if (l->closed[!side])
		reached.both_closed++;
	if (w->d->s[side].c.kex_in || w->d->s[side].c.hold)
		reached.closed_kexing++;
}

static void
host_dies(struct world *w, int side)
{
	ssh_host_gone(&w->d->s[side].c, DUO_LINK);
	reached.host_died++;
	for (uint32_t n = 0; n < CHANNELS; n++) {
		struct life *l = &w->life[n];

		if (l->open && l->started[side]) {
			l->closed[side] = true;
			l->orderly[!side] = l->orderly[side] = false;
		}
	}
}

static void
rekey(struct world *w, int side)
{
	struct duo *d = w->d;

	if (!d->s[side].c.hold && d->s[!side].c.hold && !d->s[side].c.kex_in)
		reached.crossed++;
	duo_rekey(d, side);
	reached.rekeys++;
}

static void
stall(struct world *w, int side)
{
	struct duo_side *s = &w->d->s[side];

	s->host_full = !s->host_full;
	reached.host_stalled += s->host_full;
	if (!s->host_full)
		ssh_host_ready(&s->c, DUO_LINK);
}

/* A number is free again when both sides gave it back. */
static void
reap(struct world *w)
{
	for (uint32_t n = 0; n < CHANNELS; n++) {
		struct life *l = &w->life[n];

		if (!l->open || !chanset_has(&w->d->s[SRV].freed, n) || !chanset_has(&w->d->s[CLI].freed, n))
			continue;
		for (int s = 0; s < 2; s++) {
			struct duo_host *to = &w->d->s[!s].host[n];

			CU_ASSERT(!to->bad);
			if (!l->orderly[s] || !l->eof[s] || !l->started[!s])
				continue;
			/* Nobody cut this direction short before its EOF arrived. */
			if (strchr(to->log, 'e') != NULL) {
				CU_ASSERT_EQUAL(to->got, w->d->s[s].host[n].sent);
				reached.whole++;
			}
		}
		l->open = false;
	}
}

static void
act(struct world *w)
{
	int side = (int)rnd(w, 2);
	uint32_t n = (uint32_t)rnd(w, CHANNELS);

	switch (rnd(w, 40)) {
	case 0:
	case 1:
		chan_open(w, n);
		break;
	case 2:
	case 3:
	case 4:
		chan_start(w, side, n);
		break;
	case 5:
		host_eof(w, side, n);
		break;
	case 6:
		if (rnd(w, 3) == 0)
			host_close(w, side, n);
		break;
	case 7:
		if (rnd(w, 40) == 0)
			host_dies(w, side);
		break;
	case 8:
		if (rnd(w, 4) == 0)
			rekey(w, side);
		break;
	case 9:
		stall(w, side);
		break;
	case 10:
		w->d->s[side].room_each = 36000 + rnd(w, 60000);
		break;
	case 11:
		w->d->step = rnd(w, 4) == 0 ? 1 + rnd(w, 3000) : 0;
		break;
	case 12:
	case 13:
	case 14:
	case 15:
	case 16:
	case 17:
	case 18:
	case 19:
		host_write(w, side, n);
		break;
	case 20:
	case 21:
	case 22:
	case 23:
	case 24:
		host_take(w, side, n);
		break;
	default:
		duo_turn(w->d);
		reap(w);
		break;
	}
}

/* Everybody takes what is there and closes: nothing may be left. */
static void
wind_up(struct world *w)
{
	struct duo *d = w->d;

	d->step = 0;
	for (int s = 0; s < 2; s++) {
		if (d->s[s].host_full)
			stall(w, s);
		d->s[s].room_each = 1u << 20;
	}
	for (uint32_t n = 0; n < CHANNELS; n++)
		for (int s = 0; s < 2; s++)
			chan_start(w, s, n);
	for (int i = 0; i < 400; i++) {
		duo_run(d);
		for (uint32_t n = 0; n < CHANNELS; n++)
			for (int s = 0; s < 2; s++)
				duo_take(d, s, n);
	}
	for (uint32_t n = 0; n < CHANNELS; n++) {
		host_eof(w, SRV, n);
		host_eof(w, CLI, n);
	}
	duo_run(d);
	for (uint32_t n = 0; n < CHANNELS; n++) {
		duo_take(d, SRV, n);
		duo_take(d, CLI, n);
		host_close(w, SRV, n);
	}
	duo_run(d);
	for (uint32_t n = 0; n < CHANNELS; n++)
		host_close(w, CLI, n);
	duo_run(d);
	reap(w);
}

static void
run(uint64_t seed)
{
	struct world w = { .d = duo_new(seed % 3 + 1) };

	w.d->seed = seed * 2654435761u;
	w.d->strict = seed & 1;
	duo_login(w.d);
	for (int i = 0; i < STEPS; i++)
		act(&w);
	wind_up(&w);
	for (int s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(w.d->s[s].fatal, 0);
		CU_ASSERT(!w.d->s[s].c.hold && !w.d->s[s].c.kex_in);
	}
	/* A channel without any window may keep queued bytes for ever; all others
	 * are closed. */
	for (uint32_t n = 0; n < CHANNELS; n++)
		CU_ASSERT(!w.life[n].open || ssh_chan_at(&w.d->s[SRV].c, n)->window_in_max == 0);
	duo_free(w.d);
}

static uint64_t
env_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void
test_seeds(void)
{
	uint64_t first = env_number("SEED", 1), count = env_number("SEEDS", 120);

	for (uint64_t seed = first; seed < first + count; seed++) {
		unsigned before = CU_get_number_of_failures();

		run(seed);
		if (CU_get_number_of_failures() != before) {
			printf("\nSEED=%llu fails\n", (unsigned long long)seed);
			return;
		}
	}
	printf("\nrekeys %u crossed %u data meanwhile %u, held starts %u, windows shut %u, hosts stalled %u "
	       "died %u, both closed %u, closed while kexing %u, numbers reused %u, whole %u, last words %u\n",
	    reached.rekeys, reached.crossed, reached.data_kexing, reached.held_start, reached.window_shut,
	    reached.host_stalled, reached.host_died, reached.both_closed, reached.closed_kexing,
	    reached.reused, reached.whole, reached.last_word);
	if (count < 100)
		return;
	CU_ASSERT(reached.rekeys > 0 && reached.crossed > 0 && reached.data_kexing > 0);
	CU_ASSERT(reached.held_start > 0 && reached.window_shut > 0 && reached.host_stalled > 0);
	CU_ASSERT(reached.host_died > 0 && reached.both_closed > 0 && reached.closed_kexing > 0);
	CU_ASSERT(reached.reused > 0 && reached.whole > 0 && reached.last_word > 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "random lives", test_seeds },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sim_ssh", tests);
}
