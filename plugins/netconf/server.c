#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netconf.h"

/* ---- connecting ---- */

static void
again(void *context)
{
	struct session *s = context;

	s->retry = 0;
	if (server_connect(s) != POSTERN_OK)
		session_end(s, 1, "the server cannot be reached");
}

/* Its queue is full: many come at once. */
static int32_t
wait_for_it(struct session *s)
{
	close(s->fd);
	s->fd = -1;
	if (++s->attempts > SERVER_AGAIN_MAX)
		return POSTERN_E_FAIL;
	return s->n->loop->timer(s->n->host, SERVER_AGAIN_MS, again, s, &s->retry);
}

int32_t
server_connect(struct session *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return POSTERN_E_NOMEM;
	memcpy(to.sun_path, s->n->server, strlen(s->n->server));
	if (connect(s->fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		if (errno == EAGAIN)
			return wait_for_it(s);
		close(s->fd);
		s->fd = -1;
		return POSTERN_E_FAIL;
	}
	s->connected = 1;
	server_watch(s);
	return POSTERN_OK;
}

void
server_close(struct session *s)
{
	if (s->retry != 0)
		s->n->loop->cancel(s->n->host, s->retry);
	s->retry = 0;
	if (s->fd < 0)
		return;
	if (s->events != 0)
		s->n->loop->unwatch(s->n->host, s->fd);
	s->events = 0;
	close(s->fd);
	s->fd = -1;
}

/* ---- to it ---- */

size_t
server_room(const struct session *s)
{
	size_t used = s->out_len - s->out_at;

	return SERVER_BUFFER - used > FRAME_HEAD ? SERVER_BUFFER - used - FRAME_HEAD : 0;
}

void
server_put(struct session *s, const uint8_t *data, size_t len, int more)
{
	uint32_t number = (uint32_t)len | (more ? FRAME_MORE : 0);
	uint8_t *to;

	if (s->out_at > 0) {
		memmove(s->out, s->out + s->out_at, s->out_len - s->out_at);
		s->out_len -= s->out_at;
		s->out_at = 0;
	}
	to = s->out + s->out_len;
	to[0] = (uint8_t)(number >> 24);
	to[1] = (uint8_t)(number >> 16);
	to[2] = (uint8_t)(number >> 8);
	to[3] = (uint8_t)number;
	if (len > 0)
		memcpy(to + FRAME_HEAD, data, len);
	s->out_len += FRAME_HEAD + (uint32_t)len;
}

int
server_flush(struct session *s)
{
	ssize_t n;

	while (s->connected && s->out_at < s->out_len) {
		n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return -1;
		s->out_at += (uint32_t)n;
	}
	if (s->connected && s->peer_eof && s->out_at == s->out_len && s->fd >= 0)
		shutdown(s->fd, SHUT_WR);
	return 0;
}

/* ---- facts ---- */

struct facts {
	char text[4096];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct facts *f, const char *format, ...)
{
	size_t room = sizeof(f->text) - f->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(f->text + f->len, room, format, args);
	va_end(args);
	if (n > 0)
		f->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* One line each: nothing in it may begin another. */
static void
add_text(struct facts *f, struct session *s, const char *name, uint32_t what)
{
	const struct netconf *n = s->n;
	struct postern_view v;
	uint64_t i;

	if (n->sessions->text(n->host, s->channel, what, &v) != POSTERN_OK)
		return;
	add(f, "%s: ", name);
	for (i = 0; i < v.len && f->len + 2 < sizeof(f->text); i++) {
		unsigned char c = ((const unsigned char *)v.data)[i];

		f->text[f->len++] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	add(f, "\n");
}

static void
add_number(struct facts *f, struct session *s, const char *name, uint32_t what)
{
	const struct netconf *n = s->n;
	uint64_t value;

	if (n->sessions->number(n->host, s->channel, what, &value) == POSTERN_OK)
		add(f, "%s: %llu\n", name, (unsigned long long)value);
}

void
server_facts(struct session *s)
{
	struct facts f = { .len = 0 };

	add_text(&f, s, "user", POSTERN_SESSION_USER);
	add_number(&f, s, "uid", POSTERN_SESSION_UID);
	add_number(&f, s, "gid", POSTERN_SESSION_GID);
	add_text(&f, s, "methods", POSTERN_SESSION_METHODS);
	add_text(&f, s, "key", POSTERN_SESSION_KEY);
	add_text(&f, s, "peer", POSTERN_SESSION_PEER);
	add_number(&f, s, "peer-port", POSTERN_SESSION_PEER_PORT);
	add_text(&f, s, "local", POSTERN_SESSION_LOCAL);
	add_number(&f, s, "local-port", POSTERN_SESSION_LOCAL_PORT);
	add_number(&f, s, "connection", POSTERN_SESSION_CONNECTION);
	server_put(s, (const uint8_t *)f.text, f.len, 0);
}

/* ---- from it ---- */

int64_t
server_read(struct session *s, uint8_t *to, size_t len)
{
	ssize_t n;

	if (!s->connected || s->server_eof)
		return 0;
	n = recv(s->fd, to, len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n > 0 ? n : -1;
}

static void
on_ready(void *context, int32_t fd, uint32_t events)
{
	struct session *s = context;

	(void)fd;
	if ((events & POSTERN_WRITABLE) && server_flush(s) != 0) {
		session_end(s, 1, "the server is gone");
		return;
	}
	if (events & POSTERN_WRITABLE)
		s->n->channels->resume(s->n->host, s->channel);
	session_back(s);
}

void
server_watch(struct session *s)
{
	const struct netconf *n = s->n;
	uint32_t events = 0;

	if (!s->connected || s->fd < 0)
		return;
	if (s->out_at < s->out_len)
		events |= POSTERN_WRITABLE;
	if (s->back_at == s->back_len && !s->server_eof && (!s->server_said || s->client_said))
		events |= POSTERN_READABLE;
	if (events == s->events)
		return;
	if (events == 0)
		n->loop->unwatch(n->host, s->fd);
	else if (n->loop->watch(n->host, s->fd, events, on_ready, s) != POSTERN_OK)
		session_log(s, POSTERN_LOG_ERROR, "the server's socket cannot be watched");
	s->events = events;
}
