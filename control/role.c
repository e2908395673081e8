#include "control/role.h"

#include <stddef.h>
#include <string.h>

const struct role roles[ROLE_COUNT] = {
	[ROLE_SUPERVISOR] = { ROLE_SUPERVISOR, "supervisor", NULL, 0, false },
	[ROLE_KEEPER] = { ROLE_KEEPER, "keeper", "_postern-keeper", 1, true },
	[ROLE_WARDEN] = { ROLE_WARDEN, "warden", "_postern-warden", 1, true },
	[ROLE_READER] = { ROLE_READER, "reader", NULL, 1, true },
	[ROLE_PAM] = { ROLE_PAM, "pam", NULL, 0, false },
	[ROLE_GATE] = { ROLE_GATE, "gate", "_postern-gate", 0, true },
	[ROLE_CLERK] = { ROLE_CLERK, "clerk", "_postern-clerk", 0, true },
	[ROLE_LOGIN] = { ROLE_LOGIN, "login", NULL, 0, false },
	[ROLE_HOST] = { ROLE_HOST, "host", NULL, 0, true },
	[ROLE_CONSOLE] = { ROLE_CONSOLE, "console", "_postern-console", 1, true },
};

const struct role *
role_by_name(const char *name)
{
	int i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}
