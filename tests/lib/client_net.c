/* The socket below the scripted client, and its life. */
#include "tests/lib/client.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/ssh/ident.h"
#include "drivers/cipher/select.h"
#include "drivers/pk/pk.h"

#define READ_SIZE 65536u

int
client_fail(struct client *c, const char *text)
{
	snprintf(c->error, sizeof(c->error), "%s", text);
	return -1;
}

/* Once for all clients: known answers of every engine take their time. */
static int
start_engines(const char **why)
{
	static bool started;

	if (!started)
		started = pk_start() == 0 && cipher_start(NULL, why) == 0;
	return started ? 0 : -1;
}

int
client_init(struct client *c, uint64_t seed)
{
	const char *why = "no public-key library";

	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->timeout_ms = 15000;
	c->markers = true;
	c->offer = *kex_offer_default(false);
	snprintf(c->ident_ours, sizeof(c->ident_ours), "SSH-2.0-postern_script");
	if (seed != 0)
		rng_fixed(&c->rng, seed);
	else
		rng_system(&c->rng);
	record_dir_init(&c->in, &c->in_ctx);
	record_dir_init(&c->out, &c->out_ctx);
	c->record = malloc(RECORD_MAX);
	if (c->record == NULL || start_engines(&why) != 0)
		return client_fail(c, why);
	return 0;
}

void
client_fini(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	record_dir_wipe(&c->in);
	record_dir_wipe(&c->out);
	free(c->zip_mem);
	free(c->record);
	free(c->inbuf.data);
	free(c->outbuf.data);
	free(c->held.data);
	pk_wipe(c, sizeof(*c));
	c->fd = -1;
}

int
client_bytes_put(struct client_bytes *b, const void *data, size_t len)
{
	if (b->start > 0 && b->start + b->len + len > b->size) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
	}
	if (b->len + len > b->size) {
		size_t size = 2 * (b->len + len);
		uint8_t *more = realloc(b->data, size);

		if (more == NULL)
			return -1;
		b->data = more;
		b->size = size;
	}
	if (len > 0)
		memcpy(b->data + b->start + b->len, data, len);
	b->len += len;
	return 0;
}

void
client_bytes_take(struct client_bytes *b, size_t len)
{
	b->start += len;
	b->len -= len;
	if (b->len == 0)
		b->start = 0;
}

int
client_connect(struct client *c, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *a;
	struct pollfd p = { .events = POLLOUT };
	int one = 1, failed = 0;
	socklen_t len = sizeof(failed);

	if (getaddrinfo(host, port, &hints, &a) != 0)
		return client_fail(c, "not an address and a port");
	c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 && connect(c->fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
		failed = errno;
	freeaddrinfo(a);
	p.fd = c->fd;
	if (c->fd < 0 || failed != 0 || poll(&p, 1, c->timeout_ms) != 1 ||
	    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0 || failed != 0)
		return client_fail(c, failed != 0 ? strerror(failed) : "no connection in time");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}

/* 0 also when nothing is there; closed is set at the end of the stream. */
static int
read_some(struct client *c)
{
	uint8_t buf[READ_SIZE];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n > 0)
		return client_bytes_put(&c->inbuf, buf, (size_t)n) == 0 ? 0 : client_fail(c, "no memory");
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	c->closed = true;
	return client_fail(c, n == 0 ? "the server closed the connection" : strerror(errno));
}

int
client_fill(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int n;

	if (c->fd < 0 || c->closed)
		return client_fail(c, c->fd < 0 ? "not connected" : "the server closed the connection");
	do
		n = poll(&p, 1, c->timeout_ms);
	while (n < 0 && errno == EINTR);
	return n == 1 ? read_some(c) : client_fail(c, "nothing came in time");
}

/* Reads while it writes: a server that sends as much as we do must not stop us
 * both. */
int
client_flush(struct client *c)
{
	while (c->outbuf.len > 0) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };
		size_t piece = c->chop != 0 && c->chop < c->outbuf.len ? c->chop : c->outbuf.len;
		ssize_t n;

		if (c->fd < 0)
			return client_fail(c, "not connected");
		n = send(c->fd, c->outbuf.data + c->outbuf.start, piece, MSG_NOSIGNAL);
		if (n > 0) {
			client_bytes_take(&c->outbuf, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			c->closed = true;
			return client_fail(c, strerror(errno));
		}
		n = poll(&p, 1, c->timeout_ms);
		if (n == 0)
			return client_fail(c, "nothing was taken in time");
		if (n > 0 && (p.revents & POLLIN) != 0 && read_some(c) != 0)
			return -1;
	}
	return 0;
}

/* Bytes that the server's TCP has not acknowledged; no event tells. */
static int
unacked(struct client *c)
{
	int left = 1;

	for (int i = 0; i < c->timeout_ms && left > 0; i++) {
		if (ioctl(c->fd, SIOCOUTQ, &left) != 0)
			return client_fail(c, strerror(errno));
		if (left > 0)
			usleep(1000);
	}
	return left == 0 ? 0 : client_fail(c, "the server did not acknowledge what was sent");
}

int
client_quiet(struct client *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (unacked(c) != 0)
		return -1;
	return c->inbuf.len == 0 && poll(&p, 1, ms) == 0 ? 0 : client_fail(c, "something came");
}

int
client_raw(struct client *c, const void *data, size_t len)
{
	if (client_bytes_put(&c->outbuf, data, len) != 0)
		return client_fail(c, "no memory");
	return client_flush(c);
}

int
client_ident_send(struct client *c)
{
	char line[sizeof(c->ident_ours) + 2];
	int len = snprintf(line, sizeof(line), "%s\r\n", c->ident_ours);

	return client_raw(c, line, (size_t)len);
}

int
client_ident_recv(struct client *c)
{
	for (;;) {
		struct view line;
		size_t used = 0;
		int r = IDENT_MORE;

		if (c->inbuf.len > 0)
			r = ident_scan(c->inbuf.data + c->inbuf.start, c->inbuf.len, true, &used, &line);
		if (r < 0)
			return client_fail(c, reason_text(-r));
		if (r == IDENT_MORE && client_fill(c) != 0)
			return -1;
		if (r == IDENT_LINE)
			snprintf(c->ident_theirs, sizeof(c->ident_theirs), "%.*s", (int)line.len, (const char *)line.data);
		client_bytes_take(&c->inbuf, used);
		if (r == IDENT_LINE)
			return 0;
	}
}
