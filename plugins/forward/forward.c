#include "forward.h"

#include <stdlib.h>

static int32_t
forward_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct forward *f = plugin->impl;
	struct pipe *p = pipe_new(f, -1);
	int32_t r;

	if (p == NULL)
		return POSTERN_E_NOMEM;
	p->channel = channel;
	p->token = start->token;
	r = connect_open(f, p, start);
	if (r != POSTERN_OK && r != POSTERN_E_AGAIN)
		pipe_free(p);
	else
		*context = p;
	return r;
}

static int32_t
forward_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	/* A socket has one stream. */
	if (stream != POSTERN_STREAM_DATA) {
		*took = bytes.len;
		return POSTERN_OK;
	}
	return pipe_data(context, bytes, took);
}

static void
forward_closed(void *context, uint32_t reason)
{
	(void)reason;
	pipe_free(context);
}

static void
forward_eof(void *context)
{
	pipe_peer_eof(context);
}

static void
forward_writable(void *context, uint64_t credit)
{
	(void)credit;
	pipe_writable(context);
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_OPEN, 0, POSTERN_LITERAL("direct-tcpip") },
	{ POSTERN_START_OPEN, 0, POSTERN_LITERAL("direct-streamlocal@openssh.com") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = forward_open,
	.data = forward_data,
	.closed = forward_closed,
	.eof = forward_eof,
	.writable = forward_writable,
};

static int32_t
forward_request(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session,
    uint64_t token, uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	(void)session;
	(void)kind;
	(void)wanted;
	return listen_request(plugin->impl, connection, token, name, body);
}

static void
forward_connection_ended(struct postern_plugin *plugin, struct postern_connection connection)
{
	listen_end(plugin->impl, connection);
}

static const struct postern_answers answers[] = {
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("tcpip-forward") },
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("cancel-tcpip-forward") },
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("streamlocal-forward@openssh.com") },
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("cancel-streamlocal-forward@openssh.com") },
};

static const struct postern_if_requests requests = {
	.answers = answers,
	.answers_count = sizeof(answers) / sizeof(answers[0]),
	.request = forward_request,
	.connection_ended = forward_connection_ended,
};

static int32_t
forward_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
forward_stop(struct postern_plugin *plugin)
{
	listen_end_all(plugin->impl);
}

static void
forward_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
forward_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	if (postern_view_is(id, POSTERN_IF_SUBSYSTEM))
		return &subsystem;
	return postern_view_is(id, POSTERN_IF_REQUESTS) ? &requests : NULL;
}

static int32_t
forward_create(const struct postern_host *host, struct postern_plugin **out)
{
	const struct postern_if_config *config = host->query(host, postern_text(POSTERN_IF_CONFIG));
	struct forward *f = calloc(1, sizeof(*f));
	struct postern_view text;

	if (f == NULL)
		return POSTERN_E_NOMEM;
	f->host = host;
	f->channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	f->loop = host->query(host, postern_text(POSTERN_IF_LOOP));
	f->connections = host->query(host, postern_text(POSTERN_IF_CONNECTION));
	f->tasks = host->query(host, postern_text(POSTERN_IF_TASK));
	if (f->channels == NULL || f->loop == NULL || config == NULL) {
		free(f);
		return POSTERN_E_NOSUCH;
	}
	text = config->text(host);
	settings_read(&f->settings, text.data, text.len);
	f->plugin.size = sizeof(f->plugin);
	f->plugin.impl = f;
	f->plugin.start = forward_start;
	f->plugin.stop = forward_stop;
	f->plugin.destroy = forward_destroy;
	f->plugin.query = forward_query;
	*out = &f->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.forward"),
	POSTERN_LITERAL("0.1"), forward_create,
};
