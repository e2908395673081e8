/*
 * The socket to postern-dp: connecting, the greeting, and what to do when it is
 * lost. Losing the socket is not losing the dataplane: only the end of the process
 * (its pidfd), or another process that answers, means that every connection is
 * gone.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "abi/link/packet.h"
#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

#define RETRY_MS 50u
#define GREETING_MS 3000u
#define MESSAGES_PER_TURN 256

static void try_attach(void *ctx);

static void
retry(struct sup *s)
{
	loop_cancel(s->loop, s->attach.timer);
	s->attach.timer = loop_after(s->loop, RETRY_MS, try_attach, s);
}

/* ---- the process behind the socket ---- */

static void
conn_lost(struct sup *s, struct conn *c, void *ctx)
{
	(void)ctx;
	conn_gone(s, c, R_PEER_GONE);
}

static void
forget_process(struct sup *s)
{
	struct attach *a = &s->attach;
	int i;

	if (a->pidfd >= 0) {
		loop_unwatch(s->loop, a->pidfd);
		close(a->pidfd);
	}
	a->pidfd = -1;
	a->pid = 0;
	a->workers = 0;
	for (i = 0; i < SUP_WORKERS_MAX; i++) {
		if (a->meter_fd[i] >= 0)
			close(a->meter_fd[i]);
		a->meter_fd[i] = -1;
	}
}

static void
dataplane_lost(struct sup *s)
{
	if (s->attach.pid == 0)
		return;
	log_error("dataplane (pid %u) is gone: %u connections ended", s->attach.pid, s->conn_count);
	forget_process(s);
	links_down(s);
	hosts_end(s);
	conns_each(s, conn_lost, NULL);
	leaders_end(s);
}

static void
detach(struct sup *s)
{
	line_close(&s->attach.line);
	s->attach.state = ATTACH_OFF;
	lists_end(s);
	captures_lost(s);
	retry(s);
}

static void
on_pidfd(void *ctx, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	detach(ctx);
	dataplane_lost(ctx);
}

/* Take note of the process that answered; another one than last time means that
 * the last one is gone. */
static int
know_process(struct sup *s, uint32_t pid)
{
	struct attach *a = &s->attach;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	/* The kernel's word on who listens, not the message's. */
	if (getsockopt(a->line.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid > 0)
		pid = (uint32_t)cred.pid;
	if (a->pid == pid)
		return 0;
	dataplane_lost(s);
	a->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (a->pidfd < 0)
		return -errno;
	a->pid = pid;
	a->since_ms = loop_now_ms();
	return loop_watch(s->loop, a->pidfd, LOOP_IN, on_pidfd, s);
}

/* ---- sending ---- */

void
attach_begin(struct put *w, uint16_t type)
{
	put_u16(w, type);
	put_u16(w, 0);
}

void
attach_packet(struct sup *s, const struct put *w, const int *fds, int n)
{
	if (w->bad)
		log_error("message for the dataplane is too long");
	else if (line_packet(&s->attach.line, put_view(w), fds, n) == -EAGAIN)
		detach(s);
}

void
attach_send(struct sup *s, uint16_t type, uint32_t conn, uint32_t gen, struct view text)
{
	uint8_t room[GRANT_MAX + 64];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, type);
	put_u32(&w, conn);
	put_u32(&w, gen);
	put_sview(&w, text);
	attach_packet(s, &w, NULL, 0);
}

void
attach_kill(struct sup *s, uint32_t conn, uint32_t gen, uint32_t reason)
{
	uint8_t room[32];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_KILL);
	put_u32(&w, conn);
	put_u32(&w, gen);
	put_u32(&w, reason);
	attach_packet(s, &w, NULL, 0);
}

void
attach_rekey(struct sup *s, uint32_t conn, uint32_t gen)
{
	uint8_t room[32];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_REKEY);
	put_u32(&w, conn);
	put_u32(&w, gen);
	attach_packet(s, &w, NULL, 0);
}

