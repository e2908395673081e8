#include <string.h>

#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_wire.h"
#include "tests/lib/suite.h"

static void
read_bytes(struct tcp_opts *o, const char *bytes, uint32_t len, bool syn)
{
	tcp_opt_read(o, (const uint8_t *)bytes, len, syn);
}

#define READ(o, bytes, syn) read_bytes(o, bytes, sizeof(bytes) - 1, syn)

static void
test_syn(void)
{
	struct tcp_opts o;

	READ(&o, "\2\4\5\xb4\4\2\10\12\0\0\0\1\0\0\0\2\1\3\3\7", true);
	CU_ASSERT_FALSE(o.bad);
	CU_ASSERT(o.mss_on && o.mss == 1460);
	CU_ASSERT(o.sack_ok);
	CU_ASSERT(o.ts_on && o.ts_val == 1 && o.ts_ecr == 2);
	CU_ASSERT(o.shift_on && o.shift == 7);
}

static void
test_only_on_syn(void)
{
	struct tcp_opts o;

	READ(&o, "\2\4\5\xb4\4\2\1\1\1\3\3\7", false);
	CU_ASSERT_FALSE(o.bad || o.mss_on || o.sack_ok || o.shift_on);
}

static void
test_shift_capped(void)
{
	struct tcp_opts o;

	READ(&o, "\3\3\377", true);
	CU_ASSERT_EQUAL(o.shift, 14);
}

static void
test_malformed(void)
{
	struct tcp_opts o;

	READ(&o, "\2\0\5\xb4", true);
	CU_ASSERT(o.bad && !o.mss_on);
	READ(&o, "\2\1\5\xb4", true);
	CU_ASSERT(o.bad);
	READ(&o, "\2", true);
	CU_ASSERT(o.bad);
	READ(&o, "\2\4\5", true);
	CU_ASSERT(o.bad && !o.mss_on);
	READ(&o, "\2\3\5", true); /* wrong length: skipped, the rest is read */
	CU_ASSERT(o.bad && !o.mss_on);
	READ(&o, "\10\4\0\0\2\4\5\xb4", true);
	CU_ASSERT(o.bad && !o.ts_on && o.mss_on);
	READ(&o, "\5\13\0\0\0\1\0\0\0\2\0", false);
	CU_ASSERT(o.bad && o.sack_count == 0);
}

static void
test_unknown_and_end(void)
{
	struct tcp_opts o;

	READ(&o, "\376\5abc\2\4\5\xb4", true);
	CU_ASSERT(!o.bad && o.mss_on);
	READ(&o, "\0\2\4\5\xb4", true);
	CU_ASSERT(!o.bad && !o.mss_on);
	READ(&o, "", true);
	CU_ASSERT_FALSE(o.bad);
}

static void
test_first_counts(void)
{
	struct tcp_opts o;

	READ(&o, "\10\12\0\0\0\1\0\0\0\2\10\12\0\0\0\3\0\0\0\4\2\4\1\1\2\4\2\2", true);
	CU_ASSERT_EQUAL(o.ts_val, 1);
	CU_ASSERT_EQUAL(o.mss, 0x101);
}

/* Every kind and every length, at the end and with room: bounded, never read
 * beyond the list. */
static void
test_sweep(void)
{
	struct tcp_opts o;

	for (int kind = 0; kind < 256; kind++) {
		for (int len = 0; len < 256; len++) {
			uint8_t list[40] = { (uint8_t)kind, (uint8_t)len };

			for (uint32_t size = 0; size <= sizeof(list); size += 4)
				tcp_opt_read(&o, list, size, true);
			CU_ASSERT(o.sack_count <= TCP_OPT_SACK_MAX);
		}
	}
}

