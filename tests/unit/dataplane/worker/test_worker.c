#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/note.h"
#include "abi/link/rows.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

static struct step step;

/* The adopt image's field, or an empty view. */
static struct view
adopt_field(const struct got *g, uint8_t wanted)
{
	struct view body, none = { NULL, 0 };
	uint16_t version;
	uint8_t number;
	struct cur c;

	if (note_open(&c, view_of(g->payload, g->e.len), &version) != 0)
		return none;
	while (note_next(&c, &number, &body) == 1)
		if (number == wanted)
			return body;
	return none;
}

static bool
get_in_touch(struct rig *r, struct client **c, struct fake **gate, struct fake **clerk)
{
	struct got *adopt;

	rig_conf(r, 1, 1);
	*gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	*clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(r, 5);
	*c = client_open(r, 0);
	return rig_login(r, *c, *gate, *clerk, &adopt);
}

static void
before_conf_refused(void)
{
	struct rig *r = rig_open();
	struct client *c = client_open(r, 0);

	CU_ASSERT_FALSE(c->connected);
	rig_close(r);
}

static void
ident_without_gate(void)
{
	struct rig *r = rig_open();
	struct client *c;
	char line[256];

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	c = client_open(r, 0);
	CU_ASSERT_TRUE(c->connected);
	CU_ASSERT_TRUE(client_line(c, line, sizeof(line)));
	CU_ASSERT_EQUAL(strncmp(line, "SSH-2.0-", 8), 0);
	CU_ASSERT_EQUAL(r->meter->value[METER_CONN_TOTAL], 1);
	rig_close(r);
}

static bool
greeted(uint16_t vlan, uint16_t client_vlan)
{
	struct rig *r = rig_open();
	struct client *c;
	char line[256];
	bool good;

	r->vlan = vlan;
	r->client_vlan = client_vlan;
	rig_conf(r, 1, 1);
	rig_run(r, 2);
	c = client_open(r, 0);
	good = c->connected && client_line(c, line, sizeof(line)) && strncmp(line, "SSH-2.0-", 8) == 0;
	CU_ASSERT_EQUAL(r->meter->drop[R_NET_VLAN] > 0, !good);
	rig_close(r);
	return good;
}

/* Large frames: the segments of both ends are as large. */
static void
jumbo(void)
{
	static const uint8_t kexinit[30000] = { SSH_MSG_KEXINIT };
	static const uint16_t mtus[] = { 1280, 4000, 9216 };

	for (size_t i = 0; i < 3; i++) {
		struct rig *r = rig_open_mtu(mtus[i]);
		struct tcp_info info;
		struct client *c;
		uint64_t packets;

		rig_conf(r, 1, 1);
		rig_run(r, 2);
		c = client_open(r, 0);
		CU_ASSERT_TRUE_FATAL(c->connected);
		tcp_get_info(c->tcp, r->now, &info);
		CU_ASSERT(info.pmtu == mtus[i] && info.advmss == mtus[i] - 40u);
		client_bytes(c, "SSH-2.0-test\r\n", 14);
		rig_run(r, 4);
		packets = r->meter->value[METER_RX_PACKETS];
		client_record(c, view_of(kexinit, sizeof(kexinit)));
		rig_run(r, 20);
		packets = r->meter->value[METER_RX_PACKETS] - packets;
		CU_ASSERT(packets >= sizeof(kexinit) / mtus[i] && packets <= sizeof(kexinit) / info.mss + 8);
		CU_ASSERT(r->meter->value[METER_RX_BYTES] > sizeof(kexinit));
		rig_close(r);
	}
}

/* IEEE 802.1Q in software: both directions with the tag, and nobody without it. */
static void
in_vlan(void)
{
	CU_ASSERT_TRUE(greeted(100, 100));
	CU_ASSERT_FALSE(greeted(100, 101));
	CU_ASSERT_FALSE(greeted(100, 0));
	CU_ASSERT_FALSE(greeted(0, 100));
}

