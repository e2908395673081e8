/*
 * Agent forwarding: a socket of the user's on this machine, whose connections become
 * channels to the agent of the peer. RFC 9987 (agent-req, agent-connect) and the names
 * that OpenSSH had before it (auth-agent-req@openssh.com, auth-agent@openssh.com).
 *
 * There is one socket for each connection and name, made with the first request, in a
 * folder that only the user can enter; all sessions of the connection that ask get it.
 * It goes with the connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <postern/draft/connection.h>
#include <postern/draft/log.h>
#include <postern/draft/requests.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#include "../relay/relay.h"

#define BACKLOG 16
#define CLIENTS_MAX 64u /* connections of one socket at one time */

/* By the request that asked for it. */
static const struct kind {
	const char *request;
	const char *channel;
} kinds[] = {
	{ "auth-agent-req@openssh.com", "auth-agent@openssh.com" },
	{ "agent-req", "agent-connect" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct agent;

struct listener {
	struct listener *next;
	struct agent *agent;
	struct postern_connection connection;
	const struct kind *kind;
	int fd;
	uint32_t clients;
	struct sockaddr_un name;
	char folder[64];
};

struct agent {
	struct postern_plugin plugin;
	struct relay_env env;
	const struct postern_if_connection *connections;
	const struct postern_if_log *log;
	struct listener *listeners;
};

/* A connection to the socket. Its listener may be gone before it. */
struct client {
	struct agent *agent;
	struct relay *relay;
	struct postern_connection connection;
	const struct kind *kind;
};

static void
say(struct agent *a, uint32_t level, const char *text)
{
	struct postern_channel none = { 0 };

	a->log->line(a->env.host, level, none, postern_text(text));
}

static struct listener *
find(struct agent *a, struct postern_connection c, const struct kind *kind)
{
	struct listener *l = a->listeners;

	while (l != NULL && (l->connection.handle != c.handle || l->kind != kind))
		l = l->next;
	return l;
}

/* ---- connections to the socket ---- */

static void
client_free(struct client *c)
{
	struct listener *l = find(c->agent, c->connection, c->kind);

	if (l != NULL)
		l->clients--;
	relay_free(c->relay);
	free(c);
}

static void
opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	struct client *c = context;

	(void)code;
	(void)text;
	if (result != POSTERN_OK)
		client_free(c);
	else
		relay_open(c->relay, c->relay->channel);
}

/* Only the user, whom the folder lets in, and root. */
static int
is_users(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && (who.uid == getuid() || who.uid == 0);
}

static void
client_new(struct listener *l, int fd)
{
	struct agent *a = l->agent;
	struct client *c = calloc(1, sizeof(*c));
	struct postern_open open;

	if (c == NULL) {
		close(fd);
		return;
	}
	c->agent = a;
	c->connection = l->connection;
	c->kind = l->kind;
	c->relay = relay_new(&a->env, fd);
	if (c->relay == NULL) {
		free(c);
		return;
	}
	memset(&open, 0, sizeof(open));
	open.size = sizeof(open);
	open.kind = POSTERN_OPEN_CHANNEL;
	open.type = postern_text(l->kind->channel);
	open.context = c;
	open.opened = opened;
	l->clients++;
	if (a->connections->open(a->env.host, l->connection, &open, &c->relay->channel) != POSTERN_OK)
		client_free(c);
}

static void
on_connect(void *context, int32_t fd, uint32_t events)
{
	struct listener *l = context;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (client < 0)
		return;
	if (l->clients >= CLIENTS_MAX || !is_users(client))
		close(client);
	else
		client_new(l, client);
}

/* ---- the socket ---- */

static void
listener_free(struct listener *l)
{
	struct listener **at = &l->agent->listeners;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (l->fd >= 0) {
		l->agent->env.loop->unwatch(l->agent->env.host, l->fd);
		close(l->fd);
	}
	if (l->name.sun_path[0] != '\0')
		(void)unlink(l->name.sun_path);
	if (l->folder[0] != '\0')
		(void)rmdir(l->folder);
	free(l);
}

/* The folder keeps others out before the socket is there, and its mode after. */
static int
make_socket(struct listener *l)
{
	char folder[] = "/tmp/ssh-XXXXXXXXXX";
	mode_t mask;
	int r;

	if (mkdtemp(folder) == NULL)
		return -1;
	memcpy(l->folder, folder, sizeof(folder));
	l->name.sun_family = AF_UNIX;
	snprintf(l->name.sun_path, sizeof(l->name.sun_path), "%s/agent.%d", folder, (int)getpid());
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return -1;
	mask = umask(0177);
	r = bind(l->fd, (const struct sockaddr *)&l->name, sizeof(l->name));
	umask(mask);
	return r == 0 ? listen(l->fd, BACKLOG) : -1;
}

static struct listener *
listener_new(struct agent *a, struct postern_connection c, const struct kind *kind)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->agent = a;
	l->connection = c;
	l->kind = kind;
	l->fd = -1;
	l->next = a->listeners;
	a->listeners = l;
	if (make_socket(l) == 0 &&
	    a->env.loop->watch(a->env.host, l->fd, POSTERN_READABLE, on_connect, l) == POSTERN_OK)
		return l;
	say(a, POSTERN_LOG_WARN, "no socket for the agent can be made");
	listener_free(l);
	return NULL;
}

