/*
 * Bytes, readiness, errors, options and records of a socket.
 */
#include <stdio.h>

#include "dataplane/tcp/tcp_fsm.h"
#include "tests/sim/sock_priv.h"

static int
error_take(struct sock *k)
{
	int r = k->error;

	k->error = 0;
	return r;
}

static size_t
readable(const struct sock *k)
{
	return k->t != NULL && k->kind == SOCK_CONNECTED ? tcp_readable(k->t) : k->rest_len - k->rest_at;
}

/* Why there is nothing to read. */
static int64_t
nothing(struct sock *k)
{
	if (k->error != 0)
		return error_take(k);
	switch (k->kind) {
	case SOCK_OVER:
		return 0;
	case SOCK_CONNECTED:
		return k->eof ? 0 : -EAGAIN;
	case SOCK_CONNECTING:
		return -EAGAIN;
	default:
		return -ENOTCONN;
	}
}

static int64_t
copy_out(struct sock_host *h, int s, void *buf, size_t len, bool take)
{
	struct sock *k = sock_at(h, s);
	size_t n;

	if (k == NULL)
		return -EBADF;
	if (k->shut_rd)
		return 0;
	if (readable(k) == 0)
		return nothing(k);
	if (k->t == NULL) {
		n = k->rest_len - k->rest_at < len ? k->rest_len - k->rest_at : len;
		memcpy(buf, k->rest + k->rest_at, n);
		k->rest_at += take ? n : 0;
		return (int64_t)n;
	}
	n = tcp_peek(k->t, buf, len);
	if (take) {
		tcp_take(k->t, n);
		host_run(h);
	}
	return (int64_t)n;
}

int64_t
sock_read(struct sock_host *h, int s, void *buf, size_t len)
{
	return copy_out(h, s, buf, len, true);
}

int64_t
sock_peek(struct sock_host *h, int s, void *buf, size_t len)
{
	return copy_out(h, s, buf, len, false);
}

int64_t
sock_write(struct sock_host *h, int s, const void *data, size_t len)
{
	struct sock *k = sock_at(h, s);
	size_t room;

	if (k == NULL)
		return -EBADF;
	if (k->error != 0)
		return error_take(k);
	if (k->kind == SOCK_CONNECTING)
		return -EAGAIN;
	if (k->kind == SOCK_OVER || (k->kind == SOCK_CONNECTED && k->shut_wr))
		return -EPIPE;
	if (k->kind != SOCK_CONNECTED)
		return -ENOTCONN;
	room = tcp_room(k->t);
	len = len < room ? len : room;
	if (room == 0 || tcp_put(k->t, data, len) < 0)
		return -EAGAIN;
	host_run(h);
	return (int64_t)len;
}

int
sock_poll(const struct sock_host *h, int s)
{
	const struct sock *k = sock_at(h, s);
	unsigned r = 0;

	if (k == NULL)
		return -EBADF;
	if (k->error != 0)
		r |= SOCK_ERR | SOCK_IN | SOCK_OUT;
	if (k->kind == SOCK_LISTENER)
		return (int)(k->next != NULL ? r | SOCK_IN : r);
	if (readable(k) > 0 || k->eof || k->shut_rd || k->kind == SOCK_OVER)
		r |= SOCK_IN;
	if (k->eof || k->kind == SOCK_OVER)
		r |= SOCK_RDHUP;
	if ((k->eof && k->shut_wr) || k->kind == SOCK_OVER)
		r |= SOCK_HUP;
	if (k->kind == SOCK_CONNECTED && !k->shut_wr && tcp_room(k->t) > 0)
		r |= SOCK_OUT;
	return (int)r;
}

int
sock_error(struct sock_host *h, int s)
{
	struct sock *k = sock_at(h, s);

	return k == NULL ? -EBADF : error_take(k);
}

/* ---- options ---- */

int
sock_set(struct sock_host *h, int s, enum sock_option o, int64_t value)
{
	struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if ((unsigned)o >= SOCK_OPT_COUNT)
		return -ENOPROTOOPT;
	switch (o) {
	case SOCK_OPT_NODELAY:
		return value == 1 ? 0 : -EOPNOTSUPP;
	case SOCK_OPT_LINGER:
		if (value != 0 && value != -1)
			return -EOPNOTSUPP;
		k->reset_on_close = value == 0;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

int
sock_get(const struct sock_host *h, int s, enum sock_option o, int64_t *value)
{
	const struct sock *k = sock_at(h, s);
	struct tcp_info info;

	if (k == NULL)
		return -EBADF;
	if ((unsigned)o >= SOCK_OPT_COUNT)
		return -ENOPROTOOPT;
	switch (o) {
	case SOCK_OPT_NODELAY:
		*value = 1;
		return 0;
	case SOCK_OPT_LINGER:
		*value = k->reset_on_close ? 0 : -1;
		return 0;
	case SOCK_OPT_MAXSEG:
		if (k->kind != SOCK_CONNECTED)
			return -ENOTCONN;
		tcp_get_info(k->t, h->now, &info);
		*value = info.mss;
		return 0;
	case SOCK_OPT_SNDBUF:
	case SOCK_OPT_RCVBUF:
		if (k->t == NULL)
			return -ENOTCONN;
		tcp_get_info(k->t, h->now, &info);
		*value = o == SOCK_OPT_SNDBUF ? info.snd_buf : info.rcv_buf;
		return 0;
	case SOCK_OPT_ACCEPTING:
		*value = k->kind == SOCK_LISTENER;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

int
sock_congestion(struct sock_host *h, int s, const char *name)
{
	if (sock_at(h, s) == NULL)
		return -EBADF;
	return strcmp(name, h->cfg.cc) == 0 ? 0 : -EOPNOTSUPP;
}

/* ---- records ---- */

int
sock_get_info(const struct sock_host *h, int s, struct sock_info *info)
{
	const struct sock *k = sock_at(h, s);
	struct tcp_info t;

	if (k == NULL)
		return -EBADF;
	if (!k->had)
		return -ENOTCONN;
	t = k->last;
	if (k->t != NULL)
		tcp_get_info(k->t, h->now, &t);
	*info = (struct sock_info){
		.srtt_us = t.srtt_us,
		.min_rtt_us = t.min_rtt_us,
		.rto_us = t.rto_us,
		.cwnd = t.cwnd,
		.ssthresh = t.ssthresh,
		.in_flight = t.in_flight,
		.mss = t.mss,
		.bytes_in = t.bytes_in,
		.bytes_out = t.bytes_out,
		.retransmits = t.retransmits,
		.timeouts = t.timeouts,
		.fast_retransmits = t.fast_retransmits,
		.reassembled = t.reassembled,
		.dsacks_in = t.dsacks_in,
		.reo_mult = t.reo_mult,
		.zero_windows = t.zero_windows,
		.blocks = t.blocks,
	};
	snprintf(info->state, sizeof(info->state), "%s", tcp_fsm_name(t.state));
	return 0;
}