/* What nobody took is there, in order, for every gate that comes. */
static void
undone_survives_gates(void)
{
	struct rig *r = rig_open();
	struct fake *gate;
	struct client *c;
	struct got *g;
	uint32_t serial;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	c = client_open(r, 0);
	client_bytes(c, "SSH-2.0-test\r\n", 14);
	client_msg(c, SSH_MSG_KEXINIT);
	for (int round = 0; round < 3; round++) {
		gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
		g = fake_next(gate);
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		CU_ASSERT_EQUAL(g->e.op, LINK_UP_ADOPT);
		CU_ASSERT_EQUAL(adopt_field(g, ADOPT_PHASE).len, 1);
		g = fake_next(gate);
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		CU_ASSERT_EQUAL(g->e.op, LINK_UP_IDENT);
		CU_ASSERT_EQUAL(g->e.len, 12);
		serial = g->e.serial;
		g = fake_next(gate);
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		CU_ASSERT_EQUAL(g->e.op, LINK_UP_RECORD);
		CU_ASSERT_EQUAL(g->e.msg, SSH_MSG_KEXINIT);
		CU_ASSERT_EQUAL(g->e.serial, serial + 1);
		if (round == 0)
			fake_die(gate); /* the second one is replaced without a word */
		rig_run(r, 3);
	}
	/* One is done: the next gate gets only the other. */
	step_init(&step);
	step_begin(&step, g->e.conn, g->e.gen);
	step_note(&step, view_of("image", 5));
	step_done(&step, serial);
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 2);
	/* Done again: stale, without effect. */
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->meter->drop[R_LINK_STALE_DONE], 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	g = fake_next(gate);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(adopt_field(g, ADOPT_NOTE).len, 5);
	g = fake_next(gate);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.serial, serial + 1);
	rig_close(r);
}

static void
login_and_change_of_rooms(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	struct got *g;
	struct cur body;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	g = fake_find(gate, LINK_UP_CLOSED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.arg[0], 0);
	CU_ASSERT_EQUAL(r->conn_events, 1);
	body = cur_of(r->conn_body, r->conn_len);
	CU_ASSERT_EQUAL(cur_u32(&body), g->e.conn);
	CU_ASSERT_EQUAL(cur_u32(&body), g->e.gen);
	CU_ASSERT_TRUE(view_is(cur_string(&body), "192.0.2.2"));
	CU_ASSERT_EQUAL(r->meter->value[METER_LOGIN_TOTAL], 1);
	/* The gate has no say any more. */
	step_begin(&step, g->e.conn, g->e.gen);
	step_close(&step, R_KILLED, "by gate");
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 5);
	CU_ASSERT_EQUAL(r->meter->drop[R_LINK_DENIED], 1);
	CU_ASSERT_FALSE(gate->gone);
	CU_ASSERT_FALSE(c->eof);
	rig_close(r);
}

static void
grant_is_the_dataplanes_peer(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	static struct grant grant;
	struct client *c;
	struct view image;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	image = adopt_field(&clerk->log[0], ADOPT_GRANT);
	CU_ASSERT_EQUAL_FATAL(grant_decode(&grant, image), 0);
	CU_ASSERT_STRING_EQUAL(grant.user, "alice");
	CU_ASSERT_STRING_EQUAL(grant.peer, "192.0.2.2");
	CU_ASSERT_EQUAL(grant.local_port, RIG_PORT);
	CU_ASSERT_EQUAL(grant.uid, 1000);
	rig_close(r);
}

static void
no_login_without_grant(void)
{
	static const uint8_t success = SSH_MSG_USERAUTH_SUCCESS;
	struct rig *r = rig_open();
	struct fake *gate;
	struct client *c;
	struct got *g;

	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	c = client_open(r, 0);
	client_bytes(c, "SSH-2.0-test\r\n", 14);
	g = fake_find(gate, LINK_UP_IDENT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	step_init(&step);
	step_begin(&step, g->e.conn, g->e.gen);
	step_record(&step, view_of(&success, 1));
	step_phase(&step, SSH_PHASE_OPEN);
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 5);
	/* Not in this phase at all: the link broke the rules, the connection stays. */
	CU_ASSERT_TRUE(gate->gone);
	CU_ASSERT_EQUAL(gate->gone_reason, R_LINK_DENIED);
	CU_ASSERT_FALSE(c->eof);
	rig_close(r);
}

