/* Captures: a client's socket, requests and the supervisor's answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "abi/wire/reason.h"
#include "control/console/capture.h"

void
capture_event(struct client *cl, unsigned events)
{
	struct stream *s = cl->stream;
	char none[64];

	if ((events & LOOP_IN) != 0 && !s->deaf) {
		ssize_t n = recv(cl->fd, none, sizeof(none), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 0)
			s->deaf = true;
		if (n < 0) {
			client_close(cl);
			return;
		}
		stream_stop(s);
	}
	/* It reads no more: there is nobody to write for. */
	if ((events & LOOP_HUP) != 0 || (!s->begun && s->deaf)) {
		client_close(cl);
		return;
	}
	stream_pump(s);
}

void
capture_free(struct client *cl)
{
	struct stream *s = cl->stream;
	uint32_t i;

	for (i = 0; i < s->legs; i++) {
		if (s->leg[i].id != 0)
			leg_stop(s->leg[i].id);
		leg_close(&s->leg[i]);
	}
	loop_cancel(s->console->loop, s->timer);
	cl->stream = NULL;
	free(s);
}

static void
begin(struct stream *s)
{
	struct js *o = js_object();
	char *text;

	js_set_bool(o, "ok", true);
	js_set_u64(o, "capture", s->number);
	js_set_u64(o, "workers", s->legs);
	text = js_text(o, false);
	js_free(o);
	if (text == NULL) {
		client_close(s->client);
		return;
	}
	s->len = strlen(text);
	memcpy(s->out, text, s->len);
	s->out[s->len++] = '\n';
	free(text);
	stream_begin(s);
}

static void
refuse(struct stream *s, uint32_t reason)
{
	struct client *cl = s->client;

	capture_free(cl);
	clients_error(cl->console, cl, reason < REASON_MAX ? reason_text((int)reason) : "refused");
}

static struct leg *
leg_by_tag(struct console *c, uint32_t tag)
{
	int i;
	uint32_t k;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		struct stream *s = c->client[i].stream;

		for (k = 0; s != NULL && k < s->legs; k++)
			if (s->leg[k].tag == tag)
				return &s->leg[k];
	}
	return NULL;
}

static void
leg_answered(struct stream *s, struct leg *l, uint32_t id, uint32_t reason, const struct msg *m)
{
	int r = reason == R_NONE ? leg_up(l, id, m) : 0;

	s->waiting--;
	if (reason == R_NONE && r != 0)
		reason = (uint32_t)-r;
	if (reason != R_NONE && s->reason == R_NONE)
		s->reason = reason;
	if (s->waiting > 0)
		return;
	if (s->reason != R_NONE)
		refuse(s, s->reason);
	else
		begin(s);
}

void
capture_is(struct console *c, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint32_t id = cur_u32(&b), reason = cur_u32(&b);
	struct leg *l = leg_by_tag(c, m->tag);

	if (!cur_done(&b))
		return;
	if (l == NULL) {
		/* Whoever asked for it has gone. */
		if (reason == R_NONE)
			leg_stop(id);
		return;
	}
	if (l->id == 0 && !l->stream->begun) {
		leg_answered(l->stream, l, id, reason, m);
		return;
	}
	/* The dataplane is gone: what it has copied can still be read. */
	if (reason != R_NONE && !l->stream->stopped)
		stream_stop(l->stream);
	stream_pump(l->stream);
}

/* ---- requests ---- */

static uint64_t
bounded(const struct js *request, const char *key, uint64_t usual, uint64_t max)
{
	uint64_t v = js_u64(request, key);

	if (v == 0)
		v = usual;
	return v < max ? v : max;
}

static bool
read_ask(const struct js *request, struct capture_ask *a)
{
	a->snap = (uint32_t)bounded(request, "snaplen", CAPTURE_SNAP_DEFAULT, CAPTURE_SNAP_MAX);
	if (a->snap < CAPTURE_SNAP_MIN)
		a->snap = CAPTURE_SNAP_MIN;
	a->seconds = (uint32_t)bounded(request, "seconds", CAPTURE_SECONDS_DEFAULT, CAPTURE_SECONDS_MAX);
	a->bytes = bounded(request, "bytes", CAPTURE_BYTES_DEFAULT, CAPTURE_BYTES_MAX);
	a->packets = (uint32_t)bounded(request, "packets", CAPTURE_PACKETS_DEFAULT, CAPTURE_PACKETS_MAX);
	return which_read(request, &a->filter);
}

static uint32_t
streams(const struct console *c)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		n += c->client[i].stream != NULL;
	return n;
}

