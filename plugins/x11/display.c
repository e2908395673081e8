#include "x11.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16

struct client {
	struct display *display;
	struct relay *relay;
};

void
display_release(struct display *d)
{
	if (--d->refs == 0)
		free(d);
}

/* ---- connections ---- */

static void
client_free(struct client *c)
{
	c->display->clients--;
	display_release(c->display);
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

static void
put_u32(char *at, uint32_t v)
{
	at[0] = (char)(v >> 24);
	at[1] = (char)(v >> 16);
	at[2] = (char)(v >> 8);
	at[3] = (char)v;
}

/* RFC 4254 section 6.3.2: string originator address, uint32 originator port. */
static uint64_t
originator(const struct sockaddr_storage *from, char *body, size_t size)
{
	uint16_t port = 0;
	char text[INET6_ADDRSTRLEN] = "";
	size_t len;

	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *a = (const struct sockaddr_in *)from;

		inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
		port = ntohs(a->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)from;

		inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof(text));
		port = ntohs(a->sin6_port);
	}
	len = strlen(text);
	if (len + 8 > size)
		return 0;
	put_u32(body, (uint32_t)len);
	memcpy(body + 4, text, len);
	put_u32(body + 4 + len, port);
	return len + 8;
}

static void
client_new(struct display *d, int fd, const struct sockaddr_storage *from)
{
	struct x11 *x = d->x11;
	struct client *c = calloc(1, sizeof(*c));
	struct postern_open open;
	char body[INET6_ADDRSTRLEN + 8];

	if (c == NULL) {
		close(fd);
		return;
	}
	c->relay = relay_new(&x->env, fd);
	if (c->relay == NULL) {
		free(c);
		return;
	}
	c->display = d;
	d->refs++;
	d->clients++;
	memset(&open, 0, sizeof(open));
	open.size = sizeof(open);
	open.kind = POSTERN_OPEN_CHANNEL;
	open.type = postern_text("x11");
	open.body = postern_view_of(body, originator(from, body, sizeof(body)));
	open.context = c;
	open.opened = opened;
	if (x->connections->open(x->env.host, d->connection, &open, &c->relay->channel) != POSTERN_OK)
		client_free(c);
}

static void
on_connect(void *context, int32_t fd, uint32_t events)
{
	struct display *d = context;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int client = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (client < 0)
		return;
	if (d->clients >= X11_CLIENTS_MAX) {
		close(client);
		return;
	}
	if (d->single)
		display_close(d);
	client_new(d, client, &from);
}

/* ---- the display ---- */

static int
listen_on(const struct display *d, int family)
{
	struct sockaddr_storage at;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	socklen_t len = family == AF_INET ? sizeof(*v4) : sizeof(*v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	memset(&at, 0, sizeof(at));
	at.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons((uint16_t)(X11_PORT + d->number));
		v4->sin_addr.s_addr = htonl(d->x11->localhost ? INADDR_LOOPBACK : INADDR_ANY);
	} else {
		v6->sin6_port = htons((uint16_t)(X11_PORT + d->number));
		v6->sin6_addr = d->x11->localhost ? in6addr_loopback : in6addr_any;
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	}
	if (d->x11->localhost)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Has this machine such addresses at all? */
static int
has(int family)
{
	struct display any;
	struct x11 loopback;
	int fd;

	memset(&any, 0, sizeof(any));
	memset(&loopback, 0, sizeof(loopback));
	loopback.localhost = 1;
	any.x11 = &loopback;
	any.number = (uint32_t)(65536 - X11_PORT); /* port 0: any */
	fd = listen_on(&any, family);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A display is all its sockets, or somebody else would answer on the other. */
static int
try_number(struct display *d, int v4, int v6)
{
	d->fds[0] = v4 ? listen_on(d, AF_INET) : -1;
	if (v4 && d->fds[0] < 0)
		return -1;
	d->fds[1] = v6 ? listen_on(d, AF_INET6) : -1;
	if (v6 && d->fds[1] < 0) {
		display_close(d);
		return -1;
	}
	return 0;
}

static int
watch(struct display *d)
{
	const struct relay_env *e = &d->x11->env;
	int i;

	for (i = 0; i < 2; i++)
		if (d->fds[i] >= 0 &&
		    e->loop->watch(e->host, d->fds[i], POSTERN_READABLE, on_connect, d) != POSTERN_OK)
			return -1;
	return 0;
}

int
display_listen(struct display *d)
{
	int v4 = has(AF_INET), v6 = has(AF_INET6);
	uint32_t i;

	for (i = 0; (v4 || v6) && i < X11_TRIES; i++) {
		d->number = d->x11->offset + i;
		if (X11_PORT + d->number > UINT16_MAX)
			break;
		if (try_number(d, v4, v6) != 0)
			continue;
		if (watch(d) == 0)
			return 0;
		display_close(d);
		break;
	}
	return -1;
}

void
display_close(struct display *d)
{
	const struct relay_env *e = &d->x11->env;
	int i;

	for (i = 0; i < 2; i++) {
		if (d->fds[i] < 0)
			continue;
		e->loop->unwatch(e->host, d->fds[i]);
		close(d->fds[i]);
		d->fds[i] = -1;
	}
}

/* ---- channels: all of them opened here ---- */

static int32_t
on_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	(void)plugin;
	(void)channel;
	(void)start;
	(void)context;
	return POSTERN_E_NOSUCH;
}

static int32_t
on_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct client *c = context;

	if (stream == POSTERN_STREAM_DATA)
		return relay_data(c->relay, bytes, took);
	*took = bytes.len; /* X has no second stream */
	return POSTERN_OK;
}

static void
on_eof(void *context)
{
	relay_eof(((struct client *)context)->relay);
}

static void
on_writable(void *context, uint64_t credit)
{
	(void)credit;
	relay_writable(((struct client *)context)->relay);
}

static void
on_hangup(void *context)
{
	relay_hangup(((struct client *)context)->relay);
}

static void
on_closed(void *context, uint32_t reason)
{
	(void)reason;
	client_free(context);
}

const struct postern_if_subsystem x11_channels = {
	.open = on_open,
	.data = on_data,
	.closed = on_closed,
	.eof = on_eof,
	.writable = on_writable,
	.hangup = on_hangup,
};