/* In AUTH, where it could be: the connection ends. */
static void
success_without_grant_closes(void)
{
	static const uint8_t success = SSH_MSG_USERAUTH_SUCCESS;
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	struct got *adopt;

	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	c = client_open(r, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(c->connected);
	r->w->conns[0].ssh.phase = SSH_PHASE_AUTH;
	conn_list_add(r->w, &r->w->conns[0], LIST_UP);
	adopt = fake_find(gate, LINK_UP_ADOPT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(adopt);
	step_init(&step);
	step_begin(&step, adopt->e.conn, adopt->e.gen);
	step_record(&step, view_of(&success, 1));
	step_phase(&step, SSH_PHASE_OPEN);
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 50);
	CU_ASSERT_FALSE(gate->gone);
	CU_ASSERT_EQUAL(r->closed_events, 1);
	CU_ASSERT_EQUAL(r->closed_reason, R_NO_GRANT);
	CU_ASSERT_EQUAL(clerk->count, 0);
	rig_close(r);
}

/* The facts are the grant, and what the worker knows itself. */
static void
check_facts(struct view payload)
{
	struct cur in = cur_view(payload), windows = cur_of(NULL, 0);
	struct view body;
	uint16_t version;
	uint8_t number;
	unsigned seen = 0;

	cur_u8(&in);
	cur_string(&in);
	cur_string(&in);
	CU_ASSERT_EQUAL(cur_u32(&in), 0);
	body = cur_string(&in);
	CU_ASSERT_TRUE(cur_done(&in));
	CU_ASSERT_EQUAL_FATAL(note_open(&in, body, &version), 0);
	while (note_next(&in, &number, &body) > 0) {
		seen |= number == GRANT_USER ? 1 : number == FACT_SESSION_ID ? 2 : 0;
		if (number == FACT_CHANNEL)
			windows = cur_view(body);
	}
	CU_ASSERT_EQUAL(seen, 3);
	CU_ASSERT_TRUE(cur_u32(&windows) > 0);
	CU_ASSERT_TRUE(cur_u32(&windows) > 0);
	CU_ASSERT_TRUE(cur_done(&windows));
}

static void
channel_both_ways(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open, *g;
	struct view v;
	uint8_t buf[4096];
	struct put w;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_NOT_EQUAL_FATAL(host->id, 0);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 77, &open));
	CU_ASSERT_TRUE(open->e.arg[1] > 0);
	CU_ASSERT_NOT_EQUAL(open->e.seq, 0);
	/* down */
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of("from host", 9)));
	v = client_next(c);
	CU_ASSERT_EQUAL_FATAL(v.len, 1 + 4 + 4 + 9);
	CU_ASSERT_EQUAL(v.data[0], SSH_MSG_CHANNEL_DATA);
	CU_ASSERT_EQUAL(memcmp(v.data + 9, "from host", 9), 0);
	/* up */
	w = put_of(buf, sizeof(buf));
	put_u8(&w, SSH_MSG_CHANNEL_DATA);
	put_u32(&w, 0);
	put_cstr(&w, "from client");
	client_record(c, view_of(buf, put_len(&w)));
	g = fake_find(host, LINK_UP_CHAN_DATA);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.len, 11);
	CU_ASSERT_EQUAL(memcmp(g->payload, "from client", 11), 0);
	check_facts(view_of(open->payload, open->e.len));
	CU_ASSERT_EQUAL(r->meter->value[METER_CHAN_OPEN], 1);
	rig_close(r);
}

/* What is ready together leaves together: records do not end segments. */
static void
records_share_segments(void)
{
	const uint32_t headers = 14 + 20 + 32, full = 1500 - 20 - 32, small = 60;
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	uint64_t frames, bytes;
	uint8_t some[200] = { 0 };
	size_t read = 0;
	struct client *c;
	struct got *open;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 77, &open));
	rig_run(r, 2);
	for (uint32_t i = 0; i < small; i++)
		CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of(some, sizeof(some))));
	frames = r->meter->value[METER_TX_PACKETS];
	bytes = r->meter->value[METER_TX_BYTES];
	(void)worker_poll(r->w, r->now);
	frames = r->meter->value[METER_TX_PACKETS] - frames;
	bytes = r->meter->value[METER_TX_BYTES] - bytes - frames * headers;
	CU_ASSERT(bytes > small * sizeof(some));
	CU_ASSERT(frames > 4);
	CU_ASSERT_EQUAL(frames, (bytes + full - 1) / full);
	while (read < small * sizeof(some)) {
		struct view v = client_next(c);

		CU_ASSERT_TRUE_FATAL(v.len > 1 + 4 + 4);
		read += v.len - 1 - 4 - 4;
	}
	CU_ASSERT_EQUAL(read, small * sizeof(some));
	rig_close(r);
}

