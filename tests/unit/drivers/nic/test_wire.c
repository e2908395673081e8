/* What a bad wire does to frames, measured against what its words say. */
#include <stdio.h>
#include <string.h>

#include "drivers/nic/impair.h"
#include "drivers/nic/pair.h"
#include "tests/lib/suite.h"

#define FRAMES 20000u
#define ROOM 65536u

static struct wire_frame heap[ROOM];
static uint32_t numbers[FRAMES];
static uint64_t arrived[2 * FRAMES]; /* when, by arrival */
static uint32_t got[2 * FRAMES];     /* which, by arrival */
static struct wire wire;

static struct impair_config
words(const char *text)
{
	struct impair_config c;
	const char *error = NULL;

	CU_ASSERT_EQUAL_FATAL(impair_parse(&c, text, &error), 0);
	return c;
}

static uint32_t
take_due(uint64_t now, uint32_t n)
{
	uint64_t next;
	void *item;

	while ((next = wire_next(&wire)) <= now) {
		item = wire_take(&wire, next);
		CU_ASSERT_PTR_NOT_NULL_FATAL(item);
		arrived[n] = next;
		got[n++] = *(uint32_t *)item;
	}
	return n;
}

/* FRAMES frames of `len`, one each `step` us; how many came. */
static uint32_t
run(const char *text, uint64_t seed, uint32_t len, uint64_t step)
{
	struct impair_config c = words(text);
	uint32_t n = 0;

	wire_init(&wire, &c.down, seed, heap, ROOM);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct wire_fate f;

		numbers[i] = i;
		if (wire_judge(&wire, len, i * step, &f))
			for (uint32_t k = 0; k < f.copies; k++)
				CU_ASSERT_TRUE(wire_put(&wire, &f, k, &numbers[i]));
		n = take_due(i * step, n);
	}
	n = take_due(UINT64_MAX - 1, n);
	CU_ASSERT_EQUAL(wire_next(&wire), UINT64_MAX);
	CU_ASSERT_EQUAL(wire.stats.frames, FRAMES);
	return n;
}

static bool
near_to(uint64_t value, double want, double part)
{
	return (double)value > want * (1 - part) && (double)value < want * (1 + part);
}

static void
a_seed_is_a_run(void)
{
	static uint32_t one[2 * FRAMES];
	static const char all[] = "loss=1%,burst-loss=0.1%/20%,reorder=1%/3pkt,dup=1%,delay=5ms,"
				  "jitter=1ms,rate=100mbit,corrupt=1%,truncate=1%,stall=0.01%/10ms";
	uint32_t n = run(all, 7, 1500, 100);

	memcpy(one, got, sizeof(one));
	CU_ASSERT_EQUAL(run(all, 7, 1500, 100), n);
	CU_ASSERT_EQUAL(memcmp(one, got, n * sizeof(one[0])), 0);
	(void)run(all, 8, 1500, 100);
	CU_ASSERT_NOT_EQUAL(memcmp(one, got, n * sizeof(one[0])), 0);
}

static void
nothing_is_asked(void)
{
	CU_ASSERT_EQUAL(run("seed=1", 1, 1500, 1), FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++)
		CU_ASSERT_TRUE(got[i] == i && arrived[i] == i);
}

static void
loss_by_itself(void)
{
	CU_ASSERT_TRUE(near_to(FRAMES - run("loss=5%", 2, 100, 1), FRAMES * 0.05, 0.1));
	CU_ASSERT_TRUE(near_to(wire.stats.lost, FRAMES * 0.05, 0.1));
}

/* In at p and out at r: p / (p + r) of all in bursts of 1 / r on average. */
static void
loss_in_bursts(void)
{
	uint32_t n = run("burst-loss=1%/25%", 3, 100, 1), bursts = 0;

	CU_ASSERT_EQUAL(wire.stats.burst_lost, FRAMES - n);
	CU_ASSERT_EQUAL(wire.stats.lost, 0);
	CU_ASSERT_TRUE(near_to(FRAMES - n, FRAMES * 0.01 / 0.26, 0.2));
	for (uint32_t i = 1; i < n; i++)
		bursts += got[i] != got[i - 1] + 1;
	CU_ASSERT_TRUE(near_to(FRAMES - n, bursts * 4.0, 0.2));
	n = run("burst-loss=1%/25%/50%", 3, 100, 1);
	CU_ASSERT_TRUE(near_to(FRAMES - n, FRAMES * 0.01 / 0.26 / 2, 0.2));
}

