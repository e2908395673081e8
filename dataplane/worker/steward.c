#include "dataplane/worker/steward.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/link/bell.h"

#define STEWARD_EVENTS 16
#define STEWARD_RETRY_MS 1
#define STEWARD_FILES 512u /* for gates, clerks, the port, and packets under way */

/* Somebody is there: its socket must not be taken away. */
static bool
answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true;
	yes = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	    (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return yes;
}

static bool
is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
steward_listen(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, r;

	if (strlen(path) >= sizeof(at.sun_path)) {
		fprintf(stderr, "%s: path too long for a socket\n", path);
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (is_socket(path)) {
		if (answers(&at)) {
			fprintf(stderr, "%s: another dataplane serves it\n", path);
			return -1;
		}
		(void)unlink(path);
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		goto fail;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (r != 0 || listen(fd, 4) != 0)
		goto fail;
	return fd;
fail:
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
steward_watch(struct steward *s, int fd, uint32_t events, enum steward_watch kind)
{
	struct epoll_event e = { .events = events,
	    .data.u64 = (uint64_t)kind << 32 | (uint32_t)fd };

	return epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &e);
}

/* A host has five descriptors here, its leader two. */
static uint32_t
hosts_that_fit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= STEWARD_FILES)
		return 0;
	files.rlim_cur = (files.rlim_cur - STEWARD_FILES) / 7;
	return files.rlim_cur < LINK_MAX ? (uint32_t)files.rlim_cur : LINK_MAX;
}

int
steward_init(struct steward *s)
{
	s->host_max = hosts_that_fit();
	s->supervisor = -1;
	s->out_end = &s->out;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0 || steward_watch(s, s->listener, EPOLLIN, WATCH_LISTENER) != 0 ||
	    steward_watch(s, s->event_bell, EPOLLIN, WATCH_EVENTS) != 0 ||
	    (s->signals >= 0 && steward_watch(s, s->signals, EPOLLIN, WATCH_SIGNALS) != 0))
		return -1;
	return 0;
}

struct cmd *
steward_cmd(struct steward *s, uint32_t worker, uint32_t type)
{
	struct cmd *c = cmd_slot(s->worker[worker].commands);

	if (c == NULL)
		s->blocked = true;
	else
		c->type = type;
	return c;
}

void
steward_push(struct steward *s, uint32_t worker)
{
	cmd_push(s->worker[worker].commands);
	bell_ring(s->worker[worker].command_bell);
}

/* ---- events of the workers ---- */

static void
send_conn(struct steward *s, uint32_t worker, const struct cmd *e)
{
	uint8_t buf[ATTACH_MESSAGE_MAX];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_CONN);
	put_u32(&w, worker);
	put_bytes(&w, e->data, e->len);
	attach_send(s, &w, NULL, 0);
}

static void
send_reason(struct steward *s, uint16_t type, const struct cmd *e)
{
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, type);
	put_u32(&w, e->conn);
	put_u32(&w, e->gen);
	put_u32(&w, e->reason);
	attach_send(s, &w, NULL, 0);
}

static void
snapshot_end(struct steward *s, uint32_t worker, const struct cmd *e)
{
	uint8_t buf[8];
	struct put w = put_of(buf, sizeof(buf));

	if (e->tag != s->snapshot)
		return;
	s->worker[worker].told = true;
	for (uint32_t i = 0; i < s->worker_count; i++)
		if (!s->worker[i].told)
			return;
	peer_snapshot(s);
	attach_begin(&w, ATTACH_SNAPSHOT_END);
	attach_send(s, &w, NULL, 0);
	s->attached = true;
}

static void
send_rows(struct steward *s, uint32_t worker, const struct cmd *e)
{
	uint8_t buf[ATTACH_MESSAGE_MAX];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_ROWS);
	put_u32(&w, e->tag);
	put_u32(&w, worker);
	put_u8(&w, (uint8_t)e->reason);
	put_bytes(&w, e->data, e->len);
	attach_send(s, &w, NULL, 0);
}

static void
event(struct steward *s, uint32_t worker, const struct cmd *e)
{
	switch (e->type) {
	case EV_LINK_ADDED:
		peer_added(s, e);
		break;
	case EV_LINK_GONE:
		peer_gone(s, e);
		break;
	case EV_CONN:
		send_conn(s, worker, e);
		break;
	case EV_CONN_CLOSED:
		send_reason(s, ATTACH_CONN_CLOSED, e);
		break;
	case EV_FIRST_HASH_STORED:
		send_reason(s, ATTACH_FIRST_HASH_STORED, e);
		break;
	case EV_GRANT_STORED:
		send_reason(s, ATTACH_GRANT_STORED, e);
		break;
	case EV_SNAPSHOT_END:
		snapshot_end(s, worker, e);
		break;
	case EV_CAPTURE_ADDED:
		capture_added(s, e);
		break;
	case EV_CAPTURE_GONE:
		capture_gone(s, e);
		break;
	case EV_ROWS:
		send_rows(s, worker, e);
		break;
	case EV_STOPPED:
		s->worker[worker].stopped = true;
		break;
	default:
		break;
	}
}

/* Only as fast as the supervisor reads: the workers keep the rest. */
static void
take_events(struct steward *s)
{
	struct cmd *e;

	for (uint32_t i = 0; i < s->worker_count; i++) {
		struct cmd_queue *q = s->worker[i].events;

		while (s->out_count < STEWARD_BACKLOG && (e = cmd_peek(q)) != NULL) {
			event(s, i, e);
			cmd_pop(q);
		}
	}
}

static void
stop(struct steward *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->stopping = true;
}

static void
send_stop(struct steward *s)
{
	for (uint32_t i = 0; s->stopping && i < s->worker_count; i++) {
		if (s->worker[i].stop_sent || steward_cmd(s, i, CMD_STOP) == NULL)
			continue;
		steward_push(s, i);
		s->worker[i].stop_sent = true;
	}
}

static bool
all_stopped(const struct steward *s)
{
	for (uint32_t i = 0; i < s->worker_count; i++)
		if (!s->worker[i].stopped)
			return false;
	return true;
}

static void
handle(struct steward *s, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64;

	switch (e->data.u64 >> 32) {
	case WATCH_LISTENER:
		attach_accept(s);
		break;
	case WATCH_SUPERVISOR:
		if (fd != s->supervisor)
			break;
		attach_flush(s);
		attach_input(s);
		break;
	case WATCH_EVENTS:
		(void)bell_hush(s->event_bell);
		break;
	case WATCH_SIGNALS:
		stop(s);
		break;
	case WATCH_PID:
		pid_ended(s, fd);
		break;
	default:
		break;
	}
}

void
steward_turn(struct steward *s, int timeout_ms)
{
	struct epoll_event e[STEWARD_EVENTS];
	bool retry = s->blocked;
	int n;

	s->blocked = false;
	n = epoll_wait(s->epfd, e, STEWARD_EVENTS, retry ? STEWARD_RETRY_MS : timeout_ms);
	for (int i = 0; i < n; i++)
		handle(s, &e[i]);
	if (retry && s->supervisor >= 0)
		attach_input(s);
	send_stop(s);
	take_events(s);
}

void
steward_run(struct steward *s)
{
	while (!all_stopped(s))
		steward_turn(s, -1);
}

void
steward_fini(struct steward *s)
{
	attach_drop(s);
	peers_fini(s);
	captures_fini(s);
	close(s->epfd);
}
