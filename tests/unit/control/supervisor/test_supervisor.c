/*
 * The supervisor and its roles: starting, the session id, grants, ending; with
 * puppets for the roles and the dataplane.
 */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/cast.h"

static bool
find_peer(struct puppet *p, enum role_id role, uint32_t index, int *fd)
{
	while (puppet_find(p, MSG_PEER, &m)) {
		struct cur c = cur_view(m.body);
		uint8_t r = cur_u8(&c);
		uint32_t i = cur_u32(&c);

		CU_ASSERT(r != ROLE_SUPERVISOR);
		if (cur_done(&c) && r == role && i == index) {
			*fd = msg_take_fd(&m, 0);
			return true;
		}
		drop();
	}
	return false;
}

static void
test_start(void)
{
	int a = -1, b = -1;
	char byte = 'x';

	up(false);
	CU_ASSERT(puppet_expect(gate[1], MSG_CONF, &m));
	CU_ASSERT(m.fd_count == 1);
	drop();
	CU_ASSERT_FATAL(find_peer(gate[1], ROLE_KEEPER, 0, &a));
	CU_ASSERT_FATAL(find_peer(keeper, ROLE_GATE, 1, &b));
	CU_ASSERT(send(a, &byte, 1, 0) == 1);
	CU_ASSERT(fd_readable(b, WAIT_MS));
	close(a);
	close(b);
	CU_ASSERT(find_peer(warden, ROLE_READER, 0, &a));
	close(a);
	CU_ASSERT(find_peer(clerk, ROLE_KEEPER, 0, &a));
	close(a);
	down();
}

static void
test_restart(void)
{
	struct timespec t0, t1;
	int fd;

	up(false);
	log_in();
	clock_gettime(CLOCK_MONOTONIC, &t0);
	kill(keeper->pid, SIGKILL);
	CU_ASSERT(puppet_gone(keeper));
	puppet_free(keeper);
	keeper = puppet_wait(&st, ROLE_KEEPER, 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CU_ASSERT_FATAL(keeper != NULL);
	CU_ASSERT((t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000 < 1000);
	CU_ASSERT(puppet_expect(keeper, MSG_CONF, &m));
	drop();
	/* Known session ids come before anybody who could ask with them. */
	CU_ASSERT(puppet_expect(keeper, MSG_CONN_HASH, &m));
	CU_ASSERT(m.conn == CONN && m.gen == GEN);
	CU_ASSERT_FATAL(find_peer(keeper, ROLE_GATE, 0, &fd));
	close(fd);
	CU_ASSERT_FATAL(find_peer(gate[0], ROLE_KEEPER, 0, &fd));
	close(fd);
	down();
}

/* A role that is ended again and again is started with growing delays, for ever. */
static void
test_restart_again(void)
{
	int i;

	up(false);
	for (i = 0; i < 4; i++) {
		kill(console->pid, SIGKILL);
		puppet_free(console);
		console = puppet_wait(&st, ROLE_CONSOLE, 0);
		CU_ASSERT_FATAL(console != NULL);
	}
	down();
}

static void
test_hash_replaced(void)
{
	struct msg ask = { .type = MSG_FIRST_HASH, .conn = CONN, .gen = GEN, .tag = 60 };
	uint8_t answer[64];
	struct put w;

	up(false);
	store_hash("one");
	store_hash("two");
	/* The exchange is over: the stored one stands. */
	text(&w, "three");
	puppet_say(keeper, &ask, &w);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_FIRST_HASH, &dp));
	dp_begin(&w, answer, sizeof(answer), ATTACH_FIRST_HASH_STORED);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_u32(&w, R_LINK_STATE);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT_FATAL(puppet_find(keeper, MSG_FIRST_HASH_OK, &m));
	CU_ASSERT(m.tag == 60 && m.body.len == 4 && m.body.data[3] == R_LINK_STATE);
	down();
}

static void
test_grant_again(void)
{
	up(false);
	log_in();
	/* Warden was started again, the gate asked again: told again, not stored. */
	ask_grant("alice");
	CU_ASSERT(puppet_find(gate[0], MSG_GRANTED, &m));
	CU_ASSERT(puppet_find(gate[1], MSG_GRANTED, &m));
	/* Another user on the same connection: nothing is told. */
	ask_grant("root");
	ask_grant("alice");
	CU_ASSERT(puppet_find(gate[0], MSG_GRANTED, &m));
	CU_ASSERT(!fd_readable(gate[0]->fd, 50));
	down();
}

