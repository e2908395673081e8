/*
 * churn: connections opened, used and closed at random, by the kernel's TCP.
 *
 *   churn HOST HOST6 PORT COUNT AT-ONCE SEED [LATE]
 *
 * Each of COUNT connections does what its number and the seed say, AT-ONCE of them at a
 * time. The last LATE are never such that the server closes first, so that its TIME-WAIT
 * runs out meanwhile. Prints how many were connected. 1 when some could not be, or did
 * not end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE_MAX 512
#define LINE "SSH-2.0-churn\r\n"
#define DEADLINE_MS 60000u

enum kind {
	CLOSE_AT_ONCE, RESET_AT_ONCE, LINE_THEN_CLOSE, LINE_THEN_RESET, LINE_THEN_HALF_CLOSE,
	READ_THEN_CLOSE, HALF_PACKET, HALF_PACKET_RESET, WAIT_THEN_CLOSE,
	GARBAGE, WRONG_LENGTH, /* the server closes */
	KINDS
};

static const struct {
	const char *send[2]; /* before and after the first answer */
	size_t len[2];
	bool reset, half, read; /* how it ends; read: after the first answer */
} kinds[KINDS] = {
	[CLOSE_AT_ONCE] = { .read = false },
	[RESET_AT_ONCE] = { .reset = true },
	[LINE_THEN_CLOSE] = { .send = { LINE }, .len = { 15 }, .read = true },
	[LINE_THEN_RESET] = { .send = { LINE }, .len = { 15 }, .read = true, .reset = true },
	[LINE_THEN_HALF_CLOSE] = { .send = { LINE }, .len = { 15 }, .read = true, .half = true },
	[READ_THEN_CLOSE] = { .read = true },
	[HALF_PACKET] = { .send = { LINE, "\0\0\x10\x04\x0a\x14" }, .len = { 15, 6 }, .read = true },
	[HALF_PACKET_RESET] = { .send = { LINE, "\0\0\x10\x04\x0a\x14" }, .len = { 15, 6 }, .read = true,
	    .reset = true },
	[WAIT_THEN_CLOSE] = { .send = { LINE }, .len = { 15 }, .read = true, .half = true },
	[GARBAGE] = { .send = { "GET / HTTP/1.0\r\n\r\n" }, .len = { 18 }, .read = true, .half = true },
	[WRONG_LENGTH] = { .send = { LINE, "\xff\xff\xff\xff\xff\xff\xff\xff" }, .len = { 15, 8 }, .read = true,
	    .half = true },
};

struct conn {
	int fd;               /* -1: none */
	enum kind kind;
	bool connected, answered, ending;
	uint64_t until;
};

static struct conn conns[AT_ONCE_MAX];
static uint32_t connected, failed;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void
end(struct conn *c)
{
	struct linger none = { 1, 0 };

	if (kinds[c->kind].reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(c->fd);
	c->fd = -1;
}

static void
begin(struct conn *c, const struct sockaddr_storage to[2], uint64_t dice, bool late)
{
	const struct sockaddr_storage *at = &to[dice >> 8 & 1];
	socklen_t len = at->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	*c = (struct conn){ .kind = (enum kind)((dice >> 16) % (late ? GARBAGE : KINDS)),
		.until = now_ms() + DEADLINE_MS };
	c->fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 && connect(c->fd, (const struct sockaddr *)at, len) != 0 && errno != EINPROGRESS) {
		close(c->fd);
		c->fd = -1;
	}
	if (c->fd < 0)
		failed++;
}

static void
say(struct conn *c, int part)
{
	if (kinds[c->kind].len[part] > 0)
		(void)!send(c->fd, kinds[c->kind].send[part], kinds[c->kind].len[part], MSG_NOSIGNAL);
}

static void
on_connected(struct conn *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		failed++;
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->connected = true;
	connected++;
	say(c, 0);
	if (!kinds[c->kind].read)
		end(c);
}

static void
on_readable(struct conn *c)
{
	char buf[4096];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) { /* its end, or a reset */
		close(c->fd);
		c->fd = -1;
		return;
	}
	if (c->answered)
		return;
	c->answered = true;
	say(c, 1);
	if (!kinds[c->kind].half) {
		end(c);
		return;
	}
	(void)shutdown(c->fd, SHUT_WR);
	c->ending = true;
}

static void
serve(struct conn *c, short events)
{
	if (!c->connected && (events & (POLLOUT | POLLERR | POLLHUP)) != 0)
		on_connected(c);
	if (c->fd >= 0 && c->connected && (events & (POLLIN | POLLERR | POLLHUP)) != 0)
		on_readable(c);
	if (c->fd >= 0 && now_ms() > c->until) {
		failed++;
		close(c->fd);
		c->fd = -1;
	}
}

static void
run(const struct sockaddr_storage to[2], uint32_t count, uint32_t at_once, uint64_t seed, uint32_t late)
{
	struct pollfd p[AT_ONCE_MAX];
	uint32_t begun = 0, open;

	for (uint32_t i = 0; i < at_once; i++)
		conns[i].fd = -1;
	do {
		open = 0;
		for (uint32_t i = 0; i < at_once; i++) {
			struct conn *c = &conns[i];

			if (c->fd < 0 && begun < count) {
				begin(c, to, mix(seed + begun * 0x9e3779b97f4a7c15u), count - begun <= late);
				begun++;
			}
			p[i] = (struct pollfd){ .fd = c->fd, .events = c->connected ? POLLIN : POLLOUT };
			open += c->fd >= 0;
		}
		(void)poll(p, at_once, 100);
		for (uint32_t i = 0; i < at_once; i++)
			if (conns[i].fd >= 0)
				serve(&conns[i], p[i].revents);
	} while (open > 0 || begun < count);
}

int
main(int argc, char **argv)
{
	struct sockaddr_storage to[2] = { { .ss_family = AF_INET }, { .ss_family = AF_INET6 } };
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&to[0];
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&to[1];
	uint32_t at_once;

	if (argc < 7 || inet_pton(AF_INET, argv[1], &v4->sin_addr) != 1 ||
	    inet_pton(AF_INET6, argv[2], &v6->sin6_addr) != 1)
		return 2;
	v4->sin_port = v6->sin6_port = htons((uint16_t)atoi(argv[3]));
	at_once = (uint32_t)strtoul(argv[5], NULL, 10);
	if (at_once > AT_ONCE_MAX)
		return 2;
	run(to, (uint32_t)strtoul(argv[4], NULL, 10), at_once, strtoull(argv[6], NULL, 0),
	    argc > 7 ? (uint32_t)strtoul(argv[7], NULL, 10) : 0);
	printf("connected %u failed %u\n", connected, failed);
	return failed > 0;
}
