/* A worker's leg of a capture: what it copies, what it leaves out, and how it ends. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/op.h"
#include "dataplane/net/ends.h"
#include "dataplane/worker/capture.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

/* Both sides of a leg. */
struct tap {
	struct capture c;
	struct region mine, theirs;
	struct ring_in in;
	struct link_entry e;
	struct view bytes;
	int bell;
	uint32_t frames, in_count, out_count, bad;
	uint32_t syns, fins;
	bool end;
};

static struct tap *
tap_new(struct rig *r, const struct capture_ask *ask)
{
	struct tap *t = calloc(1, sizeof(*t));
	struct cmd *k;

	if (t == NULL || region_create(&t->mine, "reader", CAPTURE_READ_RING, CAPTURE_READ_ARENA) != 0 ||
	    region_create(&t->c.own, "frames", CAPTURE_RING, CAPTURE_ARENA) != 0 ||
	    region_attach(&t->c.peer, t->mine.fd, CAPTURE_READ_RING, CAPTURE_READ_ARENA) != 0 ||
	    region_attach(&t->theirs, t->c.own.fd, CAPTURE_RING, CAPTURE_ARENA) != 0 ||
	    bell_create(&t->bell, &t->c.ring_fd) != 0)
		abort();
	t->c.tag = 7;
	t->c.ask = *ask;
	ring_out_init(&t->c.out, &t->c.own, &t->c.peer, t->c.arena_end, false);
	ring_in_init(&t->in, &t->mine, &t->theirs);
	k = rig_cmd(r, CMD_CAPTURE);
	k->tag = 7;
	k->capture = &t->c;
	rig_push(r);
	rig_run(r, 1);
	return t;
}

static void
tap_free(struct tap *t)
{
	region_close(&t->c.own);
	region_close(&t->c.peer);
	region_close(&t->mine);
	region_close(&t->theirs);
	close(t->c.ring_fd);
	close(t->bell);
	free(t);
}

/* The TCP checksum of a frame is right: with the field in it, the sum is nothing. */
static bool
sum_good(struct view v, const struct net_ends *e)
{
	uint8_t pseudo[40], copy[2048], csum[2], *tcp = copy + e->tcp;
	uint32_t len = e->end - e->tcp, sum = 0;

	memcpy(copy, v.data, v.len);
	/* the pseudo header's sum in the field, as a port expects it */
	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, e->src + 12, 4);
	memcpy(pseudo + 4, e->dst + 12, 4);
	pseudo[9] = 6;
	pseudo[10] = (uint8_t)(len >> 8);
	pseudo[11] = (uint8_t)len;
	for (int i = 0; i < 12; i += 2)
		sum += (uint32_t)pseudo[i] << 8 | pseudo[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	return net_ends_csum(copy, e, csum) && memcmp(csum, v.data + e->tcp + 16, 2) == 0;
}

static void
look(struct tap *t)
{
	struct net_ends e;
	uint8_t flags;

	if (t->e.arg[0] == 0 || (uint32_t)t->e.arg[1] < t->bytes.len)
		t->bad++;
	if (!net_ends(t->bytes.data, (uint32_t)t->bytes.len, &e) || e.tcp == 0)
		return;
	if (e.src_port != 22 && e.dst_port != 22)
		t->bad++;
	/* of ours out, of the peer's in */
	if ((e.src_port == 22) != ((t->e.arg[1] & CAPTURE_OUT) != 0))
		t->bad++;
	if (e.end <= t->bytes.len && (uint32_t)t->e.arg[1] == t->bytes.len && !sum_good(t->bytes, &e))
		t->bad++;
	flags = t->bytes.data[e.tcp + 13];
	t->syns += (flags & 2u) != 0;
	t->fins += (flags & 1u) != 0;
	t->in_count += e.dst_port == 22;
	t->out_count += e.src_port == 22;
}

/* Everything that is there. */
static void
drain(struct tap *t)
{
	while (!t->end && ring_peek(&t->in, &t->e, &t->bytes) == 1) {
		t->end = t->e.op == LINK_UP_FRAME_END;
		if (!t->end) {
			t->frames++;
			look(t);
		}
		ring_take(&t->in);
	}
}

static struct capture_ask
everything(void)
{
	return (struct capture_ask){ .filter = filter_all(), .snap = CAPTURE_SNAP_MAX, .seconds = 3600,
		.bytes = CAPTURE_BYTES_MAX, .packets = CAPTURE_PACKETS_MAX };
}

