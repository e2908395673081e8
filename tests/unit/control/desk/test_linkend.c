/* A control process's end of a link against a worker's end in the same process:
 * both directions over the rings' whole length, no room, slots, and a worker that
 * breaks the rules. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/linkend.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/desk/workend.h"

static struct linkend l;
static struct workend w;
static int pair[2];
static uint8_t buf[MSG_MAX];

static struct {
	uint32_t count;
	uint32_t sum;
	struct link_entry last;
	uint8_t first_byte;
} got;

static void
entry(void *ctx, struct linkend *link, const struct link_entry *e, struct view payload)
{
	(void)ctx;
	(void)link;
	got.count++;
	got.sum += (uint32_t)payload.len;
	got.last = *e;
	got.first_byte = payload.len > 0 ? payload.data[0] : 0;
}

static void
link_fresh(void)
{
	struct msg m;

	memset(&got, 0, sizeof(got));
	CU_ASSERT_EQUAL_FATAL(msg_pair(pair), 0);
	linkend_init(&l, LINK_GATE, 3);
	CU_ASSERT_EQUAL_FATAL(linkend_request(&l, pair[0]), 0);
	CU_ASSERT_EQUAL_FATAL(msg_recv(pair[1], &m, buf), 1);
	CU_ASSERT_EQUAL_FATAL(workend_take(&w, &m), 0);
	msg_drop_fds(&m);
	CU_ASSERT_EQUAL_FATAL(workend_answer(&w, pair[1], 3), 0);
	CU_ASSERT_EQUAL_FATAL(msg_recv(pair[0], &m, buf), 1);
	CU_ASSERT_EQUAL_FATAL(linkend_up(&l, &m), 0);
	CU_ASSERT_EQUAL(linkend_up(&l, &m), -R_LINK_OP); /* once */
	msg_drop_fds(&m);
}

static void
link_end(void)
{
	linkend_down(&l);
	workend_end(&w);
	close(pair[0]);
	close(pair[1]);
}

static int
poll_all(void)
{
	int n, total = 0;

	while ((n = linkend_poll(&l, 64, entry, NULL)) > 0)
		total += n;
	return n < 0 ? n : total;
}

/* The worker takes what came down; bytes of it. */
static uint32_t
worker_take(uint32_t max, uint32_t *entries)
{
	struct link_entry e;
	struct view payload;
	uint32_t n = 0, bytes = 0;

	while (n < max && ring_peek(&w.in, &e, &payload) == 1) {
		bytes += (uint32_t)payload.len;
		ring_take(&w.in);
		n++;
	}
	if (entries != NULL)
		*entries = n;
	return bytes;
}

static void
test_up(void)
{
	static uint8_t payload[30000];
	uint32_t sent = 0, count = 0;

	link_fresh();
	for (int i = 0; i < 5000; i++) {
		struct link_entry e = { .op = LINK_UP_RECORD, .conn = 1, .serial = (uint32_t)i };
		uint32_t len = (uint32_t)(i * 37) % 30000;

		payload[0] = (uint8_t)i;
		if (!workend_send(&w, &e, view_of(payload, len))) {
			CU_ASSERT_TRUE(poll_all() > 0);
			CU_ASSERT_TRUE(
			    ring_reclaim(&w.out) == 0 && workend_send(&w, &e, view_of(payload, len)));
		}
		sent += len;
		count++;
	}
	CU_ASSERT_TRUE(poll_all() >= 0);
	CU_ASSERT_EQUAL(got.count, count);
	CU_ASSERT_EQUAL(got.sum, sent);
	CU_ASSERT_EQUAL(got.last.serial, 4999);
	/* The private copy is wiped: it may have held a password. */
	for (uint32_t i = 0; i < 30000; i++)
		if (l.payload[i] != 0) {
			CU_FAIL("payload not wiped");
			break;
		}
	link_end();
}

