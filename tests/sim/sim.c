/* The ends of a run: callbacks, applications, and the loop over time. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_fsm.h"
#include "dataplane/tcp/tcp_wire.h"

#define COOKIE_US 64000000ull /* a cookie is good for so long at least */
#define LIMIT_US (4ull * 3600 * 1000000) /* without a byte that arrives */

struct sim_reached sim_reached;
bool sim_verbose;

void
sim_fail(struct sim *s, const char *why)
{
	if (s->error == NULL)
		s->error = why;
}

/* ---- callbacks ---- */

static void
strip_options(struct sim *s, struct tcp_seg_out *o)
{
	static const uint8_t bit_of[] = { [2] = STRIP_MSS, [3] = STRIP_SHIFT, [4] = STRIP_SACK,
		[8] = STRIP_TS };

	for (uint32_t i = 0; i < o->options_len;) {
		uint8_t kind = o->options[i];
		uint32_t len = kind <= 1 ? 1 : o->options[i + 1];

		if (kind < sizeof(bit_of) && (s->strip & bit_of[kind]))
			memset(o->options + i, 1, len);
		i += len;
	}
}

/* What the IP header would say at the far end: in front of each frame. */
static uint8_t
ecn_field(struct sim *s, const struct tcp_seg_out *o)
{
	uint8_t ecn = o->traffic & TCP_ECN_MASK;

	return ecn != 0 && s->marks > 0 && rng_one_in(&s->rng, s->marks) ? TCP_ECN_CE : ecn;
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct end *e = owner;
	struct sim *s = e->sim;
	struct tcp_seg_out one;
	uint32_t off = 0;

	if (o->flags & TCP_RST)
		sim_reached.rst++;
	do {
		int n;

		off = tcp_cut(o, off, &one);
		if ((o->flags & TCP_SYN) && s->strip != 0)
			strip_options(s, &one);
		watch_out(e, &one);
		s->frame[0] = ecn_field(s, &one);
		n = tcp_seg_build(&one, s->frame + 1, sizeof(s->frame) - 1);
		if (n < 0)
			sim_fail(s, "segment does not build");
		else if (narrow_pass(&s->narrow, &s->rng, e->id, one.seq, (uint32_t)n, s->now))
			path_send(&s->path, 1 - e->id, s->frame, (uint32_t)n + 1, s->now);
		sim_reached.runs += off != 0;
	} while (off != 0);
	return 0;
}

/* A cookie remembers nothing: a late copy of the handshake's ACK, when its connection
 * is over at both ends, makes another. Only then, and only by a cookie. */
static bool
is_ghost(const struct end *e)
{
	struct tcp_info old = { .state = TCP_CLOSED };
	struct tcp_stats st;

	if (e->t != NULL)
		tcp_get_info(e->t, e->sim->now, &old);
	tcp_get_stats(e->stack, &st);
	return e->connected && old.state == TCP_CLOSED && e->sim->end[1 - e->id].closed &&
	    st.guard.cookies_in > 1;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	struct end *e = owner;

	(void)now;
	if (is_ghost(e)) {
		sim_reached.ghosts++;
		return -R_PEER_GONE;
	}
	if (e->t != NULL && e->t != t)
		sim_fail(e->sim, "accepted twice");
	e->t = t;
	e->connected = true;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct end *e = owner;

	(void)now;
	if (t != e->t)
		sim_fail(e->sim, "event of an unknown connection");
	if (events & TCP_EV_CONNECTED)
		e->connected = true;
	if (events & TCP_EV_EOF)
		e->eof = true;
	if (events & (TCP_EV_READABLE | TCP_EV_EOF))
		e->waits_read = false;
	if (events & TCP_EV_WRITABLE)
		e->waits_write = false;
	if (events & TCP_EV_CLOSED) {
		e->closed = true;
		e->reason = reason;
		e->t = NULL;
	}
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	sim_reached.pruned += reason == R_TCP_PRUNED;
}