/* A leg at every worker that may have such frames. */
static void
add_legs(struct console *c, struct stream *s)
{
	uint32_t conn = s->ask.filter.conn, i;

	for (i = 0; i < CONSOLE_WORKERS_MAX; i++) {
		struct leg *l = &s->leg[s->legs];

		if (c->meter[i] == NULL || (conn != LINK_CONN_NONE && conn >> LINK_WORKER_SHIFT != i))
			continue;
		l->stream = s;
		l->worker = i;
		l->wait_fd = l->own.fd = l->other.fd = -1;
		s->legs++;
	}
	s->waiting = s->legs;
}

static void
start(struct console *c, struct client *cl, const struct js *request, enum capture_kind kind)
{
	const char *which = js_str(request, "which");
	struct stream *s;
	uint32_t i;

	if (streams(c) >= CAPTURE_MAX) {
		clients_error(c, cl, "too many captures are under way");
		return;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		clients_error(c, cl, "out of memory");
		return;
	}
	s->console = c;
	s->client = cl;
	if (!read_ask(request, &s->ask)) {
		clients_error(c, cl, "not a session's id, an address or a network");
		free(s);
		return;
	}
	s->ask.kind = (uint8_t)kind;
	s->number = ++c->captures;
	s->begin_ns = stream_now_ns();
	snprintf(s->which, sizeof(s->which), "%s", which[0] != '\0' ? which : "all");
	add_legs(c, s);
	cl->stream = s;
	cl->want = WANT_CAPTURE;
	clients_patient(cl);
	for (i = 0; i < s->legs; i++)
		if (leg_ask(s, &s->leg[i]) != 0) {
			refuse(s, R_NOMEM);
			return;
		}
	if (s->legs == 0)
		refuse(s, R_PEER_GONE);
}

static struct js *
stream_row(const struct stream *s)
{
	struct js *o = js_object();
	uint64_t missed = 0;
	uint32_t i;

	for (i = 0; i < s->legs; i++)
		missed += s->leg[i].missed;
	js_set_u64(o, "capture", s->number);
	js_set_str(o, "kind", s->ask.kind == CAPTURE_RECORDS ? "records" : "frames");
	js_set_u64(o, "uid", s->client->uid);
	js_set_str(o, "which", s->which);
	js_set_u64(o, "port", s->ask.filter.port);
	js_set_u64(o, "since", s->begin_ns / 1000000000u);
	js_set_u64(o, "packets", s->frames);
	js_set_u64(o, "bytes", s->bytes);
	js_set_u64(o, "missed", missed);
	js_set_u64(o, "max_packets", s->ask.packets);
	js_set_u64(o, "max_bytes", s->ask.bytes);
	js_set_u64(o, "max_seconds", s->ask.seconds);
	js_set_u64(o, "snaplen", s->ask.snap);
	return o;
}

static void
status(struct console *c, struct client *cl)
{
	struct js *o = js_object();
	struct js *list = js_array();
	int i;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		if (c->client[i].stream != NULL)
			js_add(list, stream_row(c->client[i].stream));
	js_set_bool(o, "ok", true);
	js_set(o, "captures", list);
	clients_answer(c, cl, o);
}

static void
stop_some(struct console *c, struct client *cl, const char *which)
{
	struct js *o;
	uint64_t n = 0;
	int i;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		struct stream *s = c->client[i].stream;

		if (s == NULL || (strcmp(which, "all") != 0 && strtoul(which, NULL, 10) != s->number))
			continue;
		stream_stop(s);
		n++;
	}
	if (n == 0 && strcmp(which, "all") != 0) {
		clients_error(c, cl, "there is no such capture");
		return;
	}
	o = js_object();
	js_set_bool(o, "ok", true);
	js_set_u64(o, "stopped", n);
	clients_answer(c, cl, o);
}

void
capture_request(struct console *c, struct client *cl, const struct js *request)
{
	const char *op = js_str(request, "op");

	if (strcmp(op, "start") == 0)
		start(c, cl, request, CAPTURE_FRAMES);
	else if (strcmp(op, "status") == 0)
		status(c, cl);
	else if (strcmp(op, "stop") == 0)
		stop_some(c, cl, js_str(request, "which"));
	else
		clients_error(c, cl, "capture: start, status or stop");
}

void
trace_request(struct console *c, struct client *cl, const struct js *request)
{
	const char *which = js_str(request, "which");
	struct js *o;
	uint64_t n = 0;
	int i;

	if (strcmp(js_str(request, "op"), "on") == 0) {
		start(c, cl, request, CAPTURE_RECORDS);
		return;
	}
	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		struct stream *s = c->client[i].stream;

		if (s == NULL || s->ask.kind != CAPTURE_RECORDS || strcmp(which, s->which) != 0)
			continue;
		stream_stop(s);
		n++;
	}
	if (n == 0) {
		clients_error(c, cl, "there is no such trace");
		return;
	}
	o = js_object();
	js_set_bool(o, "ok", true);
	js_set_u64(o, "stopped", n);
	clients_answer(c, cl, o);
}