static void
test_grant_needs_hash(void)
{
	up(false);
	ask_grant("alice");
	/* Nothing goes out for it: the next thing the dataplane hears is the hash. */
	store_hash("late");
	ask_grant("alice");
	answer_grant(R_LINK_CONN);
	CU_ASSERT(puppet_find(gate[0], MSG_AUTH_NO, &m));
	down();
}

/* By the dataplane's word; by warden's while it has said nothing. */
static const char *peer = "192.0.2.1";

static struct puppet *
pam_child(void)
{
	struct puppet *pam = puppet_wait(&st, ROLE_PAM, 0);
	struct cur c;

	CU_ASSERT_FATAL(pam != NULL);
	CU_ASSERT_FATAL(puppet_find(pam, MSG_PAM_ASK, &m));
	c = cur_view(m.body);
	CU_ASSERT(cur_u8(&c) == 1);
	CU_ASSERT(cur_u8(&c) == 0 && cur_u8(&c) == 0);
	CU_ASSERT(view_is(cur_string(&c), "alice"));
	CU_ASSERT(view_is(cur_string(&c), peer));
	CU_ASSERT(cur_done(&c));
	return pam;
}

static void
pam_says(struct puppet *pam, uint32_t reason)
{
	struct msg say = { .type = MSG_PAM_SAYS };
	struct put w = put_of(room, sizeof(room));

	put_u32(&w, reason);
	put_cstr(&w, "words");
	puppet_say(pam, &say, &w);
}

static void
test_pam(void)
{
	struct puppet *pam;

	up(true);
	store_hash("h");
	ask_grant("alice");
	pam = pam_child();
	pam_says(pam, R_LINK_DENIED);
	CU_ASSERT(puppet_find(gate[0], MSG_AUTH_NO, &m));
	puppet_free(pam);
	/* A child that dies has said no. */
	ask_grant("alice");
	pam = pam_child();
	kill(pam->pid, SIGKILL);
	CU_ASSERT(puppet_find(gate[0], MSG_AUTH_NO, &m));
	puppet_free(pam);
	ask_grant("alice");
	pam = pam_child();
	pam_says(pam, 0);
	answer_grant(0);
	CU_ASSERT(puppet_find(gate[1], MSG_GRANTED, &m));
	puppet_free(pam);
	down();
}

static void
say_conn(const char *from, uint16_t port)
{
	uint8_t say[256];
	struct put w;

	dp_begin(&w, say, sizeof(say), ATTACH_CONN);
	put_u32(&w, 0);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_cstr(&w, from);
	put_u16(&w, port);
	put_cstr(&w, "198.51.100.1");
	put_u16(&w, 22);
	put_u8(&w, 0);
	put_cstr(&w, "");
	put_cstr(&w, "");
	put_u64(&w, 1);
	dp_say(&st, &w, NULL, 0);
}

/* A gate that lies about the peer deceives neither PAM nor whom the grant tells. */
static void
test_grant_addresses(void)
{
	static struct grant g;
	struct puppet *pam;

	up(true);
	say_conn("198.51.100.7", 4242);
	store_hash("h"); /* answered on the same socket: that word is read */
	peer = "198.51.100.7";
	ask_grant("alice");
	pam = pam_child();
	peer = "192.0.2.1";
	pam_says(pam, 0);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_GRANT, &dp));
	CU_ASSERT(cur_u32(&dp.c) == CONN && cur_u32(&dp.c) == GEN);
	CU_ASSERT_FATAL(grant_decode(&g, cur_string(&dp.c)) == 0);
	CU_ASSERT_STRING_EQUAL(g.peer, "198.51.100.7");
	CU_ASSERT_STRING_EQUAL(g.local, "198.51.100.1");
	CU_ASSERT(g.peer_port == 4242 && g.local_port == 22);
	CU_ASSERT_STRING_EQUAL(g.user, "alice");
	puppet_free(pam);
	down();
}

