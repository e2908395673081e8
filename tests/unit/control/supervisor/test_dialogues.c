/*
 * The supervisor's part of PAM's dialogues: it makes the child, hands out a socket,
 * and ends it; with puppets for the roles and the dataplane.
 */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/attach.h"
#include "abi/link/grant.h"
#include "abi/wire/reason.h"
#include "control/pammsg.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/puppet.h"

#define GEN 3u

static struct stage st;
static struct puppet *keeper, *warden, *gate;
static struct msg m;
static struct dp_packet dp;
static uint8_t room[8192];

static void
up(uint32_t max, uint32_t per_source, uint32_t seconds)
{
	stage_open(&st);
	st.conf.use_pam = true;
	st.conf.dialogues_max = max;
	st.conf.dialogues_per_source = per_source;
	st.conf.dialogue_s = seconds;
	stage_start(&st);
	keeper = puppet_wait(&st, ROLE_KEEPER, 0);
	warden = puppet_wait(&st, ROLE_WARDEN, 0);
	gate = puppet_wait(&st, ROLE_GATE, 0);
	CU_ASSERT_FATAL(keeper && warden && gate);
	CU_ASSERT_FATAL(dp_attach(&st));
}

static void
down(void)
{
	puppet_free(keeper);
	puppet_free(warden);
	puppet_free(gate);
	stage_close(&st);
}

/* A connection from there, with a session id. */
static void
connection(uint32_t conn, const char *from)
{
	struct msg ask = { .type = MSG_FIRST_HASH, .conn = conn, .gen = GEN, .tag = conn };
	struct put w;

	dp_begin(&w, room, sizeof(room), ATTACH_CONN);
	put_u32(&w, 0);
	put_u32(&w, conn);
	put_u32(&w, GEN);
	put_cstr(&w, from);
	put_u16(&w, 4242);
	put_cstr(&w, "198.51.100.1");
	put_u16(&w, 22);
	put_u8(&w, 0);
	put_cstr(&w, "");
	put_cstr(&w, "");
	put_u64(&w, 1);
	dp_say(&st, &w, NULL, 0);
	w = put_of(room, sizeof(room));
	put_cstr(&w, "hash");
	puppet_say(keeper, &ask, &w);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_FIRST_HASH, &dp));
	dp_begin(&w, room, sizeof(room), ATTACH_FIRST_HASH_STORED);
	put_u32(&w, conn);
	put_u32(&w, GEN);
	put_u32(&w, 0);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT_FATAL(puppet_find(warden, MSG_CONN_HASH, &m));
}

static void
ask(uint32_t conn, uint32_t tag, uint8_t kind, const char *user)
{
	struct msg say = { .type = MSG_DIALOGUE, .conn = conn, .gen = GEN, .tag = tag };
	struct put w = put_of(room, sizeof(room));

	put_u8(&w, kind);
	put_u8(&w, PAM_F_NO_EMPTY);
	put_cstr(&w, user);
	puppet_say(warden, &say, &w);
}

