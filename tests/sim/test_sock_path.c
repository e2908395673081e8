/*
 * The socket face on a path that carries less than both ends would: a router that tells,
 * one that does not, and one that fragments.
 */
#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

#define IP4 20u
#define IP6 40u
#define ICMP 8u
#define PIECE 600u /* bytes of a fragment, a multiple of eight */

static uint32_t narrow;  /* bytes that the router carries */
static bool tells;
static uint32_t told, pieces;

static void
sum_into(uint8_t *at, const uint8_t *data, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

/* RFC 792 with RFC 1191, RFC 4443 section 3.2: to who sent `ip`. */
static void
tell(int to, const uint8_t *ip, uint64_t at)
{
	bool v4 = ip[0] >> 4 == 4;
	uint32_t head = v4 ? IP4 : IP6, quote = head + 8, len = head + ICMP + quote;
	uint8_t b[IP6 + ICMP + IP6 + 8] = { 0 };
	uint32_t sum = len - head + 58;

	memcpy(b + head + ICMP, ip, quote);
	b[head] = v4 ? 3 : 2;
	b[head + 1] = v4 ? 4 : 0;
	b[head + 6] = (uint8_t)(narrow >> 8);
	b[head + 7] = (uint8_t)narrow;
	if (v4) {
		memcpy(b, (uint8_t[10]){ 0x45, 0, 0, (uint8_t)len, 0, 0, 0x40, 0, 64, 1 }, 10);
		memcpy(b + 12, ip + 16, 4);
		memcpy(b + 16, ip + 12, 4);
		sum_into(b + 10, b, IP4, 0);
		sum_into(b + head + 2, b + head, len - head, 0);
	} else {
		memcpy(b, (uint8_t[8]){ 0x60, 0, 0, 0, 0, (uint8_t)(len - head), 58, 64 }, 8);
		memcpy(b + 8, ip + 24, 16);
		memcpy(b + 24, ip + 8, 16);
		/* the pseudo header: both addresses, length, next header */
		for (uint32_t k = 8; k < IP6; k++)
			sum += k % 2 ? b[k] : (uint32_t)b[k] << 8;
		sum_into(b + head + 2, b + head, len - head, sum);
	}
	told++;
	CU_ASSERT_EQUAL(sock_inject(host[to], b, len, at + DELAY_US), 0);
}

static bool
narrow_router(int from, const uint8_t *ip, uint32_t len, uint64_t at)
{
	if (len <= narrow)
		return false;
	if (tells)
		tell(from, ip, at);
	return true;
}

static struct sock_info
info_of(int n, int s)
{
	struct sock_info info;

	CU_ASSERT_EQUAL(sock_get_info(host[n], s, &info), 0);
	return info;
}

/* RFC 1191, RFC 8201; the window is not charged for it. */
static void
told_by_router(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info i;
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		narrow = 1400;
		tells = true;
		told = 0;
		router = narrow_router;
		transfer(0, a, b);
		i = info_of(0, a);
		CU_ASSERT_EQUAL(i.pmtu, 1400);
		CU_ASSERT(told > 0 && i.timeouts == 0);
		CU_ASSERT_EQUAL(info_of(1, b).pmtu, 1500);
		/* Smaller still, and now segments are known to arrive: a timeout confirms it. */
		narrow = 1300;
		transfer(0, a, b);
		i = info_of(0, a);
		CU_ASSERT_EQUAL(i.pmtu, 1300);
		CU_ASSERT(i.timeouts > 0);
		router = NULL;
		hosts_free();
	}
}

/* RFC 4821 section 7.7, and back again when the path carries more. */
static void
black_hole(void)
{
	for (int f = 0; f < 2; f++) {
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		narrow = 1300;
		tells = false;
		router = narrow_router;
		transfer(0, a, b);
		CU_ASSERT_EQUAL(info_of(0, a).pmtu, 1280);
		router = NULL;
		run(700ull * SECOND); /* the raise timer: RFC 8899 section 5.1.1 */
		transfer(0, a, b);
		CU_ASSERT_EQUAL(info_of(0, a).pmtu, 1500);
		hosts_free();
	}
}

/* A router in between that fragments, though IPv4 packets of ours forbid it: pieces in
 * the wrong order. */
static bool
fragmenting_router(int from, const uint8_t *ip, uint32_t len, uint64_t at)
{
	static uint32_t id;
	bool v4 = ip[0] >> 4 == 4;
	uint32_t head = v4 ? IP4 : IP6, last = (len - head - 1) / PIECE;
	uint8_t b[2048];

	if (len <= 1000)
		return false;
	id++;
	for (uint32_t k = last + 1; k > 0; k--) {
		uint32_t off = (k - 1) * PIECE, n = k - 1 == last ? len - head - off : PIECE;
		uint32_t size = v4 ? head + n : head + 8 + n;

		memcpy(b, ip, head);
		if (v4) {
			uint32_t word = off / 8 | (k - 1 == last ? 0 : 0x2000u);

			memcpy(b + 2, (uint8_t[6]){ (uint8_t)(size >> 8), (uint8_t)size, (uint8_t)(id >> 8), (uint8_t)id,
			    (uint8_t)(word >> 8), (uint8_t)word }, 6);
			b[10] = b[11] = 0;
			sum_into(b + 10, b, IP4, 0);
			memcpy(b + head, ip + head + off, n);
		} else {
			uint32_t word = off | (k - 1 == last ? 0 : 1);

			b[4] = (uint8_t)((size - head) >> 8);
			b[5] = (uint8_t)(size - head);
			memcpy(b + head, (uint8_t[8]){ b[6], 0, (uint8_t)(word >> 8), (uint8_t)word, 0, 0,
			    (uint8_t)(id >> 8), (uint8_t)id }, 8);
			b[6] = 44;
			memcpy(b + head + 8, ip + head + off, n);
		}
		pieces++;
		CU_ASSERT_EQUAL(sock_inject(host[1 - from], b, size, at + DELAY_US), 0);
	}
	return true;
}

static void
in_pieces(void)
{
	for (int f = 0; f < 2; f++) {
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		pieces = 0;
		router = fragmenting_router;
		transfer(0, a, b);
		CU_ASSERT(pieces > 2 * BYTES / 1500);
		CU_ASSERT_EQUAL(info_of(0, a).retransmits, 0);
		router = NULL;
		hosts_free();
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a router tells that packets are too big", told_by_router },
		{ "a black hole, and the way back", black_hole },
		{ "packets arrive in pieces", in_pieces },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sock_path", tests);
}
