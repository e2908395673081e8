/*
 * Sockets: opening and ending them.
 */
#include "tests/sim/sock_priv.h"

struct sock *
sock_at(const struct sock_host *h, int s)
{
	struct sock *k;

	if (s < 0 || (uint32_t)s >= h->conf.sockets)
		return NULL;
	k = &h->sock[s];
	return k->kind == SOCK_FREE || k->kind == SOCK_WAITING ? NULL : k;
}

struct sock *
sock_new(struct sock_host *h)
{
	for (uint32_t i = 0; i < h->conf.sockets; i++)
		if (h->sock[i].kind == SOCK_FREE)
			return &h->sock[i];
	return NULL;
}

void
sock_delete(struct sock *k)
{
	free(k->rest);
	memset(k, 0, sizeof(*k));
}

struct tcp_addr
sock_to_tcp(const struct sock_addr *a)
{
	struct net_ip ip = a->family == 4 ? ip_v4(a->b) : ip_v6(a->b);
	struct tcp_addr t;

	memcpy(t.b, ip.b, 16);
	return t;
}

struct sock_addr
sock_from_tcp(const struct tcp_addr *t, uint16_t port)
{
	struct net_ip ip = ip_v6(t->b);
	struct sock_addr a = { .family = ip_is_v4(&ip) ? 4 : 6, .port = port };

	memcpy(a.b, a.family == 4 ? ip.b + 12 : ip.b, a.family == 4 ? 4 : 16);
	return a;
}

int
sock_open(struct sock_host *h, int family)
{
	struct sock *k;
	int r;

	if (family != 4 && family != 6)
		return -EAFNOSUPPORT;
	r = host_build(h);
	if (r < 0)
		return r;
	k = sock_new(h);
	if (k == NULL)
		return -EMFILE;
	tcp_own_init(&k->own);
	k->kind = SOCK_FRESH;
	k->family = family;
	return (int)(k - h->sock);
}

/* ---- names ---- */

static bool
port_used(const struct sock_host *h, int family, uint16_t port)
{
	for (uint32_t i = 0; i < h->conf.sockets; i++) {
		const struct sock *k = &h->sock[i];

		/* Connections that were accepted have the port of their listener. */
		if (k->kind != SOCK_FREE && k->bound && k->listener == NULL && k->family == family &&
		    k->local.port == port)
			return true;
	}
	return false;
}

static uint16_t
port_choose(struct sock_host *h, int family)
{
	for (uint32_t i = 0; i < EPHEMERAL_COUNT; i++) {
		uint16_t port = (uint16_t)(EPHEMERAL_FIRST + h->port_next++ % EPHEMERAL_COUNT);

		if (!port_used(h, family, port))
			return port;
	}
	return 0;
}

int
sock_bind(struct sock_host *h, int s, const struct sock_addr *a)
{
	static const uint8_t none[16];
	struct sock *k = sock_at(h, s);
	struct sock_addr local = *a;
	bool any;

	if (k == NULL)
		return -EBADF;
	if (k->bound || k->kind != SOCK_FRESH)
		return -EINVAL;
	any = memcmp(a->b, none, k->family == 4 ? 4 : 16) == 0;
	if (!any && (a->family != k->family || !host_owns(h, a->family, a->b)))
		return -EADDRNOTAVAIL;
	local.family = any ? 0 : a->family;
	if (k->family == 4)
		memset(local.b + 4, 0, 12);
	if (local.port == 0)
		local.port = port_choose(h, k->family);
	else if (port_used(h, k->family, local.port))
		return -EADDRINUSE;
	if (local.port == 0)
		return -EADDRNOTAVAIL;
	k->bound = true;
	k->local = local;
	return 0;
}

int
sock_local(const struct sock_host *h, int s, struct sock_addr *a)
{
	const struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if (k->had)
		*a = sock_from_tcp(&k->tuple.local, k->tuple.local_port);
	else if (k->bound)
		*a = k->local;
	return k->had || k->bound ? 0 : -ENOTCONN;
}

int
sock_peer(const struct sock_host *h, int s, struct sock_addr *a)
{
	const struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if (!k->had)
		return -ENOTCONN;
	*a = sock_from_tcp(&k->tuple.remote, k->tuple.remote_port);
	return 0;
}

/* ---- passive ---- */

int
sock_listen(struct sock_host *h, int s, int backlog)
{
	struct sock_addr any = { 0 };
	struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if (k->kind != SOCK_FRESH && k->kind != SOCK_LISTENER)
		return -EINVAL;
	if (!k->bound && sock_bind(h, s, &any) < 0)
		return -EADDRNOTAVAIL;
	if (tcp_listen(h->stack, k->local.port) < 0 ||
	    tcp_listen_own(h->stack, k->local.port, &k->own) < 0)
		return -ENOBUFS;
	k->kind = SOCK_LISTENER;
	k->error = 0;
	k->backlog = backlog > 0 ? backlog : 1;
	return 0;
}

