/*
 * What the lines of a plugin's NAME.conf say to us: "Keyword value", # begins a
 * comment, without regard to case.
 *
 *	RunAs service | user     who its host runs as; service without the line
 *	Sandbox plain | files    which row of the sandbox's table it gets; plain
 *	                         without the line
 *
 * All other lines are the plugin's own.
 */
#ifndef POSTERN_CONTROL_PLUGCONF_H
#define POSTERN_CONTROL_PLUGCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "control/sandbox.h"

struct plugconf {
	bool user;               /* RunAs user */
	enum sandbox_row sandbox;
};

/* 0; or -1 and *why says what is wrong. `text` need not be terminated. */
int plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why);

#endif
