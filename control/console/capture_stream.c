/* From the workers' rings into a buffer, from the buffer to the client. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "abi/link/op.h"
#include "control/console/capture.h"
#include "control/console/pcapng.h"

#define STREAM_TURN 256u            /* frames of a turn: others have theirs */
#define DRAIN_MS 3000u              /* for the last frames, once it was stopped */
#define FRAME_ROOM (CAPTURE_SNAP_MAX + PCAPNG_BLOCK_MAX)

uint64_t
stream_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
leg_take(struct stream *s, struct leg *l)
{
	const struct link_entry *e = &l->next;
	struct pcapng_frame f = {
		.interface = (uint32_t)(l - s->leg),
		.ns = e->arg[0],
		.len = (uint32_t)e->arg[1],
		.out = (e->arg[1] & CAPTURE_OUT) != 0,
		.kept = l->bytes,
	};

	l->seen = e->arg[2];
	l->missed = e->arg[3];
	if (e->op == LINK_UP_TRACE && s->ask.kind == CAPTURE_RECORDS) {
		s->len += trace_line((char *)s->out + s->len, TRACE_LINE_MAX, e);
		l->delivered++;
		s->frames++;
	} else if (e->op == LINK_UP_FRAME && s->ask.kind == CAPTURE_FRAMES) {
		f.len = f.len < f.kept.len ? (uint32_t)f.kept.len : f.len;
		s->len += pcapng_frame(s->out + s->len, &f);
		l->delivered++;
		s->frames++;
		s->bytes += f.kept.len;
	} else {
		l->over = true;
	}
	leg_skip(l);
}

/* ---- the file ---- */

void
stream_begin(struct stream *s)
{
	char comment[200], name[32], about[64];
	uint32_t i;

	if (s->ask.kind == CAPTURE_RECORDS) {
		s->begun = true;
		stream_pump(s);
		return;
	}
	snprintf(comment, sizeof(comment), "frames of %s; TCP payload is as on the wire", s->which);
	s->len += pcapng_section(s->out + s->len, "postern " POSTERN_VERSION, comment);
	for (i = 0; i < s->legs; i++) {
		snprintf(name, sizeof(name), "worker%u", s->leg[i].worker);
		snprintf(about, sizeof(about), "postern-dp, worker %u", s->leg[i].worker);
		s->len += pcapng_interface(s->out + s->len, name, about, s->ask.snap);
	}
	s->begun = true;
	stream_pump(s);
}

static void
end_file(struct stream *s)
{
	uint32_t i;

	if (s->ask.kind == CAPTURE_RECORDS)
		s->len += trace_last((char *)s->out + s->len, TRACE_LINE_MAX, s);
	for (i = 0; s->ask.kind == CAPTURE_FRAMES && i < s->legs; i++) {
		const struct leg *l = &s->leg[i];
		struct pcapng_stats st = {
			.interface = i,
			.begin_ns = s->begin_ns,
			.end_ns = stream_now_ns(),
			.received = l->seen,
			.dropped = l->missed,
			.delivered = l->delivered,
			.comment = "counted: what fitted the filter",
		};

		s->len += pcapng_stats(s->out + s->len, &st);
	}
	s->finished = true;
}

/* ---- from the rings into the buffer, from the buffer to the client ---- */

static struct leg *
oldest(struct stream *s)
{
	struct leg *first = NULL;
	uint32_t i;

	for (i = 0; i < s->legs; i++)
		if (leg_peek(&s->leg[i]) && (first == NULL || s->leg[i].next.arg[0] < first->next.arg[0]))
			first = &s->leg[i];
	return first;
}

static bool
all_over(const struct stream *s)
{
	uint32_t i;

	for (i = 0; i < s->legs; i++)
		if (!s->leg[i].over)
			return false;
	return true;
}

static void
drained(void *ctx)
{
	struct stream *s = ctx;
	uint32_t i;

	s->timer = 0;
	for (i = 0; i < s->legs; i++)
		s->leg[i].over = true;
	stream_pump(s);
}

void
stream_stop(struct stream *s)
{
	uint32_t i;

	if (s->stopped)
		return;
	s->stopped = true;
	for (i = 0; i < s->legs; i++)
		if (s->leg[i].id != 0)
			leg_stop(s->leg[i].id);
	s->timer = loop_after(s->console->loop, DRAIN_MS, drained, s);
}

/* True: there was more than this turn takes. */
static bool
fill(struct stream *s)
{
	uint32_t left = STREAM_TURN;
	struct leg *l;

	while (!s->finished && left > 0 && sizeof(s->out) - s->len >= FRAME_ROOM && (l = oldest(s)) != NULL) {
		/* Frames beyond the sum of all workers are read and forgotten. */
		bool full = s->bytes >= s->ask.bytes || s->frames >= s->ask.packets;

		if (full && l->next.op != LINK_UP_FRAME_END) {
			leg_skip(l);
		} else {
			leg_take(s, l);
		}
		if (full)
			stream_stop(s);
		left--;
	}
	if (!s->finished && all_over(s) && sizeof(s->out) - s->len >= s->legs * PCAPNG_BLOCK_MAX)
		end_file(s);
	return left == 0;
}

static bool
asleep(struct stream *s)
{
	bool some = false;
	uint32_t i;

	for (i = 0; i < s->legs; i++) {
		if (s->leg[i].over || s->leg[i].other.base == NULL)
			continue;
		ring_arm(&s->leg[i].own);
		some |= ring_pending(&s->leg[i].in);
	}
	return !some;
}

/* 1: all is out; 0: it must be waited for; -1: the client is gone. */
static int
flush(struct stream *s)
{
	while (s->at < s->len) {
		ssize_t n = send(s->client->fd, s->out + s->at, s->len - s->at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		s->at += (size_t)n;
	}
	s->at = s->len = 0;
	return 1;
}

void
stream_pump(struct stream *s)
{
	unsigned in = s->deaf ? 0 : LOOP_IN;
	uint32_t i;
	bool more;
	int r;

	if (!s->begun)
		return;
	for (i = 0; i < s->legs; i++)
		if (s->leg[i].own.base != NULL)
			ring_disarm(&s->leg[i].own);
	more = fill(s);
	r = flush(s);
	if (r < 0 || (r > 0 && s->finished)) {
		client_close(s->client);
		return;
	}
	if (r > 0 && !more && asleep(s))
		clients_watch(s->client, in);
	else
		clients_watch(s->client, in | LOOP_OUT);
}
