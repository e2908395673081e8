/* Regions, rings and key slots of abi/link, both ends in one process. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/link/ring.h"
#include "abi/link/slot.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"

#define COUNT 16u
#define ARENA 4096u

struct ends {
	struct region a, b;       /* what each side writes */
	struct region a_seen, b_seen;
	struct ring_out out;      /* a's producer */
	struct ring_in in;        /* b's consumer */
	uint32_t arena_end[COUNT];
};

static void
join(struct ends *e, bool wipe)
{
	CU_ASSERT_EQUAL_FATAL(region_create(&e->a, "a", COUNT, ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(region_create(&e->b, "b", COUNT, ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(region_attach(&e->a_seen, e->a.fd, COUNT, ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(region_attach(&e->b_seen, e->b.fd, COUNT, ARENA), 0);
	ring_out_init(&e->out, &e->a, &e->b_seen, e->arena_end, wipe);
	ring_in_init(&e->in, &e->b, &e->a_seen);
}

static void
part(struct ends *e)
{
	region_close(&e->a_seen);
	region_close(&e->b_seen);
	region_close(&e->a);
	region_close(&e->b);
}

/* Random sizes through a small ring: bytes and order survive every wrap. */
static void
test_bytes_in_order(void)
{
	struct ends e;
	uint8_t buf[ARENA];
	uint32_t sent = 0, got = 0;

	join(&e, false);
	srand(7);
	while (got < 20000) {
		struct link_entry le = { .op = 1, .serial = sent };
		uint32_t len = (uint32_t)rand() % 1500;
		struct view v;

		memset(buf, (int)(sent & 0xff), len);
		if (rand() % 3 != 0 && ring_send(&e.out, &le, view_of(buf, len)))
			sent++;
		if (rand() % 3 == 0)
			continue;
		while (ring_peek(&e.in, &le, &v) == 1) {
			CU_ASSERT_EQUAL_FATAL(le.serial, got);
			for (size_t i = 0; i < v.len; i++)
				CU_ASSERT_EQUAL_FATAL(v.data[i], (uint8_t)(got & 0xff));
			ring_take(&e.in);
			got++;
		}
	}
	CU_ASSERT_EQUAL(sent, got);
	part(&e);
}

static void
test_full_and_reclaim(void)
{
	struct ends e;
	struct link_entry le = { .op = 1 };
	struct view v;

	join(&e, false);
	for (uint32_t i = 0; i < COUNT; i++)
		CU_ASSERT_TRUE(ring_send(&e.out, &le, view_of("", 0)));
	CU_ASSERT_FALSE(ring_send(&e.out, &le, view_of("", 0)));
	CU_ASSERT_EQUAL(ring_peek(&e.in, &le, &v), 1);
	CU_ASSERT_FALSE(ring_room(&e.out, 0));
	ring_take(&e.in);
	CU_ASSERT_TRUE(ring_room(&e.out, 0));
	part(&e);
}

/* Given-back arena space of a control link holds nothing any more. */
static void
test_wipes_what_is_given_back(void)
{
	struct ends e;
	struct link_entry le = { .op = 1 };
	struct view v;

	join(&e, true);
	CU_ASSERT_TRUE(ring_send(&e.out, &le, view_str("correct horse battery staple")));
	CU_ASSERT_EQUAL(ring_peek(&e.in, &le, &v), 1);
	ring_take(&e.in);
	CU_ASSERT_EQUAL(ring_reclaim(&e.out), 0);
	CU_ASSERT_PTR_NULL(memmem(region_arena(&e.a), ARENA, "horse", 5));
	part(&e);
}

static void
test_wild_indices(void)
{
	struct ends e;
	struct link_entry le = { .op = 1 };
	struct view v;

	join(&e, false);
	CU_ASSERT_TRUE(ring_send(&e.out, &le, view_str("x")));
	region_header(&e.b)->tail = 5;
	CU_ASSERT_EQUAL(ring_reclaim(&e.out), -R_LINK_INDEX);
	region_header(&e.b)->tail = 0xffffffffu;
	CU_ASSERT_EQUAL(ring_reclaim(&e.out), -R_LINK_INDEX);
	region_header(&e.a)->head = COUNT + 1;
	CU_ASSERT_EQUAL(ring_peek(&e.in, &le, &v), -R_LINK_INDEX);
	region_header(&e.a)->head = 1;
	region_entries(&e.a)[0].off = ARENA;
	region_entries(&e.a)[0].len = 1;
	CU_ASSERT_EQUAL(ring_peek(&e.in, &le, &v), -R_LINK_RANGE);
	region_entries(&e.a)[0].off = 1;
	region_entries(&e.a)[0].len = 0xffffffffu;
	CU_ASSERT_EQUAL(ring_peek(&e.in, &le, &v), -R_LINK_RANGE);
	part(&e);
}

static void
test_attach_checks(void)
{
	struct region r, other;
	int plain = memfd_create("plain", MFD_ALLOW_SEALING);

	CU_ASSERT_EQUAL_FATAL(region_create(&r, "r", COUNT, ARENA), 0);
	CU_ASSERT_EQUAL(region_attach(&other, plain, COUNT, ARENA), -R_LINK_SEALS);
	CU_ASSERT_EQUAL(ftruncate(plain, (off_t)region_size(COUNT, ARENA)), 0);
	CU_ASSERT_EQUAL(region_attach(&other, plain, COUNT, ARENA), -R_LINK_SEALS);
	CU_ASSERT_EQUAL(region_attach(&other, r.fd, COUNT * 2, ARENA), -R_LINK_SEALS);
	region_header(&r)->major++;
	CU_ASSERT_EQUAL(region_attach(&other, r.fd, COUNT, ARENA), -R_LINK_VERSION);
	close(plain);
	region_close(&r);
}

static void
test_slots(void)
{
	struct link_slot *fill, *take;
	struct link_slot keys = { .conn = 3, .gen = 9 }, got;
	int fd;

	CU_ASSERT_EQUAL_FATAL(slots_create(&fill, &fd), 0);
	CU_ASSERT_EQUAL_FATAL(slots_attach(&take, fd), 0);
	memset(keys.in.key, 0xaa, sizeof(keys.in.key));
	keys.in.key_len = 16;
	CU_ASSERT_EQUAL(slot_fill(fill, &keys), 0);
	CU_ASSERT_EQUAL(slot_fill(fill, &keys), 1);
	CU_ASSERT_EQUAL(slot_take(take, 0, 3, 9, &got), 0);
	CU_ASSERT_EQUAL(memcmp(got.in.key, keys.in.key, sizeof(keys.in.key)), 0);
	/* wiped for everybody, and not to be had twice */
	CU_ASSERT_EQUAL(fill[0].in.key[0], 0);
	CU_ASSERT_EQUAL(slot_take(take, 0, 3, 9, &got), -R_LINK_SLOT);
	/* another connection's keys are not handed out, and are gone */
	CU_ASSERT_EQUAL(slot_take(take, 1, 4, 9, &got), -R_LINK_SLOT);
	CU_ASSERT_EQUAL(fill[1].in.key[0], 0);
	CU_ASSERT_EQUAL(slot_take(take, LINK_SLOT_COUNT, 3, 9, &got), -R_LINK_SLOT);
	fill[2].state = LINK_SLOT_FULL;
	fill[2].in.key_len = 9999;
	CU_ASSERT_EQUAL(slot_take(take, 2, 0, 0, &got), -R_LINK_SLOT);
	for (uint32_t i = 0; i < LINK_SLOT_COUNT; i++)
		CU_ASSERT_TRUE(slot_fill(fill, &keys) >= 0);
	CU_ASSERT_EQUAL(slot_fill(fill, &keys), -R_LINK_SLOT);
	slots_close(take);
	slots_close(fill);
	close(fd);
}

static void
test_bell(void)
{
	int wait_fd, ring_fd, pipes[2];

	CU_ASSERT_EQUAL_FATAL(bell_create(&wait_fd, &ring_fd), 0);
	CU_ASSERT_EQUAL(bell_adopt(ring_fd), 0);
	for (int i = 0; i < 100000; i++)
		bell_ring(ring_fd); /* a full one never blocks */
	CU_ASSERT_EQUAL(bell_hush(wait_fd), 0);
	close(ring_fd);
	while (bell_hush(wait_fd) == 0)
		;
	CU_ASSERT_EQUAL(bell_hush(wait_fd), -R_PEER_GONE);
	close(wait_fd);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	CU_ASSERT_EQUAL(bell_adopt(pipes[1]), -R_LINK_SEALS);
	close(pipes[0]);
	close(pipes[1]);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "bytes in order", test_bytes_in_order },
		{ "full and reclaim", test_full_and_reclaim },
		{ "wipes what is given back", test_wipes_what_is_given_back },
		{ "wild indices", test_wild_indices },
		{ "attach checks", test_attach_checks },
		{ "key slots", test_slots },
		{ "bells", test_bell },
		CU_TEST_INFO_NULL,
	};

	return suite_run("ring", tests);
}
