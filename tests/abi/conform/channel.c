/* Commands: methods of a channel. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform.h"

static int32_t
do_take(struct chan *c, const struct words *w)
{
	c->takes = (uint32_t)number_of(w, 1);
	return c->takes ? self.channels->resume(self.host, c->id) : POSTERN_OK;
}

static int32_t
do_later(struct chan *c, const struct words *w)
{
	c->later = (uint32_t)number_of(w, 1);
	return POSTERN_OK;
}

/* answer N SUCCESS: the Nth of the requests that wait. */
static int32_t
do_answer(struct chan *c, const struct words *w)
{
	uint64_t i = number_of(w, 1);

	return i < c->tokens ? self.channels->reply(self.host, c->id, c->token[i], (uint32_t)number_of(w, 2)) : POSTERN_E_NOSUCH;
}

static int32_t
do_get(struct chan *c, const struct words *w)
{
	uint64_t value;
	int32_t r = self.channels->get(self.host, c->id, (uint32_t)number_of(w, 1), &value);

	if (r == POSTERN_OK)
		tell(c, "%s=%" PRIu64 ".", word_of(w, 1), value);
	return r;
}

static int32_t
do_set(struct chan *c, const struct words *w)
{
	return self.channels->set(self.host, c->id, (uint32_t)number_of(w, 1), number_of(w, 2));
}

static int32_t
do_write(struct chan *c, const struct words *w)
{
	c->left_stream = (uint32_t)number_of(w, 1);
	c->left = number_of(w, 2);
	push(c);
	return POSTERN_OK;
}

static int32_t
do_end(struct chan *c, const struct words *w)
{
	c->end = (int64_t)number_of(w, 1);
	push(c);
	return POSTERN_OK;
}

static int32_t
do_say(struct chan *c, const struct words *w)
{
	struct postern_view text = view_of(w, 2);
	uint64_t took;
	int32_t r = self.channels->write(self.host, c->id, (uint32_t)number_of(w, 1), text, &took);

	return r == POSTERN_OK && took < text.len ? POSTERN_E_AGAIN : r;
}

/* try COUNT: one write, and how much of it was taken. */
static int32_t
do_try(struct chan *c, const struct words *w)
{
	static const char filler[4096];
	uint64_t took;
	int32_t r = self.channels->write(self.host, c->id, 0, postern_view_of(filler, number_of(w, 1)), &took);

	event(c, "took %" PRIu64 ".", took);
	return r;
}

static int32_t
do_pieces(struct chan *c, const struct words *w)
{
	const struct postern_view pieces[] = { view_of(w, 1), view_of(w, 2), postern_view_of(NULL, 0), view_of(w, 3) };
	uint64_t took;

	return self.channels->writev(self.host, c->id, 0, pieces, 4, &took);
}

static int32_t
do_read(struct chan *c, const struct words *w)
{
	char buffer[256];
	uint64_t took, size = number_of(w, 1);
	uint32_t stream;
	int32_t r = self.channels->read(self.host, c->id, &stream, buffer, size < sizeof(buffer) ? size : sizeof(buffer), &took);

	if (r == POSTERN_OK)
		tell(c, "read %u %.*s.", (unsigned)stream, (int)took, buffer);
	return r;
}

static void
ready(void *context, uint32_t events)
{
	event(context, "ready %u.", (unsigned)events);
}

static int32_t
do_await(struct chan *c, const struct words *w)
{
	return self.channels->await(self.host, c->id, (uint32_t)number_of(w, 1), ready, c);
}

static int32_t
do_credit(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->await_credit(self.host, c->id);
}

static int32_t
do_consume(struct chan *c, const struct words *w)
{
	return self.channels->consume(self.host, c->id, number_of(w, 1));
}

static int32_t
do_grow(struct chan *c, const struct words *w)
{
	return self.channels->grow(self.host, c->id, number_of(w, 1), (uint32_t)number_of(w, 2));
}

static int32_t
do_discard(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->discard(self.host, c->id, NULL);
}

static int32_t
do_eof(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->eof(self.host, c->id);
}

static int32_t
do_close(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->close(self.host, c->id);
}

static int32_t
do_abort(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->abort(self.host, c->id);
}

static int32_t
do_hold(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->hold(self.host, c->id);
}

static int32_t
do_release(struct chan *c, const struct words *w)
{
	(void)w;
	return self.channels->release(self.host, c->id);
}

static int32_t
do_signal(struct chan *c, const struct words *w)
{
	return self.channels->exit_signal(self.host, c->id, view_of(w, 1), (uint32_t)number_of(w, 2), view_of(w, 3));
}

static int32_t
do_request(struct chan *c, const struct words *w)
{
	return self.channels->request(self.host, c->id, view_of(w, 1), view_of(w, 2));
}

static int32_t
do_label(struct chan *c, const struct words *w)
{
	return self.channels->label(self.host, c->id, view_of(w, 1));
}

static int32_t
do_log(struct chan *c, const struct words *w)
{
	self.logs->line(self.host, POSTERN_LOG_INFO, c->id, view_of(w, 1));
	return POSTERN_OK;
}

const struct command commands_channel[] = {
	{ "take", do_take },
	{ "later", do_later },
	{ "answer", do_answer },
	{ "get", do_get },
	{ "set", do_set },
	{ "write", do_write },
	{ "end", do_end },
	{ "say", do_say },
	{ "try", do_try },
	{ "pieces", do_pieces },
	{ "read", do_read },
	{ "await", do_await },
	{ "credit", do_credit },
	{ "consume", do_consume },
	{ "grow", do_grow },
	{ "discard", do_discard },
	{ "eof", do_eof },
	{ "close", do_close },
	{ "abort", do_abort },
	{ "hold", do_hold },
	{ "release", do_release },
	{ "signal", do_signal },
	{ "request", do_request },
	{ "label", do_label },
	{ "log", do_log },
	{ NULL, NULL },
};
