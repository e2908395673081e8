/*
 * The supervisor's flows, with puppets for the roles and the dataplane.
 */
#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/link/grant.h"
#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/puppet.h"

#define CONN 7u
#define GEN 3u

static struct stage st;
static struct puppet *keeper, *warden, *reader, *console, *gate[2], *clerk;
static struct msg m;
static struct dp_packet dp;
static uint8_t room[8192];

static void
drop(void)
{
	msg_drop_fds(&m);
}

static void
take_all(void)
{
	console = puppet_wait(&st, ROLE_CONSOLE, 0);
	keeper = puppet_wait(&st, ROLE_KEEPER, 0);
	reader = puppet_wait(&st, ROLE_READER, 0);
	warden = puppet_wait(&st, ROLE_WARDEN, 0);
	gate[0] = puppet_wait(&st, ROLE_GATE, 0);
	gate[1] = puppet_wait(&st, ROLE_GATE, 1);
	clerk = puppet_wait(&st, ROLE_CLERK, 0);
	CU_ASSERT_FATAL(console && keeper && reader && warden && gate[0] && gate[1] && clerk);
}

static void
free_all(void)
{
	puppet_free(console);
	puppet_free(keeper);
	puppet_free(reader);
	puppet_free(warden);
	puppet_free(gate[0]);
	puppet_free(gate[1]);
	puppet_free(clerk);
}

static void
up(bool pam)
{
	stage_open(&st);
	st.conf.use_pam = pam;
	stage_start(&st);
	take_all();
	CU_ASSERT_FATAL(dp_attach(&st));
}

static void
down(void)
{
	free_all();
	stage_close(&st);
}

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
text(struct put *w, const char *body)
{
	*w = put_of(room, sizeof(room));
	put_cstr(w, body);
}

/* ---- session id ---- */

/* Up to keeper's answer. */
static void
keep_hash(const char *hash)
{
	struct msg ask = { .type = MSG_FIRST_HASH, .conn = CONN, .gen = GEN, .tag = 55 };
	uint8_t answer[64];
	struct put w;

	text(&w, hash);
	puppet_say(keeper, &ask, &w);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_FIRST_HASH, &dp));
	CU_ASSERT(cur_u32(&dp.c) == CONN && cur_u32(&dp.c) == GEN);
	CU_ASSERT(view_is(cur_string(&dp.c), hash));
	CU_ASSERT(cur_done(&dp.c));
	dp_begin(&w, answer, sizeof(answer), ATTACH_FIRST_HASH_STORED);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_u32(&w, 0);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT_FATAL(puppet_find(keeper, MSG_CONN_HASH, &m));
	CU_ASSERT_FATAL(puppet_expect(keeper, MSG_FIRST_HASH_OK, &m));
	CU_ASSERT(m.tag == 55 && m.conn == CONN && m.gen == GEN);
}

static void
store_hash(const char *hash)
{
	keep_hash(hash);
	CU_ASSERT_FATAL(puppet_find(warden, MSG_CONN_HASH, &m));
	CU_ASSERT(m.conn == CONN && m.body.len == 4 + strlen(hash));
}

/* ---- grant ---- */

static void
make_grant(struct put *w, const char *user)
{
	static struct grant g;
	static uint8_t image[GRANT_MAX];
	struct put i = put_of(image, sizeof(image));

	memset(&g, 0, sizeof(g));
	strcpy(g.user, user);
	strcpy(g.home, "/home/u");
	strcpy(g.shell, "/bin/sh");
	strcpy(g.methods, "publickey");
	strcpy(g.key, "ssh-ed25519 SHA256:x");
	strcpy(g.peer, "192.0.2.1");
	g.peer_port = 999;
	g.uid = g.gid = 1234;
	CU_ASSERT(grant_encode(&g, &i) == 0);
	*w = put_of(room, sizeof(room));
	put_sview(w, put_view(&i));
	put_bool(w, false);
}

static void
ask_grant(const char *user)
{
	struct msg ask = { .type = MSG_GRANT, .conn = CONN, .gen = GEN };
	struct put w;

	make_grant(&w, user);
	puppet_say(warden, &ask, &w);
}

