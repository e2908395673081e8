/*
 * Descriptors whose close takes as long as their sender likes: here a TCP socket
 * that lingers over bytes which nobody reads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/packet.h"
#include "control/loop.h"
#include "control/msg.h"
#include "control/supervisor/apart.h"
#include "tests/lib/suite.h"

#define LINGER_S 3
#define SOON_MS 1000

static struct loop *loop;

static int
begin(void)
{
	loop = loop_new();
	if (loop == NULL)
		return -1;
	apart_start(loop);
	return 0;
}

static int
finish(void)
{
	loop_free(loop);
	return 0;
}

/* Two ends; the first has bytes under way for ever. */
static void
lingering(int ends[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger linger = { .l_onoff = 1, .l_linger = LINGER_S };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	static char much[65536];
	socklen_t len = sizeof(at);

	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(connect(ends[0], (struct sockaddr *)&at, len), 0);
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
	CU_ASSERT_EQUAL(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	while (send(ends[0], much, sizeof(much), MSG_DONTWAIT) > 0)
		;
}

static void
stop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

/* The closer is collected, and the descriptor is gone. */
static void
wait_closed(int fd)
{
	uint64_t by = loop_now_ms() + 1000 * (LINGER_S + 5);

	while (fcntl(fd, F_GETFD) >= 0 && loop_now_ms() < by) {
		loop_after(loop, 10, stop, NULL);
		loop_run(loop, NULL, NULL);
	}
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1);
	CU_ASSERT_EQUAL(errno, EBADF);
}

static void
test_dropped(void)
{
	static uint8_t buf[MSG_MAX];
	struct msg m = { .type = MSG_READY };
	int pair[2], ends[2], got;
	uint64_t since;

	CU_ASSERT_EQUAL_FATAL(msg_pair(pair), 0);
	lingering(ends);
	m.fds[0] = ends[0];
	m.fd_count = 1;
	CU_ASSERT_EQUAL(msg_send(pair[0], &m), 0);
	close(ends[0]);
	CU_ASSERT_EQUAL_FATAL(msg_recv(pair[1], &m, buf), 1);
	got = m.fds[0];
	since = loop_now_ms();
	msg_drop_fds(&m);
	CU_ASSERT(loop_now_ms() - since < SOON_MS);
	wait_closed(got);
	close(ends[1]);
	close(pair[0]);
	close(pair[1]);
}

/* A packet that is longer than any message is never seen; what it brought is
 * closed all the same. */
static void
test_cut(void)
{
	static uint8_t much[MSG_MAX + 100], buf[MSG_MAX];
	int pair[2], ends[2];
	struct msg m;
	uint64_t since;

	CU_ASSERT_EQUAL_FATAL(msg_pair(pair), 0);
	lingering(ends);
	CU_ASSERT_EQUAL(packet_send(pair[0], view_of(much, sizeof(much)), ends, 1), 0);
	close(ends[0]);
	since = loop_now_ms();
	CU_ASSERT_EQUAL(msg_recv(pair[1], &m, buf), -1);
	CU_ASSERT(loop_now_ms() - since < SOON_MS);
	close(ends[1]);
	close(pair[0]);
	close(pair[1]);
}

static void
test_kinds(void)
{
	int memory = memfd_create("kinds", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int bell[2], packet[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, bell), 0);
	CU_ASSERT_EQUAL_FATAL(msg_pair(packet), 0);
	CU_ASSERT_TRUE(apart_is_memory(memory));
	CU_ASSERT_FALSE(apart_is_memory(null));
	CU_ASSERT_FALSE(apart_is_memory(bell[0]));
	CU_ASSERT_TRUE(apart_is_bell(bell[0]));
	CU_ASSERT_FALSE(apart_is_bell(packet[0]));
	CU_ASSERT_FALSE(apart_is_bell(null));
	CU_ASSERT_EQUAL(apart_close(memory), 0);
	CU_ASSERT_EQUAL(fcntl(memory, F_GETFD), -1);
	CU_ASSERT_EQUAL(apart_close(bell[0]), 0);
	CU_ASSERT_EQUAL(fcntl(bell[0], F_GETFD), -1);
	CU_ASSERT_EQUAL(apart_close(null), 0);
	wait_closed(null);
	close(bell[1]);
	close(packet[0]);
	close(packet[1]);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "kinds of descriptors", test_kinds },
		{ "dropped with its message", test_dropped },
		{ "dropped with a packet that is cut", test_cut },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("closing apart", begin, finish, tests);
}