const struct tcp_ops sim_ops = {
	.emit = on_emit,
	.accept = on_accept,
	.event = on_event,
	.drop = on_drop,
};

/* ---- applications ---- */

/* Each piece whole or not at all, as records are, and not before there was word of
 * room. */
static void
app_write(struct sim *s, struct end *e)
{
	if (e->holds)
		tcp_hold(e->t, rng_below(&s->rng, 4) > 0);
	while (e->wrote < e->total && !e->waits_write) {
		size_t room = tcp_room(e->t);
		uint32_t at = (uint32_t)(e->wrote % SIM_PATTERN);
		size_t len = 1 + rng_below(&s->rng, e->chunk);

		if (len > e->total - e->wrote)
			len = (size_t)(e->total - e->wrote);
		if (len > SIM_PATTERN - at)
			len = SIM_PATTERN - at;
		if (len > e->whole)
			len = e->whole;
		if (len > room) {
			e->waits_write = true;
			tcp_want_room(e->t);
			break;
		}
		if (tcp_put(e->t, s->pattern[e->id] + at, len) != 0)
			break;
		e->wrote += len;
	}
}

/* `len` bytes of `s->buf` against what end `from` writes from `off` on. */
static bool
as_written(const struct sim *s, uint32_t from, uint64_t off, size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t at = (size_t)((off + done) % SIM_PATTERN);
		size_t n = len - done < SIM_PATTERN - at ? len - done : SIM_PATTERN - at;

		if (memcmp(s->buf + done, s->pattern[from] + at, n) != 0)
			return false;
		done += n;
	}
	return true;
}

static void
app_read(struct sim *s, struct end *e)
{
	while (!e->waits_read && s->now >= e->pause_until) {
		size_t len = tcp_peek(e->t, s->buf, 1 + rng_below(&s->rng, e->chunk));

		if (len == 0) {
			e->waits_read = true;
			break;
		}
		if (!as_written(s, 1 - e->id, e->read, len))
			sim_fail(s, "wrong byte");
		tcp_take(e->t, len);
		e->read += len;
		if (e->slow && rng_below(&s->rng, 40) == 0)
			e->pause_until = s->now + rng_below(&s->rng, 3000000);
	}
}

static bool
app_may_shut(const struct sim *s, const struct end *e)
{
	switch (s->mode) {
	case CLOSE_A_FIRST:
		return e->id == 0 || e->eof;
	case CLOSE_B_FIRST:
		return e->id == 1 || e->eof;
	default:
		return true;
	}
}

static void
app_run(struct sim *s, struct end *e)
{
	struct tcp_info info;

	if (e->t == NULL || !e->connected)
		return;
	app_read(s, e);
	app_write(s, e);
	tcp_get_info(e->t, s->now, &info);
	e->states |= 1u << info.state;
	watch_step(e, &info);
	if (!e->shut && e->wrote == e->total && app_may_shut(s, e)) {
		tcp_shutdown(e->t, s->now);
		e->shut = true;
	}
	if (e->shut && e->eof && tcp_readable(e->t) == 0) {
		sim_reached.rto += info.timeouts;
		sim_reached.fast += info.fast_retransmits;
		sim_reached.reassembled += info.reassembled;
		sim_reached.zero += info.zero_windows;
		tcp_close(e->t, s->now);
		e->eof = false; /* closed once */
	}
}

static void
release(struct end *e)
{
	while (e->others != NULL) {
		struct block *b = e->others;

		e->others = b->next;
		pool_put(&e->pool, b);
	}
	e->others_count = 0;
}