static void
both_directions(void)
{
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct client *c;
	struct tap *t;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	t = tap_new(r, &ask);
	c = client_open(r, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_run(r, 10);
	drain(t);
	/* SYN and SYN-ACK, the identification line, acknowledgements; ARP beside them */
	CU_ASSERT_EQUAL(t->syns, 2);
	CU_ASSERT_TRUE(t->in_count >= 2 && t->out_count >= 2);
	CU_ASSERT_TRUE(t->frames >= t->in_count + t->out_count + 1);
	CU_ASSERT_EQUAL(t->bad, 0);
	CU_ASSERT_EQUAL(t->c.seen, t->frames);
	CU_ASSERT_EQUAL(r->meter->value[METER_CAPTURE_FRAMES], t->frames);
	CU_ASSERT_EQUAL(r->meter->limit[METER_LIMIT_CAPTURE_MAX].now, 1);
	/* Stopped: the last entry says what there was; read, it goes back. */
	rig_cmd(r, CMD_CAPTURE_STOP)->tag = 7;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 0);
	drain(t);
	CU_ASSERT_TRUE(t->end && t->e.seq == R_NONE && t->e.arg[2] == t->c.seen && t->e.arg[3] == 0);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 1);
	CU_ASSERT_EQUAL(r->w->capture_count, 0);
	rig_close(r);
	tap_free(t);
}

/* Of one connection, by its id: nothing of others; later by port and by network. */
static void
chosen(void)
{
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct tap *one, *port, *net;
	struct client *c;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	c = client_open_from(r, 0, 40000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_run(r, 4);
	ask.filter.conn = 0;
	ask.filter.gen = r->w->conns[0].gen;
	one = tap_new(r, &ask);
	CU_ASSERT_EQUAL(r->capture_reason, 0);
	ask.filter = filter_all();
	ask.filter.port = 40001;
	port = tap_new(r, &ask);
	ask.filter = filter_all();
	ask.filter.prefix = 96 + 8;
	ask.filter.peer[10] = ask.filter.peer[11] = 0xff;
	ask.filter.peer[12] = 10; /* nobody */
	net = tap_new(r, &ask);
	CU_ASSERT_PTR_NOT_NULL(client_open_from(r, 1, 40001));
	rig_run(r, 4);
	drain(port);
	drain(one);
	CU_ASSERT_TRUE(port->syns == 2 && port->bad == 0 && port->frames == port->in_count + port->out_count);
	CU_ASSERT_EQUAL(one->frames, 0);
	client_bytes(c, "SSH-2.0-x\r\n", 11);
	rig_run(r, 4);
	drain(one);
	CU_ASSERT_TRUE(one->in_count >= 1 && one->syns == 0 && one->bad == 0);
	drain(net);
	CU_ASSERT_EQUAL(net->frames, 0);
	/* A connection that is not there, and a fifth at a time. */
	ask.filter = filter_all();
	ask.filter.conn = 9;
	tap_free(tap_new(r, &ask));
	CU_ASSERT_EQUAL(r->capture_reason, R_LINK_CONN);
	ask.filter.conn = LINK_CONN_NONE;
	rig_close(r);
	tap_free(one);
	tap_free(port);
	tap_free(net);
}

static void
limits(void)
{
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct tap *few, *brief;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	ask.packets = 3;
	ask.snap = 64;
	few = tap_new(r, &ask);
	ask = everything();
	ask.seconds = 1;
	brief = tap_new(r, &ask);
	CU_ASSERT_PTR_NOT_NULL(client_open(r, 0));
	rig_run(r, 10);
	drain(few);
	CU_ASSERT_TRUE(few->end && few->frames == 3 && few->e.seq == R_LIMIT);
	drain(brief);
	CU_ASSERT_FALSE(brief->end);
	r->now += 1000000;
	CU_ASSERT_TRUE(worker_next(r->w, r->now) <= r->now);
	rig_run(r, 2);
	drain(brief);
	CU_ASSERT_TRUE(brief->end && brief->e.seq == R_LIMIT);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 2);
	rig_close(r);
	tap_free(few);
	tap_free(brief);
}

/* Who reads nothing costs frames; who writes nonsense, or never reads the end, is
 * forgotten. */
static void
bad_readers(void)
{
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct tap *deaf, *wild;
	struct client *c;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	deaf = tap_new(r, &ask);
	c = client_open(r, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (int i = 0; i < 3000 && deaf->c.missed == 0; i++) {
		rig_syn(r, (uint16_t)(1024 + i));
		rig_syn(r, (uint16_t)(1024 + i));
	}
	CU_ASSERT_TRUE(deaf->c.missed > 0);
	CU_ASSERT_EQUAL(r->meter->value[METER_CAPTURE_MISSED], deaf->c.missed);
	CU_ASSERT_TRUE(deaf->c.seen - deaf->c.missed <= CAPTURE_RING);
	/* The end has no room; a while later it goes without. */
	rig_cmd(r, CMD_CAPTURE_STOP)->tag = 7;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 0);
	r->now += CAPTURE_DRAIN_US;
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 1);
	wild = tap_new(r, &ask);
	__atomic_store_n(&region_header(&wild->mine)->tail, 77u, __ATOMIC_RELEASE);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->captures_gone, 2);
	rig_close(r);
	tap_free(deaf);
	tap_free(wild);
}

