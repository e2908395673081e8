/*
 * rekey-load: what a keystroke waits for while many connections exchange keys.
 *
 *   rekey-load HOST PORT USER KEYFILE COUNT SECONDS COMMAND...
 *
 * One connection with a program that echoes has a byte on its way at a time; the time
 * until it is back is measured, for so many seconds without anything else, and again
 * while COUNT other connections, of a process of their own, which are logged in before,
 * exchange keys: COMMAND makes the server begin all of them at once, again when they are
 * done, and so on to the end. Standard output, one line each:
 *
 *   quiet COUNT-OF-ECHOES MEDIAN P99 MAXIMUM      in microseconds
 *   rekeys COUNT-OF-ECHOES MEDIAN P99 MAXIMUM
 *   exchanges COUNT PER-SECOND
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/client.h"

#define ECHOES_MAX 1000000u

struct shared {
	_Atomic unsigned ready;     /* logged in */
	_Atomic unsigned exchanges; /* after the first, of all */
	_Atomic bool failed, stop;
	char why[256];
};

static struct shared *shared;
static char **args;
static struct client_key key;
static double *times;

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
fail(const struct client *c)
{
	snprintf(shared->why, sizeof(shared->why), "%s", c->error);
	shared->failed = true;
}

static int
enter(struct client *c)
{
	if (client_init(c, 0) != 0)
		return -1;
	c->timeout_ms = 120000;
	return client_login(c, args[1], args[2], args[3], &key);
}

/* ---- those that exchange keys ---- */

static unsigned
others_step(struct client *list, struct pollfd *p, unsigned count)
{
	unsigned done = 0;

	(void)poll(p, count, 100);
	for (unsigned i = 0; i < count && !shared->failed; i++) {
		unsigned before = list[i].exchanges;

		if ((p[i].revents & (POLLIN | POLLHUP)) == 0)
			continue;
		/* One step of an exchange: the server has all of them to go on with. */
		do {
			if (client_step(&list[i]) != 0) {
				fail(&list[i]);
				break;
			}
		} while (list[i].inbuf.len > 0);
		done += list[i].exchanges - before;
	}
	return done;
}

static void
others(unsigned count)
{
	struct client *list = calloc(count, sizeof(*list));
	struct pollfd *p = calloc(count, sizeof(*p));

	if (list == NULL || p == NULL)
		shared->failed = true;
	for (unsigned i = 0; i < count && !shared->failed; i++) {
		if (enter(&list[i]) != 0)
			fail(&list[i]);
		p[i] = (struct pollfd){ .fd = list[i].fd, .events = POLLIN };
		shared->ready++;
	}
	while (!shared->failed && !shared->stop)
		shared->exchanges += others_step(list, p, count);
}

/* ---- the one that is looked at ---- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
echo(struct client *c, int chan)
{
	uint64_t had = c->chan[chan].received;

	return client_write(c, chan, "x", 1) != 0 ? -1 : client_wait_bytes(c, chan, had + 1);
}

/* All of them, again when they are done: `from` exchanges were done before. */
static void
ask(unsigned *wanted, unsigned count)
{
	pid_t child;

	if (shared->exchanges < *wanted)
		return;
	*wanted = shared->exchanges + count;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL)
			execvp(args[7], args + 7);
		_exit(127);
	}
}

static int
measure(struct client *c, int chan, const char *name, double seconds, unsigned count)
{
	double end = now_us() + seconds * 1e6;
	unsigned n = 0, wanted = 0;

	while (now_us() < end && n < ECHOES_MAX && !shared->failed) {
		double start;

		if (count > 0)
			ask(&wanted, count);
		start = now_us();
		if (echo(c, chan) != 0)
			return -1;
		times[n++] = now_us() - start;
	}
	if (n == 0)
		return client_fail(c, "nothing was echoed");
	qsort(times, n, sizeof(*times), by_value);
	printf("%s %u %.0f %.0f %.0f\n", name, n, times[n / 2], times[(size_t)(0.99 * n)], times[n - 1]);
	return 0;
}

static int
run(struct client *c, unsigned count, double seconds)
{
	int chan, r = enter(c);

	if (r != 0 || (chan = client_open_send(c, "session")) < 0 || client_open_recv(c, chan) != 0 ||
	    client_exec(c, chan, "cat") != 0 || client_reply(c, chan) != 0)
		return -1;
	while (shared->ready < count && !shared->failed)
		usleep(10000);
	for (unsigned i = 0; i < 100; i++)
		if (echo(c, chan) != 0)
			return -1;
	if (measure(c, chan, "quiet", seconds, 0) != 0 || measure(c, chan, "rekeys", seconds, count) != 0)
		return -1;
	printf("exchanges %u %.0f\n", shared->exchanges, shared->exchanges / seconds);
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 7 ? (unsigned)atoi(argv[5]) : 0;
	double seconds = argc > 7 ? atof(argv[6]) : 0;
	struct client *c = calloc(1, sizeof(*c));
	const char *why = "";
	pid_t child;
	int r;

	if (count == 0 || seconds <= 0 || c == NULL) {
		fprintf(stderr, "usage: rekey-load HOST PORT USER KEYFILE COUNT SECONDS COMMAND...\n");
		return 2;
	}
	args = argv;
	signal(SIGCHLD, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	times = calloc(ECHOES_MAX, sizeof(*times));
	if (shared == MAP_FAILED || times == NULL || client_key_load(&key, argv[4], &why) != 0) {
		fprintf(stderr, "rekey-load: %s\n", why);
		return 2;
	}
	child = fork();
	if (child == 0) {
		others(count);
		_exit(0);
	}
	r = run(c, count, seconds);
	if (r != 0 || shared->failed)
		fprintf(stderr, "rekey-load: %s %s\n", c->error, shared->why);
	shared->stop = true;
	if (child > 0)
		kill(child, SIGKILL);
	client_fini(c);
	return r != 0 || shared->failed;
}
