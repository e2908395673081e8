#include "dataplane/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/attach.h"
#include "drivers/nic/device.h"

#define ACCOUNT "_postern-dp"

struct row {
	const char *name;
	const char *argument;  /* NULL: takes none */
	const char *text;
	/* NULL, or what was expected. */
	const char *(*set)(struct options *o, const char *value);
};

static const char *
number(const char *text, unsigned long min, unsigned long max, unsigned long *v)
{
	char *end;

	errno = 0;
	*v = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || *v < min || *v > max)
		return "a number in range";
	return NULL;
}

static const char *
set_nic(struct options *o, const char *value)
{
	const char *wrong;

	o->nic = value;
	return nic_driver_of(value, &wrong) != NULL ? NULL : wrong;
}

static const char *
set_control(struct options *o, const char *value)
{
	o->control = value;
	return NULL;
}

static const char *
set_memory(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 16, 1u << 20, &v);

	o->memory_mb = (uint32_t)v;
	return wrong;
}

/* Less carries no IPv6 (RFC 8200 section 5). */
static const char *
set_mtu(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 1280, 9216, &v);

	o->mtu = (uint32_t)v;
	return wrong;
}

static const char *
set_no_huge(struct options *o, const char *value)
{
	(void)value;
	o->huge = false;
	return NULL;
}

static const char *
set_worker_cpu(struct options *o, const char *value)
{
	char text[8 * CREW_MAX], *at, *rest = text;

	if (strlen(value) >= sizeof(text))
		return "CPU numbers";
	strcpy(text, value);
	for (o->worker_cpus = 0; (at = strsep(&rest, ",")) != NULL; o->worker_cpus++) {
		unsigned long v;

		if (o->worker_cpus == CREW_MAX || number(at, 0, 1023, &v) != NULL)
			return "CPU numbers";
		o->worker_cpu[o->worker_cpus] = (int)v;
	}
	return NULL;
}

static const char *
set_workers(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 1, CREW_MAX, &v);

	o->workers = (uint32_t)v;
	return wrong;
}

static const char *
set_queues(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 1, CREW_MAX, &v);

	o->queues = (uint32_t)v;
	return wrong;
}

static const char *
set_main_cpu(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 0, 1023, &v);

	o->main_cpu = (int)v;
	return wrong;
}

static const char *
set_user(struct options *o, const char *value)
{
	o->user = value;
	return NULL;
}

static const char *
set_conn_max(struct options *o, const char *value)
{
	unsigned long v;
	const char *wrong = number(value, 1, 0xffffff, &v);

	o->conn_max = (uint32_t)v;
	return wrong;
}

static const char *
set_poll(struct options *o, const char *value)
{
	(void)value;
	o->poll = true;
	return NULL;
}

static const char *
set_promiscuous(struct options *o, const char *value)
{
	(void)value;
	o->promiscuous = true;
	return NULL;
}

static const char *
set_impair(struct options *o, const char *value)
{
	const char *wrong = NULL;

	o->impaired = impair_parse(&o->impair, value, &wrong) == 0;
	return o->impaired ? NULL : wrong;
}

static const char *
set_engine(struct options *o, const char *value)
{
	o->engine = value;
	return NULL;
}

static const struct row rows[] = {
	{ "--nic", "PORT", "where packets come from, one of these:", set_nic },
	{ "--control", "PATH", "socket at which the control plane attaches (" ATTACH_PATH ")", set_control },
	{ "--memory", "MB", "memory for connections' buffers (256)", set_memory },
	{ "--mtu", "BYTES", "largest packet, if port and interface can, up to 9216 (1500)", set_mtu },
	{ "--no-huge", NULL, "do without huge pages", set_no_huge },
	{ "--workers", "N", "threads that serve connections (1)", set_workers },
	{ "--worker-cpu", "N[,N...]", "their CPUs, in turn (all, the last one first)", set_worker_cpu },
	{ "--queues", "N", "receive queues of the port (one per worker)", set_queues },
	{ "--main-cpu", "N", "CPU of the other thread (any)", set_main_cpu },
	{ "--user", "NAME", "account to become (" ACCOUNT ")", set_user },
	{ "--conn-max", "N", "connections at the same time (16384)", set_conn_max },
	{ "--promiscuous", NULL, "frames to every address: virtual routers have theirs", set_promiscuous },
	{ "--poll", NULL, "never sleep: for a CPU of its own", set_poll },
	{ "--impair", "SPEC", "tests: a bad wire, loss=0.01,down.delay=5ms,seed=7; postern-dp(8) has the words",
	    set_impair },
	{ "--engine", "NAME", "force a cipher engine: ipsecmb, openssl, ref", set_engine },
	{ "--version", NULL, "say the version", NULL },
	{ "--help", NULL, "say this", NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
help_ports(void)
{
	const struct nic_driver *d = NULL;

	while ((d = nic_driver_next(d)) != NULL)
		printf("  %-20s %s:%s\n", "", d->name, d->device);
}

static void
help(void)
{
	printf("usage: postern-dp [OPTION...]\n\nThe dataplane of postern: TCP and SSH records on a DPDK port.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s %s", rows[i].name,
		    rows[i].argument != NULL ? rows[i].argument : "");
		printf("  %-18s %s\n", left, rows[i].text);
		if (rows[i].set == set_nic)
			help_ports();
	}
}

/* The row of an argument "--name" or "--name=value"; *value is set behind '='. */
static const struct row *
row_of(const char *argument, const char **value)
{
	size_t len = strcspn(argument, "=");

	*value = argument[len] == '=' ? argument + len + 1 : NULL;
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, argument, len) == 0)
			return &rows[i];
	return NULL;
}

static int
complain(const char *argument, const char *expected)
{
	fprintf(stderr, "postern-dp: %s: expected %s (see --help)\n", argument, expected);
	return -1;
}

static int
one(struct options *o, const struct row *row, const char *argument, const char *value)
{
	const char *wrong;

	if (row->set == NULL) {
		if (strcmp(row->name, "--help") == 0)
			help();
		else
			printf("postern-dp %s\n", POSTERN_VERSION);
		return 1;
	}
	wrong = row->set(o, value);
	return wrong == NULL ? 0 : complain(argument, wrong);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){ .control = ATTACH_PATH, .user = ACCOUNT, .memory_mb = 256, .mtu = 1500,
	    .conn_max = 16384, .workers = 1, .main_cpu = -1, .huge = true };
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct row *row = row_of(argv[i], &value);
		int r;

		if (row == NULL)
			return complain(argv[i], "an option");
		if (row->argument == NULL && value != NULL)
			return complain(argv[i], "no value");
		if (row->argument != NULL && value == NULL) {
			if (i + 1 == argc)
				return complain(argv[i], row->argument);
			value = argv[++i];
		}
		r = one(o, row, row->name, value);
		if (r != 0)
			return r;
	}
	return o->nic != NULL ? 0 : complain("--nic", "a port, such as --nic af_packet:eth1");
}