/* What has no room waits, in order, and polling rests meanwhile. */
static void
test_down_no_room(void)
{
	static struct step s;
	static uint8_t big[30000];
	struct link_entry e = { .op = LINK_UP_RECORD, .conn = 1, .serial = 1 }, down;
	struct view payload;
	uint32_t expect = 1;

	link_fresh();
	for (uint32_t i = 1; i <= 100; i++) {
		step_init(&s);
		step_begin(&s, 1, 1);
		step_note(&s, view_of(big, sizeof(big)));
		step_done(&s, i);
		CU_ASSERT_EQUAL(linkend_step(&l, &s), 0);
	}
	CU_ASSERT_TRUE(linkend_starved(&l));
	CU_ASSERT_TRUE(workend_send(&w, &e, view_of("x", 1)));
	CU_ASSERT_EQUAL(poll_all(), 0);
	CU_ASSERT_TRUE(linkend_sleep(&l)); /* no spinning on what cannot be answered */
	while (expect <= 100) {
		int r = ring_peek(&w.in, &down, &payload);

		if (r == 0) {
			linkend_flush(&l);
			r = ring_peek(&w.in, &down, &payload);
		}
		CU_ASSERT_EQUAL_FATAL(r, 1);
		CU_ASSERT_EQUAL(down.serial, expect++);
		CU_ASSERT_EQUAL(down.flags, LINK_F_DONE);
		CU_ASSERT_EQUAL(payload.len, sizeof(big) + 5);
		ring_take(&w.in);
	}
	CU_ASSERT_FALSE(linkend_starved(&l));
	CU_ASSERT_EQUAL(poll_all(), 1);
	link_end();
}

static void
test_bells(void)
{
	struct link_entry e = { .op = LINK_UP_RECORD, .conn = 1, .serial = 1 };
	struct pollfd p = { .events = POLLIN };

	link_fresh();
	p.fd = l.wait_fd;
	CU_ASSERT_TRUE(workend_send(&w, &e, view_of("x", 1)));
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0); /* awake: no bell */
	CU_ASSERT_FALSE(linkend_sleep(&l)); /* something is there */
	linkend_wake(&l);
	CU_ASSERT_EQUAL(poll_all(), 1);
	CU_ASSERT_TRUE(linkend_sleep(&l));
	CU_ASSERT_TRUE(workend_send(&w, &e, view_of("x", 1)));
	CU_ASSERT_EQUAL(poll(&p, 1, 1000), 1);
	CU_ASSERT_EQUAL(linkend_hush(&l), 0);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	link_end();
}

/* ---- slots ---- */

static void
keys_for(struct link_slot *k, uint8_t fill)
{
	memset(k, 0, sizeof(*k));
	k->conn = 1;
	k->gen = 1;
	k->in.key_len = k->out.key_len = 16;
	memset(k->in.key, fill, 16);
	memset(k->out.key, fill, 16);
}

static void
send_slot(uint32_t slot)
{
	static struct step s;

	step_init(&s);
	step_begin(&s, 1, 1);
	step_newkeys(&s, slot);
	CU_ASSERT_EQUAL(linkend_step(&l, &s), 0);
}

static void
test_slots(void)
{
	struct link_slot keys, taken;
	int slot = -1;

	link_fresh();
	for (uint32_t i = 0; i < LINK_SLOT_COUNT; i++) {
		keys_for(&keys, (uint8_t)(i + 1));
		slot = linkend_slot(&l, &keys);
		CU_ASSERT_TRUE_FATAL(slot >= 0);
		send_slot((uint32_t)slot);
	}
	CU_ASSERT_EQUAL(linkend_slot(&l, &keys), -R_LINK_SLOT);
	CU_ASSERT_EQUAL(slot_take(w.slots, (uint32_t)slot, 1, 1, &taken), 0);
	CU_ASSERT_EQUAL(memcmp(&taken.in, &keys.in, sizeof(taken.in)), 0);
	/* The worker wiped it: seen from our side. */
	for (size_t i = 0; i < sizeof(l.slots[slot].in.key); i++)
		CU_ASSERT_EQUAL(l.slots[slot].in.key[i], 0);
	CU_ASSERT_EQUAL(linkend_slot(&l, &keys), slot);
	send_slot((uint32_t)slot);
	/* The worker finished two entries without taking their keys: those slots
	 * come back wiped, no others. */
	worker_take(2, NULL);
	CU_ASSERT_TRUE(linkend_slot(&l, &keys) >= 0);
	send_slot(0);
	CU_ASSERT_TRUE(linkend_slot(&l, &keys) >= 0);
	send_slot(0);
	CU_ASSERT_EQUAL(linkend_slot(&l, &keys), -R_LINK_SLOT);
	link_end();
}

