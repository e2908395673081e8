#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/capture.h"
#include "abi/link/rows.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

static char dir[64], path[80];
static struct steward s;
static struct rig *r;
static int command_bell;

struct said {
	uint16_t type;
	uint8_t data[ATTACH_MESSAGE_MAX];
	struct cur body;
	int fds[PACKET_FDS_MAX];
	int fd_count;
};

static void
begin_crew(uint32_t workers)
{
	strcpy(dir, "/tmp/postern-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/dp.sock", dir);
	r = rig_open_crew(workers, RIG_ONE_QUEUE);
	memset(&s, 0, sizeof(s));
	s.worker_count = workers;
	s.signals = -1;
	s.owner = getuid();
	s.listener = steward_listen(path);
	CU_ASSERT_TRUE_FATAL(s.listener >= 0);
	CU_ASSERT_EQUAL_FATAL(bell_create(&r->command_wait, &command_bell), 0);
	CU_ASSERT_EQUAL_FATAL(bell_create(&s.event_bell, &r->w->event_bell), 0);
	for (uint32_t i = 0; i < workers; i++) {
		s.worker[i].commands = r->worker[i].commands;
		s.worker[i].events = r->worker[i].events;
		s.worker[i].meter_fd = r->worker[i].meter_fd;
		s.worker[i].command_bell = command_bell;
		r->worker[i].w->event_bell = r->w->event_bell;
	}
	CU_ASSERT_EQUAL_FATAL(steward_init(&s), 0);
	r->steward = &s;
}

static void
begin(void)
{
	begin_crew(1);
}

static void
end(void)
{
	int event_ring = r->w->event_bell;

	for (uint32_t i = 0; i < r->worker_count; i++)
		worker_wipe(r->worker[i].w);
	steward_fini(&s);
	close(s.listener);
	close(command_bell);
	close(s.event_bell);
	close(event_ring);
	close(r->command_wait);
	rig_close(r);
	unlink(path);
	rmdir(dir);
}

static int
attach(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, path, strlen(path) + 1);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	rig_run(r, 2);
	return fd;
}

static void
say(int fd, uint16_t type, struct view body, const int *fds, int fd_count)
{
	uint8_t buf[1024];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, type);
	put_bytes(&w, body.data, body.len);
	CU_ASSERT_EQUAL_FATAL(packet_send(fd, view_of(buf, put_len(&w)), fds, fd_count), 0);
	rig_run(r, 4);
}

static void
say_hello(int fd, uint16_t major)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	put_u16(&w, major);
	put_u16(&w, 99);
	put_u16(&w, NOTE_VERSION);
	put_u32(&w, 1);
	say(fd, ATTACH_HELLO, view_of(buf, put_len(&w)), NULL, 0);
}

static void
say_conf(int fd)
{
	static const uint8_t conf[] = { 0, 0, 0, 1, ATTACH_CONF_ADDRESS, 0, 0, 0, 6, 4, 192, 0, 2, 1, 24,
		ATTACH_CONF_PORT, 0, 0, 0, 2, 0, RIG_PORT };

	say(fd, ATTACH_CONF, view_of(conf, sizeof(conf)), NULL, 0);
}

/* 1, 0 nothing said, -1 hung up. */
static int
hear(int fd, struct said *m)
{
	size_t len;
	int got = packet_recv(fd, m->data, sizeof(m->data), &len, m->fds, &m->fd_count);

	if (got != 1)
		return got;
	m->body = cur_of(m->data, len);
	m->type = cur_u16(&m->body);
	(void)cur_u16(&m->body);
	return 1;
}

static bool
hear_type(int fd, struct said *m, uint16_t type)
{
	return hear(fd, m) == 1 && m->type == type;
}

static void
forget(struct said *m)
{
	for (int i = 0; i < m->fd_count; i++)
		close(m->fds[i]);
}

static int
attached(void)
{
	static struct said m;
	int fd = attach();

	say_hello(fd, LINK_MAJOR);
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_HELLO));
	say_conf(fd);
	for (uint32_t i = 0; i < s.worker_count; i++) {
		CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_METER));
		CU_ASSERT_EQUAL(cur_u32(&m.body), i);
		CU_ASSERT_EQUAL(m.fd_count, 1);
		forget(&m);
	}
	return fd;
}

