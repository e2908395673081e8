/*
 * The ABI's host side against a plugin that calls anything: wild and stale handles, NULL,
 * huge lengths, the wrong order, after eof and close, from another thread. A model knows
 * what each call must answer, and what of it may reach the worker.
 *
 * A byte chooses what happens, the next ones its arguments.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/counters.h"
#include "control/log.h"
#include "tests/unit/control/host/hostbench.h"

#define CHANS 2u
#define TOKENS_MAX 32u
#define CREDIT 5000u
#define WINDOW 65536u

/* A request that the peer wants answered. */
struct asked {
	uint64_t token;
	int answer;              /* -1: not yet */
};

struct model {
	struct postern_channel handle;
	bool there;              /* the handle is valid */
	bool eof;                /* the plugin's */
	bool closing;
	bool exited;
	bool by_hand;
	bool eof_out;            /* what the worker has been told */
	bool close_out;
	uint64_t credit;
	uint64_t held;
	uint64_t unread;         /* at the worker: sent and not told as taken */
	struct asked asked[TOKENS_MAX];
	uint32_t asked_count;
};

struct input {
	const uint8_t *p;
	size_t left;
};

static struct bench *b;
static struct model models[CHANS];
static struct model *m;         /* of the handle in use; NULL for a wild one */
static const struct postern_if_channel *ch;
static const struct postern_host *face;
static bool other_thread;
static uint64_t counted[2];     /* by the plugin's own account */

static uint8_t
next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static void
must(bool good)
{
	if (!good)
		abort();
}

/* ---- what a call must answer ---- */

/* What comes before the call's own rules: thread, handle, state. */
static int32_t
first(bool live)
{
	if (other_thread)
		return POSTERN_E_THREAD;
	if (m == NULL || !m->there || (live && m->closing))
		return POSTERN_E_CLOSED;
	return POSTERN_OK;
}

/* Arguments may be looked at before that or behind it. */
static void
answers(int32_t got, int32_t before, bool bad_arguments, int32_t otherwise)
{
	if (bad_arguments)
		must(got == POSTERN_E_INVAL || (before != POSTERN_OK && got == before));
	else
		must(got == (before != POSTERN_OK ? before : otherwise));
}

/* ---- the calls ---- */

static uint8_t bulk[8192];

static void
call_write(struct postern_channel c, uint8_t how, uint8_t n)
{
	/* More than there is may only be named where nothing can be taken. */
	bool huge = how & 1 && (m == NULL || m->eof || m->closing || m->credit == 0 || other_thread);
	uint64_t len = huge ? UINT64_MAX - n : (uint64_t)n * 32, took = 12345;
	struct postern_view pieces[3] = { postern_view_of(bulk, len), postern_view_of(NULL, 0), postern_view_of(bulk, n) };
	bool null = how & 2, vector = how & 4, hole = how & 8 && len > 0 && n > 0;
	int32_t before = first(true), r;

	if (before == POSTERN_OK && m->eof)
		before = POSTERN_E_CLOSED;
	if (hole && vector)
		pieces[2].data = NULL;
	if (vector)
		r = ch->writev(face, c, how >> 6, pieces, huge ? 1 : 3, null ? NULL : &took);
	else
		r = ch->write(face, c, how >> 6, pieces[0], null ? NULL : &took);
	if (hole && vector && !null && !huge) {
		/* What is in front of the hole may have left. */
		must(r == POSTERN_E_INVAL || r == POSTERN_OK || r == before);
	} else {
		answers(r, before, null, POSTERN_OK);
	}
	if (null || m == NULL || before != POSTERN_OK) {
		must(null || took == 0);
		return;
	}
	must(took <= (vector ? len + n : len) && took <= m->credit);
	m->credit -= took;
}

static void
call_end(struct postern_channel c, uint8_t which, uint8_t n)
{
	struct postern_view wild = postern_view_of(NULL, UINT64_MAX / 2), small = postern_view_of(bulk, n % 32);
	int32_t before = first(true), r;

	switch (which % 4) {
	case 0:
		if (before == POSTERN_OK && m->eof)
			before = POSTERN_E_CLOSED;
		answers(ch->eof(face, c), before, false, POSTERN_OK);
		if (before == POSTERN_OK)
			m->eof = true;
		return;
	case 1:
		r = ch->exit_status(face, c, n);
		break;
	case 2:
		r = ch->exit_signal(face, c, small, n, small);
		break;
	default:
		r = ch->exit_signal(face, c, small, n, wild);
		answers(r, before, true, 0);
		return;
	}
	if (before == POSTERN_OK && m->exited)
		before = POSTERN_E_CLOSED;
	must(r == before || (before == POSTERN_OK && r == POSTERN_E_AGAIN));
	if (r == POSTERN_OK)
		m->exited = true;
}

