/*
 * The subsystem "netconf" (RFC 6242 section 3): one session per channel, whose messages go
 * to a server on this machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "netconf.h"

#define DEFAULT_SERVER "/run/postern-netconf.sock"
#define DEFAULT_HELLO_TIMEOUT 60000u      /* ms */
#define DEFAULT_HELLO_MAX 65536u          /* bytes */
#define DEFAULT_MESSAGE_MAX (64u << 20)   /* bytes */

/* ---- channels ---- */

static int32_t
netconf_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct netconf *n = plugin->impl;
	struct session *s = session_new(n, channel);

	(void)start;
	if (s == NULL) {
		n->log->line(n->host, POSTERN_LOG_WARN, channel, postern_text("the server cannot be reached"));
		return POSTERN_E_FAIL;
	}
	*context = s;
	return POSTERN_OK;
}

static int32_t
netconf_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	*took = stream == POSTERN_STREAM_DATA ? session_take(context, bytes.data, bytes.len) : bytes.len;
	return POSTERN_OK;
}

static void
netconf_eof(void *context)
{
	session_eof(context);
}

static void
netconf_writable(void *context, uint64_t credit)
{
	(void)credit;
	session_back(context);
}

/* A session whose client is gone ends; the server sees its socket closed and gives back
 * what the session had locked. */
static void
netconf_closed(void *context, uint32_t reason)
{
	(void)reason;
	session_free(context);
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("netconf") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = 1,
	.open = netconf_open,
	.data = netconf_data,
	.closed = netconf_closed,
	.eof = netconf_eof,
	.writable = netconf_writable,
};

/* ---- configuration ---- */

static int
set_number(uint64_t *to, const char *value, uint64_t scale)
{
	char *end;
	unsigned long long v = strtoull(value, &end, 10);

	if (end == value || *end != '\0' || v == 0 || v > UINT32_MAX)
		return -1;
	*to = v * scale;
	return 0;
}

/* -1: a value of ours that cannot be. Words of the host's are not ours. */
static int
set(struct netconf *n, const char *word, const char *value)
{
	if (strcasecmp(word, "Server") == 0) {
		if (value[0] != '/' || strlen(value) > SERVER_PATH_MAX)
			return -1;
		memcpy(n->server, value, strlen(value) + 1);
		return 0;
	}
	if (strcasecmp(word, "HelloTimeout") == 0)
		return set_number(&n->hello_timeout, value, 1000);
	if (strcasecmp(word, "MaxHello") == 0)
		return set_number(&n->hello_max, value, 1);
	if (strcasecmp(word, "MaxMessage") == 0)
		return set_number(&n->message_max, value, 1);
	return 0;
}

static int
configure(struct netconf *n, struct postern_view text)
{
	const char *at = text.data, *end = at + text.len, *line_end;
	char line[512], word[64], value[256];

	for (; at < end; at = line_end < end ? line_end + 1 : end) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (line_end == NULL)
			line_end = end;
		snprintf(line, sizeof(line), "%.*s", (int)(line_end - at < 511 ? line_end - at : 511), at);
		if (line[0] == '#' || sscanf(line, " %63s %255s", word, value) != 2 || set(n, word, value) == 0)
			continue;
		n->log->line(n->host, POSTERN_LOG_ERROR, (struct postern_channel){ 0 }, postern_text(line));
		return -1;
	}
	return 0;
}

/* ---- instance ---- */

static void
netconf_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
netconf_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static int
ask(struct netconf *n)
{
	const struct postern_host *h = n->host;

	n->channels = h->query(h, postern_text(POSTERN_IF_CHANNEL));
	n->sessions = h->query(h, postern_text(POSTERN_IF_SESSION));
	n->loop = h->query(h, postern_text(POSTERN_IF_LOOP));
	n->log = h->query(h, postern_text(POSTERN_IF_LOG));
	return n->channels != NULL && n->sessions != NULL && n->loop != NULL && n->log != NULL ? 0 : -1;
}

static int32_t
netconf_create(const struct postern_host *host, struct postern_plugin **out)
{
	const struct postern_if_config *config = host->query(host, postern_text(POSTERN_IF_CONFIG));
	struct netconf *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return POSTERN_E_NOMEM;
	n->host = host;
	n->hello_timeout = DEFAULT_HELLO_TIMEOUT;
	n->hello_max = DEFAULT_HELLO_MAX;
	n->message_max = DEFAULT_MESSAGE_MAX;
	memcpy(n->server, DEFAULT_SERVER, sizeof(DEFAULT_SERVER));
	if (config == NULL || ask(n) != 0 || configure(n, config->text(host)) != 0) {
		free(n);
		return POSTERN_E_INVAL;
	}
	n->plugin = (struct postern_plugin){ .size = sizeof(n->plugin),
		.impl = n,
		.destroy = netconf_destroy,
		.query = netconf_query };
	*out = &n->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	.size = sizeof(postern_plugin_v1),
	.abi_minor = POSTERN_ABI_MINOR,
	.id = POSTERN_LITERAL("org.postern.netconf"),
	.version = POSTERN_LITERAL("0.1"),
	.create = netconf_create,
};