/* What the operator sees of the same channel, and where the cycles went. */
static void
listed(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	uint64_t cycles = 0;
	struct client *c;
	struct got *open;
	struct cur rows;
	struct row row;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 77, &open));
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of("from host", 9)));
	(void)client_next(c);
	rig_cmd(r, CMD_LIST)->tag = 4;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->lists, 1);
	rows = cur_of(r->rows, r->rows_len);
	CU_ASSERT_EQUAL_FATAL(row_next(&rows, &row), 1);
	CU_ASSERT_EQUAL(row.kind, ROW_CONN);
	CU_ASSERT_EQUAL(row.conn.conn, clerk->log[0].e.conn);
	CU_ASSERT_EQUAL(row.conn.gen, clerk->log[0].e.gen);
	CU_ASSERT_EQUAL(row.conn.phase, SSH_PHASE_OPEN);
	CU_ASSERT_EQUAL(row.conn.chans, 1);
	CU_ASSERT_EQUAL(row.conn.suite_out, SUITE_AES128_GCM);
	CU_ASSERT_TRUE(row.conn.bytes_in > 0 && row.conn.bytes_out > 0);
	CU_ASSERT_EQUAL_FATAL(row_next(&rows, &row), 1);
	CU_ASSERT_EQUAL(row.kind, ROW_CHAN);
	CU_ASSERT_EQUAL(row.chan.ours, 0);
	CU_ASSERT_EQUAL(row.chan.peers, 77);
	CU_ASSERT_EQUAL(row.chan.flags, ROW_CHAN_STARTED);
	CU_ASSERT_TRUE(row.chan.start != 0);
	CU_ASSERT_EQUAL(row.chan.bytes_out, 9);
	CU_ASSERT_EQUAL(row_next(&rows, &row), 0);
	for (int i = 0; i < STAGE_COUNT; i++) {
		CU_ASSERT_TRUE(r->meter->value[METER_CYCLES_RX + i] > 0);
		CU_ASSERT_TRUE(r->meter->value[METER_CALLS_RX + i] > 0);
		cycles += r->meter->value[METER_CYCLES_RX + i];
	}
	CU_ASSERT_EQUAL(cycles, r->meter->value[METER_CYCLES_USEFUL]);
	CU_ASSERT_TRUE(r->meter->value[METER_CYCLES_TOTAL] > cycles);
	CU_ASSERT_TRUE(r->meter->value[METER_SEAL_BYTES] > 0 && r->meter->value[METER_OPEN_BYTES] > 0);
	rig_close(r);
}

/* One page; the rows are in r->rows. The next page's `from`. */
static uint32_t
ask_page(struct rig *r, const struct row_page *page, uint32_t *rows)
{
	struct cmd *k = rig_cmd(r, CMD_LIST_TCP);
	struct put w = put_of(k->data, sizeof(k->data));
	uint32_t before = r->lists;
	struct row row = { .next = 0 };
	struct cur c;

	row_page_put(&w, page);
	k->len = (uint32_t)put_len(&w);
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->lists, before + 1);
	c = cur_of(r->rows, r->rows_len);
	for (*rows = 0; row_next(&c, &row) == 1 && row.kind == ROW_TCP; (*rows)++)
		CU_ASSERT_TRUE(view_is(row.tcp.local, "192.0.2.1") && row.tcp.local_port == 22);
	CU_ASSERT_EQUAL_FATAL(row.kind, ROW_NEXT);
	return row.next;
}

/* TCP's own view: from the first segment on, by pages, by filter. */
static void
listed_tcp(void)
{
	struct row_page page = { .count = 10, .filter = filter_all() };
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	uint32_t n, next;
	struct cur cur;
	struct row row;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	CU_ASSERT_EQUAL(ask_page(r, &page, &n), LINK_CONN_NONE);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	cur = cur_of(r->rows, r->rows_len);
	CU_ASSERT_EQUAL(row_next(&cur, &row), 1);
	CU_ASSERT_TRUE(view_is(row.tcp.state, "ESTABLISHED") && view_is(row.tcp.congestion, "cubic"));
	CU_ASSERT_EQUAL(row.tcp.conn, clerk->log[0].e.conn);
	CU_ASSERT_EQUAL(row.tcp.gen, clerk->log[0].e.gen);
	CU_ASSERT_TRUE(row.tcp.bytes_in > 100 && row.tcp.bytes_out > 100 && row.tcp.mss > 1000);
	CU_ASSERT_TRUE(row.tcp.options & ROW_TCP_SACK && row.tcp.cwnd > 0 && row.tcp.rto_us >= 200000);
	/* Two more; a page of two, then the rest. */
	CU_ASSERT_PTR_NOT_NULL(client_open_from(r, 1, 40001));
	CU_ASSERT_PTR_NOT_NULL(client_open_from(r, 2, 40002));
	rig_run(r, 4);
	page.count = 2;
	page.from = next = ask_page(r, &page, &n);
	CU_ASSERT_TRUE(n == 2 && next != LINK_CONN_NONE);
	CU_ASSERT_EQUAL(ask_page(r, &page, &n), LINK_CONN_NONE);
	CU_ASSERT_EQUAL(n, 1);
	/* One by its port, one by its id, none of another network. */
	page = (struct row_page){ .count = 10, .filter = filter_all() };
	page.filter.port = 40002;
	(void)ask_page(r, &page, &n);
	CU_ASSERT_EQUAL(n, 1);
	page.filter = filter_all();
	page.filter.conn = clerk->log[0].e.conn;
	page.filter.gen = clerk->log[0].e.gen;
	(void)ask_page(r, &page, &n);
	CU_ASSERT_EQUAL(n, 1);
	page.filter = filter_all();
	page.filter.prefix = 104; /* ::/104 */
	(void)ask_page(r, &page, &n);
	CU_ASSERT_EQUAL(n, 0);
	/* What makes no sense is answered too. */
	page.count = 0;
	CU_ASSERT_EQUAL(ask_page(r, &page, &n), LINK_CONN_NONE);
	rig_close(r);
}

