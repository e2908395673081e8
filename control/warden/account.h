/*
 * An account of the system's database, as a login needs it.
 */
#ifndef POSTERN_CONTROL_ACCOUNT_H
#define POSTERN_CONTROL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/link/grant.h"

struct account {
	char name[GRANT_NAME_MAX];
	char home[GRANT_NAME_MAX];
	char shell[GRANT_NAME_MAX];
	uint32_t uid;
	uint32_t gid;
	bool shell_there;
	bool shell_runs;
};

/* account_find(a, name): 0; -1: there is none, or it cannot be used here (why is
 * in the log). Name service modules are loaded by account_warm_up, before the
 * sandbox. */
int account_find(struct account *a, struct view name);
void account_warm_up(void);

/* account_groups(g, a): the groups of a login into a grant. 0, or -1: too many. */
int account_groups(struct grant *g, const struct account *a);

/* A uid whose facts are asked for where there is no account. */
uint32_t account_nobody(void);

#endif