static void
delay_and_jitter_in_order(void)
{
	uint64_t least = UINT64_MAX, most = 0;

	CU_ASSERT_EQUAL(run("delay=2ms,jitter=1ms", 4, 100, 500), FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t took = arrived[i] - 500ull * i;

		CU_ASSERT_EQUAL(got[i], i);
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	CU_ASSERT_TRUE(least >= 2000 && least < 2010);
	CU_ASSERT_TRUE(most > 2990 && most < 3000);
}

static void
late_by_time(void)
{
	uint32_t late = 0;

	CU_ASSERT_EQUAL(run("reorder=2%/700us", 5, 100, 100), FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t took = arrived[i] - 100ull * got[i];

		late += took > 0;
		CU_ASSERT_TRUE(took <= 700);
	}
	CU_ASSERT_EQUAL(late, wire.stats.late);
	CU_ASSERT_TRUE(near_to(late, FRAMES * 0.02, 0.2));
}

/* Three frames pass, and the next does not; the last ones wait 20 ms for nobody. */
static void
late_by_frames(void)
{
	uint32_t late = 0, alone = 0;

	CU_ASSERT_EQUAL(run("reorder=2%/3pkt", 6, 100, 100), FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t took = arrived[i] - 100ull * got[i];

		if (took == 0)
			continue;
		late++;
		alone += took == 300;
		CU_ASSERT_TRUE(took >= 300 && took <= 20000);
	}
	CU_ASSERT_EQUAL(late, wire.stats.late);
	CU_ASSERT_TRUE(near_to(late, FRAMES * 0.02, 0.2));
	CU_ASSERT_TRUE(alone > late * 8 / 10);
	CU_ASSERT_EQUAL(run("reorder=1/3pkt", 6, 100, 100), FRAMES);
}

static void
twice(void)
{
	CU_ASSERT_TRUE(near_to(run("dup=10%", 7, 100, 1), FRAMES * 1.1, 0.02));
	CU_ASSERT_EQUAL(wire.stats.duplicated + FRAMES, run("dup=10%", 7, 100, 1));
}

/* 12 Mbit/s are a frame of 1500 bytes in a millisecond. */
static void
bottleneck_of_bytes(void)
{
	uint32_t n = run("rate=12mbit,queue=15000", 8, 1500, 500);

	CU_ASSERT_TRUE(near_to(n, FRAMES / 2, 0.01));
	CU_ASSERT_EQUAL(wire.stats.queue_lost, FRAMES - n);
	for (uint32_t i = 1; i < n; i++)
		CU_ASSERT_EQUAL(arrived[i] - arrived[i - 1], 1000);
	for (uint32_t i = 100; i < n; i++) {
		uint64_t took = arrived[i] - 500ull * got[i];

		CU_ASSERT_TRUE(took > 9000 && took <= 10000);
	}
	CU_ASSERT_EQUAL(run("rate=12mbit,queue=15000", 8, 1500, 1000), FRAMES);
}

static void
bottleneck_of_frames(void)
{
	uint32_t n = run("rate=12mbit,queue=4pkt", 9, 1500, 500);

	CU_ASSERT_TRUE(near_to(n, FRAMES / 2, 0.01));
	for (uint32_t i = 100; i < n; i++)
		CU_ASSERT_TRUE(arrived[i] - 500ull * got[i] <= 4000);
	/* Small ones count as much as large ones. */
	CU_ASSERT_TRUE(run("rate=12mbit,queue=4pkt", 9, 15, 4) < FRAMES / 2);
}

static void
silences(void)
{
	uint64_t longest = 0;

	CU_ASSERT_EQUAL(run("stall=0.1%/30ms", 10, 100, 100), FRAMES);
	CU_ASSERT_TRUE(wire.stats.stalls > 5);
	for (uint32_t i = 1; i < FRAMES; i++) {
		CU_ASSERT_EQUAL(got[i], i);
		if (arrived[i] - arrived[i - 1] > longest)
			longest = arrived[i] - arrived[i - 1];
	}
	CU_ASSERT_TRUE(longest >= 29900);
}

/* The Internet's checksum (RFC 1071). */
static uint16_t
sum(const uint8_t *data, uint32_t len)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < len; i++)
		total += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (total >> 16)
		total = (total & 0xffffu) + (total >> 16);
	return (uint16_t)total;
}

/* Zero and its complement, 0xffff, are the same to the sum: no frame is all zeros. */
static void
checksums_tell_damage(void)
{
	struct impair_config c = words("corrupt=1");
	uint8_t frame[200], broken[200];

	for (uint32_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 37 + 1);
	wire_init(&wire, &c.up, 11, heap, ROOM);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct wire_fate f;
		uint32_t len = 20 + i % 180;

		CU_ASSERT_TRUE(wire_judge(&wire, len, i, &f));
		CU_ASSERT_EQUAL(f.len, len);
		memcpy(broken, frame, sizeof(frame));
		wire_damage(&f, broken);
		CU_ASSERT_NOT_EQUAL(sum(broken, len), sum(frame, len));
		CU_ASSERT_EQUAL(memcmp(broken + len, frame + len, sizeof(frame) - len), 0);
	}
	CU_ASSERT_EQUAL(wire.stats.corrupted, FRAMES);
}