/* Half open: nobody but TCP knows it. */
static void
listed_half_open(void)
{
	struct row_page page = { .count = 10, .filter = filter_all() };
	struct rig *r = rig_open();
	struct cur cur;
	struct row row;
	uint32_t n;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	rig_syn(r, 41000);
	(void)ask_page(r, &page, &n);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	cur = cur_of(r->rows, r->rows_len);
	CU_ASSERT_EQUAL(row_next(&cur, &row), 1);
	CU_ASSERT_TRUE(view_is(row.tcp.state, "SYN-RECEIVED") && row.tcp.peer_port == 41000);
	CU_ASSERT_TRUE(view_is(row.tcp.peer, "192.0.2.77"));
	CU_ASSERT_TRUE(row.tcp.conn == LINK_CONN_NONE && row.tcp.bytes_in == 0);
	CU_ASSERT_EQUAL(r->meter->limit[METER_LIMIT_TCP_HALF_OPEN].now, 1);
	rig_close(r);
}

static void
limits_told(void)
{
	struct rig *r = rig_open();
	const struct meter_limit *l = r->meter->limit;
	struct fake *gate, *clerk;
	struct client *c;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	for (int i = 0; i < METER_LIMIT_COUNT; i++) {
		/* it is alone, and has nothing to compress with */
		bool none = i == METER_LIMIT_NET_HANDOFF ||
		    (i >= METER_LIMIT_ZIP_PLACES && i <= METER_LIMIT_ZIP_DEFLATE);

		CU_ASSERT_TRUE((l[i].max > 0) != none && (l[i].initial > 0) != none);
	}
	CU_ASSERT_EQUAL(l[METER_LIMIT_CONN_MAX].now, 1);
	CU_ASSERT_EQUAL(l[METER_LIMIT_TCP_CONN_MAX].now, 1);
	CU_ASSERT_EQUAL(l[METER_LIMIT_TCP_HALF_OPEN].now, 0);
	CU_ASSERT_TRUE(l[METER_LIMIT_TCP_HALF_OPEN].high > 0);
	CU_ASSERT_EQUAL(l[METER_LIMIT_POOL_BLOCKS].now, r->w->pool.count - r->w->pool.free_count);
	CU_ASSERT_TRUE(l[METER_LIMIT_POOL_BLOCKS].high >= l[METER_LIMIT_POOL_BLOCKS].now);
	rig_close(r);
}

static void
dead_host_ends_its_channels_only(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *one, *two;
	struct client *c;
	struct got *open1, *open2;
	struct view v;
	bool closed = false;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	one = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	two = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, one, 0, 10, &open1));
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, two, 1, 11, &open2));
	fake_die(one);
	rig_run(r, 5);
	CU_ASSERT_TRUE(one->gone);
	while (!closed && (v = client_next(c)).len > 0)
		closed = v.data[0] == SSH_MSG_CHANNEL_CLOSE && v.data[4] == 10;
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_TRUE(fake_send(two, LINK_DOWN_CHAN_DATA, open2, 0, view_of("alive", 5)));
	v = client_next(c);
	CU_ASSERT_EQUAL(v.len, 14);
	rig_close(r);
}

static void
channel_shut(struct client *c, uint32_t ours)
{
	uint8_t buf[5] = { SSH_MSG_CHANNEL_CLOSE, 0, 0, 0, (uint8_t)ours };

	client_record(c, view_of(buf, sizeof(buf)));
}

/* IPQoS: a terminal makes a connection interactive, until it is gone. */
static void
class_of_service(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *one, *two;
	struct client *c;
	struct got *open;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	CU_ASSERT_EQUAL(tcp_get_own(r->w->conns[0].tcp)->dscp, TCP_HOST);
	one = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	two = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, one, 0, 10, &open));
	CU_ASSERT_EQUAL(tcp_get_own(r->w->conns[0].tcp)->dscp, RIG_DSCP_BULK);
	r->pty = "a terminal";
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, two, 1, 11, &open));
	CU_ASSERT_EQUAL(tcp_get_own(r->w->conns[0].tcp)->dscp, RIG_DSCP_TERMINAL);
	fake_die(two);
	rig_run(r, 5);
	channel_shut(c, 1);
	rig_run(r, 20);
	CU_ASSERT_EQUAL(tcp_get_own(r->w->conns[0].tcp)->dscp, RIG_DSCP_BULK);
	rig_close(r);
}

