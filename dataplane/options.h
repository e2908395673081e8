/*
 * The command line of postern-dp: one row per option.
 */
#ifndef POSTERN_DATAPLANE_OPTIONS_H
#define POSTERN_DATAPLANE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker/crew.h"
#include "drivers/nic/impair.h"

struct options {
	const char *nic; /* "af_packet:eth1", as drivers/nic/device.h has it */
	const char *control;
	const char *user;
	const char *engine;    /* NULL: the first that gives the known answers */
	uint32_t memory_mb;
	uint32_t mtu;          /* of the port, where it can */
	uint32_t conn_max;
	uint32_t workers;
	uint32_t queues;       /* 0: one per worker */
	int worker_cpu[CREW_MAX];
	uint32_t worker_cpus;  /* 0: those there are, the last one first */
	int main_cpu;          /* -1: wherever there is time */
	bool huge;
	bool poll;
	bool promiscuous;
	bool impaired;
	struct impair_config impair;
};

/* options_parse(o, argc, argv): 0: run; 1: everything is said, exit 0; -1: wrong,
 * a line on stderr says what was expected. */
int options_parse(struct options *o, int argc, char **argv);

#endif