static void
test_write_reads_back(void)
{
	for (unsigned bits = 0; bits < 32; bits++) {
		struct tcp_opts in = { .mss_on = bits & 1, .shift_on = bits & 2, .sack_ok = bits & 4,
			.ts_on = bits & 8, .mss = 1400, .shift = 5, .ts_val = 0x01020304,
			.ts_ecr = 0x05060708, .sack_count = bits & 16 ? 4 : 0 };
		struct tcp_opts out;
		uint8_t buf[40];
		uint32_t len;

		for (uint32_t i = 0; i < 4; i++)
			in.sack[i] = (struct tcp_range){ 100 * i, 100 * i + 50 };
		len = tcp_opt_write(&in, buf);
		CU_ASSERT(len <= 40 && len % 4 == 0);
		tcp_opt_read(&out, buf, len, true);
		CU_ASSERT_FALSE(out.bad);
		CU_ASSERT(out.mss_on == in.mss_on && (!in.mss_on || out.mss == 1400));
		CU_ASSERT(out.shift_on == in.shift_on && (!in.shift_on || out.shift == 5));
		CU_ASSERT_EQUAL(out.sack_ok, in.sack_ok);
		CU_ASSERT(out.ts_on == in.ts_on && (!in.ts_on || out.ts_ecr == 0x05060708));
		if (bits == 16)
			CU_ASSERT_EQUAL(out.sack_count, 4);
		if (bits == 24)
			CU_ASSERT_EQUAL(out.sack_count, 3); /* beside timestamps: RFC 2018 section 3 */
		for (uint32_t i = 0; i < out.sack_count; i++)
			CU_ASSERT_EQUAL(out.sack[i].end, 100 * i + 50);
	}
}

static void
test_header(void)
{
	static const uint8_t addr[16];
	struct tcp_seg_out o = { .seq = 0x01020304, .ack = 0x05060708, .flags = TCP_ACK | TCP_PSH,
		.window = 999, .options_len = 4, .options = { 1, 1, 1, 1 }, .len = 5, .mss = 5 };
	static _Alignas(64) uint8_t memory[POOL_BLOCK];
	struct pool pool;
	struct fifo queue;
	struct tcp_seg seg;
	uint8_t buf[64];
	int n;

	pool_init(&pool, memory, 1);
	fifo_init(&queue, false);
	CU_ASSERT(fifo_put(&queue, &pool, "abcde", 5));
	o.from = &queue;
	o.at = fifo_seek(&queue, 0);
	o.tuple.local_port = 22;
	o.tuple.remote_port = 50000;
	n = tcp_seg_build(&o, buf, sizeof(buf));
	CU_ASSERT_EQUAL(n, 29);
	CU_ASSERT_EQUAL(tcp_seg_build(&o, buf, 28), -R_SHORT);
	CU_ASSERT_EQUAL(buf[16] | buf[17], 0);
	CU_ASSERT_EQUAL(tcp_seg_parse(&seg, buf, 29, addr, addr), 0);
	CU_ASSERT_EQUAL(seg.tuple.remote_port, 22);
	CU_ASSERT_EQUAL(seg.tuple.local_port, 50000);
	CU_ASSERT_EQUAL(seg.seq, 0x01020304);
	CU_ASSERT_EQUAL(seg.ack, 0x05060708);
	CU_ASSERT_EQUAL(seg.flags, TCP_ACK | TCP_PSH);
	CU_ASSERT_EQUAL(seg.window, 999);
	CU_ASSERT_EQUAL(seg.options_len, 4);
	CU_ASSERT(seg.data_len == 5 && memcmp(seg.data, "abcde", 5) == 0);
	for (uint32_t len = 0; len < 24; len++)
		CU_ASSERT_EQUAL(tcp_seg_parse(&seg, buf, len, addr, addr), -R_TCP_SHORT);
	buf[12] = 0x40; /* shorter than a header */
	CU_ASSERT_EQUAL(tcp_seg_parse(&seg, buf, 29, addr, addr), -R_TCP_SHORT);
	buf[12] = 0xf0; /* longer than the segment */
	CU_ASSERT_EQUAL(tcp_seg_parse(&seg, buf, 29, addr, addr), -R_TCP_SHORT);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "options of a SYN", test_syn },
		{ "some count only on SYN", test_only_on_syn },
		{ "scale is capped at 14", test_shift_capped },
		{ "malformed ones are skipped and told", test_malformed },
		{ "unknown ones and the end of the list", test_unknown_and_end },
		{ "of two the first counts", test_first_counts },
		{ "every kind and length is bounded", test_sweep },
		{ "what is written reads back", test_write_reads_back },
		{ "header out and in", test_header },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_opt", tests);
}