static void
order_of_an_attachment(void)
{
	static struct said m;
	struct stat st;
	int fd;

	begin();
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	CU_ASSERT_EQUAL(hear(fd, &m), 0);
	CU_ASSERT_TRUE(r->w->configured);
	close(fd);
	end();
}

static void
another_major_is_refused(void)
{
	static struct said m;
	int fd;

	begin();
	fd = attach();
	say_hello(fd, LINK_MAJOR + 1);
	/* it may have heard our versions; then it is over */
	while (hear(fd, &m) == 1)
		;
	CU_ASSERT_EQUAL(hear(fd, &m), -1);
	close(fd);
	fd = attach();
	say_conf(fd); /* before HELLO */
	CU_ASSERT_EQUAL(hear(fd, &m), -1);
	CU_ASSERT_FALSE(r->w->configured);
	close(fd);
	end();
}

static void
the_newer_replaces_the_older(void)
{
	static struct said m;
	int old, fd;

	begin();
	old = attached();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(old, &m, ATTACH_SNAPSHOT_END));
	CU_ASSERT_EQUAL(hear(old, &m), -1);
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	close(old);
	close(fd);
	end();
}

static void
a_stranger_is_refused(void)
{
	static struct said m;
	int fd;

	begin();
	s.owner = getuid() + 1;
	fd = attach();
	CU_ASSERT_EQUAL(hear(fd, &m), -1);
	close(fd);
	end();
}

static void
a_live_path_is_not_taken(void)
{
	int fd;

	begin();
	CU_ASSERT_EQUAL(steward_listen(path), -1);
	close(s.listener);
	fd = steward_listen(path); /* nobody answers there now */
	CU_ASSERT_TRUE(fd >= 0);
	s.listener = fd;
	end();
}

struct theirs {
	struct region own;
	int wait_fd, ring_fd;
	int request[2];
	pid_t pid;
	int pidfd;
};

static void
ask_for_host_of(int fd, struct theirs *t, uint32_t arena, uint32_t worker, uint32_t first)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	int fds[4];

	CU_ASSERT_EQUAL_FATAL(region_create(&t->own, "host", LINK_HOST_RING, arena), 0);
	CU_ASSERT_EQUAL_FATAL(bell_create(&t->wait_fd, &t->ring_fd), 0);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, t->request), 0);
	t->pid = fork();
	if (t->pid == 0) {
		for (;;)
			pause();
	}
	t->pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	put_u32(&w, 42);
	put_u8(&w, LINK_HOST);
	put_u32(&w, 0);
	put_u32(&w, LINK_CONN_NONE);
	put_u32(&w, 0);
	put_cstr(&w, "echo");
	/* as a supervisor of the first minor version leaves it out */
	if (worker != 0 || first != 0) {
		put_u32(&w, worker);
		put_u32(&w, first);
	}
	fds[0] = t->own.fd;
	fds[1] = t->ring_fd;
	fds[2] = t->pidfd;
	fds[3] = t->request[0];
	say(fd, ATTACH_LINK_NEW, view_of(buf, put_len(&w)), fds, 4);
}

static void
ask_for_host(int fd, struct theirs *t, uint32_t arena)
{
	ask_for_host_of(fd, t, arena, 0, 0);
}

static void
end_theirs(struct theirs *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	region_close(&t->own);
	close(t->wait_fd);
	close(t->ring_fd);
	close(t->request[0]);
	close(t->request[1]);
	close(t->pidfd);
}

