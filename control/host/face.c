#include "control/host/face.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "control/host/host.h"
#include "control/log.h"

bool
face_thread(struct host *h)
{
	if (pthread_equal(pthread_self(), h->thread))
		return true;
	face_misuse(h, FACE_THREAD);
	if (h->debug)
		abort();
	return false;
}

struct chan *
face_any(struct host *h, struct postern_channel channel, int32_t *r)
{
	struct chan *c;

	if (!face_thread(h)) {
		*r = POSTERN_E_THREAD;
		return NULL;
	}
	c = chans_by_handle(&h->chans, channel.handle);
	if (c == NULL)
		face_misuse(h, FACE_HANDLE);
	*r = c == NULL ? POSTERN_E_CLOSED : POSTERN_OK;
	return c;
}

struct chan *
face_chan(struct host *h, struct postern_channel channel, int32_t *r)
{
	struct chan *c = face_any(h, channel, r);

	if (c != NULL && (c->flags & CHAN_F_ASKING)) {
		*r = POSTERN_E_AGAIN;
		return NULL;
	}
	return c;
}

struct chan *
face_live(struct host *h, struct postern_channel channel, int32_t *r)
{
	struct chan *c = face_chan(h, channel, r);

	if (c != NULL && (c->flags & (CHAN_F_CLOSING | CHAN_F_GONE))) {
		*r = POSTERN_E_CLOSED;
		return NULL;
	}
	return c;
}

void
face_misuse(struct host *h, enum face_misuse kind)
{
	static const char *const texts[] = { [FACE_THREAD] = "calls from a wrong thread",
		[FACE_HANDLE] = "calls with the handle of a channel that is not there" };

	if ((atomic_fetch_or(&h->misused, 1u << kind) & 1u << kind) == 0)
		log_warn("plugin %s: %s; it is told once", h->name, texts[kind]);
}

/* ---- postern.log/1 ---- */

/* By connection and number, as posternctl names them, and what it is. */
static void
log_channel(struct host *h, enum log_level level, const struct chan *c, int len, const char *text)
{
	if (c == NULL)
		log_line(level, "plugin %s: no channel: %.*s", h->name, len, text);
	else
		log_conn(level, c->conn, c->gen, "plugin %s: channel %u %s: %.*s", h->name, (unsigned)c->number,
		    c->label != NULL ? c->label : "", len, text);
}

static void
log_face_line(const struct postern_host *face, uint32_t level, struct postern_channel channel,
    struct postern_view text)
{
	static const enum log_level levels[] = { LOG_L_ERROR, LOG_L_ERROR, LOG_L_ERROR, LOG_L_ERROR,
	    LOG_L_WARN, LOG_L_INFO, LOG_L_INFO };
	struct host *h = host_of(face);
	int len = text.len > 1024 ? 1024 : (int)text.len;
	enum log_level l = level < sizeof(levels) / sizeof(levels[0]) ? levels[level] : LOG_L_DEBUG;

	if (channel.handle == 0 || !pthread_equal(pthread_self(), h->thread))
		log_line(l, "plugin %s: %.*s", h->name, len, (const char *)text.data);
	else
		log_channel(h, l, chans_by_handle(&h->chans, channel.handle), len, text.data);
}

static const struct postern_if_log face_log = { .line = log_face_line };

/* ---- postern.config/1 ---- */

static struct postern_view
config_text(const struct postern_host *face)
{
	struct host *h = host_of(face);

	return postern_view_of(h->config, h->config_len);
}

static struct postern_view
config_name(const struct postern_host *face)
{
	return postern_text(host_of(face)->name);
}

static const struct postern_if_config face_config = { .text = config_text, .name = config_name };

/* ---- by id ---- */

struct face_row {
	const char *id;
	const void *face;
	bool user_only; /* needs a login's leader */
};

static const struct face_row rows[] = {
	{ POSTERN_IF_CHANNEL, &face_channel, false },
	{ POSTERN_IF_SESSION, &face_session, false },
	{ POSTERN_IF_LOOP, &face_loop, false },
	{ POSTERN_IF_TASK, &face_task, false },
	{ POSTERN_IF_COUNTER, &face_counter, false },
	{ POSTERN_IF_LOG, &face_log, false },
	{ POSTERN_IF_CONFIG, &face_config, false },
	{ POSTERN_IF_CONNECTION, &face_connection, false },
	{ POSTERN_IF_SPAWN, &face_spawn, true },
};

const void *
face_query(const struct postern_host *face, struct postern_view id)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (postern_view_is(id, rows[i].id))
			return rows[i].user_only && host_of(face)->leader < 0 ? NULL : rows[i].face;
	return NULL;
}
