/*
 * auth-time: how long a request that is refused takes.
 *
 *   auth-time HOST PORT KEYFILE query|proof ROUNDS NAME...
 *   auth-time HOST PORT TEXT password|kbdint ROUNDS NAME...
 *
 * In each round every name has its turn, in an order that is drawn anew: one
 * connection, REQUESTS requests, each timed from before it is sent (and, for a
 * proof, signed) to its FAILURE. Standard output: "NAME NANOSECONDS" per request.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/lib/client.h"

#define REQUESTS 4
#define NAMES_MAX 1024

static struct client client;
static struct client_key key;
static const char *typed;
static enum { QUERY, PROOF, PASSWORD, KBDINT } what;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
connection(struct client *c, const char *host, const char *port)
{
	if (client_connect(c, host, port) != 0 || client_ident_send(c) != 0 || client_ident_recv(c) != 0 ||
	    client_kex(c) != 0)
		return -1;
	return client_service_send(c, "ssh-userauth") != 0 ? -1 : client_service_recv(c);
}

/* enum client_auth, or -1. */
static int
ask(struct client *c, const char *name)
{
	int r;

	switch (what) {
	case PASSWORD:
		r = client_auth_password_send(c, name, typed);
		break;
	case KBDINT:
		r = client_auth_kbdint_send(c, name);
		break;
	default:
		r = client_auth_key_send(c, name, &key, what == PROOF);
	}
	if (r == 0)
		r = client_auth_recv(c);
	while (r == CLIENT_AUTH_PROMPT) {
		r = client_auth_response_send(c, c->prompt_count, typed);
		if (r == 0)
			r = client_auth_recv(c);
	}
	return r;
}

static int
one(struct client *c, const char *name)
{
	int64_t start = now_ns();
	int r = ask(c, name);

	if (r != CLIENT_AUTH_FAILURE)
		return r < 0 ? -1 : client_fail(c, "it was not refused");
	printf("%s %lld\n", name, (long long)(now_ns() - start));
	return 0;
}

static int
turn(const char *host, const char *port, const char *name)
{
	struct client *c = &client;
	int r = client_init(c, 0);

	if (r == 0)
		r = connection(c, host, port);
	for (int i = 0; i < REQUESTS && r == 0; i++)
		r = one(c, name);
	if (r != 0)
		fprintf(stderr, "auth-time: %s: %s\n", name, c->error);
	else
		client_disconnect(c);
	client_fini(c);
	return r;
}

static void
shuffle(char **names, int count)
{
	for (int i = count - 1; i > 0; i--) {
		int j = (int)(random() % (i + 1));
		char *name = names[i];

		names[i] = names[j];
		names[j] = name;
	}
}

static bool
what_is(const char *word)
{
	static const char *const words[] = {
		[QUERY] = "query", [PROOF] = "proof", [PASSWORD] = "password", [KBDINT] = "kbdint"
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			what = i;
			return true;
		}
	}
	return false;
}

int
main(int argc, char **argv)
{
	const char *why = "";
	int rounds = argc > 6 ? atoi(argv[5]) : 0;

	if (rounds <= 0 || argc - 6 > NAMES_MAX || !what_is(argv[4])) {
		fprintf(stderr,
		    "usage: auth-time HOST PORT KEYFILE|TEXT query|proof|password|kbdint ROUNDS NAME...\n");
		return 2;
	}
	typed = argv[3];
	if (what <= PROOF && client_key_load(&key, argv[3], &why) != 0) {
		fprintf(stderr, "auth-time: %s: %s\n", argv[3], why);
		return 2;
	}
	srandom((unsigned)now_ns());
	for (int i = 0; i < rounds; i++) {
		shuffle(argv + 6, argc - 6);
		for (int n = 6; n < argc; n++)
			if (turn(argv[1], argv[2], argv[n]) != 0)
				return 1;
	}
	return 0;
}
