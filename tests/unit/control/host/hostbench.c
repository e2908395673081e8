#include "tests/unit/control/host/hostbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/link/bell.h"

/* ---- the plugin ---- */

static struct bench *the;

static int32_t
guest_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct bench_guest *g = plugin->impl;

	g->channel = channel;
	g->token = start->token;
	g->flags = start->flags;
	g->window = start->window;
	g->environment_count = start->environment_count;
	g->body_len = start->body.len;
	snprintf(g->name, sizeof(g->name), "%.*s", (int)start->name.len, (const char *)start->name.data);
	*context = g;
	if (g->reply_in_open)
		bench_channels(the)->reply(&the->host.face, channel, start->token, 1);
	return g->open_result;
}

static int32_t
guest_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct bench_guest *g = context;
	uint64_t n = bytes.len < g->take ? bytes.len : g->take;

	memcpy(g->got + g->got_len, bytes.data, n);
	g->got_len += n;
	g->last_stream = stream;
	g->data_calls++;
	*took = n + g->took_lie;
	if (g->close_in_data)
		bench_channels(the)->close(&the->host.face, g->channel);
	if (g->resume_in_data)
		bench_channels(the)->resume(&the->host.face, g->channel);
	if (g->discard_in_data)
		bench_channels(the)->discard(&the->host.face, g->channel, NULL);
	return g->data_result;
}

static void
guest_closed(void *context, uint32_t reason)
{
	struct bench_guest *g = context;
	uint64_t took;

	g->closed_calls++;
	g->closed_reason = reason;
	g->closed_write = bench_channels(the)->write(&the->host.face, g->channel, 0,
	    postern_text("late"), &took);
}

static void
guest_eof(void *context)
{
	((struct bench_guest *)context)->eof_calls++;
}

static void
guest_hangup(void *context)
{
	((struct bench_guest *)context)->hangup_calls++;
}

static void
guest_writable(void *context, uint64_t credit)
{
	struct bench_guest *g = context;

	g->writable_calls++;
	g->writable_credit = credit;
}

static void
guest_window(void *context, const struct postern_window *window)
{
	((struct bench_guest *)context)->window = *window;
}

static void
guest_signal(void *context, struct postern_view name)
{
	struct bench_guest *g = context;

	snprintf(g->signal, sizeof(g->signal), "%.*s", (int)name.len, (const char *)name.data);
}

static int32_t
guest_break(void *context, uint64_t token, uint32_t ms)
{
	struct bench_guest *g = context;

	(void)token;
	g->break_ms = ms;
	return POSTERN_OK;
}

static int32_t
guest_request(void *context, uint64_t token, struct postern_view name, struct postern_view body)
{
	struct bench_guest *g = context;

	(void)body;
	g->request_token = token;
	snprintf(g->request, sizeof(g->request), "%.*s", (int)name.len, (const char *)name.data);
	return g->request_result;
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("bench") },
	{ POSTERN_START_OPEN, 0, POSTERN_LITERAL("pipe") },
	{ POSTERN_START_SHELL, 0, POSTERN_LITERAL("") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = guest_open,
	.data = guest_data,
	.closed = guest_closed,
	.eof = guest_eof,
	.writable = guest_writable,
	.window_change = guest_window,
	.signal = guest_signal,
	.send_break = guest_break,
	.request = guest_request,
	.hangup = guest_hangup,
};

static int32_t
guest_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
guest_stop(struct postern_plugin *plugin)
{
	(void)plugin;
}

static const void *
guest_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static int32_t
guest_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct bench *b = host_of(host) == &the->host ? the : NULL;

	if (b == NULL)
		return POSTERN_E_FAIL;
	b->guest.plugin = (struct postern_plugin){ sizeof(struct postern_plugin), 0, &b->guest, guest_start,
		guest_stop, guest_stop, guest_query };
	*out = &b->guest.plugin;
	return POSTERN_OK;
}

