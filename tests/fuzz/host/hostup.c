/*
 * A host between a worker that sends anything and a plugin that calls anything.
 * Whatever both do, what the host publishes keeps the worker's rules: a host that
 * breaks them would lose its link, and with it every other channel.
 */
#include <stdlib.h>

#include "control/log.h"
#include "tests/unit/control/host/hostbench.h"

#define CHANS 4u

/* What the worker knows of a channel. */
struct judge {
	bool open;
	bool eof;
	bool closed;
	bool shut;              /* the peer closed */
	uint64_t credit;
	uint64_t unread;
};

struct input {
	const uint8_t *p;
	size_t left;
};

static uint8_t
next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static struct view
some(struct input *in)
{
	size_t want = next(in);
	size_t n = want < in->left ? want : in->left;
	struct view v = view_of(in->p, n);

	in->p += n;
	in->left -= n;
	return v;
}

/* ---- the worker's side ---- */

static void
worker_says(struct bench *b, struct judge *j, struct input *in)
{
	static const uint16_t ops[] = { LINK_UP_CHAN_OPEN, LINK_UP_CHAN_DATA, LINK_UP_CHAN_WINDOW, LINK_UP_CHAN_EOF,
		LINK_UP_CHAN_REQUEST, LINK_UP_CHAN_CREDIT, LINK_UP_CHAN_CLOSED, LINK_UP_CHAN_SHUT };
	uint16_t op = ops[next(in) % 8];
	uint32_t chan = next(in) % CHANS;
	uint64_t arg = next(in);
	struct view payload = some(in);

	j += chan;
	if (!ring_room(&b->out, 1024) || (op == LINK_UP_CHAN_OPEN) == j->open)
		return;
	if (op == LINK_UP_CHAN_OPEN) {
		*j = (struct judge){ .open = true, .credit = arg };
		if (arg & 1)
			bench_start(b, chan, LINK_START_SUBSYSTEM, "bench", payload, arg, 0);
		else
			bench_send(b, op, chan, 32768, arg, payload);
		return;
	}
	if (op == LINK_UP_CHAN_SHUT) {
		if (j->shut)
			return;
		j->shut = true;
	}
	if (op == LINK_UP_CHAN_CREDIT && j->shut)
		return;
	if (op == LINK_UP_CHAN_DATA && j->shut)
		return;
	if (op == LINK_UP_CHAN_CREDIT)
		j->credit += arg;
	if (op == LINK_UP_CHAN_DATA && payload.len > 0)
		j->unread += payload.len;
	if (op == LINK_UP_CHAN_CLOSED) {
		arg %= 3;
		j->open = false;
	}
	bench_send(b, op, chan, arg, 0, payload);
}

static void
fail_if(bool wrong)
{
	if (wrong)
		abort();
}

static void
judge_one(const struct said *s, struct judge *j)
{
	fail_if(s->e.chan >= CHANS);
	j += s->e.chan;
	/* Late entries of a channel that is gone are no fault. */
	if (!j->open)
		return;
	fail_if(j->closed);
	switch (s->e.op) {
	case LINK_DOWN_CHAN_DATA:
		fail_if(j->eof || s->e.len > j->credit || s->e.len == 0);
		j->credit -= s->e.len;
		break;
	case LINK_DOWN_CHAN_TOOK:
		fail_if(s->e.arg[0] > j->unread || s->e.arg[0] == 0);
		j->unread -= s->e.arg[0];
		break;
	case LINK_DOWN_CHAN_EOF:
		fail_if(j->eof);
		j->eof = true;
		break;
	case LINK_DOWN_CHAN_REQUEST:
	case LINK_DOWN_CHAN_REPLY:
		break;
	case LINK_DOWN_CHAN_CLOSE:
		j->closed = true;
		break;
	default:
		abort();
	}
}

/* ---- the plugin's side ---- */

static void
plugin_calls(struct bench *b, struct input *in)
{
	static uint8_t bulk[40000];
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	struct postern_channel c = b->guest.channel;
	uint8_t what = next(in);
	uint64_t n = next(in), took;

	switch (what % 16) {
	case 0:
		ch->write(f, c, n & 3, postern_view_of(bulk, n * 157), &took);
		break;
	case 1:
		ch->eof(f, c);
		break;
	case 2:
		ch->close(f, c);
		break;
	case 3:
		ch->exit_status(f, c, (uint32_t)n);
		break;
	case 4:
		ch->reply(f, c, n & 1 ? b->guest.token : b->guest.request_token, (uint32_t)n >> 1 & 1);
		break;
	case 5:
		ch->resume(f, c);
		break;
	case 6:
		ch->consume(f, c, n);
		break;
	case 7:
		ch->discard(f, c, &took);
		break;
	case 8:
		ch->set(f, c, POSTERN_CHANNEL_CONSUME_BY_HAND, n & 1);
		break;
	case 9:
		ch->await_credit(f, c);
		break;
	case 10:
		ch->request(f, c, postern_text("xon-xoff"), postern_view_of(bulk, n));
		break;
	case 11:
		b->guest.take = n & 1 ? n : UINT64_MAX;
		break;
	case 12:
		b->guest.open_result = n % 3 == 0 ? POSTERN_OK : n % 3 == 1 ? POSTERN_E_AGAIN : POSTERN_E_FAIL;
		break;
	case 13:
		b->guest.request_result = n & 1 ? POSTERN_OK : POSTERN_E_AGAIN;
		break;
	case 14:
		b->guest.close_in_data = n & 1;
		b->guest.discard_in_data = n & 2;
		break;
	default:
		b->guest.took_lie = n > 250;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct said s;
	struct input in = { data, size };
	struct judge judges[CHANS] = { 0 };
	struct bench *b;

	if (size > 4096)
		return 0;
	log_start("fuzz", 1000000);
	b = bench_new();
	while (in.left > 0) {
		if (next(&in) & 1)
			worker_says(b, judges, &in);
		else
			plugin_calls(b, &in);
		b->guest.got_len = 0;
		/* The rules that the host holds its worker to end the run. */
		if (bench_run(b) < 0)
			break;
		while (bench_next(b, &s))
			judge_one(&s, judges);
	}
	bench_free(b);
	return 0;
}