/* Warden is introduced to the child of this tag: its socket. */
static int
introduced(uint32_t tag)
{
	int fd = -1;

	while (fd < 0 && puppet_find(warden, MSG_PEER, &m)) {
		struct cur c = cur_view(m.body);

		if (cur_u8(&c) == ROLE_PAM) {
			CU_ASSERT(cur_u32(&c) == tag && cur_done(&c));
			fd = msg_take_fd(&m, 0);
		}
		msg_drop_fds(&m);
	}
	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

/* The child, and its end of that socket. */
static struct puppet *
child(uint8_t kind, const char *user, const char *from, int *fd)
{
	struct puppet *p = puppet_wait(&st, ROLE_PAM, 1);
	struct cur c;

	CU_ASSERT_FATAL(p != NULL && puppet_find(p, MSG_PAM_ASK, &m));
	c = cur_view(m.body);
	CU_ASSERT(cur_u8(&c) == PAM_STAGE_DIALOGUE);
	CU_ASSERT(cur_u8(&c) == kind && cur_u8(&c) == PAM_F_NO_EMPTY);
	CU_ASSERT(view_is(cur_string(&c), user));
	CU_ASSERT(view_is(cur_string(&c), from));
	CU_ASSERT(cur_done(&c));
	*fd = msg_take_fd(&m, 0);
	CU_ASSERT_FATAL(*fd >= 0);
	msg_drop_fds(&m);
	return p;
}

static void
expect_over(uint32_t tag)
{
	CU_ASSERT_FATAL(puppet_find(warden, MSG_DIALOGUE_OVER, &m));
	CU_ASSERT_EQUAL(m.tag, tag);
}

static void
say_over(uint32_t conn, uint32_t tag)
{
	struct msg say = { .type = MSG_DIALOGUE_OVER, .conn = conn, .gen = GEN, .tag = tag };
	struct put w = put_of(room, sizeof(room));

	put_u32(&w, 0);
	puppet_say(warden, &say, &w);
}

static void
test_socket(void)
{
	struct puppet *pam;
	int ours, theirs;
	char byte = 'x';

	up(4, 4, 60);
	connection(7, "192.0.2.1");
	ask(7, 9, PAM_KIND_KBDINT, "alice");
	ours = introduced(9);
	pam = child(PAM_KIND_KBDINT, "alice", "192.0.2.1", &theirs);
	CU_ASSERT(send(ours, &byte, 1, 0) == 1 && fd_readable(theirs, WAIT_MS));
	/* it dies: warden hears of it, also when something of it keeps the socket */
	kill(pam->pid, SIGKILL);
	expect_over(9);
	CU_ASSERT(puppet_gone(pam));
	puppet_free(pam);
	close(ours);
	close(theirs);
	down();
}

/* Killed when it is not wanted, when its connection is gone, with its warden, and at
 * its deadline. */
static void
test_ends(void)
{
	struct puppet *pam[3];
	struct put w;
	int fds[6];

	up(4, 4, 60);
	connection(7, "192.0.2.1");
	connection(8, "192.0.2.1");
	for (int i = 0; i < 2; i++) {
		ask(7 + (uint32_t)i, (uint32_t)i, PAM_KIND_PASSWORD, "alice");
		fds[2 * i] = introduced((uint32_t)i);
		pam[i] = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &fds[2 * i + 1]);
	}
	say_over(7, 0);
	CU_ASSERT(puppet_gone(pam[0]));
	dp_begin(&w, room, sizeof(room), ATTACH_CONN_CLOSED);
	put_u32(&w, 8);
	put_u32(&w, GEN);
	put_u32(&w, R_SSH_GRACE);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_gone(pam[1]));
	ask(7, 2, PAM_KIND_PASSWORD, "alice");
	fds[4] = introduced(2);
	pam[2] = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &fds[5]);
	kill(warden->pid, SIGKILL);
	CU_ASSERT(puppet_gone(pam[2]));
	puppet_free(warden);
	warden = puppet_wait(&st, ROLE_WARDEN, 0);
	CU_ASSERT_FATAL(warden != NULL);
	/* the next warden's tags begin anew */
	ask(7, 2, PAM_KIND_PASSWORD, "alice");
	close(fds[4]);
	close(fds[5]);
	puppet_free(pam[2]);
	fds[4] = introduced(2);
	pam[2] = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &fds[5]);
	for (int i = 0; i < 3; i++) {
		puppet_free(pam[i]);
		close(fds[2 * i]);
		close(fds[2 * i + 1]);
	}
	down();
}

static void
test_deadline(void)
{
	struct puppet *pam;
	int ours, theirs;

	up(4, 4, 1);
	connection(7, "192.0.2.1");
	ask(7, 9, PAM_KIND_PASSWORD, "alice");
	ours = introduced(9);
	pam = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &theirs);
	expect_over(9);
	CU_ASSERT(puppet_gone(pam));
	puppet_free(pam);
	close(ours);
	close(theirs);
	down();
}

/* Two at a time, one of each source: who waits is next when a place is free, and one
 * source keeps no other from its own. */