static void
answer_grant(uint32_t reason)
{
	uint8_t answer[64];
	struct put w;

	CU_ASSERT_FATAL(dp_find(&st, ATTACH_GRANT, &dp));
	CU_ASSERT(cur_u32(&dp.c) == CONN && cur_u32(&dp.c) == GEN);
	dp_begin(&w, answer, sizeof(answer), ATTACH_GRANT_STORED);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_u32(&w, reason);
	dp_say(&st, &w, NULL, 0);
}

static void
log_in(void)
{
	store_hash("first-hash");
	ask_grant("alice");
	answer_grant(0);
	CU_ASSERT_FATAL(puppet_find(gate[0], MSG_GRANTED, &m));
	CU_ASSERT(m.conn == CONN && m.gen == GEN && m.body.len == 4 + 9);
}

/* ---- tests ---- */

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

/* ---- links ---- */

/* What a link is made of: memory, the two ends of a bell, the slots' memory. */
static void
link_files(int fds[4])
{
	fds[0] = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[3] = memfd_create("slots", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CU_ASSERT_FATAL(fds[0] >= 0 && fds[3] >= 0 && bell_create(&fds[1], &fds[2]) == 0);
}

static void
close_files(const int fds[4])
{
	int i;

	for (i = 0; i < 4; i++)
		close(fds[i]);
}

static uint32_t
ask_link(struct puppet *p, int count, uint8_t role)
{
	struct msg ask = { .type = MSG_LINK, .tag = 77, .fd_count = count };
	struct put w = put_of(room, sizeof(room));
	int fds[4];
	uint32_t tag;

	link_files(fds);
	memcpy(ask.fds, fds, (size_t)count * sizeof(int));
	put_u32(&w, 0);
	puppet_say(p, &ask, &w);
	close_files(fds);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LINK_NEW, &dp));
	tag = cur_u32(&dp.c);
	CU_ASSERT(cur_u8(&dp.c) == role);
	return tag;
}

static void
link_ready(uint32_t tag, uint32_t id, uint32_t reason)
{
	uint8_t answer[64];
	struct put w;
	int fds[4];

	link_files(fds);
	dp_begin(&w, answer, sizeof(answer), ATTACH_LINK_READY);
	put_u32(&w, tag);
	put_u32(&w, id);
	put_u32(&w, reason);
	dp_say(&st, &w, fds, 2);
	close_files(fds);
}

static void
test_link(void)
{
	uint32_t tag;

	up(false);
	tag = ask_link(gate[1], 3, LINK_GATE);
	CU_ASSERT(cur_u32(&dp.c) == 1);
	CU_ASSERT(cur_u32(&dp.c) == LINK_CONN_NONE);
	CU_ASSERT(dp.n == 3);
	dp_drop_fds(&dp);
	link_ready(tag, 900, 0);
	CU_ASSERT_FATAL(puppet_find(gate[1], MSG_LINK_UP, &m));
	CU_ASSERT(m.tag == 77 && m.fd_count == 2 && m.body.len == 8);
	drop();
	/* A refused role is started anew. */
	tag = ask_link(clerk, 3, LINK_CLERK);
	dp_drop_fds(&dp);
	link_ready(tag, 0, R_LINK_SEALS);
	CU_ASSERT(puppet_gone(clerk));
	puppet_free(clerk);
	clerk = puppet_wait(&st, ROLE_CLERK, 0);
	CU_ASSERT(clerk != NULL);
	down();
}

/* ---- hosts ---- */

static void
want_host(uint32_t tag, const char *plugin)
{
	struct msg ask = { .type = MSG_HOST_WANTED, .conn = CONN, .gen = GEN, .tag = tag };
	struct put w;

	text(&w, plugin);
	puppet_say(clerk, &ask, &w);
}

static uint32_t
host_ready(uint32_t tag, uint32_t *link_id)
{
	struct cur c;

	CU_ASSERT_FATAL(puppet_find(clerk, MSG_HOST_READY, &m));
	CU_ASSERT(m.tag == tag && m.conn == CONN && m.gen == GEN);
	c = cur_view(m.body);
	(void)cur_string(&c);
	*link_id = cur_u32(&c);
	return cur_u32(&c);
}

struct user_host {
	struct puppet *leader;
	int leader_pidfd; /* the dataplane's copies */
	int leader_sock;
	int host_fd; /* the host's end */
	int host_pidfd;
	int host_sock;
	pid_t pid;
	uint8_t buf[MSG_MAX];
};

