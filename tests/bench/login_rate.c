/*
 * How many logins a second a server takes: processes that each log in with a
 * key, say goodbye and begin again, for a while. Against any SSH server with
 * what the scripted client speaks. Prints one line:
 *
 *   logins PER_SECOND  failed COUNT  client CPU_MS_EACH
 *
 * The last number is the client's own CPU time for a login: with all clients on
 * the server's CPUs it is part of what limits the first.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drivers/cipher/select.h"
#include "drivers/pk/pk.h"
#include "tests/lib/client.h"

struct tally {
	_Atomic unsigned good, bad;
	char why[256]; /* of one failure, whichever wrote last */
};

struct target {
	const char *host, *port, *user;
	struct client_key key;
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
log_in_until(double end, const struct target *t, struct tally *tally)
{
	struct client *c = malloc(sizeof(*c));

	if (c == NULL)
		return;
	while (seconds() < end) {
		if (client_init(c, 0) == 0 &&
		    client_login(c, t->host, t->port, t->user, &t->key) == 0) {
			(void)client_disconnect(c);
			tally->good++;
		} else {
			tally->bad++;
			snprintf(tally->why, sizeof(tally->why), "%s", c->error);
		}
		client_fini(c);
	}
	free(c);
}

static double
children_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int
report(const struct tally *tally, double spent)
{
	unsigned good = tally->good;

	printf("logins %.1f  failed %u  client %.2f\n", good / spent, tally->bad,
	    good > 0 ? children_cpu() * 1000 / good : 0.0);
	if (tally->bad > 0)
		fprintf(stderr, "a failure: %s\n", tally->why);
	return good > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct target t;
	struct tally *tally;
	const char *why;
	double start;
	int clients;

	if (argc != 7) {
		fprintf(stderr, "usage: %s HOST PORT USER KEYFILE CLIENTS SECONDS\n", argv[0]);
		return 2;
	}
	t.host = argv[1], t.port = argv[2], t.user = argv[3];
	clients = atoi(argv[5]);
	if (client_key_load(&t.key, argv[4], &why) != 0 || pk_start() != 0 || cipher_start(NULL, &why) != 0) {
		fprintf(stderr, "%s: %s\n", argv[4], why);
		return 2;
	}
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return 1;
	start = seconds();
	for (int i = 0; i < clients; i++)
		if (fork() == 0) {
			log_in_until(start + atof(argv[6]), &t, tally);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return report(tally, seconds() - start);
}
