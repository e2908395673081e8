/*
 * A server's connection after login, fed with decrypted payloads of the peer and
 * with what hosts and clerk ask for. Input: actions, each one byte, two bytes of
 * length (little endian) and that many bytes.
 *
 * The window is conserved, memory stays within what the windows and queues
 * allow, and all of it is back at the end.
 */
#include <stdlib.h>

#include "dataplane/ssh/inner.h"
#include "tests/fuzz/ssh/lax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCKS 4096
#define LINK 5u
#define WINDOW 5000u

enum action {
	PEER, OUTPUT, HOST_DATA, HOST_TOOK, HOST_EOF, HOST_CLOSE, HOST_REQUEST, HOST_REPLY, HOST_GONE,
	HOST_FULL, START, RECORD, KEXINIT, NEWKEYS, WIRE_FULL, CHAN_CLOSE, CHAN_NEW, INPUT, TICK,
	ACTION_COUNT
};

#define RTT_US 10000u

static struct ssh_conn conn;
static bool host_full, wire_full, deaf;
static unsigned freed;
static uint64_t now;
static volatile uint8_t sink; /* what is handed out is read to its last byte */

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static size_t
op_peek(void *owner, struct ssh_conn *c, void *dst, size_t len)
{
	(void)owner, (void)c, (void)dst, (void)len;
	return 0;
}

static void
op_take(void *owner, struct ssh_conn *c, size_t len)
{
	(void)owner, (void)c, (void)len;
}

static size_t
op_readable(void *owner, struct ssh_conn *c)
{
	(void)owner, (void)c;
	return 0;
}

static size_t
op_room(void *owner, struct ssh_conn *c)
{
	(void)owner, (void)c;
	return wire_full ? 0 : 100000;
}

static int
op_wire(void *owner, struct ssh_conn *c, const uint8_t *data, size_t len)
{
	(void)owner, (void)c, (void)data;
	require(len <= 100000);
	return 0;
}

static bool
op_control_ready(void *owner, struct ssh_conn *c)
{
	(void)owner, (void)c;
	return !deaf;
}

static int
op_control(void *owner, struct ssh_conn *c, enum ssh_up kind, struct view payload, uint32_t seq,
    uint32_t chan, uint64_t arg)
{
	(void)owner, (void)c, (void)seq, (void)arg;
	for (size_t i = 0; i < payload.len; i++)
		sink ^= payload.data[i];
	require(kind != SSH_UP_RECORD || payload.len > 0);
	require(chan == UINT32_MAX || chan < SSH_CHAN_MAX);
	return 0;
}

static bool
op_host(void *owner, struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint64_t arg0,
    uint64_t arg1, struct view payload)
{
	(void)owner, (void)c, (void)arg0, (void)arg1;
	require(!(ch->flags & CHAN_HOST_TOLD));
	require(kind == CHAN_UP_OPEN || (ch->flags & CHAN_OPEN_TOLD) || kind == CHAN_UP_CLOSED);
	for (size_t i = 0; i < payload.len; i++)
		sink ^= payload.data[i];
	return !host_full;
}

static void
op_chan_free(void *owner, struct ssh_conn *c, uint32_t ours, uint32_t use, bool started)
{
	(void)owner, (void)use, (void)started;
	require(ours < SSH_CHAN_MAX && !chanset_has(&c->used, ours));
	freed++;
}

static void
op_room_short(void *owner, struct ssh_conn *c)
{
	(void)owner;
	(void)c;
}

static void
op_drop(void *owner, int reason)
{
	(void)owner;
	require(reason > 0 && reason < REASON_MAX);
}

static void
op_random(void *owner, void *dst, size_t len)
{
	(void)owner;
	memset(dst, 7, len);
}

static const struct ssh_ops ops = {
	.peek = op_peek, .take = op_take, .readable = op_readable, .room = op_room, .room_short = op_room_short,
	.wire = op_wire, .control_ready = op_control_ready, .control = op_control, .host = op_host,
	.chan_free = op_chan_free, .drop = op_drop, .random = op_random,
};

/* Every byte of the window is in the window, held, with the host or taken. */
static void
check(const struct ssh_conn *c)
{
	size_t bound = SSH_CTRL_MAX + SSH_HOLD_MAX + 8 * POOL_BLOCK;
	uint64_t grown = 0;

	for (const struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1)) {
		require((uint64_t)ch->window_in + ch->took + ch->unread <= ch->window_in_max);
		require((ch->flags & CHAN_CLOSE_OUT) || ch->held.count > 0 ||
		    (uint64_t)ch->window_in + ch->took + ch->unread == ch->window_in_max);
		require(ch->queued <= ch->out.f.len);
		require((uint64_t)ch->credit + ch->queued <= SSH_CHAN_OUT_MAX);
		require(ch->window_out <= UINT32_MAX);
		grown += ch->grown;
		bound += POOL_BLOCK + 12 * SSH_CHAN_OUT_MAX + ch->window_in_max + 4 * SSH_CHAN_EXTRA_MAX;
	}
	require(ssh_charge(c) <= bound);
	require(grown == c->grown && grown <= SSH_CONN_GROW_MAX);
}

