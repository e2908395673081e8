/*
 * A grant on its way: warden has said yes; the account stage of PAM and the
 * dataplane's acknowledgement are to come.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_GRANTS_H
#define POSTERN_CONTROL_SUPERVISOR_GRANTS_H

#include "control/supervisor/supervisor.h"

struct pam;

struct grant_ask {
	struct grant_ask *next; /* among those that wait for a PAM child */
	struct sup *sup;
	uint32_t conn;
	uint32_t gen;
	bool queued;
	struct pam *pam; /* the child that is asked, or NULL */
	struct grant grant;
};

/* pam_ask(a): the account stage for a->grant.user; grant_account is the answer,
 * also when no child can be started, dies, or takes longer than PAM_MS. */
void pam_ask(struct grant_ask *a);

/* pam_cancel(a): no answer is wanted any more. */
void pam_cancel(struct grant_ask *a);

void grant_account(struct grant_ask *a, bool yes, const char *text);

#endif