static void
a_host_outlives_its_supervisor(void)
{
	static struct said m;
	struct theirs t;
	struct region theirs;
	struct pollfd dead;
	uint32_t id;
	int fd;

	begin();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	ask_for_host(fd, &t, LINK_HOST_ARENA);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 42);
	id = cur_u32(&m.body);
	CU_ASSERT_EQUAL(cur_u32(&m.body), 0);
	CU_ASSERT_EQUAL_FATAL(m.fd_count, 2);
	CU_ASSERT_EQUAL(region_attach(&theirs, m.fds[0], LINK_HOST_RING, LINK_HOST_ARENA), 0);
	region_close(&theirs);
	/* while m's bell is open, the worker's end of it is */
	close(fd);
	rig_run(r, 3);
	fd = attached();
	{
		static struct said h;

		CU_ASSERT_TRUE_FATAL(hear_type(fd, &h, ATTACH_HOST));
		CU_ASSERT_EQUAL(cur_u32(&h.body), id);
		CU_ASSERT_EQUAL(cur_u32(&h.body), LINK_CONN_NONE);
		(void)cur_u32(&h.body);
		CU_ASSERT_TRUE(view_is(cur_string(&h.body), "echo"));
		CU_ASSERT_EQUAL(h.fd_count, 2);
		forget(&h);
		CU_ASSERT_TRUE(hear_type(fd, &h, ATTACH_SNAPSHOT_END));
	}
	/* the process dies: the link goes, and the supervisor is told */
	kill(t.pid, SIGKILL);
	dead = (struct pollfd){ .fd = t.pidfd, .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&dead, 1, 5000), 1);
	rig_run(r, 5);
	forget(&m);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_GONE));
	CU_ASSERT_EQUAL(cur_u32(&m.body), id);
	CU_ASSERT_PTR_NULL(s.peers);
	end_theirs(&t);
	close(fd);
	end();
}

static void
a_wrong_region_gets_its_reason(void)
{
	static struct said m;
	struct theirs t;
	int fd;

	begin();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	ask_for_host(fd, &t, LINK_HOST_ARENA / 2);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 42);
	CU_ASSERT_EQUAL(cur_u32(&m.body), 0);
	CU_ASSERT_NOT_EQUAL(cur_u32(&m.body), 0);
	CU_ASSERT_EQUAL(m.fd_count, 0);
	CU_ASSERT_PTR_NULL(s.peers);
	end_theirs(&t);
	close(fd);
	end();
}

static void
lists_on_request(void)
{
	struct row_page page = { .count = 5, .filter = filter_all() };
	static struct said m;
	uint8_t room[64];
	struct put w = put_of(room, sizeof(room));
	struct row row;
	int fd;

	begin();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	put_u32(&w, 77);
	say(fd, ATTACH_LIST, put_view(&w), NULL, 0);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_ROWS));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 77);
	CU_ASSERT_EQUAL(cur_u32(&m.body), 0);
	CU_ASSERT_EQUAL(cur_u8(&m.body), 1);
	CU_ASSERT_TRUE(cur_done(&m.body));
	/* A page of a worker: nobody is there, and that is the end. */
	w = put_of(room, sizeof(room));
	put_u32(&w, 78);
	row_page_put(&w, &page);
	say(fd, ATTACH_LIST_TCP, put_view(&w), NULL, 0);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_ROWS));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 78);
	CU_ASSERT_EQUAL(cur_u32(&m.body), 0);
	CU_ASSERT_EQUAL(cur_u8(&m.body), 1);
	CU_ASSERT_TRUE(row_next(&m.body, &row) == 1 && row.kind == ROW_NEXT && row.next == LINK_CONN_NONE);
	CU_ASSERT_EQUAL(row_next(&m.body, &row), 0);
	/* Of a worker that there is not, and cut: nothing, and the socket lives. */
	w = put_of(room, sizeof(room));
	put_u32(&w, 79);
	page.from = 9u << LINK_WORKER_SHIFT;
	row_page_put(&w, &page);
	say(fd, ATTACH_LIST_TCP, put_view(&w), NULL, 0);
	say(fd, ATTACH_LIST_TCP, view_of(room, 6), NULL, 0);
	w = put_of(room, sizeof(room));
	put_u32(&w, 80);
	say(fd, ATTACH_LIST, put_view(&w), NULL, 0);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_ROWS));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 80);
	close(fd);
	end();
}

