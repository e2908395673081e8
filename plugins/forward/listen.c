#include "forward.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 128
#define ACCEPTS 16 /* connections taken in one event */

/* What a peer asked to listen on. */
struct listener {
	struct listener *next;
	struct forward *forward;
	struct postern_connection connection;
	int unix_path;              /* the address is one */
	char address[FORWARD_NAME_MAX + 1]; /* as the peer wrote it */
	uint32_t port;
	int fd[FORWARD_LISTEN_FDS]; /* -1: none */
};

static void
listener_free(struct listener *l)
{
	struct forward *f = l->forward;

	for (int i = 0; i < FORWARD_LISTEN_FDS; i++) {
		if (l->fd[i] < 0)
			continue;
		f->loop->unwatch(f->host, l->fd[i]);
		close(l->fd[i]);
		if (l->unix_path)
			unlink(l->address);
	}
	free(l);
}

static void
drop(struct forward *f, struct listener **at)
{
	struct listener *l = *at;

	*at = l->next;
	f->listener_count--;
	listener_free(l);
}

void
listen_end(struct forward *f, struct postern_connection connection)
{
	struct listener **at = &f->listeners;

	while (*at != NULL)
		if ((*at)->connection.handle == connection.handle)
			drop(f, at);
		else
			at = &(*at)->next;
}

void
listen_end_all(struct forward *f)
{
	while (f->listeners != NULL)
		drop(f, &f->listeners);
}

static struct listener **
find(struct forward *f, struct postern_connection connection, int unix_path, const char *address, uint32_t port)
{
	struct listener **at = &f->listeners;

	while (*at != NULL && ((*at)->connection.handle != connection.handle || (*at)->unix_path != unix_path ||
	    (*at)->port != port || strcmp((*at)->address, address) != 0))
		at = &(*at)->next;
	return at;
}

/* ---- somebody connected ---- */

static void
opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	struct pipe *p = context;

	(void)code;
	(void)text;
	if (result == POSTERN_OK)
		pipe_run(p);
	else
		pipe_free(p);
}

static void
put_origin(struct wire_out *w, const struct sockaddr_storage *from)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint16_t port = 0;

	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		port = ntohs(in->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;

		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
		port = ntohs(in->sin6_port);
	}
	wire_put_text(w, text);
	wire_put_u32(w, port);
}

/* RFC 4254 section 7.2; OpenSSH PROTOCOL 2.4: str path, str reserved. */
static void
offer(struct listener *l, int fd, const struct sockaddr_storage *from)
{
	struct forward *f = l->forward;
	struct pipe *p = pipe_new(f, fd);
	struct wire_out w = { .len = 0 };
	struct postern_open record = { .size = sizeof(record), .kind = POSTERN_OPEN_CHANNEL, .context = p,
		.opened = opened };

	if (p == NULL) {
		close(fd);
		return;
	}
	wire_put_text(&w, l->address);
	if (l->unix_path) {
		record.type = postern_text("forwarded-streamlocal@openssh.com");
		wire_put_text(&w, "");
	} else {
		record.type = postern_text("forwarded-tcpip");
		wire_put_u32(&w, l->port);
		put_origin(&w, from);
	}
	record.body = postern_view_of(w.bytes, w.len);
	if (f->connections->open(f->host, l->connection, &record, &p->channel) != POSTERN_OK)
		pipe_free(p);
}

static void
ready(void *context, int32_t fd, uint32_t events)
{
	struct listener *l = context;

	(void)events;
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int in = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (in < 0)
			return;
		offer(l, in, &from);
	}
}

/* ---- listening ---- */

static int
begin(struct listener *l, int at, const struct sockaddr *where, socklen_t len)
{
	struct forward *f = l->forward;
	int yes = 1, fd = socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (where->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, where, len) != 0 || listen(fd, BACKLOG) != 0 ||
	    f->loop->watch(f->host, fd, POSTERN_READABLE, ready, l) != POSTERN_OK) {
		close(fd);
		return 0;
	}
	l->fd[at] = fd;
	return 1;
}

static uint32_t
port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port :
	                                         ((struct sockaddr_in *)&at)->sin_port);
}

/*
 * Where GatewayPorts lets a peer listen (sshd_config(5)): no: loopback, whatever it asks
 * for; yes: everywhere; clientspecified: as it asks, where "" and "*" are everywhere.
 */
static const char *
place(const struct settings *s, const char *address, int family)
{
	int any = address[0] == '\0' || strcmp(address, "*") == 0;

	if (s->gateway == GATEWAY_YES || (s->gateway == GATEWAY_CLIENT && any))
		return family == AF_INET6 ? "::" : "0.0.0.0";
	if (s->gateway == GATEWAY_NO || strcmp(address, "localhost") == 0)
		return family == AF_INET6 ? "::1" : "127.0.0.1";
	return address;
}