/* ---- a worker that breaks the rules ---- */

static void
test_wild_tail(void)
{
	link_fresh();
	region_header(&w.own)->tail = 99;
	CU_ASSERT_EQUAL(linkend_poll(&l, 1, entry, NULL), -R_LINK_INDEX);
	link_end();
}

static void
test_wild_head(void)
{
	link_fresh();
	region_header(&w.own)->head = LINK_CONTROL_RING + 1;
	CU_ASSERT_EQUAL(linkend_poll(&l, 1, entry, NULL), -R_LINK_INDEX);
	link_end();
}

static void
test_wild_range(uint32_t off, uint32_t len)
{
	struct link_entry e = { .op = LINK_UP_RECORD, .conn = 1 };

	link_fresh();
	CU_ASSERT_TRUE(workend_send(&w, &e, view_of(NULL, 0)));
	region_entries(&w.own)[0].off = off;
	region_entries(&w.own)[0].len = len;
	CU_ASSERT_EQUAL(linkend_poll(&l, 1, entry, NULL), -R_LINK_RANGE);
	CU_ASSERT_EQUAL(got.count, 0);
	link_end();
}

static void
test_wild_ranges(void)
{
	test_wild_range(LINK_CONTROL_ARENA, 1);
	test_wild_range(0, LINK_CONTROL_ARENA + 1);
	test_wild_range(UINT32_MAX, UINT32_MAX);
	test_wild_range(0, LINKEND_PAYLOAD_MAX + 1); /* in the arena, but no payload is so long */
}

static void
test_bad_link_up(void)
{
	struct msg m;
	uint8_t body[8] = { 0, 0, 0, 3, 0, 0, 0, 9 };
	int junk[2];

	link_fresh();
	linkend_down(&l);
	CU_ASSERT_EQUAL(linkend_request(&l, pair[0]), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(junk), 0);
	m = (struct msg){
		.type = MSG_LINK_UP, .body = view_of(body, 8), .fds = { junk[0], junk[1] }, .fd_count = 2
	};
	CU_ASSERT_EQUAL(linkend_up(&l, &m), -R_LINK_SEALS);
	m.fds[0] = w.own.fd;
	CU_ASSERT_EQUAL(linkend_up(&l, &m), -R_LINK_SEALS); /* not a bell */
	m.fd_count = 1;
	CU_ASSERT_EQUAL(linkend_up(&l, &m), -R_LINK_OP);
	m.fd_count = 2;
	body[3] = 4; /* another worker's */
	CU_ASSERT_EQUAL(linkend_up(&l, &m), -R_LINK_OP);
	CU_ASSERT_FALSE(l.up);
	close(junk[0]);
	close(junk[1]);
	link_end();
}

/* A new request never uses old memory. */
static void
test_again(void)
{
	struct msg m;
	struct workend second;

	link_fresh();
	region_arena(&l.own)[0] = 0x5a;
	CU_ASSERT_EQUAL(linkend_request(&l, pair[0]), 0);
	CU_ASSERT_FALSE(l.up);
	CU_ASSERT_EQUAL_FATAL(msg_recv(pair[1], &m, buf), 1);
	CU_ASSERT_EQUAL_FATAL(workend_take(&second, &m), 0);
	msg_drop_fds(&m);
	CU_ASSERT_EQUAL(region_arena(&second.other)[0], 0);
	CU_ASSERT_EQUAL(region_arena(&w.other)[0], 0); /* and the old one was wiped */
	workend_end(&second);
	link_end();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "entries up, around the ring", test_up },
		{ "steps down without room", test_down_no_room },
		{ "bells", test_bells },
		{ "key slots", test_slots },
		{ "a wild tail", test_wild_tail },
		{ "a wild head", test_wild_head },
		{ "wild offsets and lengths", test_wild_ranges },
		{ "a LINK_UP that is none", test_bad_link_up },
		{ "asked again", test_again },
		CU_TEST_INFO_NULL,
	};

	return suite_run("the control end of a link", tests);
}
