/*
 * record-time: when a connection ends after a record in which a byte was changed.
 *
 *   record-time HOST PORT CIPHER MAC PAYLOAD ROUNDS
 *
 * In each round a byte of the length (A) and a byte behind it (B) have their turn, in
 * an order that is drawn anew: one connection, whose first record under keys has the
 * change, with zeros behind it up to the byte at which the server may end it. All but
 * that byte are sent at first, and it 2 ms later; the time runs from there to the end.
 * Standard output: "ROUND A|B NANOSECONDS".
 */
#include <stdlib.h>
#include <time.h>

#include "tests/lib/client.h"

static struct client client;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* IGNORE with `len` bytes of payload, changed at byte `at`, and zeros up to the last
 * byte but one. */
static int
changed(struct client *c, size_t len, int at)
{
	static uint8_t payload[SSH_PAYLOAD_MAX], zeros[RECORD_MAX];
	size_t size = record_size(&c->out, len);

	payload[0] = SSH_MSG_IGNORE;
	c->flip = at;
	if (client_send(c, view_of(payload, len)) != 0)
		return -1;
	return client_raw(c, zeros, RECORD_MAX - 1 - size);
}

static int
turn(char **argv, size_t len, unsigned round, bool length)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct client *c = &client;
	int64_t start = 0;
	int r = client_init(c, 0);

	c->offer.ciphers = argv[3];
	c->offer.macs = argv[4];
	if (r == 0 && (client_connect(c, argv[1], argv[2]) != 0 || client_ident_send(c) != 0 ||
			  client_ident_recv(c) != 0 || client_kex(c) != 0))
		r = -1;
	if (r == 0)
		r = changed(c, len, length ? 2 : 20);
	if (r == 0) {
		nanosleep(&pause, NULL);
		start = now_ns();
		r = client_raw(c, "", 1);
	}
	if (r == 0)
		(void)client_expect_close(c);
	if (r == 0 && c->disconnect != 5)
		r = client_fail(c, "it did not end for a wrong MAC");
	if (r == 0)
		printf("%u %c %lld\n", round, length ? 'A' : 'B', (long long)(now_ns() - start));
	else
		fprintf(stderr, "record-time: %s\n", c->error);
	client_fini(c);
	return r;
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc == 7 ? (unsigned)atoi(argv[6]) : 0;
	size_t len = argc == 7 ? (size_t)atoi(argv[5]) : 0;

	if (rounds == 0 || len == 0 || len > 32768) {
		fprintf(stderr, "usage: record-time HOST PORT CIPHER MAC PAYLOAD ROUNDS\n");
		return 2;
	}
	srandom((unsigned)now_ns());
	for (unsigned i = 0; i < rounds; i++) {
		bool length = random() % 2 != 0;

		if (turn(argv, len, i, length) != 0 || turn(argv, len, i, !length) != 0)
			return 1;
	}
	return 0;
}
