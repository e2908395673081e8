/*
 * postern-dp: the start, in the order that leaves the fewest rights at each
 * step. Everything that needs root happens before sandbox_enter.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dataplane/options.h"
#include "dataplane/sandbox.h"
#include "dataplane/worker/steward.h"
#include "dataplane/worker/worker.h"
#include "drivers/cipher/select.h"
#include "drivers/clock/clock.h"
#include "drivers/nic/device.h"
#include "drivers/nic/dpdk.h"

#define PKT_COUNT 8192u
#define MTU 1500u
#define FILES_NEEDED (8u * LINK_MAX)

struct dataplane {
	struct options o;
	struct sandbox sandbox;
	struct nic_config nic;
	struct port *port;
	struct meter *meter;
	struct rng rng;
	struct worker *worker;
	struct steward steward;
	int command_wait;     /* the worker's end of its command bell */
	int event_ring;       /* the worker's end of the steward's bell */
};

static int
fail(const char *what)
{
	fprintf(stderr, "postern-dp: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Each link has five descriptors here, each leader two. Out of them, the attach
 * socket could not be read any more. Where the hard limit may not be lifted, as
 * much as it gives is what there is. */
static void
files_raise(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES_NEEDED)
		return;
	files.rlim_cur = FILES_NEEDED;
	if (files.rlim_max < FILES_NEEDED) {
		struct rlimit lifted = { FILES_NEEDED, FILES_NEEDED };

		if (setrlimit(RLIMIT_NOFILE, &lifted) == 0)
			return;
		files.rlim_cur = files.rlim_max;
	}
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Signals are read, not delivered; threads made from here on block them too. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
last_cpu(void)
{
	cpu_set_t set;
	int last = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			last = i;
	return last;
}

static int
port_start(struct dataplane *d)
{
	d->nic = (struct nic_config){
		.device = d->o.nic,
		.huge = d->o.huge,
		.main_cpu = d->o.main_cpu,
		.workers = 1,
		.worker_cpu = { d->o.worker_cpu >= 0 ? d->o.worker_cpu : last_cpu() },
		.pkt_count = PKT_COUNT,
		.mtu = MTU,
	};
	if (nic_eal_start(&d->nic, "postern-dp") != 0)
		return -1;
	if (nic_open(&d->nic, &d->port) != 0)
		return -1;
	if (d->o.impaired)
		d->port = impair_open(d->port, &d->o.impair);
	return d->port != NULL ? 0 : -1;
}

static int
cipher_choose(const struct dataplane *d)
{
	const char *why = "unknown";

	if (cipher_start(d->o.engine, &why) == 0)
		return 0;
	fprintf(stderr, "postern-dp: no cipher engine gives the known answers: %s\n", why);
	return -1;
}

/* Locked as it is touched, in no core dump, in no child. */
static void *
private_memory(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	(void)mlock2(mem, size, MLOCK_ONFAULT);
	(void)madvise(mem, size, MADV_DONTDUMP);
	(void)madvise(mem, size, MADV_DONTFORK);
	return mem;
}

static int
bells_open(struct dataplane *d)
{
	struct steward *s = &d->steward;

	if (bell_create(&d->command_wait, &s->command_bell) != 0 ||
	    bell_create(&s->event_bell, &d->event_ring) != 0)
		return fail("bells");
	s->commands = aligned_alloc(64, sizeof(*s->commands));
	s->events = aligned_alloc(64, sizeof(*s->events));
	if (s->commands == NULL || s->events == NULL)
		return fail("command rings");
	memset(s->commands, 0, sizeof(*s->commands));
	memset(s->events, 0, sizeof(*s->events));
	return 0;
}

static int
worker_start(struct dataplane *d)
{
	struct worker_config c = {
		.conn_max = d->o.conn_max,
		.block_count = d->o.memory_mb * (1024u * 1024u / POOL_BLOCK),
		.poll = d->o.poll,
	};
	void *mem;

	rng_system(&d->rng);
	if (meter_create(&d->meter, &d->steward.meter_fd, c.index) != 0)
		return fail("meter page");
	mem = private_memory(worker_size(&c, d->port));
	if (mem == NULL)
		return fail("memory");
	d->worker = worker_init(mem, &c, d->port, d->meter, &d->rng, d->steward.commands,
	    d->steward.events, d->event_ring);
	if (d->worker == NULL)
		return fail("worker");
	d->worker->idle = idle_open(d->worker, d->command_wait);
	return d->worker->idle != NULL ? 0 : fail("epoll");
}

static int
start(struct dataplane *d)
{
	const char *wrong;

	/* What whoever started us left open is not for a process with keys. */
	(void)close_range(3, ~0u, 0);
	files_raise();
	if (sandbox_find(&d->sandbox, d->o.user) != 0)
		return -1;
	d->steward.listener = steward_listen(d->o.control);
	if (d->steward.listener < 0)
		return -1;
	d->steward.signals = signals_open();
	if (d->steward.signals < 0)
		return fail("signals");
	if (sandbox_begin() != 0)
		return fail("capabilities");
	clock_start();
	if (port_start(d) != 0 || cipher_choose(d) != 0 || bells_open(d) != 0 ||
	    worker_start(d) != 0)
		return -1;
	if (steward_init(&d->steward) != 0)
		return fail("attach socket");
	return sandbox_enter(&d->sandbox, nic_driver_of(d->o.nic, &wrong)->calls);
}

int
main(int argc, char **argv)
{
	static struct dataplane d;
	int r = options_parse(&d.o, argc, argv);

	if (r != 0)
		return r > 0 ? 0 : 2;
	if (start(&d) != 0)
		return 1;
	if (nic_launch(0, worker_run, d.worker) != 0)
		return 1;
	fprintf(stderr, "postern-dp: ready\n");
	steward_run(&d.steward);
	r = nic_wait(0);
	steward_fini(&d.steward);
	nic_stop(&d.port, 1);
	return r == 0 ? 0 : 1;
}