/* One family; the second takes the port that the first got. */
static int
begin_family(struct listener *l, int at, int family, uint32_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const char *where = place(&l->forward->settings, l->address, family);

	if (family == AF_INET6)
		return inet_pton(AF_INET6, where, &six.sin6_addr) == 1 &&
		    begin(l, at, (const struct sockaddr *)&six, sizeof(six));
	return inet_pton(AF_INET, where, &four.sin_addr) == 1 &&
	    begin(l, at, (const struct sockaddr *)&four, sizeof(four));
}

/* The address of one family or of both: one that can be had is enough. */
static int
begin_tcp(struct listener *l, uint32_t port)
{
	int four = begin_family(l, 0, AF_INET, port);
	int six;

	if (four && port == 0)
		port = port_of(l->fd[0]);
	six = begin_family(l, 1, AF_INET6, port);
	if (!four && six && port == 0)
		port = port_of(l->fd[1]);
	l->port = port;
	return four || six;
}

/* The mask is the process's; nothing else here makes files. */
static int
begin_unix(struct listener *l)
{
	const struct settings *s = &l->forward->settings;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t before;
	int ok;

	if (strlen(l->address) >= sizeof(at.sun_path))
		return 0;
	strcpy(at.sun_path, l->address);
	if (s->unlink && lstat(l->address, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(l->address);
	before = umask(s->mask);
	ok = begin(l, 0, (const struct sockaddr *)&at, sizeof(at));
	umask(before);
	return ok;
}

static struct listener *
listener_new(struct forward *f, struct postern_connection connection, int unix_path, const char *address)
{
	struct listener *l = f->listener_count < FORWARD_LISTENERS_MAX ? calloc(1, sizeof(*l)) : NULL;

	if (l == NULL)
		return NULL;
	l->forward = f;
	l->connection = connection;
	l->unix_path = unix_path;
	snprintf(l->address, sizeof(l->address), "%s", address);
	for (int i = 0; i < FORWARD_LISTEN_FDS; i++)
		l->fd[i] = -1;
	return l;
}

static void
keep(struct listener *l)
{
	l->next = l->forward->listeners;
	l->forward->listeners = l;
	l->forward->listener_count++;
}

/* RFC 4254 section 7.1: with port 0 the reply says which it is. */
static int32_t
start_tcp(struct forward *f, struct postern_connection connection, uint64_t token, const char *address,
    uint32_t port)
{
	struct wire_out w = { .len = 0 };
	struct listener *l;

	if (port > 65535 || !rules_permit(&f->settings.listen, address, port))
		return POSTERN_E_DENIED;
	if (port != 0 && *find(f, connection, 0, address, port) != NULL)
		return POSTERN_E_FAIL;
	l = listener_new(f, connection, 0, address);
	if (l == NULL)
		return POSTERN_E_NOMEM;
	if (!begin_tcp(l, port)) {
		listener_free(l);
		return POSTERN_E_FAIL;
	}
	keep(l);
	if (port != 0)
		return POSTERN_OK;
	wire_put_u32(&w, l->port);
	f->connections->reply(f->host, connection, token, 1, postern_view_of(w.bytes, w.len));
	return POSTERN_E_AGAIN;
}

static int32_t
start_unix(struct forward *f, struct postern_connection connection, const char *path)
{
	struct listener *l = path[0] == '\0' ? NULL : listener_new(f, connection, 1, path);

	if (l == NULL)
		return POSTERN_E_NOMEM;
	if (!begin_unix(l)) {
		listener_free(l);
		return POSTERN_E_FAIL;
	}
	keep(l);
	return POSTERN_OK;
}

static int32_t
cancel(struct forward *f, struct listener **at)
{
	if (*at == NULL)
		return POSTERN_E_NOSUCH;
	drop(f, at);
	return POSTERN_OK;
}

int32_t
listen_request(struct forward *f, struct postern_connection connection, uint64_t token,
    struct postern_view name, struct postern_view body)
{
	int unix_path = !postern_view_is(name, "tcpip-forward") && !postern_view_is(name, "cancel-tcpip-forward");
	char address[FORWARD_NAME_MAX + 1];
	struct wire_in w = wire_in(body);
	struct postern_view where = wire_string(&w);
	uint32_t port = unix_path ? 0 : wire_u32(&w);

	if (!wire_done(&w) || !wire_text(where, address, sizeof(address)) || f->connections == NULL)
		return POSTERN_E_FAIL;
	if (postern_view_is(name, "tcpip-forward"))
		return start_tcp(f, connection, token, address, port);
	if (postern_view_is(name, "streamlocal-forward@openssh.com"))
		return start_unix(f, connection, address);
	return cancel(f, find(f, connection, unix_path, address, port));
}