static pid_t
idle_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return pid;
}

static void
leader_starts(struct user_host *u)
{
	struct msg say = { .type = MSG_LOGIN_STARTED };
	struct put w = put_of(room, sizeof(room));

	u->leader = puppet_wait(&st, ROLE_LOGIN, 0);
	CU_ASSERT_FATAL(u->leader != NULL);
	CU_ASSERT_FATAL(puppet_find(u->leader, MSG_LOGIN_START, &m));
	put_u32(&w, 0);
	put_cstr(&w, "");
	puppet_say(u->leader, &say, &w);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LEADER_NEW, &dp));
	CU_ASSERT_FATAL(cur_u32(&dp.c) == CONN && dp.n == 2);
	u->leader_pidfd = dp.fds[0];
	u->leader_sock = dp.fds[1];
}

/* HOST_START is answered with a process of the test's; the host speaks over the
 * socket that came with it. Its LINK may come before HOST_STARTED. */
static void
host_starts(struct user_host *u, bool link_first, uint32_t link_id)
{
	struct msg started = { .type = MSG_HOST_STARTED, .fd_count = 1 };
	struct msg lk = { .type = MSG_LINK, .fd_count = 2 };
	struct put w;
	int fds[4];
	uint32_t tag;
	int r = 0;

	CU_ASSERT_FATAL(puppet_find(u->leader, MSG_HOST_START, &m));
	CU_ASSERT_FATAL(m.fd_count == 2);
	started.tag = m.tag;
	u->host_fd = msg_take_fd(&m, 0);
	drop();
	while (r == 0 && fd_readable(u->host_fd, WAIT_MS))
		r = msg_recv(u->host_fd, &m, u->buf);
	CU_ASSERT_FATAL(r == 1 && m.type == MSG_HOST_CONF);
	link_files(fds);
	lk.fds[0] = fds[0];
	lk.fds[1] = fds[1];
	w = put_of(room, sizeof(room));
	put_u32(&w, 0);
	lk.body = put_view(&w);
	if (link_first)
		CU_ASSERT(msg_send(u->host_fd, &lk) == 0);
	u->pid = idle_process();
	u->host_pidfd = (int)syscall(SYS_pidfd_open, u->pid, 0);
	started.fds[0] = u->host_pidfd;
	w = put_of(room + 64, 64);
	put_u32(&w, (uint32_t)u->pid);
	put_cstr(&w, "");
	puppet_say(u->leader, &started, &w);
	if (!link_first)
		CU_ASSERT(msg_send(u->host_fd, &lk) == 0);
	close_files(fds);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LINK_NEW, &dp));
	tag = cur_u32(&dp.c);
	CU_ASSERT(cur_u8(&dp.c) == LINK_HOST);
	CU_ASSERT(cur_u32(&dp.c) == 0 && cur_u32(&dp.c) == CONN && cur_u32(&dp.c) == GEN);
	CU_ASSERT(view_is(cur_string(&dp.c), "shell"));
	CU_ASSERT_FATAL(dp.n == 4);
	close(dp.fds[0]);
	close(dp.fds[1]);
	close(u->host_pidfd);
	u->host_pidfd = dp.fds[2];
	u->host_sock = dp.fds[3];
	link_ready(tag, link_id, 0);
	r = 0;
	while (r == 0 && fd_readable(u->host_fd, WAIT_MS))
		r = msg_recv(u->host_fd, &m, u->buf);
	CU_ASSERT(r == 1 && m.type == MSG_LINK_UP);
	drop();
}

static void
user_host_free(struct user_host *u)
{
	kill(u->pid, SIGKILL);
	waitpid(u->pid, NULL, 0);
	puppet_free(u->leader);
	close(u->leader_pidfd);
	close(u->leader_sock);
	close(u->host_pidfd);
	close(u->host_sock);
	close(u->host_fd);
}

static void
shell_plugin(void)
{
	stage_file(&st, "shell.so", "not looked into", NULL);
	stage_file(&st, "shell.conf", "# as the user\nRunAs user\nOther thing\n", NULL);
}

