/* Commands: sessions, connections, and what the plugin was told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform.h"

static int32_t
do_text(struct chan *c, const struct words *w)
{
	uint32_t what = (uint32_t)number_of(w, 1);
	char hex[2 * 64 + 1] = "";
	struct postern_view v;
	int32_t r = self.sessions->text(self.host, c->id, what, &v);

	if (r != POSTERN_OK)
		return r;
	for (uint64_t i = 0; what == POSTERN_SESSION_ID && i < v.len && i < 64; i++)
		snprintf(hex + 2 * i, 3, "%02x", ((const uint8_t *)v.data)[i]);
	tell(c, "%u=%.*s.", (unsigned)what, what == POSTERN_SESSION_ID ? (int)strlen(hex) : (int)v.len,
	    what == POSTERN_SESSION_ID ? hex : (const char *)v.data);
	return POSTERN_OK;
}

static int32_t
do_number(struct chan *c, const struct words *w)
{
	uint64_t value;
	int32_t r = self.sessions->number(self.host, c->id, (uint32_t)number_of(w, 1), &value);

	if (r == POSTERN_OK)
		tell(c, "%s=%" PRIu64 ".", word_of(w, 1), value);
	return r;
}

static int32_t
do_rekey(struct chan *c, const struct words *w)
{
	(void)w;
	return self.sessions->rekey(self.host, c->id);
}

/* The connection, by its handle: the same for its channels. */
static int32_t
do_of(struct chan *c, const struct words *w)
{
	struct postern_connection connection;
	struct postern_view user;
	int32_t r = self.connections->of(self.host, c->id, &connection);

	(void)w;
	if (r == POSTERN_OK)
		r = self.connections->text(self.host, connection, POSTERN_SESSION_USER, &user);
	if (r == POSTERN_OK)
		tell(c, "of %" PRIx64 " %.*s.", connection.handle, (int)user.len, (const char *)user.data);
	return r;
}

/* ---- toward the peer ---- */

static void
opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	struct chan *c = context;

	event(c->parent, "opened %d %u %.*s.", (int)result, (unsigned)code, (int)text.len, (const char *)text.data);
	if (result != POSTERN_OK)
		free(c);
}

static int32_t
do_back(struct chan *c, const struct words *w)
{
	struct postern_open record = { sizeof(record), POSTERN_OPEN_CHANNEL, view_of(w, 1), view_of(w, 2), NULL, opened };
	struct chan *child = chan_new((struct postern_channel){ 0 });
	struct postern_connection connection;
	int32_t r = child != NULL ? self.connections->of(self.host, c->id, &connection) : POSTERN_E_NOMEM;

	record.context = child;
	if (r == POSTERN_OK) {
		child->parent = c;
		r = self.connections->open(self.host, connection, &record, &child->id);
	}
	if (r != POSTERN_OK)
		free(child);
	return r;
}

static void
answered(void *context, int32_t success, struct postern_view body)
{
	event(context, "answered %d %.*s.", (int)success, (int)body.len, (const char *)body.data);
}

static int32_t
do_global(struct chan *c, const struct words *w)
{
	struct postern_connection connection;
	int32_t r = self.connections->of(self.host, c->id, &connection);

	return r == POSTERN_OK ? self.connections->request(self.host, connection, view_of(w, 1), view_of(w, 2), answered, c) : r;
}

/* ---- what waits, and what was told ---- */

/* admit SUCCESS: all opens that wait. */
static int32_t
do_admit(struct chan *c, const struct words *w)
{
	int32_t r = POSTERN_OK;

	(void)c;
	for (unsigned i = 0; i < self.opens && r == POSTERN_OK; i++)
		r = number_of(w, 1) ? self.channels->reply(self.host, self.open[i].channel, self.open[i].token, 1) :
		    self.channels->refuse(self.host, self.open[i].channel, self.open[i].token, POSTERN_E_DENIED, postern_text("not now"));
	self.opens = 0;
	return r;
}

static int32_t
do_start(struct chan *c, const struct words *w)
{
	(void)w;
	tell(c, "%s", c->start);
	return POSTERN_OK;
}

static int32_t
do_told(struct chan *c, const struct words *w)
{
	(void)w;
	tell(c, "data %" PRIu64 " extended %" PRIu64 " stream %u: %s", c->data, c->extended, (unsigned)c->stream, c->events);
	return POSTERN_OK;
}

/* How many channels were told that they are closed, by reason. */
static int32_t
do_closed(struct chan *c, const struct words *w)
{
	(void)w;
	tell(c, "closed %u %u %u.", self.closed[0], self.closed[1], self.closed[2]);
	return POSTERN_OK;
}

static int32_t
do_nothing(struct chan *c, const struct words *w)
{
	(void)c, (void)w;
	return POSTERN_OK;
}

static int32_t
do_crash(struct chan *c, const struct words *w)
{
	(void)c, (void)w;
	abort();
}

const struct command commands_more[] = {
	{ "text", do_text },
	{ "number", do_number },
	{ "rekey", do_rekey },
	{ "of", do_of },
	{ "back", do_back },
	{ "global", do_global },
	{ "admit", do_admit },
	{ "start", do_start },
	{ "told", do_told },
	{ "closed", do_closed },
	{ "nothing", do_nothing },
	{ "crash", do_crash },
	{ NULL, NULL },
};