/* TCPKeepAlive, TCPTimeWait and TCPPacing, which an older side does not send. */
static void
tcp_settings(void)
{
	struct rig *r = rig_open();

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(tcp_get_config(r->w->tcp)->keepalive, 1);
	CU_ASSERT_EQUAL(tcp_get_config(r->w->tcp)->timewait_us, RIG_TIME_WAIT_S * 1000000u);
	CU_ASSERT_EQUAL(tcp_get_config(r->w->tcp)->pacing, 0);
	r->paced = true;
	rig_conf(r, 1, 1);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(tcp_get_config(r->w->tcp)->pacing, 1);
	rig_close(r);
}

/* A user's host may touch its own connection only. */
static void
user_host_is_bound(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host, *stray;
	struct client *c, *d;
	struct got *open, *adopt;
	struct got other;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	d = client_open(r, 1);
	CU_ASSERT_TRUE_FATAL(rig_login(r, d, gate, clerk, &adopt));
	host = fake_new(r, LINK_HOST, 0, clerk->log[0].e.conn, clerk->log[0].e.gen);
	stray = fake_new(r, LINK_HOST, 0, clerk->log[0].e.conn, clerk->log[0].e.gen + 1);
	rig_run(r, 3);
	CU_ASSERT_NOT_EQUAL_FATAL(host->id, 0);
	CU_ASSERT_EQUAL(stray->id, 0);
	CU_ASSERT_EQUAL(stray->refused, R_LINK_CONN);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	other = *open;
	other.e.conn = adopt->e.conn;
	other.e.gen = adopt->e.gen;
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, &other, 0, view_of("x", 1)));
	rig_run(r, 5);
	CU_ASSERT_TRUE(host->gone);
	CU_ASSERT_EQUAL(host->gone_reason, R_LINK_DENIED);
	CU_ASSERT_FALSE(d->eof);
	rig_close(r);
}

/* An entry for an earlier use of a channel number does nothing. */
static void
late_entries_of_an_old_channel(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open, old;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	old = *open;
	old.e.seq = open->e.seq + 5;
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_TOOK, &old, 1000, view_of(NULL, 0)));
	rig_run(r, 3);
	CU_ASSERT_FALSE(host->gone);
	CU_ASSERT_EQUAL(r->meter->drop[R_LINK_CHAN], 1);
	rig_close(r);
}

/* A host of an earlier minor version would take what comes beyond its window for a fault. */
static void
windows_grow_where_known(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	const struct view none = { NULL, 0 };
	struct client *c;
	struct got *open, *told;
	struct conn *conn;
	struct ssh_chan *ch;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	conn = conn_find(r->w, open->e.conn, open->e.gen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_EQUAL(conn->ssh.rtt_us, tcp_srtt_us(conn->tcp));
	ch = ssh_chan_of(&conn->ssh, 0, host->id);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ch);
	host->l->peer.minor = LINK_MINOR_WINDOW - 1;
	CU_ASSERT_FALSE(host_send(r->w, conn, ch, CHAN_UP_WINDOW, 1000, 0, none));
	host->l->peer.minor = LINK_MINOR_WINDOW;
	CU_ASSERT_TRUE(host_send(r->w, conn, ch, CHAN_UP_WINDOW, 2000, 0, none));
	rig_run(r, 3);
	told = fake_find(host, LINK_UP_CHAN_WINDOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	CU_ASSERT_EQUAL(told->e.arg[0], 2000);
	CU_ASSERT_EQUAL(told->e.chan, 0);
	CU_ASSERT_PTR_NULL(fake_find(host, LINK_UP_CHAN_WINDOW));
	rig_close(r);
}

static void
beyond_credit_ends_the_host(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open;
	uint8_t *much = calloc(1, 256 * 1024);

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of(much, 256 * 1024)));
	rig_run(r, 5);
	CU_ASSERT_TRUE(host->gone);
	CU_ASSERT_EQUAL(host->gone_reason, R_LINK_CREDIT);
	free(much);
	rig_close(r);
}

