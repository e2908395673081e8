/*
 * What the network says of our segments. Anybody can forge it, so it counts only
 * when it quotes what is in flight, and then as little as it may (RFC 5927).
 */
#include "dataplane/tcp/tcp_stack.h"

struct tcp *
tcp_icmp_find(struct tcp_stack *s, const struct tcp_icmp *e)
{
	struct tcp *t = tcp_table_find(s, &e->tuple);

	/* RFC 5927 section 4.1 */
	if (t == NULL || seq_lt(e->seq, t->snd_una) || seq_geq(e->seq, t->snd_max)) {
		tcp_drop(s, R_TCP_ICMP_STALE);
		return NULL;
	}
	tcp_drop(s, R_TCP_ICMP);
	return t;
}

void
tcp_icmp_error(struct tcp_stack *s, const struct tcp_icmp *e, uint64_t now)
{
	struct tcp *t = tcp_icmp_find(s, e);

	/* Soft in synchronised states: RFC 5927 section 5.2, RFC 9293 MUST-56. One that
	 * the peer opens is only half open, and its peer is no user. */
	if (t == NULL || t->state != TCP_SYN_SENT)
		return;
	t->gone_reason = (int16_t)e->reason;
	if (e->hard) {
		tcp_conn_end(t, TCP_E_RCV_RST, e->reason);
		tcp_settle(t, now);
	}
}
