#include "tests/unit/control/supervisor/cast.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/link/grant.h"
#include "abi/link/op.h"

struct stage st;
struct puppet *keeper, *warden, *reader, *console, *gate[2], *clerk;
struct msg m;
struct dp_packet dp;
uint8_t room[8192];

void
drop(void)
{
	msg_drop_fds(&m);
}

void
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

void
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

void
up(bool pam)
{
	stage_open(&st);
	st.conf.use_pam = pam;
	stage_start(&st);
	take_all();
	CU_ASSERT_FATAL(dp_attach(&st));
}

void
down(void)
{
	free_all();
	stage_close(&st);
}

void
text(struct put *w, const char *body)
{
	*w = put_of(room, sizeof(room));
	put_cstr(w, body);
}

/* Up to keeper's answer. */
void
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

void
store_hash(const char *hash)
{
	keep_hash(hash);
	CU_ASSERT_FATAL(puppet_find(warden, MSG_CONN_HASH, &m));
	CU_ASSERT(m.conn == CONN && m.body.len == 4 + strlen(hash));
}

void
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

void
ask_grant(const char *user)
{
	struct msg ask = { .type = MSG_GRANT, .conn = CONN, .gen = GEN };
	struct put w;

	make_grant(&w, user);
	puppet_say(warden, &ask, &w);
}

void
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

void
log_in(void)
{
	store_hash("first-hash");
	ask_grant("alice");
	answer_grant(0);
	CU_ASSERT_FATAL(puppet_find(gate[0], MSG_GRANTED, &m));
	CU_ASSERT(m.conn == CONN && m.gen == GEN && m.body.len == 4 + 9);
}

/* What a link is made of: memory, the two ends of a bell, the slots' memory. */
void
link_files(int fds[4])
{
	fds[0] = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[3] = memfd_create("slots", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CU_ASSERT_FATAL(fds[0] >= 0 && fds[3] >= 0 && bell_create(&fds[1], &fds[2]) == 0);
}

void
close_files(const int fds[4])
{
	int i;

	for (i = 0; i < 4; i++)
		close(fds[i]);
}

uint32_t
ask_link(struct puppet *p, int count, uint8_t role)
{
	return ask_link_to(p, count, role, 0);
}

uint32_t
ask_link_to(struct puppet *p, int count, uint8_t role, uint32_t worker)
{
	struct msg ask = { .type = MSG_LINK, .tag = 77, .fd_count = count };
	struct put w = put_of(room, sizeof(room));
	int fds[4];
	uint32_t tag;

	link_files(fds);
	memcpy(ask.fds, fds, (size_t)count * sizeof(int));
	put_u32(&w, worker);
	puppet_say(p, &ask, &w);
	close_files(fds);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LINK_NEW, &dp));
	tag = cur_u32(&dp.c);
	CU_ASSERT(cur_u8(&dp.c) == role);
	return tag;
}

void
link_made(uint32_t tag, uint32_t id, uint32_t reason)
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

void
want_host(uint32_t tag, const char *plugin)
{
	struct msg ask = { .type = MSG_HOST_WANTED, .conn = CONN, .gen = GEN, .tag = tag };
	struct put w;

	text(&w, plugin);
	puppet_say(clerk, &ask, &w);
}

uint32_t
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

pid_t
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

void
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
void
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
	link_made(tag, link_id, 0);
	r = 0;
	while (r == 0 && fd_readable(u->host_fd, WAIT_MS))
		r = msg_recv(u->host_fd, &m, u->buf);
	CU_ASSERT(r == 1 && m.type == MSG_LINK_UP);
	drop();
}

void
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

void
shell_plugin(void)
{
	stage_file(&st, "shell.so", "not looked into", NULL);
	stage_file(&st, "shell.conf", "# as the user\nRunAs user\nOther thing\n", NULL);
}
