#include <signal.h>
#include <stddef.h>

#include "control/supervisor/supervisor.h"

/* A process that floods must not keep the others waiting. */
#define MESSAGES_PER_TURN 64

/* Which message may come from which role. Unlisted: the sender ends. */
struct row {
	uint16_t type;
	unsigned from;
	void (*fn)(struct sup *s, struct proc *p, struct msg *m);
};

static const struct row rows[] = {
	{ MSG_READY, ROLES_POOLED | ROLE_BIT(ROLE_HOST) | ROLE_BIT(ROLE_LOGIN) | ROLE_BIT(ROLE_PAM),
	    on_ready },
	{ MSG_LINK, ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK) | ROLE_BIT(ROLE_HOST), on_link },
	{ MSG_FIRST_HASH, ROLE_BIT(ROLE_KEEPER), on_first_hash },
	{ MSG_AGENT_WANTED, ROLE_BIT(ROLE_KEEPER), on_agent_wanted },
	{ MSG_GRANT, ROLE_BIT(ROLE_WARDEN), on_grant },
	{ MSG_DIALOGUE, ROLE_BIT(ROLE_WARDEN), on_dialogue },
	{ MSG_DIALOGUE_OVER, ROLE_BIT(ROLE_WARDEN), on_dialogue_over },
	{ MSG_PAM_SAYS, ROLE_BIT(ROLE_PAM), on_pam_says },
	{ MSG_COSTS, ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK), on_costs },
	{ MSG_HOST_WANTED, ROLE_BIT(ROLE_CLERK), on_host_wanted },
	{ MSG_HOST_STARTED, ROLE_BIT(ROLE_LOGIN), on_host_started },
	{ MSG_LOGIN_STARTED, ROLE_BIT(ROLE_LOGIN), on_login_started },
	{ MSG_HOST_ENDED, ROLE_BIT(ROLE_LOGIN), on_host_ended },
	{ MSG_FAILS, ROLE_BIT(ROLE_HOST), on_host_fails },
	{ MSG_PONG, ROLE_BIT(ROLE_HOST), on_pong },
	{ MSG_COUNTERS, ROLE_BIT(ROLE_HOST), on_counters },
	{ MSG_STATUS, ROLE_BIT(ROLE_CONSOLE), on_status },
	{ MSG_ACTION, ROLE_BIT(ROLE_CONSOLE), on_action },
	{ MSG_CAPTURE, ROLE_BIT(ROLE_CONSOLE), on_capture },
	{ MSG_CAPTURE_STOP, ROLE_BIT(ROLE_CONSOLE), on_capture_stop },
};

static const struct row *
row_of(const struct proc *p, uint16_t type)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type && (rows[i].from & ROLE_BIT(p->role)))
			return &rows[i];
	return NULL;
}

void
proc_refuse(struct proc *p, const struct msg *m)
{
	log_error(
	    "%s %u sent a %s that makes no sense: ended", roles[p->role].name, p->index, msg_name(m->type));
	if (p->role == ROLE_HOST)
		host_fault(p, msg_name(m->type));
	proc_hang_up(p);
	if (p->role != ROLE_LOGIN)
		proc_signal(p, SIGKILL);
}

/* Handlers never free a process: that is done when its pidfd tells its end. */
void
dispatch_ready(struct proc *p)
{
	static uint8_t buf[MSG_MAX];
	const struct row *row;
	struct msg m;
	int left = MESSAGES_PER_TURN;
	int r = 1;

	while (left-- > 0 && p->line.fd >= 0 && r > 0) {
		r = msg_recv(p->line.fd, &m, buf);
		if (r < 0)
			proc_hang_up(p);
		if (r <= 0)
			break;
		row = row_of(p, m.type);
		if (row != NULL)
			row->fn(p->sup, p, &m);
		else
			proc_refuse(p, &m);
		msg_drop_fds(&m);
	}
}