static int
peer(struct ssh_conn *c, struct view v)
{
	if (v.len == 0 || v.len > SSH_PAYLOAD_MAX)
		return 0;
	memcpy(scratch_in(c), v.data, v.len);
	return conn_dispatch(c, scratch_in(c), v.len, 9, 1000);
}

static int
newkeys(struct ssh_conn *c, uint8_t suite)
{
	static const uint8_t key[64];
	struct ssh_new_keys k = { .suite_in = suite % 5, .suite_out = suite % 3 + 1, .reset_seq = true,
		.key_in = key, .iv_in = key, .mac_in = key, .key_out = key, .iv_out = key, .mac_out = key };

	return ssh_do_newkeys(c, &k, 5);
}

static void
host(struct ssh_conn *c, uint8_t action, struct view v)
{
	struct cur r = cur_view(v);
	struct ssh_chan *ch = ssh_chan_of(c, cur_u8(&r), LINK);
	uint32_t arg = cur_u32(&r);

	if (ch == NULL)
		return;
	v = cur_take(&r, cur_left(&r));
	if (action == HOST_DATA)
		ssh_host_data(c, ch, arg % 3, v);
	else if (action == HOST_TOOK)
		ssh_host_took(c, ch, arg), ssh_host_grow(c, ch, arg & 0xff, arg & 1);
	else if (action == HOST_EOF)
		ssh_host_eof(c, ch);
	else if (action == HOST_CLOSE && arg % 4 == 3)
		ssh_host_abort(c, ch);
	else if (action == HOST_CLOSE)
		ssh_host_close(c, ch);
	else if (action == HOST_REQUEST)
		ssh_host_request(c, ch, v);
	else
		ssh_host_reply(c, ch, arg & 1);
}

static int
act(struct ssh_conn *c, uint8_t action, struct view v)
{
	uint8_t first = v.len > 0 ? v.data[0] : 0;
	int fatal;

	switch (action) {
	case PEER:
		return peer(c, v);
	case OUTPUT:
		return ssh_output(c, now += RTT_US);
	case INPUT:
		deaf = first & 1;
		return ssh_input(c, now);
	case TICK:
		ssh_tick(c, (uint64_t)first << 20, &fatal);
		return fatal;
	case HOST_GONE:
		ssh_host_gone(c, first & 1 ? LINK : LINK + 1);
		return 0;
	case HOST_FULL:
		host_full = first & 1;
		ssh_host_ready(c, LINK);
		return 0;
	case WIRE_FULL:
		wire_full = first & 1;
		return 0;
	case START:
		ssh_do_chan_start(c, first, LINK, true, v);
		return 0;
	case CHAN_CLOSE:
		ssh_do_chan_close(c, first);
		return 0;
	case CHAN_NEW:
		ssh_do_chan_new(c, first, first + 1u, WINDOW, 300, WINDOW, 1000);
		return 0;
	case RECORD:
		return ssh_do_record(c, v) == -R_SSH_QUEUE ? -R_SSH_QUEUE : 0;
	case KEXINIT:
		ssh_do_record(c, view_of("\x14kexinit", 8));
		ssh_do_hold(c, 3);
		return 0;
	case NEWKEYS:
		newkeys(c, first);
		return 0;
	default:
		host(c, action, v);
		return 0;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t scratch[2 * RECORD_MAX];
	static struct cipher_ctx ctx[2];
	static struct ssh_stats stats;
	static struct pool pool;
	static void *mem;
	struct ssh_env env = { .ops = &ops, .pool = &pool, .stats = &stats, .scratch = scratch,
		.engine = lax_engine, .alive_us = 30000000, .alive_max = 3, .rekey_us = 100000000 };

	if (mem == NULL)
		mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&pool, mem, BLOCKS);
	host_full = wire_full = deaf = false;
	now = 1000;
	ssh_init(&conn, &env, size > 0 && (data[0] & 0x80) ? SSH_CLIENT : SSH_SERVER, ctx, NULL, 1);
	conn.phase = SSH_PHASE_OPEN;
	conn.first_done = true;
	conn.rtt_us = RTT_US; /* windows follow what their hosts take between outputs */
	ssh_do_chan_new(&conn, 0, 0, WINDOW, 300, WINDOW, 1000);
	ssh_do_chan_start(&conn, 0, LINK, true, view_str("start"));
	ssh_do_chan_new(&conn, 1, 1, 0, 32768, 1000, 32768);
	while (size >= 3) {
		uint8_t action = (data[0] & 0x7f) % ACTION_COUNT;
		size_t len = data[1] | (size_t)data[2] << 8;

		len = len < size - 3 ? len : size - 3;
		if (act(&conn, action, view_of(data + 3, len)) < 0)
			break;
		check(&conn);
		data += 3 + len;
		size -= 3 + len;
	}
	ssh_end(&conn, R_PROTOCOL, NULL);
	ssh_output(&conn, now);
	ssh_fini(&conn, R_PROTOCOL);
	require(pool.free_count == BLOCKS);
	return 0;
}