/* Other connections of the stack take nearly all blocks for a moment. */
static void
squeeze(struct sim *s, struct end *e)
{
	uint32_t leave;

	if (s->now < e->squeeze_at)
		return;
	if (e->others != NULL) {
		release(e);
		e->squeeze_at = s->now + rng_below(&s->rng, 2000000);
		return;
	}
	for (leave = rng_below(&s->rng, e->pool.count / 6); e->pool.free_count > leave;) {
		struct block *b = pool_get(&e->pool);

		b->next = e->others;
		e->others = b;
		e->others_count++;
	}
	e->squeeze_at = s->now + rng_below(&s->rng, 400000);
}

/* ---- the run ---- */

struct tcp_tuple
sim_tuple(uint32_t id, bool v4)
{
	struct tcp_tuple t = { 0 };

	if (v4)
		t.local.b[10] = t.local.b[11] = t.remote.b[10] = t.remote.b[11] = 0xff;
	else
		t.local.b[0] = t.remote.b[0] = 0xfd;
	t.local.b[15] = (uint8_t)(1 + id);
	t.remote.b[15] = (uint8_t)(2 - id);
	t.local_port = id == 0 ? 40000 : SIM_PORT;
	t.remote_port = id == 0 ? SIM_PORT : 40000;
	return t;
}

void
sim_open(struct sim *s, bool v4, bool both)
{
	struct tcp_tuple a = sim_tuple(0, v4);
	struct tcp_tuple b = sim_tuple(1, v4);

	s->both_open = both;
	if (both)
		s->end[1].t = tcp_connect(s->end[1].stack, &b, NULL, s->now);
	else
		tcp_listen(s->end[1].stack, SIM_PORT);
	s->end[0].t = tcp_connect(s->end[0].stack, &a, NULL, s->now);
}

static void
print_end(const struct end *e)
{
	struct tcp_info info = { 0 };

	if (e->t != NULL)
		tcp_get_info(e->t, e->sim->now, &info);
	printf("end %u: %s wrote %" PRIu64 " read %" PRIu64 " of %" PRIu64 " flight %u cwnd %u rto %u "
	       "eof %d shut %d closed %d reason %d free %u\n",
	    e->id, tcp_fsm_name(info.state), e->wrote, e->read, e->total, info.in_flight, info.cwnd,
	    info.rto_us, e->eof, e->shut, e->closed, e->reason, e->pool.free_count);
}

static uint64_t
next_time(const struct sim *s)
{
	uint64_t next = path_next(&s->path);
	uint64_t told = narrow_next(&s->narrow);

	next = told < next ? told : next;
	for (int i = 0; i < 2; i++) {
		const struct end *e = &s->end[i];
		uint64_t at = tcp_next(e->stack, s->now);

		if (at < next)
			next = at;
		if (e->t != NULL && e->pause_until > s->now && e->pause_until < next)
			next = e->pause_until;
		if (e->squeeze_at < next)
			next = e->squeeze_at;
	}
	return next;
}

/* What the router tells of segments that were too big for it. */
static void
deliver_told(struct sim *s)
{
	struct narrow_told told;

	while (narrow_take(&s->narrow, &told, s->now)) {
		struct tcp_icmp e = { .tuple = sim_tuple(told.to, s->seed % 2 == 0), .seq = told.seq,
			.mtu = told.mtu, .size = told.size };

		tcp_icmp_too_big(s->end[told.to].stack, &e, s->now);
	}
}

/* Frames that one end finds when it looks. */
struct burst {
	struct end *to;
	struct tcp_seg seg[SIM_BURST];
	struct path_frame *frame[SIM_BURST];
	uint32_t count;
};

static void
burst_end(struct sim *s, struct burst *b)
{
	if (b->count > 0)
		tcp_input_burst(b->to->stack, b->seg, b->count, s->now);
	while (b->count > 0)
		free(b->frame[--b->count]);
}

