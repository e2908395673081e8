#include "forward.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A name that is looked up in a task; it outlives its channel. */
struct lookup {
	struct pipe *pipe; /* NULL: nobody waits any more */
	char host[FORWARD_NAME_MAX + 1];
	char port[8];
	struct addrinfo *found;
	int error;
};

static void
fail(struct pipe *p, const char *text)
{
	struct forward *f = p->forward;

	f->channels->refuse(f->host, p->channel, p->token, POSTERN_E_FAIL, postern_text(text));
}

static void
connected(struct pipe *p)
{
	struct forward *f = p->forward;

	freeaddrinfo(p->found);
	p->found = p->next = NULL;
	if (f->channels->reply(f->host, p->channel, p->token, 1) == POSTERN_OK)
		pipe_run(p);
}

static void
drop_socket(struct pipe *p)
{
	struct forward *f = p->forward;

	if (p->watched)
		f->loop->unwatch(f->host, p->fd);
	p->watched = 0;
	p->connecting = 0;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* Begin with an address. 1: connected, or it will be known. */
static int
begin(struct pipe *p, int family, const struct sockaddr *to, socklen_t len)
{
	p->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return 0;
	if (connect(p->fd, to, len) == 0)
		return 1;
	if (errno == EINPROGRESS) {
		p->connecting = 1;
		return 1;
	}
	return 0;
}

/* Address after address. */
static void
try_next(struct pipe *p)
{
	int error = EHOSTUNREACH;

	for (; p->next != NULL; drop_socket(p)) {
		struct addrinfo *a = p->next;

		p->next = a->ai_next;
		if (begin(p, a->ai_family, a->ai_addr, a->ai_addrlen)) {
			if (p->connecting)
				pipe_watch(p);
			else
				connected(p);
			return;
		}
		error = errno;
	}
	fail(p, strerror(error));
}

void
connect_ready(struct pipe *p)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0) {
		connected(p);
		return;
	}
	drop_socket(p);
	if (p->next != NULL)
		try_next(p);
	else
		fail(p, strerror(error));
}

void
connect_forget(struct pipe *p)
{
	if (p->lookup != NULL)
		p->lookup->pipe = NULL;
	if (p->timer != 0)
		p->forward->loop->cancel(p->forward->host, p->timer);
	if (p->found != NULL)
		freeaddrinfo(p->found);
}

/* ---- names ---- */

static void
look_up(void *context)
{
	struct lookup *l = context;
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	l->error = getaddrinfo(l->host, l->port, &hints, &l->found);
}

static void
looked_up(void *context)
{
	struct lookup *l = context;
	struct pipe *p = l->pipe;

	if (p == NULL) {
		if (l->error == 0)
			freeaddrinfo(l->found);
	} else {
		p->lookup = NULL;
		if (l->error == 0) {
			p->found = p->next = l->found;
			try_next(p);
		} else {
			fail(p, gai_strerror(l->error));
		}
	}
	free(l);
}

static int32_t
ask_name(struct forward *f, struct pipe *p, const char *host, uint32_t port)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (l == NULL || f->tasks == NULL) {
		free(l);
		return POSTERN_E_FAIL;
	}
	l->pipe = p;
	snprintf(l->host, sizeof(l->host), "%s", host);
	snprintf(l->port, sizeof(l->port), "%u", (unsigned)port);
	if (f->tasks->run(f->host, look_up, looked_up, l, NULL) != POSTERN_OK) {
		free(l);
		return POSTERN_E_NOMEM;
	}
	p->lookup = l;
	return POSTERN_E_AGAIN;
}

/* ---- opens ---- */

/* Results that are known at once are told after open has returned. */
static void
later(void *context)
{
	struct pipe *p = context;

	p->timer = 0;
	try_next(p);
}

/* RFC 4254 section 7.2. */
static int32_t
open_tcp(struct forward *f, struct pipe *p, struct postern_view body)
{
	struct wire_in w = wire_in(body);
	struct postern_view name = wire_string(&w);
	uint32_t port = wire_u32(&w);
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char host[FORWARD_NAME_MAX + 1], number[8];

	wire_string(&w);
	wire_u32(&w);
	if (!wire_done(&w) || !wire_text(name, host, sizeof(host)) || host[0] == '\0' || port == 0 || port > 65535)
		return POSTERN_E_FAIL;
	if (!rules_permit(&f->settings.open, host, port))
		return POSTERN_E_DENIED;
	snprintf(number, sizeof(number), "%u", (unsigned)port);
	if (getaddrinfo(host, number, &hints, &p->found) != 0) {
		p->found = NULL;
		return ask_name(f, p, host, port);
	}
	p->next = p->found;
	return f->loop->timer(f->host, 0, later, p, &p->timer) == POSTERN_OK ? POSTERN_E_AGAIN : POSTERN_E_NOMEM;
}

/* OpenSSH PROTOCOL 2.4: str path, str reserved, u32 reserved. */
static int32_t
open_unix(struct pipe *p, struct postern_view body)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct wire_in w = wire_in(body);
	struct postern_view path = wire_string(&w);

	wire_string(&w);
	wire_u32(&w);
	if (!wire_done(&w) || path.len == 0 || !wire_text(path, to.sun_path, sizeof(to.sun_path)))
		return POSTERN_E_FAIL;
	if (!begin(p, AF_UNIX, (const struct sockaddr *)&to, sizeof(to)))
		return POSTERN_E_FAIL;
	if (p->connecting) {
		pipe_watch(p);
		return POSTERN_E_AGAIN;
	}
	pipe_run(p);
	return POSTERN_OK;
}

int32_t
connect_open(struct forward *f, struct pipe *p, const struct postern_start *start)
{
	if (postern_view_is(start->name, "direct-tcpip"))
		return open_tcp(f, p, start->body);
	return open_unix(p, start->body);
}
