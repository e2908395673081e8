/* Between whom a frame goes: both families, tags, fragments, cut anywhere. */
#include <string.h>

#include "dataplane/net/ends.h"
#include "tests/lib/suite.h"

#define V4 "\x45\x00\x00\x2c\x00\x00\x40\x00\x40\x06\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02"
#define TCP24 "\x00\x16\x9c\x40\x00\x00\x00\x01\x00\x00\x00\x02\x60\x12\xff\xff\x00\x00\x00\x00\x02\x04\x05\xb4"
#define MACS "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"

static const uint8_t frame4[] = MACS "\x08\x00" V4 TCP24 "\x00\x00"; /* padded: the end is IP's */
static const uint8_t tagged[] = MACS "\x88\xa8\x00\x05\x81\x00\x00\x07\x08\x00" V4 TCP24;
static const uint8_t frame6[] = MACS "\x86\xdd\x60\x00\x00\x00\x00\x18\x06\x40"
				     "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
				     "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" TCP24;

static void
test_families(void)
{
	struct net_ends e;

	CU_ASSERT_TRUE_FATAL(net_ends(frame4, sizeof(frame4) - 1, &e));
	CU_ASSERT_TRUE(e.src_port == 22 && e.dst_port == 40000 && e.tcp == 34 && e.end == 58);
	CU_ASSERT_TRUE(e.src[10] == 0xff && e.src[12] == 192 && e.src[15] == 1 && e.dst[15] == 2);
	CU_ASSERT_TRUE_FATAL(net_ends(tagged, sizeof(tagged) - 1, &e));
	CU_ASSERT_TRUE(e.src_port == 22 && e.tcp == 42 && e.end == 66);
	CU_ASSERT_TRUE_FATAL(net_ends(frame6, sizeof(frame6) - 1, &e));
	CU_ASSERT_TRUE(e.src_port == 22 && e.dst_port == 40000 && e.tcp == 54 && e.end == 78);
	CU_ASSERT_TRUE(e.src[0] == 0x20 && e.src[15] == 1 && e.dst[15] == 2);
}

/* Addresses are known of what is no first fragment, ports are not. */
static void
test_fragments(void)
{
	uint8_t f[sizeof(frame4)];
	struct net_ends e;

	memcpy(f, frame4, sizeof(f));
	f[20] = 0x20; /* the first of several */
	CU_ASSERT_TRUE(net_ends(f, sizeof(f) - 1, &e) && e.src_port == 22);
	f[21] = 0x01;
	CU_ASSERT_TRUE(net_ends(f, sizeof(f) - 1, &e) && e.src_port == 0 && e.tcp == 0 && e.dst[15] == 2);
}

/* Nothing is read behind the end, whatever the header says. */
static void
test_cut(void)
{
	struct net_ends e;
	uint8_t f[sizeof(frame6)], csum[2];

	for (uint32_t len = 0; len < sizeof(frame6) - 1; len++) {
		bool ip = net_ends(frame6, len, &e);

		CU_ASSERT_EQUAL(ip, len >= 54);
		CU_ASSERT_TRUE(!ip || e.end <= len);
		CU_ASSERT_EQUAL(ip && net_ends_csum(frame6, &e, csum), len >= 74);
	}
	memcpy(f, frame4, sizeof(frame4));
	f[14] = 0x4f; /* a header longer than the packet */
	f[17] = 20;
	CU_ASSERT_FALSE(net_ends(f, sizeof(frame4) - 1, &e));
	f[14] = 0x44;
	CU_ASSERT_FALSE(net_ends(f, sizeof(frame4) - 1, &e));
	f[12] = 0x08;
	f[13] = 0x06; /* ARP */
	CU_ASSERT_FALSE(net_ends(f, sizeof(frame4) - 1, &e));
}

/* RFC 1071: what the port writes, from the pseudo header's sum in the field. */
static void
test_csum(void)
{
	uint8_t f[sizeof(frame4)], csum[2];
	struct net_ends e;
	uint32_t sum = 0xc000u + 0x0201u + 0xc000u + 0x0202u + 6u + 24u;

	memcpy(f, frame4, sizeof(f));
	sum = (sum & 0xffff) + (sum >> 16);
	f[50] = (uint8_t)(sum >> 8);
	f[51] = (uint8_t)sum;
	CU_ASSERT_TRUE(net_ends(f, sizeof(f) - 1, &e) && net_ends_csum(f, &e, csum));
	/* with the result in its place, everything sums up to all ones */
	f[50] = csum[0];
	f[51] = csum[1];
	for (uint32_t i = 34; i < 58; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	CU_ASSERT_EQUAL(sum, 0xffff);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "families and tags", test_families },
		{ "fragments", test_fragments },
		{ "cut anywhere", test_cut },
		{ "checksum", test_csum },
		CU_TEST_INFO_NULL,
	};

	return suite_run("ends", tests);
}
