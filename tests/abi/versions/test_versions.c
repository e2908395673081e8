/*
 * Plugins of other versions on this host: built with each kept version of the headers, and
 * with a version that is not there yet; and on a host that says it is a later one.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static char bin[PATH_MAX / 2];
static struct said s;

static struct bench *
host_with(const char *version, bool later_host)
{
	struct bench *b = bench_new();
	char path[PATH_MAX], why[256] = "";

	load_drop(&b->host);
	if (later_host) {
		b->host.face.size += 32;
		b->host.face.abi_minor += 9;
	}
	snprintf(path, sizeof(path), "%s/versions/%s.so", bin, version);
	if (load_plugin(&b->host, path, geteuid(), why) != 0 || load_start(&b->host) != POSTERN_OK) {
		printf("%s: %s\n", path, why);
		bench_free(b);
		return NULL;
	}
	return b;
}

static bool
says(struct bench *b, uint16_t op, const char *payload)
{
	bool good = bench_next(b, &s) && s.e.op == op &&
	    (payload == NULL || (s.e.len == strlen(payload) && memcmp(s.payload, payload, s.e.len) == 0));

	if (!good)
		printf("said op %u: %.*s\n", (unsigned)s.e.op, (int)s.e.len, (const char *)s.payload);
	return good;
}

static int
rest(void *ctx)
{
	struct bench *b = ctx;

	bench_run(b);
	if (ring_pending(&b->in)) {
		loop_stop(b->loop);
		return 1;
	}
	return 0;
}

static void
send_request(struct bench *b, const char *name)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	bench_send(b, LINK_UP_CHAN_REQUEST, 1, 1, 0, put_view(&w));
	bench_run(b);
}

static void
whole_life(const char *version, bool later_host)
{
	struct bench *b = host_with(version, later_host);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	bench_start(b, 1, LINK_START_SUBSYSTEM, "versions", none(), 1000, 65536);
	bench_run(b);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_REPLY, NULL) && s.e.arg[0] == 1);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_DATA, "0 faults\n"));
	bench_send(b, LINK_UP_CHAN_DATA, 1, 0, 0, view_of("there and back", 14));
	bench_run(b);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_DATA, "there and back"));
	CU_ASSERT(says(b, LINK_DOWN_CHAN_TOOK, NULL) && s.e.arg[0] == 14);
	send_request(b, "unheard");
	CU_ASSERT(says(b, LINK_DOWN_CHAN_REPLY, NULL) && s.e.arg[0] == 0);
	send_request(b, "put-off");
	loop_run(b->loop, rest, b);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_REPLY, NULL) && s.e.arg[0] == 1);
	bench_send(b, LINK_UP_CHAN_EOF, 1, 0, 0, none());
	bench_run(b);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_EOF, NULL));
	CU_ASSERT(says(b, LINK_DOWN_CHAN_REQUEST, NULL));
	CU_ASSERT(says(b, LINK_DOWN_CHAN_CLOSE, NULL));
	bench_send(b, LINK_UP_CHAN_CLOSED, 1, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	CU_ASSERT_EQUAL(load_stop(&b->host), 0);
	bench_free(b);
}

/* ABI_KEPT: the names of the versions, with spaces between them. */
static void
test_old_plugins(void)
{
	char kept[] = ABI_KEPT;
	char *version, *rest_of = kept;
	unsigned count = 0;

	while ((version = strsep(&rest_of, " ")) != NULL)
		if (version[0] != '\0') {
			whole_life(version, false);
			whole_life(version, true);
			count++;
		}
	CU_ASSERT(count > 0);
}

static void
test_later_plugin(void)
{
	whole_life("later", false);
}

/* What it offers of a kind that this host does not know is skipped, not served. */
static void
test_later_kind(void)
{
	struct bench *b = host_with("later", false);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	bench_start(b, 1, LINK_START_SUBSYSTEM, "of a kind that nobody knows yet", none(), 1000, 65536);
	bench_run(b);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_REPLY, NULL) && s.e.arg[0] == 0);
	CU_ASSERT(says(b, LINK_DOWN_CHAN_CLOSE, NULL));
	bench_free(b);
}

static bool
find_bin(void)
{
	ssize_t n = readlink("/proc/self/exe", bin, sizeof(bin) - 1);

	if (n <= 0)
		return false;
	bin[n] = '\0';
	*strrchr(bin, '/') = '\0';
	return true;
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "plugins of kept versions, on this host and on a later one", test_old_plugins },
		{ "a plugin of a later version", test_later_plugin },
		{ "a later kind of start", test_later_kind },
		CU_TEST_INFO_NULL,
	};

	log_start("test", 1000000);
	if (!find_bin())
		return 1;
	return suite_run("abi versions", tests);
}