static void
send_hello(struct sup *s)
{
	uint8_t room[32];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_HELLO);
	put_u16(&w, LINK_MAJOR);
	put_u16(&w, LINK_MINOR);
	put_u16(&w, NOTE_VERSION);
	put_u32(&w, (uint32_t)getpid());
	attach_packet(s, &w, NULL, 0);
}

void
attach_conf(struct sup *s)
{
	uint8_t room[ATTACH_MESSAGE_MAX];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_CONF);
	attach_conf_body(&w, &s->conf, s->generation);
	attach_packet(s, &w, NULL, 0);
}

/* ---- receiving ---- */

static bool
take_hello(struct sup *s, struct cur *c)
{
	uint16_t major = cur_u16(c);
	uint16_t minor = cur_u16(c);
	uint16_t note = cur_u16(c);
	uint32_t pid = cur_u32(c);
	int r;

	if (c->bad)
		return false;
	if (major != LINK_MAJOR) {
		log_error("dataplane speaks link version %u.%u, not %u", major, minor, LINK_MAJOR);
		return false;
	}
	r = know_process(s, pid);
	if (r != 0) {
		log_error("dataplane's process %u: %s", pid, strerror(-r));
		return false;
	}
	log_debug("dataplane: link %u.%u, note %u", major, minor, note);
	s->attach.minor = minor;
	s->attach.state = ATTACH_SNAPSHOT;
	served_tell_all(s);
	attach_snapshot_begin(s);
	attach_conf(s);
	return true;
}

static bool
take(struct sup *s, struct view packet, int *fds, int n)
{
	struct cur c = cur_view(packet);
	uint16_t type = cur_u16(&c);
	uint16_t zero = cur_u16(&c);

	if (c.bad || zero != 0)
		return false;
	if (s->attach.state == ATTACH_GREETING)
		return type == ATTACH_HELLO && take_hello(s, &c);
	return attach_take(s, type, &c, fds, n);
}

static void
on_socket(void *ctx, int fd, unsigned events)
{
	static uint8_t buf[ATTACH_MESSAGE_MAX];
	struct sup *s = ctx;
	int fds[PACKET_FDS_MAX];
	int left = MESSAGES_PER_TURN;
	size_t len;
	int i, n, r;
	bool ok;

	(void)events;
	while (left-- > 0 && s->attach.line.fd == fd) {
		r = packet_recv(fd, buf, sizeof(buf), &len, fds, &n);
		if (r == 0)
			return;
		ok = r > 0 && take(s, view_of(buf, len), fds, n);
		for (i = 0; r > 0 && i < n; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		if (!ok) {
			log_warn("dataplane's socket %s", r > 0 ? "carried nonsense: closed" : "was closed");
			detach(s);
			return;
		}
	}
}

/* ---- connecting ---- */

static void
greeting_late(void *ctx)
{
	struct sup *s = ctx;

	if (s->attach.state == ATTACH_ON)
		return;
	log_warn("dataplane does not answer");
	detach(s);
}

static void
try_attach(void *ctx)
{
	struct sup *s = ctx;
	struct attach *a = &s->attach;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	a->timer = 0;
	if (s->stopping)
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(to.sun_path, s->conf.dataplane_socket,
	    strnlen(s->conf.dataplane_socket, sizeof(to.sun_path) - 1));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    line_open(&a->line, s->loop, fd, on_socket, s) != 0) {
		if (fd >= 0)
			close(fd);
		a->line.fd = -1;
		retry(s);
		return;
	}
	a->state = ATTACH_GREETING;
	a->timer = loop_after(s->loop, GREETING_MS, greeting_late, s);
	send_hello(s);
}

void
attach_init(struct sup *s)
{
	int i;

	s->attach.line.fd = -1;
	s->attach.pidfd = -1;
	s->list.fd = -1;
	for (i = 0; i < SUP_WORKERS_MAX; i++)
		s->attach.meter_fd[i] = -1;
}

void
attach_start(struct sup *s)
{
	try_attach(s);
}

void
attach_stop(struct sup *s)
{
	loop_cancel(s->loop, s->attach.timer);
	line_close(&s->attach.line);
	s->attach.state = ATTACH_OFF;
}