static void
deliver(struct sim *s)
{
	struct burst b = { .count = 0 };
	struct path_frame *f;

	deliver_told(s);
	while ((f = path_take(&s->path, s->now)) != NULL) {
		struct end *e = &s->end[f->to];
		struct tcp_tuple t = sim_tuple(f->to, e->stack != NULL && s->seed % 2 == 0);

		if (b.count == (s->bursts ? SIM_BURST : 1u) || b.to != e)
			burst_end(s, &b);
		if (tcp_seg_parse(&b.seg[b.count], f->data + 1, f->len - 1, t.local.b, t.remote.b) != 0) {
			sim_fail(s, "segment does not parse");
			free(f);
			continue;
		}
		b.seg[b.count].ecn = f->data[0];
		watch_in(e, &b.seg[b.count]);
		b.to = e;
		b.frame[b.count++] = f;
	}
	burst_end(s, &b);
}

bool
sim_expired(const struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		const struct end *e = &s->end[i], *other = &s->end[1 - i];
		struct tcp_stats st;

		if (!e->closed || e->reason != R_TCP_RST_IN || other->connected)
			continue;
		tcp_get_stats(other->stack, &st);
		if (st.guard.cookies_out > 0 && st.guard.cookies_in == 0 && s->now - s->start > COOKIE_US)
			return true;
	}
	return false;
}

static bool
over(const struct sim *s)
{
	return (s->end[0].closed && s->end[1].closed) || sim_expired(s);
}

/* Who looks once in a while finds frames together. */
static uint64_t
look_at(const struct sim *s, uint64_t next)
{
	if (next <= s->now)
		return s->now;
	return s->bursts ? (next + SIM_POLL_US - 1) / SIM_POLL_US * SIM_POLL_US : next;
}

void
sim_loop(struct sim *s)
{
	uint64_t since = s->start = s->now;
	uint64_t steps = 0, got = 0;

	while (!over(s) && s->error == NULL) {
		uint64_t next = next_time(s);

		if (next == UINT64_MAX)
			sim_fail(s, "nothing will happen any more");
		/* Slow is no fault: where a fifth is lost, and no timestamps tell the round
		 * trip of what was sent again, RFC 6298 (5.7) keeps the timer at its longest. */
		if (s->end[0].read + s->end[1].read != got) {
			got = s->end[0].read + s->end[1].read;
			since = s->now;
		}
		if (next - since > LIMIT_US || ++steps > 20000000)
			sim_fail(s, "takes too long");
		if (s->error != NULL)
			break;
		s->now = look_at(s, next);
		deliver(s);
		for (int i = 0; i < 2; i++) {
			squeeze(s, &s->end[i]);
			app_run(s, &s->end[i]);
		}
		for (int i = 0; i < 2; i++)
			tcp_poll(s->end[i].stack, s->now);
		if (sim_verbose && steps % 100000 == 0)
			printf("%" PRIu64 " us: read %" PRIu64 " %" PRIu64 "\n", s->now - s->start,
			    s->end[0].read, s->end[1].read);
	}
	for (int i = 0; i < 2; i++) {
		release(&s->end[i]);
		s->end[i].squeeze_at = UINT64_MAX;
	}
	if (sim_verbose) {
		printf("%.3f s, %" PRIu64 " frames\n", (double)(s->now - s->start) / 1e6, s->path.frames);
		print_end(&s->end[0]);
		print_end(&s->end[1]);
	}
}

/* Stray segments and TIME-WAIT run out; nothing may be left. */
void
sim_drain(struct sim *s)
{
	uint64_t next;

	while ((next = next_time(s)) != UINT64_MAX && s->error == NULL) {
		s->now = look_at(s, next);
		deliver(s);
		tcp_poll(s->end[0].stack, s->now);
		tcp_poll(s->end[1].stack, s->now);
	}
}

struct sim *
sim_new(void)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	if (!path_new(&s->path)) {
		free(s);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		s->end[i].pool_mem = aligned_alloc(64, pool_size(SIM_POOL_COUNT));
	return s;
}

void
sim_free(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		free(s->end[i].pool_mem);
		free(s->end[i].mem);
	}
	path_free(&s->path);
	free(s);
}
