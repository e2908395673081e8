#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/connmap.h"
#include "control/log.h"
#include "control/peers.h"
#include "tests/lib/suite.h"

/* ---- connections ---- */

static void
test_connmap(void)
{
	struct connmap t;
	uint32_t number[100];

	CU_ASSERT_EQUAL_FATAL(connmap_init(&t, 100), 0);
	for (uint32_t i = 0; i < 100; i++) {
		number[i] = connmap_add(&t, i % 10, i / 10);
		CU_ASSERT(number[i] < 100);
	}
	CU_ASSERT_EQUAL(connmap_add(&t, 77, 77), CONNMAP_NONE);
	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(connmap_find(&t, i % 10, i / 10), number[i]);
	CU_ASSERT_EQUAL(connmap_find(&t, 10, 0), CONNMAP_NONE);
	for (uint32_t i = 0; i < 100; i += 2)
		connmap_remove(&t, number[i]);
	CU_ASSERT_EQUAL(t.count, 50);
	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(connmap_find(&t, i % 10, i / 10), i % 2 ? number[i] : CONNMAP_NONE);
	for (uint32_t i = 0; i < 50; i++)
		CU_ASSERT_NOT_EQUAL(connmap_add(&t, 1000 + i, 1), CONNMAP_NONE);
	CU_ASSERT_EQUAL(connmap_add(&t, 77, 77), CONNMAP_NONE);
	connmap_fini(&t);
}

/* ---- the configuration message ---- */

static int
file_of(const char *text)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);

	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void
send_conf(int fd, const char *text)
{
	static const uint8_t generation[4] = { 0, 0, 0, 1 };
	struct msg m = { .type = MSG_CONF, .body = view_of(generation, 4), .fd_count = 1 };

	m.fds[0] = file_of(text);
	CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
	close(m.fds[0]);
}

static void
test_confmsg(void)
{
	static struct conf c;
	struct msg other = { .type = MSG_STOP };
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	send_conf(fds[0], "Port 4022\n");
	CU_ASSERT_EQUAL(confmsg_wait(&c, fds[1]), 0);
	CU_ASSERT_EQUAL(c.port, 4022);
	send_conf(fds[0], "Port x\n");
	CU_ASSERT_EQUAL(confmsg_wait(&c, fds[1]), -1);
	CU_ASSERT_EQUAL(c.port, 4022);
	send_conf(fds[0], "");
	CU_ASSERT_EQUAL(confmsg_wait(&c, fds[1]), -1);
	CU_ASSERT_EQUAL(msg_send(fds[0], &other), 0);
	CU_ASSERT_EQUAL(confmsg_wait(&c, fds[1]), -1);
	close(fds[0]);
	CU_ASSERT_EQUAL(confmsg_wait(&c, fds[1]), -1);
	close(fds[1]);
}

/* ---- peers ---- */

static struct loop *loop;
static struct peers peers;
static int supervisor;
static unsigned came, went, heard;
static uint32_t last_tag;
static bool refuse;

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	(void)ctx;
	heard++;
	last_tag = m->tag;
	if (from->role != ROLE_SUPERVISOR && m->type == MSG_KEYS)
		loop_stop(loop);
	return refuse ? -1 : 0;
}

static void
on_change(void *ctx, struct role_peer *peer, bool there)
{
	(void)ctx;
	if (peer->role == ROLE_SUPERVISOR)
		return;
	came += there;
	went += !there;
	loop_stop(loop);
}

static void
start(void)
{
	int fds[2];

	came = went = heard = 0;
	refuse = false;
	loop = loop_new();
	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	supervisor = fds[0];
	CU_ASSERT_EQUAL_FATAL(peers_start(&peers, loop, fds[1], on_message, on_change, NULL), 0);
}

static void
stop(void)
{
	peers_end(&peers);
	loop_free(loop);
	close(supervisor);
}

static int
introduce(uint32_t index)
{
	uint8_t body[5] = { ROLE_GATE, 0, 0, 0, (uint8_t)index };
	struct msg m = { .type = MSG_PEER, .body = view_of(body, 5), .fd_count = 1 };
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	m.fds[0] = fds[1];
	CU_ASSERT_EQUAL(msg_send(supervisor, &m), 0);
	close(fds[1]);
	loop_run(loop, NULL, NULL);
	return fds[0];
}

