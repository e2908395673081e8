#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/msg.h"
#include "tests/lib/suite.h"

static int pair[2];
static uint8_t buf[MSG_MAX];
static uint8_t big[MSG_MAX];

static void
open_pair(void)
{
	CU_ASSERT_FATAL(msg_pair(pair) == 0);
}

static void
close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
}

static void
test_round(void)
{
	struct msg m = {
		.type = MSG_SIGN, .conn = 0x01000002, .gen = 9, .tag = 0xfffffffe, .body = view_str("body")
	};
	struct msg got;

	open_pair();
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 0);
	CU_ASSERT(msg_send(pair[0], &m) == 0);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 1);
	CU_ASSERT(got.type == MSG_SIGN && got.conn == m.conn && got.gen == 9 && got.tag == m.tag);
	CU_ASSERT(view_is(got.body, "body"));
	CU_ASSERT(got.fd_count == 0 && msg_take_fd(&got, 0) == -1);
	m.body.len = 0;
	CU_ASSERT(msg_send(pair[0], &m) == 0);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 1 && got.body.len == 0);
	close(pair[0]);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == -1);
	CU_ASSERT(msg_send(pair[1], &m) == -EPIPE);
	close(pair[1]);
}

static void
test_fds(void)
{
	struct msg m = { .type = MSG_SPAWN, .fd_count = MSG_FDS_MAX };
	struct msg got;
	int i, kept;

	open_pair();
	for (i = 0; i < MSG_FDS_MAX; i++)
		m.fds[i] = pair[0];
	CU_ASSERT(msg_send(pair[0], &m) == 0);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 1);
	CU_ASSERT(got.fd_count == MSG_FDS_MAX);
	kept = msg_take_fd(&got, 3);
	CU_ASSERT(kept >= 0 && msg_take_fd(&got, 3) == -1 && msg_take_fd(&got, MSG_FDS_MAX) == -1);
	CU_ASSERT((fcntl(kept, F_GETFD) & FD_CLOEXEC) != 0);
	i = got.fds[4];
	msg_drop_fds(&got);
	CU_ASSERT(fcntl(i, F_GETFD) == -1);
	CU_ASSERT(fcntl(kept, F_GETFD) != -1);
	close(kept);
	close_pair();
}

static void
test_limits(void)
{
	struct msg m = { .type = MSG_SIGN };
	struct msg got;

	open_pair();
	m.body = view_of(big, MSG_MAX - 16);
	CU_ASSERT(msg_send(pair[0], &m) == 0);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 1 && got.body.len == MSG_MAX - 16);
	m.body.len++;
	CU_ASSERT(msg_send(pair[0], &m) == -EMSGSIZE);
	/* Shorter than a head: malformed. */
	CU_ASSERT(send(pair[0], big, 15, 0) == 15);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == -1);
	close_pair();
}

/* A later minor version is read, another major one is not. */
static void
test_versions(void)
{
	struct msg m = { .type = MSG_SIGN, .body = view_str("body") };
	struct msg got;
	uint8_t raw[64];
	size_t len = 16 + m.body.len;

	open_pair();
	CU_ASSERT(msg_pack(&m, buf) == len);
	memcpy(raw, buf, len);
	CU_ASSERT(raw[2] == MSG_MAJOR && raw[3] == MSG_MINOR);
	raw[3] = MSG_MINOR + 7;
	CU_ASSERT(send(pair[0], raw, len, 0) == (ssize_t)len);
	CU_ASSERT(msg_recv(pair[1], &got, buf) == 1 && view_is(got.body, "body"));
	for (unsigned major = 0; major < 256; major++) {
		raw[2] = (uint8_t)major;
		CU_ASSERT(send(pair[0], raw, len, 0) == (ssize_t)len);
		CU_ASSERT(msg_recv(pair[1], &got, buf) == (major == MSG_MAJOR ? 1 : -1));
	}
	close_pair();
}

static void
test_slow(void)
{
	struct msg m = { .type = MSG_SIGN, .body = view_of(big, 30000) };
	struct msg got;
	int sent = 0, read = 0;

	open_pair();
	while (msg_send(pair[0], &m) == 0)
		sent++;
	CU_ASSERT(sent > 1);
	CU_ASSERT(msg_send(pair[0], &m) == -EAGAIN);
	while (msg_recv(pair[1], &got, buf) == 1)
		read++;
	CU_ASSERT(read == sent);
	CU_ASSERT(msg_send(pair[0], &m) == 0);
	close_pair();
}

static void
test_names(void)
{
	CU_ASSERT_STRING_EQUAL(msg_name(MSG_HOST_WANTED), "HOST_WANTED");
	CU_ASSERT_STRING_EQUAL(msg_name(60000), "?");
}

static void
test_log(void)
{
	char line[4096];
	int fds[2];
	int sent;
	ssize_t n;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	log_start("gate", fds[0]);
	log_info("hello %d", 7);
	n = recv(fds[1], line, sizeof(line), MSG_DONTWAIT);
	CU_ASSERT(n == 15 && memcmp(line, "<6>gate hello 7", 15) == 0);
	log_debug("not told");
	CU_ASSERT(recv(fds[1], line, sizeof(line), MSG_DONTWAIT) < 0);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	log_info("%s", line);
	n = recv(fds[1], line, sizeof(line), MSG_DONTWAIT);
	CU_ASSERT(n > 1000 && n < 2048);
	/* What cannot be sent is counted and told with the next line. */
	for (sent = 0; sent < 100000; sent++)
		log_error("line %d", sent);
	while (recv(fds[1], line, sizeof(line), MSG_DONTWAIT) > 0)
		;
	log_error("after");
	n = recv(fds[1], line, sizeof(line) - 1, MSG_DONTWAIT);
	CU_ASSERT_FATAL(n > 0);
	line[n] = '\0';
	CU_ASSERT(strstr(line, "log lines dropped") != NULL);
	n = recv(fds[1], line, sizeof(line) - 1, MSG_DONTWAIT);
	CU_ASSERT_FATAL(n > 0);
	line[n] = '\0';
	CU_ASSERT_STRING_EQUAL(line, "<3>gate after");
	log_start("test", -1);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "there and back", test_round },
		{ "descriptors", test_fds },
		{ "limits and malformed packets", test_limits },
		{ "a slow receiver", test_slow },
		{ "versions", test_versions },
		{ "names", test_names },
		{ "log lines", test_log },
		CU_TEST_INFO_NULL,
	};

	return suite_run("msg", tests);
}
