#include <string.h>

#include "drivers/nic/device.h"
#include "tests/lib/suite.h"

static const struct nic_driver *
find(const char *device)
{
	const char *wrong = NULL;
	const struct nic_driver *d = nic_driver_of(device, &wrong);

	CU_ASSERT_PTR_NOT_NULL(wrong);
	return d;
}

static void
names(void)
{
	static const struct {
		const char *device, *driver;
	} good[] = {
		{ "af_packet:eth1", "af_packet" },
		{ "af_xdp:enp1s0f0np0", "af_xdp" },
		{ "af_xdp:eth1,force_copy=1,start_queue=2", "af_xdp" },
		{ "tap:dp0", "tap" },
		{ "memif:/run/postern/memif.sock", "memif" },
		{ "memif:/run/m.sock,id=3,secret=abc", "memif" },
		{ "ring:a", "ring" },
		{ "pci:0000:02:00.0", "pci" },
		{ "pci:02:00.1", "pci" },
		{ "bond:tap:tap0+tap:tap1", "bond" },
		{ "bond:pci:0000:02:00.0+pci:0000:02:00.1,mode=balance,policy=l2", "bond" },
		{ "pci:0000:3b:00.0,dv_flow_en=0", "pci" },
		{ "vdev:net_null0", "vdev" },
		{ "net_null0,size=64", "vdev" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct nic_driver *d = find(good[i].device);

		CU_ASSERT_PTR_NOT_NULL_FATAL(d);
		CU_ASSERT_STRING_EQUAL(d->name, good[i].driver);
	}
}

static void
refused(void)
{
	static const char *const bad[] = { "", "eth1", "af_packet", "af_packet:", "af_packet:a/b",
		"af_packet:averylonginterfacename", "af_packet:eth1,", "af_packet:eth1,framesz=65536",
		"af_packet:eth1 x", "af_xdp:eth1,force_copy", "af_xdp:eth1,force_copy=", "af_xdp:,force_copy=1",
		"memif:relative", "memif:/a,socket=/b", "ring:a/b", "pci:", "pci:eth1", "pci:0000:02:00",
		"pci:0000:02:00.0x", "pci:g000:02:00.0", "vdev:crypto_null", "net_", "AF_PACKET:eth1",
		"bond:tap:tap0", "bond:tap:tap0+", "bond:tap:tap0+af_packet:eth1", "bond:tap:tap0+bond:tap:tap1",
		"bond:tap:tap0+memif:/a", "bond:tap:tap0+tap:tap1,color=red", "bond:",
		"bond:tap:a+tap:b+tap:c+tap:d+tap:e+tap:f+tap:g+tap:h+tap:i" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_PTR_NULL(find(bad[i]));
}

static const char *
args(const char *device, uint32_t queues)
{
	static char text[512];

	CU_ASSERT_PTR_NOT_NULL_FATAL(find(device));
	CU_ASSERT_EQUAL(nic_device_args(device, queues, 1500, text, sizeof(text)), (int)strlen(text));
	return text;
}

/* Each as a device of its own, of its own number. */
static void
members(void)
{
	static const char bond[] = "bond:tap:tap0+pci:0000:02:00.0,mode=balance";
	char text[256];

	CU_ASSERT(nic_member(bond, 0, text, sizeof(text)) && strcmp(text, "tap:tap0") == 0);
	CU_ASSERT(nic_member(bond, 1, text, sizeof(text)) && strcmp(text, "pci:0000:02:00.0") == 0);
	CU_ASSERT(!nic_member(bond, 2, text, sizeof(text)));
	CU_ASSERT(!nic_member(bond, 1, text, 4));
	CU_ASSERT(nic_member_args("tap:tap0", 3, 1500, text, sizeof(text)) > 0);
	CU_ASSERT_EQUAL(strncmp(text, "net_tap3,iface=tap0,mac=", 24), 0);
	CU_ASSERT(nic_member_args("pci:0000:02:00.0", 3, 1500, text, sizeof(text)) > 0);
	CU_ASSERT_STRING_EQUAL(text, "0000:02:00.0");
	CU_ASSERT_EQUAL(nic_member_args("tap:tap0", 3, 1500, text, 9), -1);
	CU_ASSERT_EQUAL(nic_member_args("nothing", 0, 1500, text, sizeof(text)), -1);
}

static void
arguments(void)
{
	char small[8];

	/* a larger frame would be copied past a packet buffer */
	CU_ASSERT_STRING_EQUAL(args("af_packet:eth1", 1),
	    "net_af_packet0,iface=eth1,blocksz=65536,framesz=2048,framecnt=2048");
	CU_ASSERT_PTR_NOT_NULL(strstr(args("af_packet:eth1", 4), ",qpairs=4"));
	CU_ASSERT_STRING_EQUAL(args("af_xdp:eth1,force_copy=1", 2),
	    "net_af_xdp0,iface=eth1,busy_budget=0,queue_count=2,force_copy=1");
	CU_ASSERT_EQUAL(strncmp(args("tap:dp0", 4), "net_tap0,iface=dp0,mac=", 23), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(args("memif:/run/m.sock", 1), ",role=server,socket-abstract=no,mac="));
	CU_ASSERT_PTR_NULL(strstr(args("memif:/run/m.sock,role=client", 1), "role=server"));
	CU_ASSERT_STRING_EQUAL(args("ring:a", 1), "net_ring0");
	CU_ASSERT_STRING_EQUAL(args("pci:0000:02:00.0,x=1", 8), "0000:02:00.0,x=1");
	CU_ASSERT_STRING_EQUAL(args("net_null0,size=64", 1), "net_null0,size=64");
	CU_ASSERT_STRING_EQUAL(args("vdev:net_null0,size=64", 1), "net_null0,size=64");
	CU_ASSERT_EQUAL(nic_device_args("af_packet:eth1", 1, 1500, small, sizeof(small)), -1);
}

/* A frame of the ring has room for the packet, whatever its size; a packet buffer has for
 * the frame; and the kernel takes the ring. */
static void
jumbo_rings(void)
{
	for (uint32_t mtu = 1280; mtu <= 9216; mtu++) {
		unsigned block, frame, count;
		char text[256];
		const char *at;

		CU_ASSERT(nic_device_args("af_packet:eth1", 1, (uint16_t)mtu, text, sizeof(text)) > 0);
		at = strstr(text, ",blocksz=");
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL_FATAL(sscanf(at, ",blocksz=%u,framesz=%u,framecnt=%u", &block, &frame, &count), 3);
		/* packet_mmap: blocks of whole pages, frames aligned to 16 bytes, as many as the
		 * blocks hold; the driver: no gap between them */
		if (block % 4096 != 0 || frame % 16 != 0 || block % frame != 0 || count % (block / frame) != 0 ||
		    count < 512 || frame < mtu + 18 + 66 || nic_frame_room((uint16_t)mtu) < frame - 52)
			CU_FAIL_FATAL("ring");
	}
}

static void
behind_the_colon(void)
{
	char text[32];

	nic_device_name("af_xdp:eth1,force_copy=1", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "eth1");
	nic_device_name("pci:0000:02:00.0", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "0000:02:00.0");
	nic_device_name("net_null0,size=64", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "net_null0");
}

static void
addresses(void)
{
	uint8_t a[6], b[6];

	nic_device_mac("tap:dp0", a);
	nic_device_mac("tap:dp0", b);
	CU_ASSERT_EQUAL(memcmp(a, b, 6), 0);
	CU_ASSERT_EQUAL(a[0] & 3, 2); /* local, for one */
	nic_device_mac("tap:dp1", b);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, 6), 0);
}

static void
rows_are_whole(void)
{
	unsigned n = 0;

	for (const struct nic_driver *d = NULL; (d = nic_driver_next(d)) != NULL; n++) {
		CU_ASSERT_PTR_NOT_NULL(d->device);
		CU_ASSERT_PTR_NOT_NULL(d->calls);
		CU_ASSERT_TRUE(d->queue_max > 0);
		/* several queues: it must be known how flows come to them */
		CU_ASSERT_TRUE(d->queue_max == 1 || d->spread != PORT_SPREAD_NONE);
	}
	CU_ASSERT_TRUE(n >= 7);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "names", names },
		{ "wrong names are refused", refused },
		{ "what DPDK is told", arguments },
		{ "members of a bond", members },
		{ "packet rings for jumbo frames", jumbo_rings },
		{ "the device in the name", behind_the_colon },
		{ "addresses are local and last", addresses },
		{ "every row is whole", rows_are_whole },
		CU_TEST_INFO_NULL,
	};

	return suite_run("nic device", tests);
}
