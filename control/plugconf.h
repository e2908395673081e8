/*
 * What the lines of a plugin's NAME.conf say to us: "Keyword value", # begins a
 * comment, without regard to case.
 *
 *	RunAs service | user     who its host runs as; service without the line
 *	Sandbox plain | files    which row of the sandbox's table it gets; plain
 *	                         without the line
 *
 *	TaskThreads 1..64        threads for its tasks; 4 without the line
 *	TaskQueue 1..65536       tasks that are given and not done; 1024 without it
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

struct plugconf {
	bool user;               /* RunAs user */
	enum sandbox_row sandbox;
	uint32_t task_threads;
	uint32_t task_queue;
};

/* 0; or -1 and *why says what is wrong. `text` need not be terminated. */
int plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why);

#endif