static void
ask_capture(int fd, uint32_t tag, uint32_t worker, const struct region *mine, int bell)
{
	struct capture_ask a = { .filter = filter_all(), .snap = 65535, .seconds = 10, .bytes = 1 << 20,
		.packets = 1000 };
	int fds[2] = { mine->fd, bell };
	uint8_t room[128];
	struct put w = put_of(room, sizeof(room));

	put_u32(&w, tag);
	put_u32(&w, worker);
	capture_ask_put(&w, &a);
	say(fd, ATTACH_CAPTURE, put_view(&w), fds, 2);
}

static uint32_t
capture_ready_reason(int fd, uint32_t tag, struct said *m)
{
	CU_ASSERT_TRUE_FATAL(hear_type(fd, m, ATTACH_CAPTURE_READY));
	CU_ASSERT_EQUAL(cur_u32(&m->body), tag);
	return cur_u32(&m->body);
}

/* Made, handed over, stopped, taken back; ended by the end of the attachment. */
static void
captures_come_and_go(void)
{
	struct region mine, small, theirs;
	struct link_entry e;
	struct view bytes;
	struct ring_in in;
	static struct said m;
	uint8_t room[8];
	struct put w = put_of(room, sizeof(room));
	int fd, wait, ring;

	begin();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	CU_ASSERT_EQUAL_FATAL(region_create(&mine, "mine", CAPTURE_READ_RING, CAPTURE_READ_ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(region_create(&small, "small", CAPTURE_READ_RING, 2 * CAPTURE_READ_ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(bell_create(&wait, &ring), 0);
	ask_capture(fd, 1, 9, &mine, ring);
	CU_ASSERT_EQUAL(capture_ready_reason(fd, 1, &m), R_LINK_CONN);
	ask_capture(fd, 2, 0, &small, ring);
	CU_ASSERT_EQUAL(capture_ready_reason(fd, 2, &m), R_LINK_SEALS);
	ask_capture(fd, 3, 0, &mine, mine.fd);
	CU_ASSERT_EQUAL(capture_ready_reason(fd, 3, &m), R_LINK_SEALS);
	CU_ASSERT_PTR_NULL(s.captures);
	ask_capture(fd, 4, 0, &mine, ring);
	CU_ASSERT_EQUAL(capture_ready_reason(fd, 4, &m), R_NONE);
	CU_ASSERT_EQUAL_FATAL(m.fd_count, 1);
	CU_ASSERT_EQUAL_FATAL(region_attach(&theirs, m.fds[0], CAPTURE_RING, CAPTURE_ARENA), 0);
	close(m.fds[0]);
	CU_ASSERT_PTR_NOT_NULL(s.captures);
	ring_in_init(&in, &mine, &theirs);
	put_u32(&w, 4);
	say(fd, ATTACH_CAPTURE_STOP, put_view(&w), NULL, 0);
	steward_turn(&s, 0);
	rig_run(r, 4);
	/* Once its end was read, nothing of it is left. */
	while (ring_peek(&in, &e, &bytes) == 1 && e.op == LINK_UP_FRAME)
		ring_take(&in);
	CU_ASSERT_EQUAL(e.op, LINK_UP_FRAME_END);
	ring_take(&in);
	rig_run(r, 4);
	steward_turn(&s, 0);
	CU_ASSERT_PTR_NULL(s.captures);
	region_close(&theirs);
	region_close(&mine);
	CU_ASSERT_EQUAL_FATAL(region_create(&mine, "mine", CAPTURE_READ_RING, CAPTURE_READ_ARENA), 0);
	ask_capture(fd, 5, 0, &mine, ring);
	CU_ASSERT_EQUAL(capture_ready_reason(fd, 5, &m), R_NONE);
	close(m.fds[0]);
	close(fd);
	steward_turn(&s, 0);
	rig_run(r, 4);
	CU_ASSERT_TRUE(s.captures != NULL && s.captures->over);
	region_close(&mine);
	region_close(&small);
	close(wait);
	close(ring);
	end();
}

/* Descriptors are kept for the attach socket: a host too many is refused. */
static void
hosts_are_limited(void)
{
	static struct said m;
	struct theirs t[2];
	int fd;

	begin();
	CU_ASSERT(s.host_max > 0);
	s.host_max = 1;
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	ask_for_host(fd, &t[0], LINK_HOST_ARENA);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	CU_ASSERT_EQUAL(m.fd_count, 2);
	forget(&m);
	ask_for_host(fd, &t[1], LINK_HOST_ARENA);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	(void)cur_u32(&m.body);
	(void)cur_u32(&m.body);
	CU_ASSERT_EQUAL(cur_u32(&m.body), R_LIMIT);
	CU_ASSERT_EQUAL(m.fd_count, 0);
	/* the first one's place is free again when it is gone */
	end_theirs(&t[0]);
	rig_run(r, 5);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_GONE));
	CU_ASSERT_EQUAL(s.host_count, 0);
	end_theirs(&t[1]);
	close(fd);
	end();
}

/* The supervisor still has the pidfd of a host that broke the rules: its end is
 * nobody else's, whose descriptor may have the same number by then. */
static void
a_refused_host_is_watched_no_more(void)
{
	static struct said m;
	struct epoll_event e;
	struct pollfd dead;
	struct theirs t;
	int fd;

	begin();
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	ask_for_host(fd, &t, LINK_HOST_ARENA);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	forget(&m);
	region_header(&t.own)->head = LINK_HOST_RING + 1;
	rig_run(r, 5);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_GONE));
	CU_ASSERT_PTR_NULL(s.peers);
	kill(t.pid, SIGKILL);
	dead = (struct pollfd){ .fd = t.pidfd, .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&dead, 1, 5000), 1);
	while (epoll_wait(s.epfd, &e, 1, 0) > 0) {
		CU_ASSERT_NOT_EQUAL_FATAL(e.data.u64 >> 32, WATCH_PID);
		steward_turn(&s, 0);
	}
	end_theirs(&t);
	close(fd);
	end();
}

