/*
 * Bytes, readiness and errors of a socket.
 */
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
	if (readable(k) == 0)
		return k->shut_rd ? 0 : nothing(k);
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

static int64_t
put(struct sock_host *h, int s, const void *data, size_t len, bool more)
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
	tcp_hold(k->t, more || k->cork);
	room = tcp_room(k->t);
	len = len < room ? len : room;
	if (room == 0 || tcp_put(k->t, data, len) < 0)
		return -EAGAIN;
	host_run(h);
	return (int64_t)len;
}

int64_t
sock_write(struct sock_host *h, int s, const void *data, size_t len)
{
	return put(h, s, data, len, false);
}

int64_t
sock_write_more(struct sock_host *h, int s, const void *data, size_t len)
{
	return put(h, s, data, len, true);
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
