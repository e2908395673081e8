/*
 * A program outside: ISO C, one header, one library. Two hosts, a wire of ten
 * milliseconds; over IPv4 and IPv6 a transfer, a close, a reset and a refusal.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sock.h"

#define BYTES 300000u

static struct sock_host *host[2];
static int passed, failed;

static void
check(bool good, const char *what, int family)
{
	printf("%s IPv%d: %s\n", good ? "ok" : "FAILED", family, what);
	passed += good;
	failed += !good;
}

/* Carries packets and moves both clocks, for so long. */
static void
run(uint64_t us)
{
	static unsigned char packet[9216];
	uint64_t end = sock_now(host[0]) + us, at, next;

	do {
		next = end;
		for (int i = 0; i < 2; i++) {
			int len;

			while ((len = sock_take(host[i], packet, sizeof(packet), &at)) > 0)
				(void)sock_inject(host[1 - i], packet, (size_t)len, at + 10000);
		}
		for (int i = 0; i < 2; i++)
			if (sock_next(host[i]) < next)
				next = sock_next(host[i]);
		(void)sock_advance(host[0], next);
		(void)sock_advance(host[1], next);
	} while (next < end);
}

static struct sock_addr
address(int family, int n)
{
	struct sock_addr a = { (uint8_t)family, { 10, 0, 0, 0 }, 7 };

	if (family == 6)
		a.b[0] = 0xfd;
	a.b[family == 4 ? 3 : 15] = (uint8_t)(n + 1);
	return a;
}

static bool
move(int a, int b)
{
	static unsigned char out[BYTES], in[BYTES];
	size_t wrote = 0, got = 0;

	for (size_t i = 0; i < BYTES; i++)
		out[i] = (unsigned char)(i * 31 / 7);
	for (int turn = 0; got < BYTES && turn < 1000; turn++) {
		int64_t n = wrote < BYTES ? sock_write(host[0], a, out + wrote, BYTES - wrote) : 0;

		wrote += n > 0 ? (size_t)n : 0;
		run(10000);
		n = sock_read(host[1], b, in + got, BYTES - got);
		got += n > 0 ? (size_t)n : 0;
	}
	return got == BYTES && memcmp(in, out, BYTES) == 0;
}

static void
all(int family)
{
	struct sock_addr to = address(family, 1);
	int listener = sock_open(host[1], family);
	int a, b;

	check(sock_bind(host[1], listener, &to) == 0 && sock_listen(host[1], listener, 4) == 0, "listen",
	    family);
	for (int reset = 0; reset < 2; reset++) {
		a = sock_open(host[0], family);
		check(sock_connect(host[0], a, &to) == -EINPROGRESS, "connect", family);
		run(50000);
		b = sock_accept(host[1], listener, NULL);
		check(b >= 0 && sock_poll(host[0], a) == SOCK_OUT, "accept", family);
		check(move(a, b), "transfer", family);
		(void)sock_set(host[0], a, SOCK_OPT_LINGER, reset ? 0 : -1);
		(void)sock_close(host[0], a);
		run(50000);
		check(sock_read(host[1], b, &to, 0) == (reset ? -ECONNRESET : 0), reset ? "reset" : "close",
		    family);
		(void)sock_close(host[1], b);
		run(50000);
	}
	(void)sock_close(host[1], listener);
	a = sock_open(host[0], family);
	check(sock_connect(host[0], a, &to) == -EINPROGRESS, "connect to nobody", family);
	run(50000);
	check(sock_error(host[0], a) == -ECONNREFUSED, "refused", family);
	(void)sock_close(host[0], a);
}

int
main(void)
{
	for (int i = 0; i < 2; i++) {
		struct sock_addr a4 = address(4, i), a6 = address(6, i);
		struct sock_conf c = { .seed = (uint64_t)i + 1 };

		memcpy(c.addr4, a4.b, 4);
		memcpy(c.addr6, a6.b, 16);
		host[i] = sock_host_new(&c);
		if (host[i] == NULL)
			return 1;
	}
	all(4);
	all(6);
	sock_host_free(host[0]);
	sock_host_free(host[1]);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
