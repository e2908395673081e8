#include "drivers/nic/dpdk.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
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
#include <rte_version.h>

#include "drivers/nic/device.h"
#include "drivers/nic/dpdk_dev.h"
#include "drivers/nic/dpdk_fd.h"
#include "drivers/nic/iface.h"

#define EAL_ARGS_MAX 32
#define EAL_ARG_SIZE 2048

#define MEMORY_BASE_MB 32u
#define PAGE 4096u       /* where there are no huge ones */
#define PKT_OVERHEAD 512u /* mbuf, struct pkt, alignment */

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

/* Lcore 0 is the steward, lcore 1 + n is worker n. */
static void
lcore_args(struct args *a, const struct nic_config *c)
{
	char all[128], workers[EAL_ARG_SIZE - 256] = "";
	size_t at = 0;

	cpu_list(all, sizeof(all));
	if (c->main_cpu >= 0)
		snprintf(all, sizeof(all), "%d", c->main_cpu);
	for (uint32_t i = 0; i < c->workers && at < sizeof(workers); i++)
		at += (size_t)snprintf(workers + at, sizeof(workers) - at, ",%u@%d", i + 1, c->worker_cpu[i]);
	arg(a, "--lcores=0@(%s)%s", all, workers);
	arg(a, "--main-lcore=0");
}

/* A buffer must not cross a page: on small ones each has its own. */
static uint64_t
pkt_cost(const struct nic_config *c)
{
	uint64_t size = pool_room(c->mtu) + PKT_OVERHEAD;

	if (c->huge)
		return size;
	return size > PAGE / 2 ? (size + PAGE - 1) / PAGE * PAGE : PAGE / (PAGE / size);
}

static uint32_t
memory_mb(const struct nic_config *c)
{
	uint64_t pool = c->pkt_count * pkt_cost(c);

	return MEMORY_BASE_MB + (uint32_t)((pool * c->workers + (1u << 20) - 1) >> 20);
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
	arg(a, "%u", memory_mb(c));
}

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#define MEMBER_KEY "member"
#else
#define MEMBER_KEY "slave"
#endif

/* The number of a bond's mode; -1: there is none of that name. */
static int
bond_mode(const char *device)
{
	static const struct {
		const char *name;
		int number;
	} modes[] = { { "active-backup", 1 }, { "balance", 2 } };
	const char *at = strstr(device, ",mode=");
	size_t len;

	if (at == NULL)
		return modes[0].number;
	at += strlen(",mode=");
	len = strcspn(at, ",");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strlen(modes[i].name) == len && strncmp(modes[i].name, at, len) == 0)
			return modes[i].number;
	return -1;
}

/* Its members are devices too, which it names. Links are looked at every
 * ten milliseconds where they do not tell by themselves. 0, or -1 with a line on stderr. */
static int
bond_args(struct args *a, const struct nic_config *c, const char *program)
{
	char member[NIC_DEVICE_MAX], text[EAL_ARG_SIZE - 16], bond[EAL_ARG_SIZE - 64];
	int mode = bond_mode(c->device), virtual = 0, at;

	if (mode < 0) {
		fprintf(stderr, "%s: port %s: expected mode=active-backup or balance\n", program, c->device);
		return -1;
	}
	at = snprintf(bond, sizeof(bond), "net_bonding0,mode=%d", mode);
	if (mode != 1)
		at += snprintf(bond + at, sizeof(bond) - (size_t)at, ",xmit_policy=%s",
		    strstr(c->device, ",policy=l2") != NULL ? "l2" : "l34");
	for (uint32_t i = 0; nic_member(c->device, i, member, sizeof(member)); i++) {
		const char *wrong;
		const struct nic_driver *d = nic_driver_of(member, &wrong);

		if (d == NULL || nic_member_args(member, i, c->mtu, text, sizeof(text)) < 0)
			return -1;
		if (d->vdev != NULL)
			virtual++;
		arg(a, d->vdev != NULL ? "--vdev=%s" : "--allow=%s", text);
		at += snprintf(bond + at, sizeof(bond) - (size_t)at, "," MEMBER_KEY "=%.*s",
		    (int)strcspn(text, ","), text);
		if (at >= (int)sizeof(bond))
			return -1;
	}
	if (virtual > 0) {
		arg(a, "--no-pci");
		arg(a, "--iova-mode=va");
	}
	arg(a, "--vdev=%s", bond);
	return 0;
}

/* 0, or -1 with a line on stderr. */
static int
device_args(struct args *a, const struct nic_config *c, const char *program)
{
	char text[EAL_ARG_SIZE - 16];
	const char *wrong;
	const struct nic_driver *d = nic_driver_of(c->device, &wrong);
	int queues;

	if (d == NULL) {
		fprintf(stderr, "%s: port %s: expected %s\n", program, c->device, wrong);
		return -1;
	}
	if (d->members)
		return bond_args(a, c, program);
	nic_device_name(c->device, text, sizeof(text));
	if (d->listens && socket_clear(text) != 0) {
		fprintf(stderr, "%s: %s: %s\n", program, text, strerror(errno));
		return -1;
	}
	queues = dev_queues(c, d);
	if (queues < 0 || nic_device_args(c->device, (uint32_t)queues, c->mtu, text, sizeof(text)) < 0)
		return -1;
	if (d->vdev != NULL || d->noun == NIC_ANY) {
		arg(a, "--no-pci");
		arg(a, "--iova-mode=va");
		arg(a, "--vdev=%s", text);
	} else {
		arg(a, "--allow=%s", text);
	}
	return 0;
}

/* net_tap asks for a real-time signal per frame, and once it has seen one reads
 * nothing without another. Blocked for good in every thread, none ever comes to
 * it, and it reads whenever it is asked; dev_start stops the asking. SIGIO is
 * what the kernel sends where too many wait. */
static void
signals_hold(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		sigaddset(&set, i);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGIO, SIG_IGN);
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
	arg(&a, "--file-prefix=postern-%d", (int)getpid());
	arg(&a, "--log-level=*:error");
	if (device_args(&a, c, program) != 0)
		return -1;
	a.argv[a.argc] = NULL;

	signals_hold();
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

int
nic_launch(uint32_t worker, int (*fn)(void *), void *argument)
{
	if (worker >= NIC_WORKERS_MAX)
		return -1;
	return rte_eal_remote_launch(fn, argument, worker + 1) == 0 ? 0 : -1;
}

int
nic_wait(uint32_t worker)
{
	return rte_eal_wait_lcore(worker + 1);
}