static void
test_out_of_line(void)
{
	struct msg ask = { .type = MSG_GRANT, .conn = CONN, .gen = GEN };
	struct put w;

	up(false);
	/* A gate that grants itself a login ends; so does a malformed message. */
	make_grant(&w, "root");
	puppet_say(gate[0], &ask, &w);
	CU_ASSERT(puppet_gone(gate[0]));
	puppet_free(gate[0]);
	gate[0] = puppet_wait(&st, ROLE_GATE, 0);
	text(&w, "x");
	ask.type = MSG_LINK;
	puppet_say(clerk, &ask, &w);
	CU_ASSERT(puppet_gone(clerk));
	puppet_free(clerk);
	clerk = puppet_wait(&st, ROLE_CLERK, 0);
	CU_ASSERT_FATAL(gate[0] != NULL && clerk != NULL);
	/* So does one that says again and again that it is ready. */
	ask.type = MSG_READY;
	puppet_say(clerk, &ask, NULL);
	puppet_say(clerk, &ask, NULL);
	CU_ASSERT(puppet_gone(clerk));
	puppet_free(clerk);
	clerk = puppet_wait(&st, ROLE_CLERK, 0);
	CU_ASSERT(clerk != NULL);
	down();
}

/* The service manager hears of it when the last role is ready, once. */
static void
test_notify(void)
{
	struct puppet *all[7];
	struct msg ready = { .type = MSG_READY };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char got[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int i;

	stage_open(&st);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/n", st.folder);
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	stage_start(&st);
	unsetenv("NOTIFY_SOCKET");
	take_all();
	all[0] = console;
	all[1] = keeper;
	all[2] = reader;
	all[3] = warden;
	all[4] = gate[0];
	all[5] = gate[1];
	all[6] = clerk;
	for (i = 0; i < 7; i++) {
		CU_ASSERT(recv(fd, got, sizeof(got), MSG_DONTWAIT) < 0);
		puppet_say(all[i], &ready, NULL);
	}
	CU_ASSERT(fd_readable(fd, WAIT_MS));
	CU_ASSERT(recv(fd, got, sizeof(got), 0) == 7 && memcmp(got, "READY=1", 7) == 0);
	close(fd);
	down();
}

/* A role that does not run keeps nobody else from running. */
static void
test_stopped_role(void)
{
	up(false);
	kill(warden->pid, SIGSTOP);
	kill(gate[1]->pid, SIGSTOP);
	keep_hash("first-hash");
	kill(warden->pid, SIGKILL);
	puppet_free(warden);
	warden = puppet_wait(&st, ROLE_WARDEN, 0);
	CU_ASSERT_FATAL(warden != NULL);
	CU_ASSERT(puppet_find(warden, MSG_CONN_HASH, &m));
	ask_grant("alice");
	answer_grant(0);
	CU_ASSERT(puppet_find(gate[0], MSG_GRANTED, &m));
	kill(gate[1]->pid, SIGCONT);
	CU_ASSERT(puppet_find(gate[1], MSG_GRANTED, &m));
	down();
}

static void
test_stop(void)
{
	int status = -1;

	up(false);
	kill(st.supervisor, SIGTERM);
	CU_ASSERT(puppet_find(keeper, MSG_STOP, &m));
	CU_ASSERT(puppet_find(gate[1], MSG_STOP, &m));
	/* The puppets end as roles do; console is told last. */
	kill(keeper->pid, SIGKILL);
	kill(warden->pid, SIGKILL);
	kill(reader->pid, SIGKILL);
	kill(clerk->pid, SIGKILL);
	kill(gate[0]->pid, SIGKILL);
	kill(gate[1]->pid, SIGKILL);
	CU_ASSERT(puppet_find(console, MSG_STOP, &m));
	kill(console->pid, SIGKILL);
	CU_ASSERT(waitpid(st.supervisor, &status, 0) == st.supervisor);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	st.supervisor = 0;
	down();
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "roles are started and introduced", test_start },
		{ "a role that ends is back at once", test_restart },
		{ "a role that keeps ending is kept trying", test_restart_again },
		{ "first hash, replaced, refused", test_hash_replaced },
		{ "a grant is told again", test_grant_again },
		{ "no grant without a session id", test_grant_needs_hash },
		{ "account stage", test_pam },
		{ "a grant's addresses", test_grant_addresses },
		{ "out of line", test_out_of_line },
		{ "the service manager is told", test_notify },
		{ "a role that is stopped", test_stopped_role },
		{ "stop", test_stop },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return puppet_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return suite_run("supervisor", tests);
}