static void
test_limits(void)
{
	struct puppet *a, *b, *c;
	int fds[6];

	up(2, 1, 60);
	connection(1, "192.0.2.1");
	connection(2, "192.0.2.1");
	connection(3, "192.0.2.3");
	connection(4, "192.0.2.4");
	ask(1, 1, PAM_KIND_PASSWORD, "alice");
	fds[0] = introduced(1);
	a = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &fds[1]);
	ask(2, 2, PAM_KIND_PASSWORD, "alice"); /* waits for 1 */
	ask(3, 3, PAM_KIND_PASSWORD, "carol");
	fds[2] = introduced(3);
	b = child(PAM_KIND_PASSWORD, "carol", "192.0.2.3", &fds[3]);
	ask(4, 4, PAM_KIND_PASSWORD, "dave"); /* waits for anybody */
	say_over(3, 3);
	fds[4] = introduced(4);
	c = child(PAM_KIND_PASSWORD, "dave", "192.0.2.4", &fds[5]);
	/* one that waits is forgotten without a word */
	say_over(4, 4);
	say_over(2, 2);
	say_over(1, 1);
	CU_ASSERT(puppet_gone(a) && puppet_gone(b) && puppet_gone(c));
	ask(2, 5, PAM_KIND_PASSWORD, "alice");
	puppet_free(a);
	close(fds[0]);
	close(fds[1]);
	fds[0] = introduced(5);
	a = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &fds[1]);
	puppet_free(a);
	puppet_free(b);
	puppet_free(c);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	down();
}

/* Unknown connections have no dialogue; malformed words end warden. */
static void
test_refused(void)
{
	struct msg say = { .type = MSG_DIALOGUE, .conn = 7, .gen = GEN, .tag = 1 };
	static const struct {
		uint8_t kind;
		const char *user;
		size_t len;
	} bad[] = { { 0, "alice", 5 }, { 3, "alice", 5 }, { 1, "", 0 }, { 1, "al\0ice", 6 } };
	struct put w;

	up(4, 4, 60);
	ask(99, 1, PAM_KIND_PASSWORD, "alice");
	expect_over(1);
	connection(7, "192.0.2.1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w = put_of(room, sizeof(room));
		put_u8(&w, bad[i].kind);
		put_u8(&w, 0);
		put_string(&w, bad[i].user, bad[i].len);
		puppet_say(warden, &say, &w);
		CU_ASSERT(puppet_gone(warden));
		puppet_free(warden);
		warden = puppet_wait(&st, ROLE_WARDEN, 0);
		CU_ASSERT_FATAL(warden != NULL);
	}
	down();
}

/* The child of a dialogue has nothing to say here, least of all a yes. */
static void
test_child_says(void)
{
	struct msg say = { .type = MSG_PAM_SAYS };
	struct puppet *pam;
	struct put w = put_of(room, sizeof(room));
	int ours, theirs;

	up(4, 4, 60);
	connection(7, "192.0.2.1");
	ask(7, 9, PAM_KIND_PASSWORD, "alice");
	ours = introduced(9);
	pam = child(PAM_KIND_PASSWORD, "alice", "192.0.2.1", &theirs);
	w = put_of(room, sizeof(room));
	put_u32(&w, 0);
	put_cstr(&w, "yes");
	puppet_say(pam, &say, &w);
	CU_ASSERT(puppet_gone(pam));
	expect_over(9);
	puppet_free(pam);
	close(ours);
	close(theirs);
	down();
}

/* The account stage was part of the dialogue: the grant goes on without another. */
static void
test_grant(void)
{
	static struct grant g;
	static uint8_t image[GRANT_MAX];
	struct msg say = { .type = MSG_GRANT, .conn = 7, .gen = GEN };
	struct put i = put_of(image, sizeof(image)), w;

	up(4, 4, 60);
	connection(7, "192.0.2.1");
	strcpy(g.user, "alice");
	strcpy(g.home, "/home/u");
	strcpy(g.shell, "/bin/sh");
	strcpy(g.methods, "password");
	strcpy(g.peer, "192.0.2.1");
	g.uid = g.gid = 1234;
	CU_ASSERT(grant_encode(&g, &i) == 0);
	w = put_of(room, sizeof(room));
	put_sview(&w, put_view(&i));
	put_bool(&w, true);
	puppet_say(warden, &say, &w);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_GRANT, &dp));
	dp_begin(&w, room, sizeof(room), ATTACH_GRANT_STORED);
	put_u32(&w, 7);
	put_u32(&w, GEN);
	put_u32(&w, 0);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(gate, MSG_GRANTED, &m));
	/* who is logged in has no dialogue */
	ask(7, 11, PAM_KIND_PASSWORD, "alice");
	expect_over(11);
	down();
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "a child and its socket", test_socket },
		{ "its end", test_ends },
		{ "its deadline", test_deadline },
		{ "limits", test_limits },
		{ "refused", test_refused },
		{ "a child that speaks to the supervisor", test_child_says },
		{ "a grant with the account stage behind it", test_grant },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return puppet_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return suite_run("supervisor: PAM's dialogues", tests);
}