static void
call_close(struct postern_channel c)
{
	int32_t before = first(true);

	answers(ch->close(face, c), before, false, POSTERN_OK);
	if (before != POSTERN_OK)
		return;
	m->closing = m->eof = true;
	for (uint32_t i = 0; i < m->asked_count; i++)
		if (m->asked[i].answer < 0)
			m->asked[i].answer = 0;
}

static void
call_reply(struct postern_channel c, uint8_t which, uint8_t success)
{
	struct asked *a = m != NULL && m->asked_count > 0 ? &m->asked[which % m->asked_count] : NULL;
	uint64_t token = a != NULL && !(which & 0x80) ? a->token : which;
	bool open = a != NULL && token == a->token && a->answer < 0;
	int32_t r = ch->reply(face, c, token, success % 3);

	answers(r, first(true), !open || success % 3 > 1, POSTERN_OK);
	if (r == POSTERN_OK)
		a->answer = success % 3;
}

static void
call_request(struct postern_channel c, uint8_t how, uint8_t n)
{
	bool wild = how & 1, empty = how & 2;
	struct postern_view name = empty ? postern_view_of(bulk, 0) : postern_text("xon-xoff");
	struct postern_view body = wild ? postern_view_of(bulk, UINT64_MAX - 8) : postern_view_of(bulk, n);
	int32_t r = ch->request(face, c, name, body);

	if (!(wild || empty) && first(true) == POSTERN_OK)
		must(r == POSTERN_OK || r == POSTERN_E_AGAIN);
	else
		answers(r, first(true), wild || empty, POSTERN_OK);
}

static void
call_credit(struct postern_channel c, uint8_t which, uint8_t n)
{
	uint64_t dropped = 9;
	int32_t r;

	switch (which % 4) {
	case 0:
		r = ch->consume(face, c, n);
		answers(r, first(false), m != NULL && n > m->held, POSTERN_OK);
		if (r == POSTERN_OK)
			m->held -= n;
		return;
	case 1:
		answers(ch->consume(face, c, UINT64_MAX - n), first(false), true, 0);
		return;
	case 2:
		answers(ch->discard(face, c, n & 1 ? NULL : &dropped), first(false), false, POSTERN_OK);
		return;
	default:
		answers(ch->resume(face, c), first(true), false, POSTERN_OK);
		answers(ch->await_credit(face, c), first(true) == POSTERN_OK && m->eof ? POSTERN_E_CLOSED : first(true), false,
		    POSTERN_OK);
		return;
	}
}

static void
call_numbers(struct postern_channel c, uint8_t which, uint8_t n)
{
	uint64_t value = 7;
	int32_t r;

	switch (which % 4) {
	case 0:
		answers(ch->get(face, c, POSTERN_CHANNEL_HELD, &value), first(false), false, POSTERN_OK);
		must(value == (first(false) == POSTERN_OK ? m->held : 0));
		return;
	case 1:
		answers(ch->get(face, c, n, NULL), first(false), true, 0);
		return;
	case 2:
		answers(ch->get(face, c, 0xffff0000u + n, &value), first(false), false, POSTERN_E_NOSUCH);
		answers(ch->set(face, c, 0xffff0000u + n, 1), first(true), false, POSTERN_E_NOSUCH);
		return;
	default:
		r = ch->set(face, c, POSTERN_CHANNEL_CONSUME_BY_HAND, n % 3);
		answers(r, first(true), n % 3 > 1 || (m != NULL && n % 3 == 0 && m->held > 0), POSTERN_OK);
		if (r == POSTERN_OK)
			m->by_hand = n % 3;
		return;
	}
}

static void
nothing(void *context)
{
	(void)context;
}

