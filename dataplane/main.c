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
#define FILES_NEEDED (8u * LINK_MAX)

struct dataplane {
	struct options o;
	struct sandbox sandbox;
	struct nic_config nic;
	struct port *port[CREW_MAX];
	struct crew *crew;    /* NULL: one worker, alone on its port */
	struct place {
		struct worker *worker;
		struct meter *meter;
		struct rng rng;
		int command_wait; /* its end of its command bell */
	} place[CREW_MAX];
	struct steward steward;
	int event_ring;       /* the workers' end of the steward's bell */
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

/* The CPUs that were named, or those there are from the last one down, in turn. */
static void
cpus_choose(struct options *o)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (o->worker_cpus == 0 && sched_getaffinity(0, sizeof(set), &set) == 0)
		for (int i = CPU_SETSIZE; i > 0 && o->worker_cpus < o->workers; i--)
			if (CPU_ISSET(i - 1, &set))
				o->worker_cpu[o->worker_cpus++] = i - 1;
	if (o->worker_cpus == 0)
		o->worker_cpu[o->worker_cpus++] = 0;
	for (uint32_t i = o->worker_cpus; i < o->workers; i++)
		o->worker_cpu[i] = o->worker_cpu[i - o->worker_cpus];
}

static bool
cpu_shared(const struct options *o, uint32_t worker)
{
	for (uint32_t i = 0; i < o->workers; i++)
		if (i != worker && o->worker_cpu[i] == o->worker_cpu[worker])
			return true;
	return false;
}

/* Is a CPU left that no worker has? Hosts, programs and roles need one too. */
static bool
cpu_free(const struct options *o)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	(void)sched_getaffinity(0, sizeof(set), &set);
	for (uint32_t i = 0; i < o->workers; i++)
		CPU_CLR(o->worker_cpu[i], &set);
	return CPU_COUNT(&set) > 0;
}

/* Two that never sleep on one CPU would take turns by the kernel's slices. */
static int
poll_check(const struct options *o)
{
	for (uint32_t i = 0; o->poll && i < o->workers; i++)
		if (cpu_shared(o, i)) {
			fprintf(stderr, "postern-dp: --poll needs a CPU for each of %u workers\n", o->workers);
			return -1;
		}
	return 0;
}

static int
port_start(struct dataplane *d)
{
	d->nic = (struct nic_config){
		.device = d->o.nic,
		.huge = d->o.huge,
		.main_cpu = d->o.main_cpu,
		.workers = d->o.workers,
		.queue_max = d->o.queues,
		.pkt_count = PKT_COUNT,
		.promiscuous = d->o.promiscuous,
		.mtu = (uint16_t)d->o.mtu,
	};
	memcpy(d->nic.worker_cpu, d->o.worker_cpu, d->o.workers * sizeof(d->o.worker_cpu[0]));
	if (nic_eal_start(&d->nic, "postern-dp") != 0 || nic_open(&d->nic, d->port) != 0)
		return -1;
	for (uint32_t i = 0; d->o.impaired && i < d->o.workers; i++)
		if ((d->port[i] = impair_open(d->port[i], &d->o.impair)) == NULL)
			return -1;
	return 0;
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

static struct cmd_queue *
queue_make(void)
{
	struct cmd_queue *q = aligned_alloc(64, sizeof(*q));

	if (q != NULL)
		memset(q, 0, sizeof(*q));
	return q;
}

static int
bells_open(struct dataplane *d)
{
	struct steward *s = &d->steward;

	s->worker_count = d->o.workers;
	if (bell_create(&s->event_bell, &d->event_ring) != 0)
		return fail("bells");
	for (uint32_t i = 0; i < d->o.workers; i++) {
		struct steward_worker *w = &s->worker[i];

		if (bell_create(&d->place[i].command_wait, &w->command_bell) != 0)
			return fail("bells");
		w->commands = queue_make();
		w->events = queue_make();
		if (w->commands == NULL || w->events == NULL)
			return fail("command rings");
		if (meter_create(&d->place[i].meter, &w->meter_fd, i) != 0)
			return fail("meter page");
	}
	return 0;
}

/* Whose flow is whose is a secret: a peer that could choose its worker could
 * burden one with everything. */
static int
crew_start(struct dataplane *d)
{
	uint8_t key[FLOW_KEY_SIZE];
	struct rng rng;

	if (d->o.workers == 1)
		return 0;
	d->crew = private_memory(crew_size(d->o.workers));
	if (d->crew == NULL)
		return fail("memory");
	rng_system(&rng);
	rng_fill(&rng, key, sizeof(key));
	for (uint32_t i = 0; i < d->o.workers; i++)
		d->crew->seat[i].meter = d->place[i].meter;
	if (crew_init(d->crew, d->o.workers, key) != 0)
		return fail("bells");
	explicit_bzero(key, sizeof(key));
	return 0;
}

static int
worker_start(struct dataplane *d, uint32_t index)
{
	struct worker_config c = {
		.index = index,
		.conn_max = d->o.conn_max,
		.block_count = d->o.memory_mb * (1024u * 1024u / POOL_BLOCK) / d->o.workers,
		.poll = d->o.poll,
		.yields = cpu_shared(&d->o, index) || !cpu_free(&d->o),
		.crew = d->crew,
		.zip = &zip_zlib,
	};
	struct steward_worker *s = &d->steward.worker[index];
	struct place *p = &d->place[index];
	void *mem = private_memory(worker_size(&c, d->port[index]));

	if (mem == NULL)
		return fail("memory");
	rng_system(&p->rng);
	p->worker = worker_init(mem, &c, d->port[index], p->meter, &p->rng, s->commands, s->events,
	    d->event_ring);
	if (p->worker == NULL)
		return fail("worker");
	p->worker->idle = idle_open(p->worker, p->command_wait);
	return p->worker->idle != NULL ? 0 : fail("epoll");
}

static int
workers_start(struct dataplane *d)
{
	if (bells_open(d) != 0 || crew_start(d) != 0)
		return -1;
	for (uint32_t i = 0; i < d->o.workers; i++)
		if (worker_start(d, i) != 0)
			return -1;
	return 0;
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
	if (port_start(d) != 0 || cipher_choose(d) != 0 || workers_start(d) != 0)
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
	cpus_choose(&d.o);
	if (poll_check(&d.o) != 0 || start(&d) != 0)
		return 1;
	for (uint32_t i = 0; i < d.o.workers; i++)
		if (nic_launch(i, worker_run, d.place[i].worker) != 0)
			return 1;
	fprintf(stderr, "postern-dp: ready\n");
	steward_run(&d.steward);
	for (uint32_t i = 0; i < d.o.workers; i++)
		r |= nic_wait(i);
	steward_fini(&d.steward);
	nic_stop(d.port, d.o.workers);
	return r == 0 ? 0 : 1;
}