/* ---- requests ---- */

static int32_t
request(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session, uint64_t token,
    uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	struct agent *a = plugin->impl;
	struct listener *l;
	size_t i = 0;

	(void)session;
	(void)kind;
	(void)wanted;
	(void)body;
	while (i < KINDS && !postern_view_is(name, kinds[i].request))
		i++;
	if (i == KINDS)
		return POSTERN_E_NOSUCH;
	l = find(a, connection, &kinds[i]);
	if (l == NULL)
		l = listener_new(a, connection, &kinds[i]);
	if (l == NULL)
		return POSTERN_E_FAIL;
	return a->connections->variable(a->env.host, connection, token, postern_text("SSH_AUTH_SOCK"),
	    postern_text(l->name.sun_path));
}

static void
connection_ended(struct postern_plugin *plugin, struct postern_connection connection)
{
	struct agent *a = plugin->impl;
	struct listener *l, *next;

	for (l = a->listeners; l != NULL; l = next) {
		next = l->next;
		if (l->connection.handle == connection.handle)
			listener_free(l);
	}
}

static const struct postern_answers answers[] = {
	{ POSTERN_REQUEST_SESSION, 0, POSTERN_LITERAL("auth-agent-req@openssh.com") },
	{ POSTERN_REQUEST_SESSION, 0, POSTERN_LITERAL("agent-req") },
};

static const struct postern_if_requests requests = {
	.answers = answers,
	.answers_count = KINDS,
	.request = request,
	.connection_ended = connection_ended,
};

/* ---- channels: all of them opened here ---- */

static int32_t
agent_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	(void)plugin;
	(void)channel;
	(void)start;
	(void)context;
	return POSTERN_E_NOSUCH;
}

static int32_t
agent_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct client *c = context;

	if (stream == POSTERN_STREAM_DATA)
		return relay_data(c->relay, bytes, took);
	*took = bytes.len; /* an agent's socket has no second stream */
	return POSTERN_OK;
}

static void
agent_eof(void *context)
{
	relay_eof(((struct client *)context)->relay);
}

static void
agent_writable(void *context, uint64_t credit)
{
	(void)credit;
	relay_writable(((struct client *)context)->relay);
}

static void
agent_hangup(void *context)
{
	relay_hangup(((struct client *)context)->relay);
}

static void
agent_closed(void *context, uint32_t reason)
{
	(void)reason;
	client_free(context);
}

static const struct postern_if_subsystem subsystem = {
	.open = agent_open,
	.data = agent_data,
	.closed = agent_closed,
	.eof = agent_eof,
	.writable = agent_writable,
	.hangup = agent_hangup,
};

/* ---- the plugin ---- */

static int32_t
agent_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
agent_stop(struct postern_plugin *plugin)
{
	struct agent *a = plugin->impl;

	while (a->listeners != NULL)
		listener_free(a->listeners);
}

static void
agent_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
agent_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	if (postern_view_is(id, POSTERN_IF_SUBSYSTEM))
		return &subsystem;
	return postern_view_is(id, POSTERN_IF_REQUESTS) ? &requests : NULL;
}

static int32_t
agent_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct agent *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return POSTERN_E_NOMEM;
	a->env.host = host;
	a->env.channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	a->env.loop = host->query(host, postern_text(POSTERN_IF_LOOP));
	a->connections = host->query(host, postern_text(POSTERN_IF_CONNECTION));
	a->log = host->query(host, postern_text(POSTERN_IF_LOG));
	if (a->env.channels == NULL || a->env.loop == NULL || a->connections == NULL || a->log == NULL) {
		free(a);
		return POSTERN_E_NOSUCH;
	}
	a->plugin.size = sizeof(a->plugin);
	a->plugin.impl = a;
	a->plugin.start = agent_start;
	a->plugin.stop = agent_stop;
	a->plugin.destroy = agent_destroy;
	a->plugin.query = agent_query;
	*out = &a->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.agent"),
	POSTERN_LITERAL("0.1"), agent_create,
};