/* Short of blocks, the host waits and the connection stays. */
static void
host_waits_for_blocks(void)
{
	struct rig *r = rig_open();
	struct pool *p = &r->w->pool;
	struct block *taken = NULL, *b;
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open;
	uint8_t *much = calloc(1, 128 * 1024);
	uint32_t count = p->count;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	rig_run(r, 20);
	while (p->free_count > 8) {
		b = pool_get(p);
		b->next = taken;
		taken = b;
	}
	p->count = 8; /* what is left is not what is kept back from hosts */
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0,
	    view_of(much, 10 * POOL_BLOCK)));
	rig_run(r, 20);
	CU_ASSERT_FALSE(host->gone);
	CU_ASSERT_EQUAL(r->closed_events, 0);
	CU_ASSERT_EQUAL(c->closed || c->eof, false);
	p->count = count;
	while (taken != NULL) {
		b = taken->next;
		pool_put(p, taken);
		taken = b;
	}
	CU_ASSERT_EQUAL(client_next(c).len, 9 + 10 * POOL_BLOCK);
	free(much);
	rig_close(r);
}

/* An operator asks through the steward, a plugin through its ring: clerk is told, once. */
static void
rekey_wanted(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open;
	struct cmd *k;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 0, 5, &open));
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_REKEY, open, 0, view_of(NULL, 0)));
	rig_run(r, 20);
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_REKEY));
	CU_ASSERT_EQUAL(r->meter->drop[R_SSH_REKEY_SOON], 1);
	r->w->conns[0].ssh.keyed_us -= SSH_REKEY_APART_US;
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_REKEY, open, 0, view_of(NULL, 0)));
	rig_run(r, 20);
	CU_ASSERT_PTR_NOT_NULL(fake_find(clerk, LINK_UP_REKEY));
	fake_forget(clerk);
	r->w->conns[0].ssh.rekey_asked = r->w->conns[0].ssh.rekey_wanted = false;
	for (uint32_t gen = 1; gen < 3; gen++) {
		k = rig_cmd(r, CMD_REKEY);
		k->conn = open->e.conn;
		k->gen = gen == 1 ? open->e.gen + 1 : open->e.gen;
		rig_push(r);
		rig_run(r, 20);
		CU_ASSERT_EQUAL(fake_find(clerk, LINK_UP_REKEY) != NULL, gen == 2);
	}
	CU_ASSERT_FALSE(host->gone || clerk->gone);
	/* With a payload it is no entry. */
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_REKEY, open, 0, view_of("x", 1)));
	rig_run(r, 20);
	CU_ASSERT_TRUE(host->gone);
	rig_close(r);
}

static void
first_hash_until_newkeys(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	struct cmd *k;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	k = rig_cmd(r, CMD_FIRST_HASH);
	k->conn = clerk->log[0].e.conn;
	k->gen = clerk->log[0].e.gen;
	k->len = 32;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->hash_reason, R_LINK_STATE);
	k = rig_cmd(r, CMD_FIRST_HASH);
	k->conn = clerk->log[0].e.conn;
	k->gen = clerk->log[0].e.gen + 1;
	k->len = 32;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->hash_reason, R_LINK_CONN);
	client_open(r, 1);
	rig_run(r, 5);
	k = rig_cmd(r, CMD_FIRST_HASH);
	k->conn = 1;
	k->gen = r->w->conns[1].gen;
	k->len = 32;
	rig_push(r);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->hash_reason, 0);
	CU_ASSERT_EQUAL(r->conn_events, 2);
	rig_cmd(r, CMD_SNAPSHOT)->tag = 9;
	rig_push(r);
	r->conn_events = 0;
	rig_run(r, 5);
	CU_ASSERT_EQUAL(r->conn_events, 2);
	CU_ASSERT_EQUAL(r->snapshots, 1);
	rig_close(r);
}

static void
clerk_dies_under_a_channel(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host;
	struct client *c;
	struct got *open, *g;
	struct view v;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	CU_ASSERT_TRUE_FATAL(rig_channel(r, c, clerk, host, 3, 5, &open));
	fake_die(clerk);
	rig_run(r, 3);
	CU_ASSERT_TRUE(clerk->gone);
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of("still", 5)));
	v = client_next(c);
	CU_ASSERT_EQUAL(v.len, 14);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	g = fake_next(clerk);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.op, LINK_UP_ADOPT);
	v = adopt_field(g, ADOPT_CHAN);
	CU_ASSERT_EQUAL_FATAL(v.len, 14);
	CU_ASSERT_EQUAL(v.data[3], 3);
	CU_ASSERT_EQUAL(v.data[8], 1);
	rig_close(r);
}

static void
key_slots_are_wiped(void)
{
	struct rig *r = rig_open();
	struct fake *gate;
	struct link_slot empty;
	int slot;

	memset(&empty, 0, sizeof(empty));
	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	rig_run(r, 2);
	/* named for a connection that is gone */
	slot = fake_keys(gate, 5, 5);
	step_init(&step);
	step_begin(&step, 5, 5);
	step_newkeys(&step, (uint32_t)slot);
	CU_ASSERT_TRUE(fake_step(gate, &step));
	rig_run(r, 2);
	CU_ASSERT_EQUAL(memcmp(&gate->slots[slot], &empty, sizeof(empty)), 0);
	/* filled, and the gate dies */
	slot = fake_keys(gate, 1, 1);
	fake_die(gate);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(memcmp(&gate->slots[slot], &empty, sizeof(empty)), 0);
	rig_close(r);
}