/* Entries of a trace that are there: messages, and what must not be told. */
static uint32_t
traced(struct tap *t, uint8_t msg, bool out)
{
	uint32_t n = 0;

	while (!t->end && ring_peek(&t->in, &t->e, &t->bytes) == 1) {
		t->end = t->e.op == LINK_UP_FRAME_END;
		t->bad += !t->end && (t->e.op != LINK_UP_TRACE || t->bytes.len != 0 || t->e.arg[0] == 0);
		n += !t->end && t->e.msg == msg && ((t->e.arg[1] & CAPTURE_OUT) != 0) == out;
		if (!t->end && t->e.msg == SSH_MSG_USERAUTH_INFO_RESPONSE)
			t->bad += TRACE_PAYLOAD(t->e.serial) != 0;
		ring_take(&t->in);
	}
	return n;
}

/* A trace tells of the records of one connection, from its beginning or later on; only
 * while it lasts does a connection do anything for it. */
static void
traces(void)
{
	static const uint8_t response[40] = { SSH_MSG_USERAUTH_INFO_RESPONSE };
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct conn *conn;
	struct client *c;
	struct tap *by_peer, *one, *nobody;
	struct cmd *k;

	rig_conf(r, 1, 1);
	(void)fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	ask.kind = CAPTURE_RECORDS;
	ask.filter.port = 40000;
	by_peer = tap_new(r, &ask);
	c = client_open_from(r, 0, 40000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_run(r, 4);
	conn = &r->w->conns[0];
	CU_ASSERT_TRUE(conn->ssh.traced);
	ask.filter = filter_all();
	ask.filter.conn = 0;
	ask.filter.gen = conn->gen;
	one = tap_new(r, &ask);
	ask.filter = filter_all();
	ask.filter.port = 40001;
	nobody = tap_new(r, &ask);
	/* Its line first; then records, of which one may be a password's. */
	client_bytes(c, "SSH-2.0-x\r\n", 11);
	rig_run(r, 4);
	client_record(c, view_of("\2\0\0\0\3abc", 8));
	rig_run(r, 4);
	CU_ASSERT_EQUAL(traced(by_peer, SSH_MSG_IGNORE, false), 1);
	CU_ASSERT_EQUAL(TRACE_PAYLOAD(by_peer->e.serial), 8);
	CU_ASSERT_EQUAL(traced(one, SSH_MSG_IGNORE, false), 1);
	CU_ASSERT_EQUAL(traced(nobody, SSH_MSG_IGNORE, false), 0);
	CU_ASSERT_EQUAL(nobody->c.seen, 0);
	conn->ssh.phase = SSH_PHASE_AUTH;
	trace_record(r->w, conn, false, view_of(response, sizeof(response)), 9, 64);
	CU_ASSERT_EQUAL(traced(one, SSH_MSG_USERAUTH_INFO_RESPONSE, false), 1);
	CU_ASSERT_EQUAL(TRACE_PHASE(one->e.serial), SSH_PHASE_AUTH);
	CU_ASSERT_TRUE(one->e.seq == 9 && one->e.arg[1] == 64);
	k = rig_cmd(r, CMD_KILL);
	k->conn = 0;
	k->gen = conn->gen;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(traced(one, SSH_MSG_DISCONNECT, true), 1);
	CU_ASSERT_EQUAL(by_peer->bad + one->bad + nobody->bad, 0);
	CU_ASSERT_PTR_NOT_NULL(client_open_from(r, 1, 40001));
	rig_run(r, 4);
	for (uint32_t i = 0; i < 3 && conn->state != CONN_LIVE; i++)
		conn = &r->w->conns[i];
	CU_ASSERT_TRUE(conn->state == CONN_LIVE && conn->ssh.traced);
	rig_cmd(r, CMD_CAPTURE_STOP)->tag = 7; /* all of them */
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_FALSE(conn->ssh.traced);
	(void)traced(one, 0, false);
	CU_ASSERT_TRUE(one->end && one->e.arg[3] == 0);
	rig_close(r);
	tap_free(by_peer);
	tap_free(one);
	tap_free(nobody);
}

/* It rings who sleeps, once, and nobody else. */
static void
bells(void)
{
	struct capture_ask ask = everything();
	struct rig *r = rig_open();
	struct tap *t;
	char byte;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	t = tap_new(r, &ask);
	rig_syn(r, 41000);
	CU_ASSERT_TRUE(recv(t->bell, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0);
	ring_arm(&t->mine);
	rig_syn(r, 41001);
	CU_ASSERT_EQUAL(recv(t->bell, &byte, 1, MSG_DONTWAIT | MSG_PEEK), 1);
	CU_ASSERT_EQUAL(bell_hush(t->bell), 0);
	rig_close(r);
	tap_free(t);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "both directions, checksums, the end", both_directions },
		{ "chosen connections", chosen },
		{ "limits", limits },
		{ "readers that do not read, or lie", bad_readers },
		{ "traces", traces },
		{ "bells", bells },
		CU_TEST_INFO_NULL,
	};

	return suite_run("capture", tests);
}
