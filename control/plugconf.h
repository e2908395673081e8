/*
 * What the lines of a plugin's NAME.conf say to us: "Keyword value", # begins a
 * comment, without regard to case.
 *
 *	RunAs service | user     who its host runs as; service without the line
 *	Sandbox plain | files | net | local
 *	                         which row of the sandbox's table it gets; plain
 *	                         without the line
 *	TaskThreads 1..64        threads for its tasks; 4 without the line
 *	TaskQueue 1..65536       tasks that are given and not done; 1024 without it
 *	OpenQueue 1..65536       channels that a peer opens and the plugin has not answered;
 *	                         64 without it. More are refused.
 *	OpenTimeout 1..3600      seconds that it may leave one unanswered; 60 without it.
 *	                         Then it is refused.
 *
 * and what each of its hosts may take, none of which reaches a user's programs:
 *
 *	MemoryMax BYTES          of its own, with K, M or G; 512M. More is not given.
 *	FilesMax NUMBER          descriptors; 4096, or what the system gives. More are not given.
 *	ThreadsMax NUMBER        128. A host that has more is ended.
 *	CPUMax PERCENT           of one core, in the average of 10 s; 0, the default, is no
 *	                         limit. A host that takes more is ended.
 *	Watchdog SECONDS         the plugin thread answers within; 15; 0 is for ever. A
 *	                         host whose does not is ended.
 *	RestartDelayMax SECONDS  the longest wait before a service that fails again and
 *	                         again is started anew; 60
 *
 * All other lines are the plugin's own.
 */
#ifndef POSTERN_CONTROL_PLUGCONF_H
#define POSTERN_CONTROL_PLUGCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/sandbox.h"

#define PLUGCONF_TASK_THREADS 4u
#define PLUGCONF_TASK_QUEUE 1024u
#define PLUGCONF_OPEN_QUEUE 64u
#define PLUGCONF_OPEN_TIMEOUT 60u

struct plugconf {
	bool user;               /* RunAs user */
	enum sandbox_row sandbox;
	uint32_t task_threads;
	uint32_t task_queue;
	uint32_t open_queue;
	uint32_t open_timeout;   /* s */
	uint64_t memory;         /* bytes */
	uint32_t files;
	uint32_t threads;
	uint32_t cpu;            /* percent; 0: no limit */
	uint32_t watchdog;       /* s; 0: none */
	uint32_t restart_delay;  /* s */
};

void plugconf_default(struct plugconf *p);

/* 0; or -1 and *why says what is wrong. `text` need not be terminated. */
int plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why);

#endif
