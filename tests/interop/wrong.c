/*
 * wrong: when a connection ends after a record in which a byte was changed.
 *
 *   wrong HOST PORT CIPHER MAC COUNT
 *
 * So many connections, of which each sends one record under keys, with a byte changed in
 * its length, its MAC or its padding's length, drawn for each anew, and zeros up to the
 * byte at which the server may end it. Some are prepared together, up to that byte; then
 * each gets it, in an order that has nothing to do with what was changed. The time runs
 * from there to the end. Standard output: "length|mac|padding CODE NANOSECONDS", where
 * CODE is that of the DISCONNECT.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/lib/client.h"

#define TOGETHER 16

/* The byte, from 1, or from the end. */
static const struct {
	const char *name;
	int at;
} kinds[] = { { "length", 2 }, { "mac", -1 }, { "padding", 5 } };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct client *clients;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
prepare(struct client *c, char **argv, size_t kind)
{
	static const uint8_t payload[100] = { SSH_MSG_IGNORE }, zeros[RECORD_MAX];
	size_t size;

	if (client_init(c, 0) != 0)
		return -1;
	c->timeout_ms = 60000;
	c->offer.kex = "curve25519-sha256";
	c->offer.ciphers = argv[3];
	c->offer.macs = argv[4];
	if (client_connect(c, argv[1], argv[2]) != 0 || client_ident_send(c) != 0 || client_ident_recv(c) != 0 ||
	    client_kex(c) != 0)
		return -1;
	size = record_size(&c->out, sizeof(payload));
	c->flip = kinds[kind].at;
	if (client_send(c, view_of(payload, sizeof(payload))) != 0)
		return -1;
	return client_raw(c, zeros, RECORD_MAX - 1 - size);
}

static int
finish(struct client *c, size_t kind)
{
	int64_t start = now_ns();

	if (client_raw(c, "", 1) != 0 || client_expect_close(c) != 0)
		return -1;
	printf("%s %u %lld\n", kinds[kind].name, c->disconnect, (long long)(now_ns() - start));
	return 0;
}

static int
batch(char **argv, size_t count)
{
	size_t kind[TOGETHER];
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		kind[i] = (size_t)random() % KINDS;
		r |= prepare(&clients[i], argv, kind[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			r = finish(&clients[i], kind[i]);
		if (r != 0)
			fprintf(stderr, "wrong: %s\n", clients[i].error);
		client_fini(&clients[i]);
	}
	return r;
}

int
main(int argc, char **argv)
{
	size_t left = argc == 6 ? (size_t)atoi(argv[5]) : 0;

	clients = calloc(TOGETHER, sizeof(*clients));
	if (left == 0 || clients == NULL) {
		fprintf(stderr, "usage: wrong HOST PORT CIPHER MAC COUNT\n");
		return 2;
	}
	srandom((unsigned)now_ns());
	while (left > 0) {
		size_t n = left < TOGETHER ? left : TOGETHER;

		if (batch(argv, n) != 0)
			return 1;
		left -= n;
	}
	return 0;
}