/* ---- several workers ---- */

static uint32_t
host_at(int fd, struct theirs *t, uint32_t worker, uint32_t first, uint32_t reason)
{
	static struct said m;
	uint32_t id;

	ask_for_host_of(fd, t, LINK_HOST_ARENA, worker, first);
	CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_LINK_READY));
	CU_ASSERT_EQUAL(cur_u32(&m.body), 42);
	id = cur_u32(&m.body);
	CU_ASSERT_EQUAL(cur_u32(&m.body), reason);
	forget(&m);
	return id;
}

/* A service's host has a link to each: they are told as of one process. */
static void
links_of_two_workers(void)
{
	static struct said m;
	struct theirs t[3];
	uint32_t id[2], seen = 0;
	uint8_t body[8];
	struct put w;
	int fd;

	begin_crew(2);
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	CU_ASSERT_EQUAL(hear(fd, &m), 0);
	CU_ASSERT_TRUE(r->worker[0].w->configured && r->worker[1].w->configured);
	id[0] = host_at(fd, &t[0], 0, 0, 0);
	id[1] = host_at(fd, &t[1], 1, id[0], 0);
	CU_ASSERT_EQUAL(id[0] >> LINK_WORKER_SHIFT, 0);
	CU_ASSERT_EQUAL(id[1] >> LINK_WORKER_SHIFT, 1);
	CU_ASSERT_EQUAL(host_at(fd, &t[2], 2, id[0], R_LINK_CONN), 0);
	end_theirs(&t[2]);
	w = put_of(body, sizeof(body));
	put_u32(&w, id[1]);
	say(fd, ATTACH_LINK_END, put_view(&w), NULL, 0);
	rig_run(r, 3);
	close(fd);
	rig_run(r, 3);
	fd = attached();
	for (int i = 0; i < 2; i++) {
		uint32_t link;

		CU_ASSERT_TRUE_FATAL(hear_type(fd, &m, ATTACH_HOST));
		link = cur_u32(&m.body);
		CU_ASSERT_TRUE(link == id[0] || link == id[1]);
		seen |= 1u << (link >> LINK_WORKER_SHIFT);
		(void)cur_u32(&m.body);
		(void)cur_u32(&m.body);
		(void)cur_string(&m.body);
		CU_ASSERT_EQUAL(cur_u32(&m.body), id[0]);
		CU_ASSERT_EQUAL(cur_u8(&m.body), link == id[1]); /* it was told LINK_END */
		CU_ASSERT_TRUE(cur_done(&m.body));
		forget(&m);
	}
	CU_ASSERT_EQUAL(seen, 3);
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	end_theirs(&t[0]);
	end_theirs(&t[1]);
	close(fd);
	end();
}