static const struct postern_entry entry = { sizeof(entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.test.bench"),
	POSTERN_LITERAL("1"), guest_create };

const struct postern_if_channel *
bench_channels(struct bench *b)
{
	return b->host.face.query(&b->host.face, postern_text(POSTERN_IF_CHANNEL));
}

/* ---- the link ---- */

struct bench *
bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct host *h;
	char why[256];
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	struct msg m;
	int ring_fd = -1;

	the = b;
	b->loop = loop_new();
	h = &b->host;
	host_init(h, b->loop);
	h->debug = false;
	snprintf(h->name, sizeof(h->name), "bench");
	if (linkend_make(&h->link[0]) != 0 ||
	    region_create(&b->own, "worker", LINK_HOST_RING, LINK_HOST_ARENA) != 0 ||
	    region_attach(&b->other, h->link[0].own.fd, LINK_HOST_RING, LINK_HOST_ARENA) != 0 ||
	    bell_create(&b->bell_wait, &ring_fd) != 0)
		abort();
	put_u32(&w, 0);
	put_u32(&w, 77);
	h->link[0].asked = true;
	m = (struct msg){ .type = MSG_LINK_UP, .body = put_view(&w), .fds = { b->own.fd, ring_fd }, .fd_count = 2 };
	if (linkend_up(&h->link[0], &m) != 0)
		abort();
	close(ring_fd);
	ring_out_init(&b->out, &b->own, &b->other, b->arena_end, false);
	ring_in_init(&b->in, &b->own, &b->other);
	if (load_adopt(h, &entry, why) != 0)
		abort();
	b->guest.take = UINT64_MAX;
	return b;
}

void
bench_free(struct bench *b)
{
	host_fini(&b->host);
	region_close(&b->own);
	region_close(&b->other);
	loop_free(b->loop);
	close(b->bell_wait);
	free(b);
}

void
bench_send(struct bench *b, uint16_t op, uint32_t chan, uint64_t a0, uint64_t a1, struct view payload)
{
	struct link_entry e = { .op = op, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
	    .seq = BENCH_USE, .arg = { a0, a1 } };

	if (!ring_send(&b->out, &e, payload))
		abort();
}

int
bench_run(struct bench *b)
{
	int r;

	while ((r = host_poll(&b->host)) > 0)
		;
	return r;
}

void
bench_start(struct bench *b, uint32_t chan, uint8_t kind, const char *name, struct view pty, uint64_t credit,
    uint64_t window)
{
	struct link_entry e = { .op = LINK_UP_CHAN_OPEN, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
	    .seq = BENCH_USE, .arg = { 32768, credit, window } };
	uint8_t buf[1024];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, kind);
	put_cstr(&w, name);
	put_sview(&w, pty);
	put_u32(&w, 1);
	put_cstr(&w, "LANG");
	put_cstr(&w, "C.UTF-8");
	put_cstr(&w, "");
	if (!ring_send(&b->out, &e, put_view(&w)))
		abort();
}

void
bench_open(struct bench *b, uint32_t chan, uint64_t credit)
{
	struct said s;

	bench_start(b, chan, LINK_START_SUBSYSTEM, "bench", view_of(NULL, 0), credit, 65536);
	bench_run(b);
	bench_next(b, &s); /* the start's reply, where it was given */
}

bool
bench_next(struct bench *b, struct said *s)
{
	struct view payload;
	int r = ring_peek(&b->in, &s->e, &payload);

	if (r <= 0)
		return false;
	memcpy(s->payload, payload.data, payload.len);
	ring_take(&b->in);
	return s->e.conn == BENCH_CONN && s->e.gen == BENCH_GEN && s->e.seq == BENCH_USE;
}

uint64_t
bench_expect(struct bench *b, uint16_t op)
{
	struct said s;

	if (!bench_next(b, &s) || s.e.op != op)
		return UINT64_MAX;
	return s.e.arg[0];
}

bool
bench_silent(struct bench *b)
{
	return !ring_pending(&b->in);
}
