/*
 * The subsystem "echo" returns what it gets, stream by stream. It takes only
 * what it could write, so the peer's window is re-opened by the peer's own
 * reading: nothing is ever stored here.
 */
#include <stdlib.h>

#include <postern/draft/subsystem.h>
#include <postern/postern.h>

struct echo {
	struct postern_plugin plugin;
	const struct postern_host *host;
	const struct postern_if_channel *channels;
};

struct echo_channel {
	struct echo *echo;
	struct postern_channel channel;
};

static int32_t
echo_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct echo_channel *c = malloc(sizeof(*c));

	(void)start;
	if (c == NULL)
		return POSTERN_E_NOMEM;
	c->echo = plugin->impl;
	c->channel = channel;
	*context = c;
	return POSTERN_OK;
}

static int32_t
echo_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct echo_channel *c = context;
	int32_t r = c->echo->channels->write(c->echo->host, c->channel, stream, bytes, took);

	/* Nobody is there to return it to. */
	if (r == POSTERN_E_CLOSED)
		*took = bytes.len;
	return POSTERN_OK;
}

static void
echo_eof(void *context)
{
	struct echo_channel *c = context;
	const struct postern_if_channel *channels = c->echo->channels;

	channels->eof(c->echo->host, c->channel);
	channels->exit_status(c->echo->host, c->channel, 0);
	channels->close(c->echo->host, c->channel);
}

static void
echo_closed(void *context, uint32_t reason)
{
	(void)reason;
	free(context);
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("echo") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = 1,
	.open = echo_open,
	.data = echo_data,
	.closed = echo_closed,
	.eof = echo_eof,
};

static int32_t
echo_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
echo_stop(struct postern_plugin *plugin)
{
	(void)plugin;
}

static void
echo_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
echo_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static int32_t
echo_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct echo *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return POSTERN_E_NOMEM;
	e->host = host;
	e->channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	if (e->channels == NULL) {
		free(e);
		return POSTERN_E_NOSUCH;
	}
	e->plugin.size = sizeof(e->plugin);
	e->plugin.impl = e;
	e->plugin.start = echo_start;
	e->plugin.stop = echo_stop;
	e->plugin.destroy = echo_destroy;
	e->plugin.query = echo_query;
	*out = &e->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.echo"),
	POSTERN_LITERAL("0.1"), echo_create,
};