static void
call_loop(uint8_t which, uint8_t n)
{
	const struct postern_if_loop *l = face->query(face, postern_text(POSTERN_IF_LOOP));
	int32_t before = other_thread ? POSTERN_E_THREAD : POSTERN_OK;
	uint64_t id = 0;

	switch (which % 6) {
	case 0:
		answers(l->timer(face, n, NULL, NULL, &id), before, true, 0);
		answers(l->timer(face, UINT64_MAX - n, nothing, NULL, &id), before, true, 0);
		return;
	case 1:
		answers(l->timer(face, 100000 + n, nothing, NULL, &id), before, false, POSTERN_OK);
		answers(l->cancel(face, id), before, false, before == POSTERN_OK ? POSTERN_OK : 0);
		answers(l->cancel(face, id), before, false, POSTERN_E_NOSUCH);
		return;
	case 2:
		answers(l->watch(face, -1 - n, POSTERN_READABLE, (void (*)(void *, int32_t, uint32_t))(void *)nothing, NULL), before,
		    true, 0);
		answers(l->watch(face, 0, ~0u, (void (*)(void *, int32_t, uint32_t))(void *)nothing, NULL), before, true, 0);
		answers(l->watch(face, 0, POSTERN_READABLE, NULL, NULL), before, true, 0);
		return;
	case 3:
		answers(l->watch(face, b->host.link[0].wait_fd, POSTERN_READABLE,
		            (void (*)(void *, int32_t, uint32_t))(void *)nothing, NULL),
		    before, false, POSTERN_E_DENIED);
		return;
	case 4:
		answers(l->unwatch(face, 700 + n), before, false, POSTERN_E_NOSUCH);
		return;
	default:
		must(l->now(face) > 0);
		return;
	}
}

static void
call_others(struct postern_channel c, uint8_t which, uint8_t n)
{
	const struct postern_if_session *s = face->query(face, postern_text(POSTERN_IF_SESSION));
	const struct postern_if_log *log = face->query(face, postern_text(POSTERN_IF_LOG));
	struct postern_view text;
	uint64_t number;

	switch (which % 6) {
	case 0:
		answers(s->text(face, c, POSTERN_SESSION_USER, &text), first(false), false, POSTERN_OK);
		return;
	case 1:
		answers(s->text(face, c, POSTERN_SESSION_USER, NULL), first(false), true, 0);
		answers(s->number(face, c, POSTERN_SESSION_CONNECTION, NULL), first(false), true, 0);
		return;
	case 2:
		answers(s->text(face, c, 0xffff0000u + n, &text), first(false), false, POSTERN_E_NOSUCH);
		answers(s->number(face, c, 0xffff0000u + n, &number), first(false), false, POSTERN_E_NOSUCH);
		return;
	case 3:
		log->line(face, n, c, postern_view_of(bulk, UINT64_MAX));
		return;
	case 4:
		must(face->query(face, postern_view_of(bulk, n)) == NULL);
		return;
	default:
		must(face->query(face, postern_view_of(POSTERN_IF_CHANNEL, sizeof(POSTERN_IF_CHANNEL))) == NULL);
		return;
	}
}

static void
never_opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	(void)context, (void)result, (void)code, (void)text;
	abort();
}

static void
call_connection(struct postern_channel c, uint8_t which, uint8_t n)
{
	const struct postern_if_connection *k = face->query(face, postern_text(POSTERN_IF_CONNECTION));
	struct postern_connection of = { 99 }, wild = { (uint64_t)n << 32 | which };
	struct postern_open record = { .size = sizeof(record), .kind = POSTERN_OPEN_CHANNEL, .type = postern_text("x11"),
		.opened = never_opened };
	struct postern_view text;
	int32_t before = first(false), r = k->of(face, c, &of);

	answers(r, before, false, POSTERN_OK);
	must(other_thread || (of.handle != 0) == (r == POSTERN_OK));
	if (before != POSTERN_OK)
		of = wild;
	switch (which % 6) {
	case 0:
		answers(k->of(face, c, NULL), before, true, 0);
		return;
	case 1:
		answers(k->text(face, of, POSTERN_SESSION_USER, NULL), before, true, 0);
		answers(k->text(face, of, 0xffff0000u + n, &text), before, false, POSTERN_E_NOSUCH);
		return;
	case 2: /* an answer that nobody waits for */
		r = k->reply(face, of, 1000000 + n, n % 3, postern_view_of(NULL, n & 1 ? UINT64_MAX : 0));
		must(r < 0 && (before == POSTERN_OK || r == before));
		return;
	case 3:
		answers(k->open(face, of, NULL, NULL), before, true, 0);
		return;
	case 4: /* not listed in NAME.conf */
		answers(k->open(face, of, &record, &c), before, false, POSTERN_E_DENIED);
		return;
	default:
		answers(k->request(face, of, postern_text("fuzz"), postern_view_of(bulk, n), NULL, NULL), before, false,
		    POSTERN_E_DENIED);
		return;
	}
}