int
sock_accept(struct sock_host *h, int s, struct sock_addr *peer)
{
	struct sock *k = sock_at(h, s);
	struct sock *n;

	if (k == NULL)
		return -EBADF;
	if (k->kind != SOCK_LISTENER)
		return -EINVAL;
	n = k->next;
	if (n == NULL)
		return -EAGAIN;
	k->next = n->next;
	k->waiting--;
	n->next = NULL;
	n->kind = n->t != NULL ? SOCK_CONNECTED : SOCK_OVER;
	if (peer != NULL)
		*peer = sock_from_tcp(&n->tuple.remote, n->tuple.remote_port);
	return (int)(n - h->sock);
}

/* ---- active ---- */

static int
tuple_to(const struct sock_host *h, const struct sock *k, const struct sock_addr *to,
    struct tcp_tuple *tuple)
{
	struct sock_addr own = { .family = (uint8_t)k->family };
	struct net_ip ip = to->family == 4 ? ip_v4(to->b) : ip_v6(to->b);
	struct net_ip hop;

	if (to->family != k->family)
		return -EAFNOSUPPORT;
	if (to->port == 0)
		return -EINVAL;
	if (net_owns(h->net, &ip))
		return -EADDRNOTAVAIL; /* there is no loopback */
	if (ip_multicast(&ip) || !ip_source_good(h->net, &ip))
		return -ENETUNREACH;
	memcpy(own.b, k->family == 4 ? h->conf.addr4 : h->conf.addr6, k->family == 4 ? 4 : 16);
	if (k->bound && k->local.family != 0)
		own = k->local;
	if (!host_owns(h, k->family, own.b))
		return -EADDRNOTAVAIL;
	if (route_next_hop(h->net, &ip, &hop) < 0)
		return -ENETUNREACH;
	tuple->local = sock_to_tcp(&own);
	tuple->remote = sock_to_tcp(to);
	tuple->remote_port = to->port;
	return 0;
}

static struct tcp *
open_to(struct sock_host *h, struct sock *k, struct tcp_tuple *tuple)
{
	uint32_t tries = k->bound ? 1 : EPHEMERAL_COUNT;
	struct tcp *t = NULL;
	struct tcp_stats st;

	tcp_get_stats(h->stack, &st);
	if (st.conn_open >= h->cfg.conn_max)
		return NULL;
	while (t == NULL && tries-- > 0) {
		tuple->local_port = k->bound ? k->local.port : port_choose(h, k->family);
		if (tuple->local_port == 0)
			break;
		t = tcp_connect_own(h->stack, tuple, &k->own, k, h->now);
	}
	return t;
}

int
sock_connect(struct sock_host *h, int s, const struct sock_addr *to)
{
	struct sock *k = sock_at(h, s);
	struct tcp_tuple tuple;
	struct tcp_stats st;
	int r;

	if (k == NULL)
		return -EBADF;
	if (k->kind == SOCK_CONNECTING)
		return -EALREADY;
	if (k->kind == SOCK_CONNECTED || k->kind == SOCK_OVER)
		return -EISCONN;
	if (k->kind == SOCK_LISTENER)
		return -EINVAL;
	r = tuple_to(h, k, to, &tuple);
	if (r < 0)
		return r;
	k->t = open_to(h, k, &tuple);
	if (k->t == NULL) {
		tcp_get_stats(h->stack, &st);
		if (st.conn_open >= h->cfg.conn_max)
			return -ENOBUFS;
		return k->bound ? -EADDRINUSE : -EADDRNOTAVAIL;
	}
	tcp_hold(k->t, k->cork);
	k->kind = SOCK_CONNECTING;
	k->error = 0;
	k->had = k->bound = true;
	k->tuple = tuple;
	k->local = sock_from_tcp(&tuple.local, tuple.local_port);
	host_run(h);
	return -EINPROGRESS;
}

/* ---- the end ---- */

int
sock_shutdown(struct sock_host *h, int s, unsigned how)
{
	struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if (how == 0 || (how & ~(SOCK_SHUT_RD | SOCK_SHUT_WR)) != 0)
		return -EINVAL;
	if (k->kind != SOCK_CONNECTED)
		return -ENOTCONN;
	k->shut_rd |= (how & SOCK_SHUT_RD) != 0;
	if ((how & SOCK_SHUT_WR) && !k->shut_wr) {
		k->shut_wr = true;
		tcp_shutdown(k->t, h->now);
		host_run(h);
	}
	return 0;
}

static void
close_listener(struct sock_host *h, struct sock *k)
{
	struct sock *n;
	bool other = false;

	while ((n = k->next) != NULL) {
		k->next = n->next;
		if (n->t != NULL)
			tcp_abort(n->t, 0, h->now);
		sock_delete(n);
	}
	for (uint32_t i = 0; i < h->conf.sockets; i++) {
		const struct sock *o = &h->sock[i];

		if (o->listener == k)
			h->sock[i].listener = &h->sock[i];
		other |= o != k && o->kind == SOCK_LISTENER && o->local.port == k->local.port;
	}
	if (!other)
		tcp_unlisten(h->stack, k->local.port);
}

int
sock_close(struct sock_host *h, int s)
{
	struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if (k->kind == SOCK_LISTENER)
		close_listener(h, k);
	if (k->t != NULL) {
		tcp_set_user(k->t, NULL);
		if (tcp_readable(k->t) > 0) /* RFC 9293 SHLD-3 */
			tcp_abort(k->t, 0, h->now);
		else
			tcp_close(k->t, h->now);
	}
	sock_delete(k);
	host_run(h);
	return 0;
}
