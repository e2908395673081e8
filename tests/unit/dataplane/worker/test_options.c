#include <string.h>

#include "abi/link/attach.h"
#include "dataplane/options.h"
#include "tests/lib/suite.h"

static struct options o;

static int
parse(const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)"postern-dp", (char *)a, (char *)b, (char *)c, NULL };
	int argc = 1;

	while (argc < 4 && argv[argc] != NULL)
		argc++;
	return options_parse(&o, argc, argv);
}

static void
defaults(void)
{
	CU_ASSERT_EQUAL(parse("--nic", "af_packet:eth1", NULL), 0);
	CU_ASSERT_STRING_EQUAL(o.control, ATTACH_PATH);
	CU_ASSERT_TRUE(o.huge);
	CU_ASSERT_FALSE(o.poll);
	CU_ASSERT_EQUAL(o.workers, 1);
	CU_ASSERT_EQUAL(o.worker_cpus, 0);
	CU_ASSERT_EQUAL(o.mtu, 1500);
	CU_ASSERT_EQUAL(o.queues, 0);
	CU_ASSERT_STRING_EQUAL(o.nic, "af_packet:eth1");
}

static void
both_forms(void)
{
	CU_ASSERT_EQUAL(parse("--nic=net_ring0", "--memory=64", "--no-huge"), 0);
	CU_ASSERT_STRING_EQUAL(o.nic, "net_ring0");
	CU_ASSERT_EQUAL(o.memory_mb, 64);
	CU_ASSERT_FALSE(o.huge);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--impair", "loss=0.5,seed=3"), 0);
	CU_ASSERT_TRUE(o.impaired);
	CU_ASSERT_EQUAL(o.impair.seed, 3);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--workers=3", "--worker-cpu=1,0,1"), 0);
	CU_ASSERT_EQUAL(o.workers, 3);
	CU_ASSERT_EQUAL(o.worker_cpus, 3);
	CU_ASSERT_EQUAL(o.worker_cpu[0], 1);
	CU_ASSERT_EQUAL(o.worker_cpu[1], 0);
}

static void
refused(void)
{
	CU_ASSERT_EQUAL(parse(NULL, NULL, NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic", NULL, NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--nonsense", NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--poll=yes", NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--memory", "-5"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--memory", "64x"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--mtu", "1279"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--mtu", "9217"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--mtu", "9216"), 0);
	CU_ASSERT_EQUAL(o.mtu, 9216);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--conn-max", "0"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--workers", "0"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--workers", "33"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--worker-cpu", "1,"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--worker-cpu", ""), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--queues", "0"), -1);
	CU_ASSERT_EQUAL(parse("--nic=tap:x", "--impair", "loss=2"), -1);
	CU_ASSERT_EQUAL(parse("--nic", "af_packet:", NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic", "af_packet:eth1,framesz=65536", NULL), -1);
	CU_ASSERT_EQUAL(parse("--nic", "af_packet:averylonginterfacename", NULL), -1);
}

static void
said_and_done(void)
{
	CU_ASSERT_EQUAL(parse("--version", NULL, NULL), 1);
	CU_ASSERT_EQUAL(parse("--help", NULL, NULL), 1);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "defaults", defaults },
		{ "both forms of a value", both_forms },
		{ "refused", refused },
		{ "version and help", said_and_done },
		CU_TEST_INFO_NULL,
	};

	return suite_run("options", tests);
}