static void
call_task(uint8_t n)
{
	const struct postern_if_task *t = face->query(face, postern_text(POSTERN_IF_TASK));
	int32_t before = other_thread ? POSTERN_E_THREAD : POSTERN_OK;

	answers(t->run(face, NULL, nothing, NULL, NULL), before, true, 0);
	answers(t->run(face, nothing, NULL, NULL, NULL), before, true, 0);
	answers(t->cancel(face, UINT64_MAX - n), before, false, POSTERN_E_NOSUCH);
}

/* From any thread, to the last unit. */
static void
call_counter(uint8_t which, uint8_t n)
{
	static const char *const names[] = { "alpha", "beta" };
	const struct postern_if_counter *k = face->query(face, postern_text(POSTERN_IF_COUNTER));
	uint32_t i = n % 2, counter = 99;

	must(k->of(face, postern_text(names[i]), NULL) == POSTERN_E_INVAL);
	must(k->of(face, postern_view_of(bulk, which & 1 ? UINT64_MAX : n), &counter) == POSTERN_E_NOSUCH && counter == 0);
	must(k->of(face, postern_view_of(NULL, n), &counter) == POSTERN_E_NOSUCH && counter == 0);
	must(k->add(face, 0, n) == POSTERN_E_NOSUCH && k->set(face, 3 + n, n) == POSTERN_E_NOSUCH);
	must(k->add(face, UINT32_MAX - n, n) == POSTERN_E_NOSUCH);
	must(k->of(face, postern_text(names[i]), &counter) == POSTERN_OK && counter == i + 1);
	if (which & 2) {
		must(k->set(face, counter, UINT64_MAX - n) == POSTERN_OK);
		counted[i] = UINT64_MAX - n;
	} else {
		must(k->add(face, counter, n) == POSTERN_OK);
		counted[i] += n;
	}
	for (i = 0; i < 2; i++)
		must(b->host.counters->count == 2 && b->host.counters->row[i].value == counted[i]);
}

static void
plugin_call(uint8_t what, uint8_t whose, uint8_t how, uint8_t n)
{
	struct postern_channel c;

	m = whose % 4 < CHANS ? &models[whose % 4] : NULL;
	if (m != NULL)
		c = m->handle;
	else if (whose % 4 == 2)
		c.handle = n & 1 ? 0 : (uint64_t)how << 56 | n;
	else /* beside a real one */
		c.handle = models[0].handle.handle + ((uint64_t)(1 + n % 7) << 32) + how % 2;
	switch (what % 12) {
	case 0: case 1: call_write(c, how, n); break;
	case 2: call_end(c, how, n); break;
	case 3: call_reply(c, how, n); break;
	case 4: call_request(c, how, n); break;
	case 5: call_credit(c, how, n); break;
	case 6: call_numbers(c, how, n); break;
	case 7: call_loop(how, n); break;
	case 8: call_others(c, how, n); break;
	case 9: call_connection(c, how, n); break;
	case 10: call_task(n); break;
	default:
		if (how % 8 == 0)
			call_close(c);
		else
			call_counter(how, n);
		break;
	}
}

struct far_call {
	uint8_t what, whose, how, n;
};

static void *
far_call(void *ctx)
{
	struct far_call *f = ctx;

	plugin_call(f->what, f->whose, f->how, f->n);
	return NULL;
}

/* Another thread gets answers and changes nothing; closing from there is a call as well. */
static void
from_afar(uint8_t what, uint8_t whose, uint8_t how, uint8_t n)
{
	struct far_call f = { what, whose, how, n };
	pthread_t t;

	other_thread = true;
	if (pthread_create(&t, NULL, far_call, &f) == 0)
		pthread_join(t, NULL);
	other_thread = false;
}

/* ---- the worker ---- */

