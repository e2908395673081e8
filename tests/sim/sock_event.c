/*
 * What TCP tells, kept for whoever asks.
 */
#include "tests/sim/sock_priv.h"

static struct sock *
listener_of(struct sock_host *h, const struct tcp_tuple *tuple, const struct sock_addr *local)
{
	for (uint32_t i = 0; i < h->conf.sockets; i++) {
		struct sock *k = &h->sock[i];

		if (k->kind == SOCK_LISTENER && k->family == local->family &&
		    k->local.port == tuple->local_port &&
		    (k->local.family == 0 || memcmp(k->local.b, local->b, 16) == 0))
			return k;
	}
	return NULL;
}

static void
queue_add(struct sock *listener, struct sock *k)
{
	struct sock **end = &listener->next;

	while (*end != NULL)
		end = &(*end)->next;
	*end = k;
	listener->waiting++;
}

int
sock_on_accept(void *owner, struct tcp *t, uint64_t now)
{
	struct sock_host *h = owner;
	const struct tcp_tuple *tuple = tcp_tuple(t);
	struct sock_addr local = sock_from_tcp(&tuple->local, tuple->local_port);
	struct sock *listener = listener_of(h, tuple, &local);
	struct sock *k;

	(void)now;
	if (listener == NULL || listener->waiting >= listener->backlog)
		return -EAGAIN;
	k = sock_new(h);
	if (k == NULL)
		return -EMFILE;
	k->kind = SOCK_WAITING;
	k->family = local.family;
	k->bound = true;
	k->local = local;
	k->t = t;
	k->had = true;
	k->tuple = *tuple;
	k->listener = listener;
	k->own = listener->own;
	k->cork = listener->cork;
	tcp_hold(t, k->cork);
	/* Another listener's, where two share a port, until now. */
	if (memcmp(tcp_get_own(t), &k->own, sizeof(k->own)) != 0)
		(void)tcp_set_own(t, &k->own, now);
	queue_add(listener, k);
	tcp_set_user(t, k);
	return 0;
}

static int
error_of(int reason)
{
	switch (reason) {
	case R_TCP_REFUSED:
	case R_TCP_ICMP_PORT:
		return -ECONNREFUSED;
	case R_TCP_ICMP_NET:
		return -ENETUNREACH;
	case R_TCP_ICMP_HOST:
	case R_TCP_ICMP_DENIED:
	case R_TCP_ICMP_TIME:
		return -EHOSTUNREACH;
	case R_TCP_ICMP_PROTO:
		return -ENOPROTOOPT;
	case R_TCP_ICMP_HEADER:
		return -EPROTO;
	case R_TCP_TIMEOUT:
	case R_TCP_KEEPALIVE:
	case R_TCP_USER_TIMEOUT:
	case R_TCP_PERSIST:
		return -ETIMEDOUT;
	case 0:
		return 0;
	default:
		return -ECONNRESET;
	}
}

/* What has arrived can still be read. */
static void
keep_rest(struct sock *k)
{
	size_t len = tcp_readable(k->t);

	if (len == 0)
		return;
	k->rest = malloc(len);
	if (k->rest == NULL)
		return;
	k->rest_len = tcp_peek(k->t, k->rest, len);
	k->rest_at = 0;
}

static void
over(struct sock *k, int reason, uint64_t now)
{
	tcp_get_info(k->t, now, &k->last);
	keep_rest(k);
	k->t = NULL;
	k->error = error_of(reason);
	if (k->kind == SOCK_CONNECTING)
		k->kind = SOCK_FRESH;
	else if (k->kind == SOCK_CONNECTED)
		k->kind = SOCK_OVER;
}

void
sock_on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct sock *k = tcp_user(t);

	(void)owner;
	if (k == NULL)
		return;
	if ((events & TCP_EV_CONNECTED) && k->kind == SOCK_CONNECTING)
		k->kind = SOCK_CONNECTED;
	if (events & TCP_EV_EOF)
		k->eof = true;
	if (events & TCP_EV_CLOSED)
		over(k, reason, now);
}
