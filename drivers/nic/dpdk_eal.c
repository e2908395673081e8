#include "drivers/nic/dpdk_fd.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>

#define EAL_ARGS_MAX 32
#define EAL_ARG_SIZE 256

struct args {
	char text[EAL_ARGS_MAX][EAL_ARG_SIZE];
	char *argv[EAL_ARGS_MAX + 1];
	int argc;
};

static void __attribute__((format(printf, 2, 3)))
arg(struct args *a, const char *format, ...)
{
	va_list ap;

	if (a->argc >= EAL_ARGS_MAX)
		return;
	va_start(ap, format);
	vsnprintf(a->text[a->argc], EAL_ARG_SIZE, format, ap);
	va_end(ap);
	a->argv[a->argc] = a->text[a->argc];
	a->argc++;
}

/* The CPUs that this process may use, as EAL's "(0,1,3)". */
static void
cpu_list(char *dst, size_t size)
{
	size_t at = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		CPU_SET(0, &set);
	for (int i = 0; i < CPU_SETSIZE && at + 8 < size; i++)
		if (CPU_ISSET(i, &set))
			at += (size_t)snprintf(dst + at, size - at, "%s%d", at > 0 ? "," : "", i);
}

/* Lcore 0 is the steward, lcore 1 the worker. */
static void
lcore_args(struct args *a, const struct nic_config *c)
{
	char all[128];

	cpu_list(all, sizeof(all));
	if (c->main_cpu >= 0)
		snprintf(all, sizeof(all), "%d", c->main_cpu);
	arg(a, "--lcores=0@(%s),1@%d", all, c->worker_cpu);
	arg(a, "--main-lcore=0");
}

/* --in-memory is for huge pages; it and --no-huge exclude each other. */
static void
memory_args(struct args *a, const struct nic_config *c)
{
	if (c->huge) {
		arg(a, "--in-memory");
	} else {
		arg(a, "--no-huge");
		arg(a, "--no-shconf");
	}
	arg(a, "-m");
	arg(a, "%u", c->memory_mb);
	arg(a, "--iova-mode=va");
}

static void
raise_memlock(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &r);
}

/* EAL makes a directory per file prefix even where it shares nothing. */
static void
remove_runtime_dir(void)
{
	const char *dir = rte_eal_get_runtime_dir();

	if (dir != NULL && dir[0] != '\0')
		(void)rmdir(dir);
}

int
nic_eal_start(const struct nic_config *c, const char *program)
{
	static struct args a;

	a.argc = 0;
	arg(&a, "%s", program);
	lcore_args(&a, c);
	memory_args(&a, c);
	arg(&a, "--no-telemetry");
	arg(&a, "--no-pci");
	arg(&a, "--file-prefix=postern-%d", (int)getpid());
	arg(&a, "--log-level=*:error");
	if (c->vdev != NULL)
		arg(&a, "--vdev=%s", c->vdev);
	a.argv[a.argc] = NULL;

	raise_memlock();
	fd_snapshot();
	rte_openlog_stream(stderr);
	if (rte_eal_init(a.argc, a.argv) < 0) {
		fprintf(stderr, "%s: DPDK did not start: %s%s\n", program, rte_strerror(rte_errno),
		    c->huge ? " (are there free huge pages? --no-huge works without)" : "");
		return -1;
	}
	remove_runtime_dir();
	return 0;
}

static unsigned
worker_lcore(void)
{
	return rte_get_next_lcore(-1, 1, 0);
}

int
nic_launch(int (*fn)(void *), void *argument)
{
	unsigned lcore = worker_lcore();

	if (lcore >= RTE_MAX_LCORE)
		return -1;
	return rte_eal_remote_launch(fn, argument, lcore) == 0 ? 0 : -1;
}

int
nic_wait(void)
{
	return rte_eal_wait_lcore(worker_lcore());
}