static void
open_channel(uint32_t i)
{
	bench_start(b, i, LINK_START_SUBSYSTEM, "bench", none(), CREDIT, WINDOW);
	must(bench_run(b) >= 0);
	models[i] = (struct model){ .handle = b->guest.channel, .there = true, .credit = CREDIT };
	models[i].asked[0] = (struct asked){ b->guest.token, 1 };
	models[i].asked_count = 1;
}

static void
worker_says(uint8_t what, uint8_t n)
{
	uint32_t i = n % CHANS;
	struct model *w = &models[i];
	uint8_t buf[32];
	struct put p = put_of(buf, sizeof(buf));

	if (!w->there || !ring_room(&b->out, 1024))
		return;
	switch (what % 4) {
	case 0:
		if (w->unread + n > WINDOW)
			return;
		w->unread += n;
		if (!w->closing && w->by_hand)
			w->held += n;
		bench_send(b, LINK_UP_CHAN_DATA, i, 0, 0, view_of(bulk, n));
		break;
	case 1:
		if (w->close_out)
			return;
		w->credit += n;
		bench_send(b, LINK_UP_CHAN_CREDIT, i, n, 0, none());
		break;
	case 2:
		if (w->closing || w->asked_count == TOKENS_MAX)
			return;
		put_cstr(&p, "fuzz");
		bench_send(b, LINK_UP_CHAN_REQUEST, i, 1, 0, put_view(&p));
		must(bench_run(b) >= 0);
		w->asked[w->asked_count++] = (struct asked){ b->guest.request_token, -1 };
		break;
	default:
		/* Both have closed: the handle is gone, the number may come again. */
		if (n % 16 != 0)
			return;
		bench_send(b, LINK_UP_CHAN_CLOSED, i, 0, 0, none());
		must(bench_run(b) >= 0);
		w->there = false;
		break;
	}
}

static void
judge(const struct said *s)
{
	struct model *w = &models[s->e.chan % CHANS];

	must(s->e.chan < CHANS);
	if (!w->there)
		return;
	must(!w->close_out);
	switch (s->e.op) {
	case LINK_DOWN_CHAN_DATA:
		must(!w->eof_out && s->e.len > 0);
		break;
	case LINK_DOWN_CHAN_TOOK:
		must(s->e.arg[0] > 0 && s->e.arg[0] <= w->unread);
		w->unread -= s->e.arg[0];
		break;
	case LINK_DOWN_CHAN_REPLY:
		must(w->asked_count > 0 && w->asked[0].answer == (int)s->e.arg[0]);
		memmove(&w->asked[0], &w->asked[1], --w->asked_count * sizeof(w->asked[0]));
		break;
	case LINK_DOWN_CHAN_EOF:
		must(w->eof && !w->eof_out);
		w->eof_out = true;
		break;
	case LINK_DOWN_CHAN_CLOSE:
		must(w->closing && w->asked_count == 0);
		w->close_out = true;
		break;
	default:
		must(s->e.op == LINK_DOWN_CHAN_REQUEST);
		break;
	}
}

static void
listen_down(void)
{
	static struct said s;

	must(bench_run(b) >= 0);
	b->guest.got_len = 0;
	while (bench_next(b, &s))
		judge(&s);
}

static void
count_begin(void)
{
	struct counters names;
	const char *why;

	must(counters_lines(&names, "Counters alpha beta", strlen("Counters alpha beta"), &why) == 0);
	b->host.counters = counters_make(&names, &b->host.counters_fd);
	must(b->host.counters != NULL);
	counted[0] = counted[1] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what, whose, how, n;

	if (size > 4096)
		return 0;
	log_start("fuzz", 1000000);
	b = bench_new();
	b->guest.request_result = POSTERN_E_AGAIN;
	face = &b->host.face;
	ch = bench_channels(b);
	count_begin();
	for (uint32_t i = 0; i < CHANS; i++)
		open_channel(i);
	listen_down();
	while (in.left > 0) {
		what = next(&in);
		whose = next(&in);
		how = next(&in);
		n = next(&in);
		if (what < 150)
			plugin_call(what, whose, how, n);
		else if (what < 170)
			from_afar(what, whose, how, n);
		else if (what < 240)
			worker_says(how, n);
		else if (!models[n % CHANS].there)
			open_channel(n % CHANS);
		listen_down();
	}
	bench_free(b);
	return 0;
}