static void
test_introduced(void)
{
	struct msg m = { .type = MSG_KEYS, .tag = 5 };
	uint32_t serial;
	int gate, again;

	start();
	gate = introduce(3);
	CU_ASSERT_EQUAL(came, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(peers_find(&peers, ROLE_GATE, 3));
	CU_ASSERT_PTR_NULL(peers_find(&peers, ROLE_GATE, 2));
	serial = peers_find(&peers, ROLE_GATE, 3)->serial;
	CU_ASSERT_EQUAL(msg_send(gate, &m), 0);
	loop_run(loop, NULL, NULL);
	CU_ASSERT(heard == 1 && last_tag == 5);
	/* one of the same name replaces it */
	again = introduce(3);
	CU_ASSERT(came == 2 && went == 1);
	CU_ASSERT_PTR_NULL(peers_by_serial(&peers, serial));
	CU_ASSERT_NOT_EQUAL(peers_find(&peers, ROLE_GATE, 3)->serial, serial);
	/* gone */
	close(again);
	loop_run(loop, NULL, NULL);
	CU_ASSERT_EQUAL(went, 2);
	CU_ASSERT_PTR_NULL(peers_find(&peers, ROLE_GATE, 3));
	CU_ASSERT(peers_send(peers_find(&peers, ROLE_GATE, 3), &m) != 0);
	close(gate);
	stop();
}

static void
test_refused(void)
{
	struct msg m = { .type = MSG_KEYS };
	int gate;

	start();
	gate = introduce(1);
	refuse = true;
	CU_ASSERT_EQUAL(msg_send(gate, &m), 0);
	loop_run(loop, NULL, NULL);
	if (went == 0)
		loop_run(loop, NULL, NULL);
	CU_ASSERT_EQUAL(went, 1);
	CU_ASSERT_EQUAL(heard, 1);
	close(gate);
	stop();
}

/* Only the supervisor introduces, and only with a whole message. */
static void
test_not_introduced(void)
{
	uint8_t body[5] = { ROLE_GATE };
	struct msg m = { .type = MSG_PEER, .body = view_of(body, 5) };
	int gate;

	start();
	gate = introduce(1);
	CU_ASSERT_EQUAL(msg_send(gate, &m), 0);
	refuse = true;
	loop_run(loop, NULL, NULL);
	CU_ASSERT_EQUAL(went, 1);
	CU_ASSERT_EQUAL(came, 1);
	close(gate);
	/* without its descriptor: the supervisor itself is not believed, and the loop ends */
	CU_ASSERT_EQUAL(msg_send(supervisor, &m), 0);
	loop_run(loop, NULL, NULL);
	CU_ASSERT_PTR_NULL(peers_find(&peers, ROLE_SUPERVISOR, 0));
	stop();
}

static unsigned arrived;
static int slow;

static int
drain(void *ctx)
{
	static uint8_t buf[MSG_MAX];
	struct msg m;

	(void)ctx;
	while (msg_recv(slow, &m, buf) == 1) {
		CU_ASSERT_EQUAL(m.tag, arrived);
		arrived++;
	}
	if (arrived < 500)
		return 0;
	loop_stop(loop);
	return 1;
}

/* What a slow receiver does not take arrives later, in order. */
static void
test_slow(void)
{
	static const uint8_t body[1500];
	struct role_peer *peer;

	start();
	slow = introduce(1);
	arrived = 0;
	peer = peers_find(&peers, ROLE_GATE, 1);
	for (uint32_t i = 0; i < 500; i++) {
		struct msg m = { .type = MSG_SIGNED, .tag = i, .body = view_of(body, sizeof body) };

		CU_ASSERT_EQUAL(peers_send(peer, &m), 0);
	}
	CU_ASSERT(peer->waiting > 0);
	loop_run(loop, drain, NULL);
	CU_ASSERT_EQUAL(arrived, 500);
	CU_ASSERT_EQUAL(peer->waiting, 0);
	close(slow);
	stop();
}

/* One that never takes anything is cut, and holds no more than its bound. */
static void
test_stuck(void)
{
	static const uint8_t body[60000];
	struct role_peer *peer;
	int gate, r = 0;

	start();
	gate = introduce(1);
	peer = peers_find(&peers, ROLE_GATE, 1);
	for (int i = 0; i < 100 && r == 0; i++) {
		struct msg m = { .type = MSG_SIGNED, .body = view_of(body, sizeof body) };

		r = peers_send(peer, &m);
		CU_ASSERT(peer->waiting <= PEERS_QUEUE_MAX);
	}
	CU_ASSERT_NOT_EQUAL(r, 0);
	CU_ASSERT(peer->fd >= 0);
	loop_run(loop, NULL, NULL);
	CU_ASSERT_EQUAL(went, 1);
	CU_ASSERT(peer->fd < 0 && peer->waiting == 0);
	close(gate);
	stop();
}

static void
test_supervisor_gone(void)
{
	start();
	close(supervisor);
	loop_run(loop, NULL, NULL);
	CU_ASSERT_PTR_NULL(peers_find(&peers, ROLE_SUPERVISOR, 0));
	supervisor = -1;
	stop();
}

static int
begin(void)
{
	log_start("test", open("/dev/null", O_WRONLY));
	alarm(60);
	return 0;
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "table of connections", test_connmap },
		{ "configuration message", test_confmsg },
		{ "introduced, replaced, gone", test_introduced },
		{ "refused message", test_refused },
		{ "introduced wrongly", test_not_introduced },
		{ "slow receiver", test_slow },
		{ "stuck receiver", test_stuck },
		{ "supervisor gone", test_supervisor_gone },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("peers", begin, NULL, tests);
}
