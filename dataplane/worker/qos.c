/* The class of service of a connection's packets: by whether a terminal is open on it. */
#include "dataplane/worker/worker.h"

/* Connections differ in nothing else, so that few sets of settings serve all. */
void
conn_qos(struct worker *w, struct conn *c)
{
	struct tcp_own own;

	if (c->state != CONN_LIVE || c->tcp == NULL)
		return;
	own = *tcp_get_own(c->tcp);
	if (own.dscp == w->dscp[ssh_terminal(&c->ssh) ? QOS_TERMINAL : QOS_BULK])
		return;
	own.dscp = w->dscp[ssh_terminal(&c->ssh) ? QOS_TERMINAL : QOS_BULK];
	/* Too many different ones are counted, and it stays as it was. */
	(void)tcp_set_own(c->tcp, &own, w->now);
}