static void
stop_says_goodbye(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	struct view v;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	(void)rig_cmd(r, CMD_STOP);
	rig_push(r);
	v = client_next(c);
	CU_ASSERT_TRUE_FATAL(v.len > 0);
	CU_ASSERT_EQUAL(v.data[0], SSH_MSG_DISCONNECT);
	rig_run(r, 20);
	CU_ASSERT_TRUE(r->w->stopped);
	rig_close(r);
}

/* A slot's second use has another generation, and all memory comes back. */
static void
nothing_leaks(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	uint32_t blocks = 4096, gen;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	gen = r->w->conns[0].gen;
	for (int i = 0; i < 3; i++) {
		tcp_close(c->tcp, r->now);
		rig_run(r, 200);
		CU_ASSERT_EQUAL(r->w->free_count, r->w->used_slots);
		CU_ASSERT_EQUAL(r->w->pool.free_count, blocks);
		c = client_open(r, 1);
		rig_run(r, 5);
		CU_ASSERT_EQUAL(r->w->conns[0].gen, ++gen);
	}
	rig_close(r);
}

/* A gate that answers while the worker sleeps rings once. Whoever empties its bell
 * then, the look at quiet links included, has to read its ring. */
static void
bell_is_heard_once(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct client *c;
	struct link *l;
	uint64_t before;
	int ring_fd;

	CU_ASSERT_TRUE_FATAL(get_in_touch(r, &c, &gate, &clerk));
	clerk->read = 0;
	l = clerk->l;
	CU_ASSERT_EQUAL_FATAL(bell_create(&l->wait_fd, &ring_fd), 0);
	rig_run(r, 5);
	ring_arm(&l->own);
	link_cool(r->w, l);
	before = r->meter->value[METER_LINK_DOWN];
	CU_ASSERT_TRUE(fake_send(clerk, LINK_DOWN_STEP, fake_find(clerk, LINK_UP_ADOPT), 0, view_of(NULL, 0)));
	bell_ring(ring_fd);
	r->now += 2 * WORKER_CHECK_US;
	(void)worker_poll(r->w, r->now);
	CU_ASSERT_EQUAL(r->meter->value[METER_LINK_DOWN], before + 1);
	close(ring_fd);
	close(l->wait_fd);
	l->wait_fd = -1;
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "before the first configuration nobody is let in", before_conf_refused },
		{ "the identification line needs no gate", ident_without_gate },
		{ "a connection in a VLAN", in_vlan },
		{ "large frames", jumbo },
		{ "what is not done goes to every new gate", undone_survives_gates },
		{ "login, and gate's end of it", login_and_change_of_rooms },
		{ "where the peer is, is the dataplane's word", grant_is_the_dataplanes_peer },
		{ "success in a wrong phase", no_login_without_grant },
		{ "success without a grant", success_without_grant_closes },
		{ "a channel, both ways", channel_both_ways },
		{ "records share segments", records_share_segments },
		{ "listed, and counted", listed },
		{ "TCP of connections, by page and filter", listed_tcp },
		{ "TCP of a half-open connection", listed_half_open },
		{ "limits: in effect, now, the most so far", limits_told },
		{ "a dead host ends its channels only", dead_host_ends_its_channels_only },
		{ "a terminal makes a connection interactive", class_of_service },
		{ "keepalive and TIME-WAIT as configured", tcp_settings },
		{ "a user's host is bound to its connection", user_host_is_bound },
		{ "late entries of an old channel", late_entries_of_an_old_channel },
		{ "windows grow by themselves where hosts know it", windows_grow_where_known },
		{ "beyond its credit a host ends", beyond_credit_ends_the_host },
		{ "short of blocks a host waits", host_waits_for_blocks },
		{ "rekeys that somebody asks for", rekey_wanted },
		{ "the first hash, until NEWKEYS; snapshot", first_hash_until_newkeys },
		{ "a clerk dies under a channel", clerk_dies_under_a_channel },
		{ "key slots are wiped in every case", key_slots_are_wiped },
		{ "stop says goodbye", stop_says_goodbye },
		{ "a bell that was emptied was heard", bell_is_heard_once },
		{ "nothing leaks", nothing_leaks },
		CU_TEST_INFO_NULL,
	};

	return suite_run("worker", tests);
}
