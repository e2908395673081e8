/*
 * Roles: the processes of the control side. One binary, started again under a
 * role's name: `posternd` is the supervisor; `posternd role NAME INDEX` is a
 * child that gets its supervisor socket as descriptor 3 and its log socket as
 * descriptor 4. Who a role runs as is one table, role.c; which capabilities and
 * system calls it has is another, sandbox.c; a test tries everything that the
 * tables deny.
 */
#ifndef POSTERN_CONTROL_ROLE_H
#define POSTERN_CONTROL_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#define ROLE_SUPERVISOR_FD 3
#define ROLE_LOG_FD 4
#define ROLE_LEADER_FD 5      /* a user host's socket to its login leader */
#define ROLE_CONSOLE_LOG_FD 5 /* console's own lines: its descriptor 4 is the reading end */

/* The exit status of a host that ended as it was told to; every other end is the
 * plugin's doing. */
#define ROLE_HOST_DONE 64
#define ROLE_HOST_UNLINKED 65 /* its worker let go of the link, and knows why */

enum role_id {
	ROLE_SUPERVISOR = 0,
	ROLE_KEEPER,
	ROLE_WARDEN,
	ROLE_READER,
	ROLE_PAM,
	ROLE_GATE,
	ROLE_CLERK,
	ROLE_LOGIN,
	ROLE_HOST,
	ROLE_CONSOLE,
	ROLE_COUNT,
};

struct role {
	enum role_id id;
	const char *name; /* "keeper" */
	const char *user; /* account it runs as; NULL: root, or told later (host) */
	uint32_t pool;    /* how many the supervisor keeps; 0: on demand, or as the
	                           configuration says (gate, clerk) */
	bool seccomp;     /* filter and no_new_privs (not supervisor, pam, login) */
};

extern const struct role roles[ROLE_COUNT];

/* The roles' entry points, called by posternd.c; each returns an exit status. Each calls
 * sandbox_enter (sandbox.h) itself, after it has opened what it needs. */
int keeper_main(uint32_t index);
int warden_main(uint32_t index);
int reader_main(uint32_t index);
int pam_main(uint32_t index);
int gate_main(uint32_t index);
int clerk_main(uint32_t index);
int login_main(uint32_t index);
int host_main(uint32_t index);
int console_main(uint32_t index);

const struct role *role_by_name(const char *name);

#endif