static void
ends_are_missing(void)
{
	struct impair_config c = words("truncate=50%");
	struct wire_fate f;
	uint32_t cut = 0;

	wire_init(&wire, &c.up, 12, heap, ROOM);
	for (uint32_t i = 0; i < FRAMES; i++) {
		CU_ASSERT_TRUE(wire_judge(&wire, 100, i, &f));
		CU_ASSERT_TRUE(f.len >= 14 && f.len <= 100);
		cut += f.len < 100;
	}
	CU_ASSERT_EQUAL(cut, wire.stats.truncated);
	CU_ASSERT_TRUE(near_to(cut, FRAMES * 0.5, 0.05));
}

static void
directions_differ(void)
{
	struct impair_config c = words("loss=1%,up.loss=2%,down.delay=3ms,queue=10pkt,up.queue=64k,seed=5");

	CU_ASSERT_EQUAL(c.up.loss, 20000);
	CU_ASSERT_EQUAL(c.down.loss, 10000);
	CU_ASSERT_EQUAL(c.up.delay_us, 0);
	CU_ASSERT_EQUAL(c.down.delay_us, 3000);
	CU_ASSERT_TRUE(c.up.queue_bytes == 65536 && c.up.queue_frames == 0);
	CU_ASSERT_TRUE(c.down.queue_bytes == 0 && c.down.queue_frames == 10);
	c = words("burst-loss=0.1/0.2,reorder=0.1/7pkt");
	CU_ASSERT_TRUE(c.up.burst_in == 100000 && c.up.burst_out == 200000 && c.up.burst_loss == 1000000);
	CU_ASSERT_EQUAL(memcmp(&c.up, &c.down, sizeof(c.up)), 0);
	CU_ASSERT_TRUE(c.up.reorder_us == 0 && c.up.reorder_by == 7);
}

static void
nonsense_is_refused(void)
{
	static const char *const wrong[] = { "rate=999", "rate=10mbyte", "queue=0", "queue=2000pkt", "queue=5parsec",
		"burst-loss=0.1", "burst-loss=2/0.1", "burst-loss=0.1/0.1/x", "reorder=0.1/0pkt", "reorder=0.1/",
		"stall=0.1", "stall=0.1/x", "corrupt=-1", "truncate=1.1", "left.loss=0.1", "up.seed=1", "up.=1" };
	struct impair_config c;
	const char *error;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error = NULL;
		CU_ASSERT_EQUAL(impair_parse(&c, wrong[i], &error), -1);
		CU_ASSERT_PTR_NOT_NULL(error);
	}
}

/* What the stage in front of a port damages is not vouched for by the port. */
static void
port_vouches_for_nothing(void)
{
	struct impair_config c = words("corrupt=1,seed=2");
	struct port *a, *b, *far;
	struct pkt *k;

	CU_ASSERT_EQUAL_FATAL(pair_open(&a, &b, 16, 1500), 0);
	b->tx_csum = true;
	far = impair_open(b, &c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(far);
	CU_ASSERT_FALSE(far->tx_csum);
	k = a->ops->alloc(a);
	memset(k->data, 0, 60);
	k->len = 60;
	k->flags = PKT_CSUM_GOOD;
	CU_ASSERT_EQUAL(a->ops->tx(a, &k, 1, 0), 1);
	CU_ASSERT_EQUAL_FATAL(far->ops->rx(far, &k, 1, 0), 1);
	CU_ASSERT_FALSE(k->flags & PKT_CSUM_GOOD);
	far->ops->free(far, k);
	far->ops->close(far);
	a->ops->close(a);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a seed is a run", a_seed_is_a_run },
		{ "nothing asked for, nothing done", nothing_is_asked },
		{ "loss, frame by frame", loss_by_itself },
		{ "loss in bursts", loss_in_bursts },
		{ "delay and jitter keep the order", delay_and_jitter_in_order },
		{ "late by time", late_by_time },
		{ "late by frames", late_by_frames },
		{ "duplicates", twice },
		{ "a bottleneck, its queue in bytes", bottleneck_of_bytes },
		{ "a bottleneck, its queue in frames", bottleneck_of_frames },
		{ "silences", silences },
		{ "checksums tell damage", checksums_tell_damage },
		{ "ends are missing", ends_are_missing },
		{ "directions differ", directions_differ },
		{ "nonsense is refused", nonsense_is_refused },
		{ "a port vouches for nothing damaged", port_vouches_for_nothing },
		CU_TEST_INFO_NULL,
	};

	return suite_run("wire", tests);
}