static void
test_user_host(void)
{
	static struct user_host u;
	uint32_t id, tag;

	up(false);
	shell_plugin();
	want_host(1, "shell");
	CU_ASSERT(host_ready(1, &id) == R_NO_GRANT);
	log_in();
	want_host(2, "absent");
	CU_ASSERT(host_ready(2, &id) == R_CHAN_HOST_GONE);
	want_host(2, "../shell");
	CU_ASSERT(host_ready(2, &id) == R_CHAN_HOST_GONE);
	want_host(3, "shell");
	leader_starts(&u);
	/* Asked again while it starts: one host, two answers. */
	want_host(4, "shell");
	host_starts(&u, true, 41);
	/* In any order: which came first is a race of two sockets. */
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_HOST_READY, &m));
	tag = m.tag;
	CU_ASSERT(tag == 3 || tag == 4);
	CU_ASSERT(host_ready(7 - tag, &id) == 0 && id == 41);
	want_host(5, "shell");
	CU_ASSERT(host_ready(5, &id) == 0 && id == 41);
	/* Its end is noticed; the next one is a new one, by the same leader. */
	kill(u.pid, SIGKILL);
	waitpid(u.pid, NULL, 0);
	close(u.host_sock);
	CU_ASSERT(fd_gone(u.host_fd));
	close(u.host_fd);
	close(u.host_pidfd);
	want_host(6, "shell");
	host_starts(&u, false, 42);
	CU_ASSERT(host_ready(6, &id) == 0 && id == 42);
	user_host_free(&u);
	down();
}

static void
test_conn_closed(void)
{
	static struct user_host u;
	uint8_t say[64];
	struct put w;
	uint32_t id;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	dp_begin(&w, say, sizeof(say), ATTACH_CONN_CLOSED);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_u32(&w, R_SSH_DISCONNECT_IN);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(u.leader, MSG_LOGIN_END, &m));
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(warden, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(clerk, MSG_CONN_GONE, &m));
	want_host(2, "shell");
	CU_ASSERT(host_ready(2, &id) == R_NO_GRANT);
	user_host_free(&u);
	down();
}

static void
test_leader_dies(void)
{
	static struct user_host u;
	uint32_t id;
	int status;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	kill(u.leader->pid, SIGKILL);
	/* The login ends with it, and so does its host. */
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(waitpid(u.pid, &status, 0) == u.pid && WIFSIGNALED(status));
	u.pid = idle_process();
	user_host_free(&u);
	down();
}

/* Everything of the control side dies; hosts and leaders are given back. */
static void
test_supervisor_dies(void)
{
	static struct user_host u;
	uint8_t say[GRANT_MAX + 256];
	uint8_t image[GRANT_MAX];
	struct put w, g;
	uint32_t id;
	int fds[2];

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	kill(st.supervisor, SIGKILL);
	waitpid(st.supervisor, NULL, 0);
	CU_ASSERT(puppet_gone(gate[0]));
	CU_ASSERT(puppet_gone(keeper));
	free_all();
	stage_start(&st);
	take_all();
	make_grant(&g, "alice");
	memcpy(image, room + 4, put_len(&g) - 4);
	CU_ASSERT_FATAL(dp_accept(&st) && dp_find(&st, ATTACH_HELLO, &dp));
	dp_hello(&st);
	dp_begin(&w, say, sizeof(say), ATTACH_CONN);
	put_u32(&w, 0);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_cstr(&w, "192.0.2.9");
	put_u16(&w, 1000);
	put_cstr(&w, "192.0.2.2");
	put_u16(&w, 22);
	put_u8(&w, 3);
	put_cstr(&w, "first-hash");
	put_string(&w, image, put_len(&g) - 4);
	put_u64(&w, 1700000000000ull);
	dp_say(&st, &w, NULL, 0);
	dp_begin(&w, say, sizeof(say), ATTACH_HOST);
	put_u32(&w, 41);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_cstr(&w, "shell");
	fds[0] = u.host_pidfd;
	fds[1] = u.host_sock;
	dp_say(&st, &w, fds, 2);
	dp_begin(&w, say, sizeof(say), ATTACH_LEADER);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	fds[0] = u.leader_pidfd;
	fds[1] = u.leader_sock;
	dp_say(&st, &w, fds, 2);
	dp_begin(&w, say, sizeof(say), ATTACH_SNAPSHOT_END);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(u.leader, MSG_LOG_FD, &m));
	drop();
	CU_ASSERT(puppet_find(warden, MSG_CONN_HASH, &m));
	CU_ASSERT(m.conn == CONN);
	want_host(9, "shell");
	CU_ASSERT(host_ready(9, &id) == 0 && id == 41);
	user_host_free(&u);
	down();
}

