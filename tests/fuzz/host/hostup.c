/*
 * A host between a worker that sends anything and a plugin that calls anything.
 * Whatever both do, what the host publishes keeps the worker's rules: a host that
 * breaks them would lose its link, and with it every other channel. So it is with what
 * the plugin asks of the peer, and the peer of the plugin.
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
	bool opening;           /* a start that may be refused */
	uint64_t credit;
	uint64_t unread;
	uint64_t grown;
};

/* And of the connection. */
#define QUERIES 256u
struct court {
	struct judge chan[CHANS];
	uint32_t queries;         /* the id of the last */
	bool owed[QUERIES];       /* by id */
	uint32_t ask_count;
	struct {
		uint64_t id;
		bool global;
	} ask[LINK_ASKS_MAX];
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

/* A request of the peer, on a session channel or global. */
static void
query(struct bench *b, struct court *k, uint32_t chan, uint64_t arg, struct view payload)
{
	static const char *const names[] = { "count", "paint", "other" };
	struct link_entry e = { .op = LINK_UP_QUERY, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
		.seq = chan == LINK_CHAN_NONE ? 0 : BENCH_USE, .arg = { arg & 1 } };
	uint8_t buf[512];
	struct put w = put_of(buf, sizeof(buf));

	if (k->queries + 1 >= QUERIES)
		return;
	e.serial = ++k->queries;
	k->owed[e.serial] = true;
	put_cstr(&w, names[(arg >> 1) % 3]);
	put_sview(&w, payload);
	put_cstr(&w, "");
	if (!ring_send(&b->out, &e, put_view(&w)))
		abort();
}

/* To the oldest ask of this kind, at times to none. */
static void
answer(struct bench *b, struct court *k, uint16_t op, uint32_t chan, uint64_t arg, struct view payload)
{
	struct link_entry e = { .op = op, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = LINK_CHAN_NONE,
		.seq = BENCH_USE, .arg = { arg & 1 } };
	uint32_t i = 0;

	while (i < k->ask_count && k->ask[i].global != (op == LINK_UP_GLOBAL_ANSWER))
		i++;
	if ((i == k->ask_count && arg != UINT8_MAX) || (op == LINK_UP_CHAN_OPENED && k->chan[chan].open))
		return;
	if (i < k->ask_count) {
		e.arg[3] = k->ask[i].id;
		k->ask[i] = k->ask[--k->ask_count];
	}
	if (op == LINK_UP_CHAN_OPENED) {
		k->chan[chan] = (struct judge){ .open = true, .credit = arg };
		e.chan = chan;
		e.arg[0] = 32768;
		e.arg[1] = arg;
		e.arg[2] = 65536;
		payload = view_of("\0\0\0\0", 4);
	}
	if (!ring_send(&b->out, &e, payload))
		abort();
}

/* What is of the connection: true. */
static bool
of_connection(struct bench *b, struct court *k, uint16_t op, uint32_t chan, uint64_t arg, struct view payload)
{
	switch (op) {
	case LINK_UP_QUERY:
		query(b, k, arg & 1 ? chan : LINK_CHAN_NONE, arg >> 1, payload);
		return true;
	case LINK_UP_SESSION_END:
		bench_send(b, op, chan, 0, 0, view_of(NULL, 0));
		return true;
	case LINK_UP_CONN_END:
		bench_send(b, op, LINK_CHAN_NONE, 0, 0, view_of(NULL, 0));
		return true;
	case LINK_UP_CHAN_OPENED:
	case LINK_UP_OPEN_REFUSED:
	case LINK_UP_GLOBAL_ANSWER:
		answer(b, k, op, chan, arg, payload);
		return true;
	default:
		return false;
	}
}

static void
worker_says(struct bench *b, struct court *k, struct input *in)
{
	static const uint16_t ops[] = { LINK_UP_CHAN_OPEN, LINK_UP_CHAN_DATA, LINK_UP_CHAN_WINDOW, LINK_UP_CHAN_EOF,
		LINK_UP_CHAN_REQUEST, LINK_UP_CHAN_CREDIT, LINK_UP_CHAN_CLOSED, LINK_UP_CHAN_SHUT, LINK_UP_QUERY,
		LINK_UP_SESSION_END, LINK_UP_CONN_END, LINK_UP_CHAN_OPENED, LINK_UP_OPEN_REFUSED,
		LINK_UP_GLOBAL_ANSWER, LINK_UP_CHAN_OPEN, LINK_UP_CHAN_DATA };
	uint8_t what = next(in) % 16;
	uint16_t op = ops[what];
	uint32_t chan = next(in) % CHANS;
	uint64_t arg = next(in);
	struct view payload = some(in);
	struct judge *j = &k->chan[chan];

	if (!ring_room(&b->out, 1024) || of_connection(b, k, op, chan, arg, payload) ||
	    (op == LINK_UP_CHAN_OPEN) == j->open)
		return;
	if (what == 14) {
		*j = (struct judge){ .open = true, .opening = true, .credit = arg };
		bench_start(b, chan, LINK_START_OPEN, "pipe", payload, arg, 65536);
		return;
	}
	if (op == LINK_UP_CHAN_OPEN) {
		*j = (struct judge){ .open = true, .credit = arg };
		/* What is no start at all may claim to be one. */
		j->opening = !(arg & 1) && payload.len > 0 && payload.data[0] == LINK_START_OPEN;
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

/* The worker's own rules for what a host asks for, and answers. */
static void
judge_ask(const struct link_entry *e, struct court *k)
{
	fail_if(e->chan != LINK_CHAN_NONE);
	if (e->op == LINK_DOWN_ANSWER) {
		fail_if(e->serial == 0 || e->serial > k->queries || !k->owed[e->serial]);
		fail_if(e->arg[0] > 1 || e->len > LINK_ANSWER_MAX);
		k->owed[e->serial] = false;
		return;
	}
	fail_if(k->ask_count == LINK_ASKS_MAX || e->arg[0] == 0 || e->arg[0] > UINT32_MAX || e->arg[1] > 1);
	fail_if(e->len > LINK_ASK_NAME_MAX + LINK_ASK_BODY_MAX + 4);
	for (uint32_t i = 0; i < k->ask_count; i++)
		fail_if(k->ask[i].id == e->arg[0]);
	k->ask[k->ask_count].id = e->arg[0];
	k->ask[k->ask_count++].global = e->op == LINK_DOWN_ASK_GLOBAL;
}

static void
judge_took(const struct link_entry *e, struct judge *j)
{
	fail_if(e->arg[0] > j->unread || (e->arg[0] == 0 && e->arg[1] == 0 && e->arg[2] == 0));
	j->unread -= e->arg[0];
	j->grown += e->arg[1];
	fail_if(j->grown > LINK_WINDOW_MAX || e->arg[2] > 1);
}

static void
judge_close(const struct link_entry *e, struct judge *j)
{
	fail_if(e->arg[0] > 1 || (j->closed && e->arg[0] == 0));
	j->closed = true;
}

static void
judge_chan(const struct link_entry *e, struct judge *j)
{
	fail_if(e->seq != BENCH_USE || (j->closed && e->op != LINK_DOWN_CHAN_CLOSE));
	switch (e->op) {
	case LINK_DOWN_CHAN_DATA:
		fail_if(j->eof || e->len > j->credit || e->len == 0);
		j->credit -= e->len;
		break;
	case LINK_DOWN_CHAN_TOOK:
		judge_took(e, j);
		break;
	case LINK_DOWN_CHAN_EOF:
		fail_if(j->eof);
		j->eof = true;
		break;
	case LINK_DOWN_CHAN_REPLY:
		j->opening = false;
		break;
	case LINK_DOWN_CHAN_REQUEST:
		break;
	case LINK_DOWN_CHAN_REFUSE:
		fail_if(!j->opening || e->len > LINK_REFUSE_MAX);
		j->closed = true;
		break;
	case LINK_DOWN_CHAN_CLOSE:
		judge_close(e, j);
		break;
	default:
		abort();
	}
}

static void
judge_all(struct bench *b, struct court *k)
{
	struct link_entry e;
	struct view payload;

	while (ring_pending(&b->in)) {
		fail_if(ring_peek(&b->in, &e, &payload) != 1);
		ring_take(&b->in);
		fail_if(e.conn != BENCH_CONN || e.gen != BENCH_GEN);
		if (e.op == LINK_DOWN_ANSWER || e.op == LINK_DOWN_ASK_OPEN || e.op == LINK_DOWN_ASK_GLOBAL) {
			judge_ask(&e, k);
			continue;
		}
		fail_if(e.chan >= CHANS);
		/* Late entries of a channel that is gone are no fault. */
		if (k->chan[e.chan].open)
			judge_chan(&e, &k->chan[e.chan]);
	}
}

/* ---- the plugin's side ---- */

static struct {
	struct postern_connection connection; /* that it was asked something about */
	uint64_t token;
	int32_t result;
} asked;

static int32_t
on_request(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session, uint64_t token,
    uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	(void)plugin;
	(void)name;
	(void)body;
	fail_if(token == 0 || wanted > 1 || (kind == POSTERN_REQUEST_SESSION) != (session != 0));
	asked.connection = connection;
	asked.token = token;
	return asked.result;
}

static void
on_ended(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session)
{
	(void)plugin;
	fail_if(connection.handle == 0 || session == 0);
}

static const struct postern_answers answers[] = {
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("count") },
	{ POSTERN_REQUEST_SESSION, 0, POSTERN_LITERAL("paint") },
};

static const struct postern_if_requests requests = { answers, 2, on_request, on_ended, NULL };

static void
on_opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	(void)code;
	(void)text;
	fail_if(context == NULL || result > 0);
}

static void
on_answered(void *context, int32_t success, struct postern_view body)
{
	(void)body;
	fail_if(context == NULL || success > 1);
}

static struct postern_view
bytes_of(uint64_t n)
{
	static const uint8_t bytes[LINK_ASK_BODY_MAX + 255];

	return postern_view_of(bytes, n > 250 ? LINK_ASK_BODY_MAX + n - 254 : n);
}

/* What is of the connection that its channel, or the last query, is of. */
static void
connection_calls(struct bench *b, uint8_t what, uint64_t n)
{
	const struct postern_host *f = &b->host.face;
	const struct postern_if_connection *cn = f->query(f, postern_text(POSTERN_IF_CONNECTION));
	struct postern_open r = { .size = sizeof(r), .kind = POSTERN_OPEN_CHANNEL, .type = POSTERN_LITERAL("x11"),
		.body = bytes_of(n), .context = &b->guest, .opened = on_opened };
	struct postern_connection on = asked.connection;

	if (what % 2 == 0)
		(void)cn->of(f, b->guest.channel, &on);
	switch (what / 2) {
	case 0:
		cn->open(f, on, &r, &b->guest.channel);
		break;
	case 1:
		cn->request(f, on, postern_text("ping"), bytes_of(n), n & 1 ? on_answered : NULL, b);
		break;
	case 2:
		cn->reply(f, on, asked.token, n & 1, bytes_of(n >> 1));
		break;
	default:
		cn->variable(f, on, asked.token, postern_text(n & 1 ? "COLOR" : "PATH"), bytes_of(n >> 1));
		break;
	}
}

static void
plugin_calls(struct bench *b, struct input *in)
{
	static uint8_t bulk[40000];
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	struct postern_channel c = b->guest.channel;
	uint8_t what = next(in);
	uint64_t n = next(in), took;

	switch (what % 32) {
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
	case 15:
		b->guest.took_lie = n > 250;
		break;
	case 16:
		ch->grow(f, c, n << 18, n & 1);
		break;
	case 17:
		ch->abort(f, c);
		break;
	case 18:
		ch->refuse(f, c, b->guest.token, POSTERN_E_DENIED, bytes_of(n));
		break;
	case 19:
		asked.result = n % 3 == 0 ? POSTERN_OK : n % 3 == 1 ? POSTERN_E_AGAIN : POSTERN_E_FAIL;
		break;
	default:
		connection_calls(b, what % 8, n);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct court k = { 0 };
	struct bench *b;

	if (size > 4096)
		return 0;
	log_start("fuzz", 1000000);
	b = bench_new();
	memset(&asked, 0, sizeof(asked));
	b->host.leader = 1000; /* of a login; nothing is said to it */
	b->host.requests = &requests;
	serves_add(&b->host.serves, SERVES_VARIABLE, view_str("COLOR"), "bench");
	while (in.left > 0) {
		if (next(&in) & 1)
			worker_says(b, &k, &in);
		else
			plugin_calls(b, &in);
		b->guest.got_len = 0;
		/* The rules that the host holds its worker to end the run. */
		if (bench_run(b) < 0)
			break;
		judge_all(b, &k);
	}
	b->host.leader = -1;
	bench_free(b);
	return 0;
}