/* Requests go to the worker that the connection's number names; one that there
 * is not is answered as a connection that is gone. */
static void
requests_find_their_worker(void)
{
	static struct said m;
	struct client *c;
	uint8_t body[64];
	uint32_t conn = 1u << LINK_WORKER_SHIFT;
	struct put w;
	int fd;

	begin_crew(2);
	fd = attached();
	CU_ASSERT_TRUE(hear_type(fd, &m, ATTACH_SNAPSHOT_END));
	c = client_open_to(r, 0, 1);
	CU_ASSERT_TRUE_FATAL(c->connected);
	for (uint32_t i = 0; i < 3; i++) {
		w = put_of(body, sizeof(body));
		put_u32(&w, i << LINK_WORKER_SHIFT);
		put_u32(&w, r->worker[1].w->conns[0].gen);
		put_cstr(&w, "0123456789abcdef0123456789abcdef");
		say(fd, ATTACH_FIRST_HASH, view_of(body, put_len(&w)), NULL, 0);
		while (hear_type(fd, &m, ATTACH_CONN))
			; /* told when its hash is stored */
		CU_ASSERT_EQUAL_FATAL(m.type, ATTACH_FIRST_HASH_STORED);
		CU_ASSERT_EQUAL(cur_u32(&m.body), i << LINK_WORKER_SHIFT);
		(void)cur_u32(&m.body);
		CU_ASSERT_EQUAL(cur_u32(&m.body), i == 1 ? 0 : R_LINK_CONN);
	}
	/* Not logged in: nothing happens. */
	w = put_of(body, sizeof(body));
	put_u32(&w, conn);
	put_u32(&w, r->worker[1].w->conns[0].gen);
	say(fd, ATTACH_REKEY, view_of(body, put_len(&w)), NULL, 0);
	rig_run(r, 20);
	CU_ASSERT_FALSE(c->eof || c->closed);
	CU_ASSERT_FALSE(r->worker[1].w->conns[0].ssh.rekey_wanted);
	r->worker[1].w->conns[0].ssh.phase = SSH_PHASE_OPEN;
	say(fd, ATTACH_REKEY, view_of(body, put_len(&w)), NULL, 0);
	rig_run(r, 20);
	CU_ASSERT_TRUE(r->worker[1].w->conns[0].ssh.rekey_wanted);
	w = put_of(body, sizeof(body));
	put_u32(&w, conn);
	put_u32(&w, r->worker[1].w->conns[0].gen);
	put_u32(&w, R_KILLED);
	say(fd, ATTACH_KILL, view_of(body, put_len(&w)), NULL, 0);
	rig_run(r, 200);
	CU_ASSERT_TRUE(c->eof || c->closed);
	CU_ASSERT_EQUAL(r->worker[1].meter->drop[R_KILLED], 1);
	close(fd);
	end();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the order of an attachment", order_of_an_attachment },
		{ "another major, and no HELLO", another_major_is_refused },
		{ "the newer replaces the older", the_newer_replaces_the_older },
		{ "a stranger is refused", a_stranger_is_refused },
		{ "a live path is not taken, a dead one is", a_live_path_is_not_taken },
		{ "a host outlives its supervisor", a_host_outlives_its_supervisor },
		{ "a wrong region gets its reason", a_wrong_region_gets_its_reason },
		{ "lists on request", lists_on_request },
		{ "captures come and go", captures_come_and_go },
		{ "hosts are limited", hosts_are_limited },
		{ "a refused host is watched no more", a_refused_host_is_watched_no_more },
		{ "links of two workers", links_of_two_workers },
		{ "requests find their worker", requests_find_their_worker },
		CU_TEST_INFO_NULL,
	};

	return suite_run("steward", tests);
}