/* ---- the dataplane ---- */

static void
test_dataplane_socket(void)
{
	uint8_t say[16];
	struct put w;

	up(false);
	log_in();
	/* The socket is lost, not the process: nothing is ended; what the new
	 * snapshot does not name is gone. */
	close(st.dp);
	st.dp = -1;
	CU_ASSERT_FATAL(dp_accept(&st) && dp_find(&st, ATTACH_HELLO, &dp));
	dp_hello(&st);
	CU_ASSERT(dp_find(&st, ATTACH_CONF, &dp));
	dp_begin(&w, say, sizeof(say), ATTACH_SNAPSHOT_END);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(m.conn == CONN && m.gen == GEN);
	down();
}

static void
test_dataplane_dies(void)
{
	static struct user_host u;
	uint32_t id;
	int status;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	dp_kill(&st);
	CU_ASSERT(puppet_find(gate[0], MSG_LINK_DOWN, &m));
	CU_ASSERT(puppet_find(clerk, MSG_LINK_DOWN, &m));
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(warden, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(u.leader, MSG_LOGIN_END, &m));
	CU_ASSERT(waitpid(u.pid, &status, 0) == u.pid && WIFSIGNALED(status));
	/* A leader that does not go by itself is ended. */
	CU_ASSERT(puppet_gone(u.leader));
	/* What was connected before the new one listened names a dead process. */
	dp_process(&st);
	CU_ASSERT_FATAL(dp_attach(&st) || dp_attach(&st));
	ask_link(gate[0], 3, LINK_GATE);
	dp_drop_fds(&dp);
	u.pid = idle_process();
	user_host_free(&u);
	down();
}

static void
test_reload(void)
{
	char path[256];
	FILE *f;

	up(false);
	CU_ASSERT(puppet_expect(clerk, MSG_CONF, &m));
	drop();
	snprintf(path, sizeof(path), "%s/conf", st.folder);
	f = fopen(path, "w");
	fputs("NoSuchWord 1\n", f);
	fclose(f);
	kill(st.supervisor, SIGHUP);
	/* A good one after it: only that is told. */
	CU_ASSERT(!fd_readable(st.dp, 100));
	f = fopen(path, "w");
	fprintf(f,
	    "Nic af_packet:none\nAddress 192.0.2.1/24\nHostKey /nonexistent/key\nPort 2022\n"
	    "ControlSocket %s\nDataplaneSocket %s\n",
	    st.conf.control_socket, st.conf.dataplane_socket);
	fclose(f);
	kill(st.supervisor, SIGHUP);
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_CONF, &m));
	CU_ASSERT(m.fd_count == 1 && m.body.len == 4 && m.body.data[3] == 2);
	drop();
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CONF, &dp));
	CU_ASSERT(cur_u32(&dp.c) == 2);
	down();
}

static void
ask_sessions(uint32_t tag)
{
	struct msg ask = { .type = MSG_STATUS, .tag = tag };
	struct put w = put_of(room, sizeof(room));

	put_cstr(&w, "sessions");
	puppet_say(console, &ask, &w);
}

static uint32_t
list_tag(void)
{
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LIST, &dp));
	return cur_u32(&dp.c);
}

static void
say_rows(uint32_t tag, const char *rows, bool last)
{
	uint8_t say[128];
	struct put w;

	dp_begin(&w, say, sizeof(say), ATTACH_ROWS);
	put_u32(&w, tag);
	put_u32(&w, 0);
	put_u8(&w, last);
	put_bytes(&w, rows, strlen(rows));
	dp_say(&st, &w, NULL, 0);
}

/* There is a worker to ask. */
static void
say_meter(void)
{
	uint8_t say[16];
	struct put w;
	int fd = memfd_create("meter", MFD_CLOEXEC);

	dp_begin(&w, say, sizeof(say), ATTACH_METER);
	put_u32(&w, 0);
	dp_say(&st, &w, &fd, 1);
	close(fd);
}

static bool
file_has(int fd, const char *text)
{
	char all[8192];
	ssize_t n = pread(fd, all, sizeof(all) - 1, 0);

	if (n < 0)
		return false;
	all[n] = '\0';
	return strstr(all, text) != NULL;
}

static void
test_status(void)
{
	uint32_t first, second;

	up(false);
	say_meter();
	log_in();
	/* What the dataplane says is passed on as it came; who asks while one list is
	 * under way gets the next. */
	ask_sessions(5);
	first = list_tag();
	ask_sessions(6);
	say_rows(first + 100, "stale", true);
	say_rows(first, "one", false);
	say_rows(first, "two", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT_FATAL(m.tag == 5 && m.fd_count == 2);
	CU_ASSERT(file_has(m.fds[0], "\"id\":\"7-3\"") && file_has(m.fds[0], "\"user\":\"alice\""));
	CU_ASSERT(file_has(m.fds[1], "onetwo"));
	drop();
	second = list_tag();
	CU_ASSERT(second != first);
	say_rows(second, "three", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT_FATAL(m.tag == 6 && m.fd_count == 2);
	CU_ASSERT(file_has(m.fds[1], "three"));
	drop();
	down();
}

static void
ask_action(const char *verb, const char *argument, uint32_t uid, uint32_t gid)
{
	struct msg ask = { .type = MSG_ACTION, .tag = 9 };
	struct put w = put_of(room, sizeof(room));

	put_cstr(&w, verb);
	put_cstr(&w, argument);
	put_u32(&w, uid);
	put_u32(&w, 1);
	put_u32(&w, gid);
	puppet_say(console, &ask, &w);
}

/* What the answer's reason is. */
static uint32_t
acted(void)
{
	struct cur b;

	CU_ASSERT_FATAL(puppet_find(console, MSG_ACTION_DONE, &m));
	b = cur_view(m.body);
	return cur_u32(&b);
}

static void
test_actions(void)
{
	char path[128];
	FILE *f;

	up(false);
	log_in();
	/* Only root and operators may act. */
	ask_action("kill", "7-3", 1000, 1000);
	CU_ASSERT(acted() == R_LINK_DENIED);
	drop();
	ask_action("kill", "7-4", 0, 0);
	CU_ASSERT(acted() == R_LINK_CONN);
	drop();
	ask_action("kill", "user:bob", 0, 0);
	CU_ASSERT(acted() == R_LINK_CONN);
	drop();
	ask_action("kill", "nonsense", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL);
	drop();
	ask_action("nonsense", "", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL);
	drop();
	ask_action("kill", "7-3", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE && file_has(m.fds[0], "\"killed\":1"));
	drop();
	ask_action("kill", "user:alice", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE);
	drop();
	ask_action("kill", "all", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE);
	drop();
	/* A broken file: its line comes back. */
	snprintf(path, sizeof(path), "%s/conf", st.folder);
	f = fopen(path, "w");
	fputs("Port 22\nNoSuchWord 1\n", f);
	fclose(f);
	ask_action("reload", "", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL && file_has(m.fds[0], "conf:2: "));
	drop();
	f = fopen(path, "w");
	fprintf(f,
	    "Nic af_packet:other\nAddress 192.0.2.1/24\nHostKey /nonexistent/key\nPort 2022\n"
	    "ControlSocket %s\nDataplaneSocket %s\n",
	    st.conf.control_socket, st.conf.dataplane_socket);
	fclose(f);
	ask_action("reload", "", 0, 0);
	CU_ASSERT(acted() == R_NONE && file_has(m.fds[0], "Nic changes when postern-dp starts again"));
	drop();
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
		{ "links", test_link },
		{ "user host", test_user_host },
		{ "connection closed", test_conn_closed },
		{ "leader dies", test_leader_dies },
		{ "supervisor dies, hosts are restored", test_supervisor_dies },
		{ "the dataplane's socket is lost", test_dataplane_socket },
		{ "the dataplane dies", test_dataplane_dies },
		{ "reload", test_reload },
		{ "sessions, with the dataplane's rows", test_status },
		{ "an operator's actions", test_actions },
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
