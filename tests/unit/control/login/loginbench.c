#include "tests/unit/control/login/loginbench.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/link/grant.h"
#include "control/role.h"
#include "control/spawn.h"

#define WAIT_MS 10000

static uint8_t buf[MSG_MAX];

const char *w_conf = "UsePAM no\nPrintMotd no\n";
uint32_t w_restrictions;
const char *w_command = "";

void
bench_role(int argc, char **argv)
{
	if (argc < 4 || strcmp(argv[1], "role") != 0)
		return;
	if (strcmp(argv[2], "login") == 0)
		exit(login_main(0));
	if (strcmp(argv[2], "host") == 0)
		exit(host_main(0));
	exit(99);
}

bool
bench_ended(int pidfd, int ms)
{
	struct pollfd p = { pidfd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1;
}

static int
receive(int fd, uint16_t type, struct msg *m)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int r;

	for (;;) {
		while ((r = msg_recv(fd, m, buf)) == 0)
			if (poll(&p, 1, WAIT_MS) != 1)
				return -1;
		if (r < 0 || m->type == type)
			return r < 0 ? -1 : 0;
		msg_drop_fds(m);
	}
}

static int
send_body(int fd, uint16_t type, const struct put *w, const int *fds, int count)
{
	struct msg m = { .type = type, .conn = BENCH_CONN, .gen = BENCH_GEN, .tag = 1, .body = put_view(w),
	    .fd_count = count };

	if (count > 0)
		memcpy(m.fds, fds, (size_t)count * sizeof(int));
	return msg_send(fd, &m);
}

/* ---- start ---- */

static int
send_conf(struct world *w)
{
	uint8_t body[4];
	struct put p = put_of(body, sizeof(body));
	int fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = -1;

	put_u32(&p, 1);
	if (fd >= 0 && write(fd, w_conf, strlen(w_conf)) == (ssize_t)strlen(w_conf) &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		r = send_body(w->leader, MSG_CONF, &p, &fd, 1);
	if (fd >= 0)
		close(fd);
	return r;
}

static int
start_leader(struct world *w, const char *user, const char *shell)
{
	struct passwd *pw = getpwnam(user);
	struct spawn s = { .role = ROLE_LOGIN, .log_fd = -1, .leader_fd = -1, .keep_stderr = true };
	struct grant g = { .peer = "192.0.2.1", .local = "192.0.2.2", .peer_port = 4000, .local_port = 22 };
	uint8_t image[GRANT_MAX], body[GRANT_MAX + 16];
	struct put gw = put_of(image, sizeof(image)), bw = put_of(body, sizeof(body));
	int pair[2];
	struct msg m;

	if (pw == NULL || spawn_init() != 0 || msg_pair(pair) != 0)
		return -1;
	s.supervisor_fd = pair[1];
	w->leader_pid = spawn_role(&s, &w->leader_pidfd);
	close(pair[1]);
	w->leader = pair[0];
	if (w->leader_pid < 0 || receive(w->leader, MSG_READY, &m) != 0)
		return -1;
	snprintf(g.user, sizeof(g.user), "%s", user);
	snprintf(g.home, sizeof(g.home), "%s", "/tmp");
	snprintf(g.shell, sizeof(g.shell), "%s", shell);
	snprintf(g.methods, sizeof(g.methods), "publickey");
	g.uid = pw->pw_uid;
	g.gid = pw->pw_gid;
	g.restrictions = w_restrictions;
	snprintf(g.command, sizeof(g.command), "%s", w_command);
	if (grant_encode(&g, &gw) != 0)
		return -1;
	if (send_conf(w) != 0)
		return -1;
	put_sview(&bw, put_view(&gw));
	if (send_body(w->leader, MSG_LOGIN_START, &bw, NULL, 0) != 0 ||
	    receive(w->leader, MSG_LOGIN_STARTED, &m) != 0)
		return -1;
	return m.body.len >= 4 && memcmp(m.body.data, "\0\0\0\0", 4) == 0 ? 0 : -1;
}

static char exe[PATH_MAX / 2];

/* Before the mount namespace is left: in a chroot its path has another root then. */
__attribute__((constructor)) static void
find_exe(void)
{
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 2 && strrchr(exe, '/') != NULL; up++)
		*strrchr(exe, '/') = '\0';
}

static void
plugin_path(const char *id, char *path, size_t size)
{
	snprintf(path, size, "%s/plugins/%s.so", exe, id);
}

static int
link_host(struct world *w)
{
	struct msg m;
	uint8_t body[8];
	struct put up = put_of(body, sizeof(body));
	int ring_fd, region, r;

	if (receive(w->host, MSG_LINK, &m) != 0 || m.fd_count != 2)
		return -1;
	region = msg_take_fd(&m, 0);
	w->bell_host = msg_take_fd(&m, 1);
	if (bell_adopt(w->bell_host) != 0 || bell_create(&w->bell_wait, &ring_fd) != 0 ||
	    region_create(&w->own, "worker", LINK_HOST_RING, LINK_HOST_ARENA) != 0 ||
	    region_attach(&w->other, region, LINK_HOST_RING, LINK_HOST_ARENA) != 0)
		return -1;
	close(region);
	ring_out_init(&w->out, &w->own, &w->other, w->arena_end, false);
	ring_in_init(&w->in, &w->own, &w->other);
	put_u32(&up, 0);
	put_u32(&up, 77);
	r = send_body(w->host, MSG_LINK_UP, &up, (int[]){ w->own.fd, ring_fd }, 2);
	close(ring_fd);
	return r == 0 ? receive(w->host, MSG_READY, &m) : -1;
}

static int
start_host(struct world *w)
{
	uint8_t body[PATH_MAX + 64];
	struct put hw = put_of(body, sizeof(body));
	char path[PATH_MAX];
	int pair[2];
	struct msg m;

	plugin_path("exec", path, sizeof(path));
	if (msg_pair(pair) != 0)
		return -1;
	put_cstr(&hw, path);
	put_cstr(&hw, "");
	/* Log lines of the host go to this program's. */
	if (send_body(w->leader, MSG_HOST_START, &hw, (int[]){ pair[1], 2 }, 2) != 0)
		return -1;
	close(pair[1]);
	w->host = pair[0];
	if (receive(w->leader, MSG_HOST_STARTED, &m) != 0 || m.fd_count != 1)
		return -1;
	w->host_pidfd = msg_take_fd(&m, 0);
	hw = put_of(body, sizeof(body));
	put_cstr(&hw, "exec");
	put_cstr(&hw, path);
	put_cstr(&hw, "");
	put_u32(&hw, 0);
	put_u32(&hw, 0);
	return send_body(w->host, MSG_HOST_CONF, &hw, NULL, 0) == 0 ? link_host(w) : -1;
}

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->leader = w->host = w->leader_pidfd = w->host_pidfd = w->bell_wait = w->bell_host = -1;
}

int
world_open_service(struct world *w, const char *plugin, uid_t uid, gid_t gid, bool registered)
{
	struct spawn s = { .role = ROLE_HOST, .log_fd = 2, .leader_fd = -1, .keep_stderr = true };
	uint8_t body[PATH_MAX + 64];
	struct put hw = put_of(body, sizeof(body));
	char path[PATH_MAX];
	int pair[2];

	world_init(w);
	plugin_path(plugin, path, sizeof(path));
	if (spawn_init() != 0 || msg_pair(pair) != 0)
		return -1;
	s.supervisor_fd = pair[1];
	w->host_pid = spawn_role(&s, &w->host_pidfd);
	close(pair[1]);
	w->host = pair[0];
	put_cstr(&hw, plugin);
	put_cstr(&hw, path);
	put_cstr(&hw, "RunAs service\n");
	put_u32(&hw, uid);
	put_u32(&hw, gid);
	if (w->host_pid < 0 || send_body(w->host, MSG_HOST_CONF, &hw, NULL, 0) != 0)
		return -1;
	return registered ? link_host(w) : 0;
}

int
world_open(struct world *w, const char *user, const char *shell)
{
	world_init(w);
	return start_leader(w, user, shell) == 0 ? start_host(w) : -1;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
world_status(struct world *w)
{
	int status = -1;

	waitpid(w->leader_pid, &status, 0);
	w->leader_pid = 0;
	return status;
}

void
world_close(struct world *w)
{
	shut(&w->host);
	shut(&w->leader);
	shut(&w->bell_wait);
	shut(&w->bell_host);
	if (w->leader_pid > 0) {
		if (!bench_ended(w->leader_pidfd, 5000))
			kill(w->leader_pid, SIGKILL);
		waitpid(w->leader_pid, NULL, 0);
	}
	if (w->host_pid > 0) {
		kill(w->host_pid, SIGKILL);
		waitpid(w->host_pid, NULL, 0);
	}
	shut(&w->leader_pidfd);
	shut(&w->host_pidfd);
	region_close(&w->own);
	region_close(&w->other);
}

/* ---- entries ---- */

static void
publish(struct world *w, struct link_entry *e, struct view payload)
{
	if (!ring_send(&w->out, e, payload))
		abort();
	if (ring_armed(&w->other))
		bell_ring(w->bell_host);
}

void
world_send(struct world *w, uint16_t op, uint32_t chan, uint64_t a0, struct view payload)
{
	struct link_entry e = { .op = op, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
	    .arg = { a0 } };

	publish(w, &e, payload);
}

void
world_request(struct world *w, uint32_t chan, const char *name, struct view body)
{
	uint8_t b[256];
	struct put p = put_of(b, sizeof(b));

	put_cstr(&p, name);
	put_bytes(&p, body.data, body.len);
	world_send(w, LINK_UP_CHAN_REQUEST, chan, 0, put_view(&p));
}

void
world_start(struct world *w, uint32_t chan, uint8_t kind, const char *command, struct view pty,
    uint64_t credit)
{
	struct link_entry e = { .op = LINK_UP_CHAN_OPEN, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
	    .seq = ++w->use, .arg = { 32768, credit, 1u << 20 } };
	uint8_t b[4096], image[GRANT_MAX];
	struct put p = put_of(b, sizeof(b)), g = put_of(image, sizeof(image));
	struct grant facts = { .user = "somebody", .shell = "/bin/sh", .home = "/tmp", .uid = 1 };

	(void)grant_encode(&facts, &g);
	put_u8(&p, kind);
	put_cstr(&p, command);
	put_sview(&p, pty);
	put_u32(&p, 1);
	put_cstr(&p, "LC_TEST");
	put_cstr(&p, "from the peer");
	put_sview(&p, put_view(&g));
	publish(w, &e, put_view(&p));
}

void
outcome_init(struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	o->data = calloc(1, BENCH_OUT_MAX);
	o->err = calloc(1, BENCH_OUT_MAX);
	o->reply = -1;
	o->status = -1;
}

void
outcome_free(struct outcome *o)
{
	free(o->data);
	free(o->err);
}

static void
take_request(struct outcome *o, struct view payload)
{
	struct cur c = cur_view(payload);
	struct view name = cur_string(&c), sig;

	if (view_is(name, "exit-status")) {
		o->status = cur_u32(&c);
	} else if (view_is(name, "exit-signal")) {
		sig = cur_string(&c);
		snprintf(o->signal, sizeof(o->signal), "%.*s", (int)sig.len, (const char *)sig.data);
	}
	o->data_at_status = o->data_len;
}

static void
take_entry(struct world *w, uint32_t chan, struct outcome *o, const struct link_entry *e, struct view payload)
{
	if (o->closed)
		o->broken = true;
	switch (e->op) {
	case LINK_DOWN_CHAN_DATA:
		if (o->eof || o->reply != 1 || o->data_len + payload.len > BENCH_OUT_MAX - 1) {
			o->broken = true;
			break;
		}
		memcpy((e->arg[0] == 0 ? o->data + o->data_len : o->err + o->err_len), payload.data, payload.len);
		*(e->arg[0] == 0 ? &o->data_len : &o->err_len) += payload.len;
		if (!o->no_credit)
			world_send(w, LINK_UP_CHAN_CREDIT, chan, payload.len, view_of(NULL, 0));
		break;
	case LINK_DOWN_CHAN_TOOK:
		o->took += e->arg[0];
		break;
	case LINK_DOWN_CHAN_EOF:
		o->eof = true;
		break;
	case LINK_DOWN_CHAN_REQUEST:
		take_request(o, payload);
		break;
	case LINK_DOWN_CHAN_REPLY:
		o->broken |= o->reply >= 0;
		o->reply = (int)e->arg[0];
		break;
	case LINK_DOWN_CHAN_CLOSE:
		o->closed = true;
		break;
	default:
		o->broken = true;
	}
}

bool
world_wait(struct world *w, int ms)
{
	struct pollfd p = { w->bell_wait, POLLIN, 0 };

	while (!ring_pending(&w->in)) {
		ring_arm(&w->own);
		if (!ring_pending(&w->in) && poll(&p, 1, ms) != 1) {
			ring_disarm(&w->own);
			return false;
		}
		ring_disarm(&w->own);
		(void)bell_hush(w->bell_wait);
	}
	return true;
}

bool
world_take(struct world *w, uint32_t chan, struct outcome *o, int ms)
{
	struct link_entry e;
	struct view payload;
	int r;

	if (!world_wait(w, ms))
		return false;
	r = ring_peek(&w->in, &e, &payload);
	if (r <= 0 || e.chan != chan) {
		o->broken = true;
		return false;
	}
	take_entry(w, chan, o, &e, payload);
	ring_take(&w->in);
	return true;
}

void
world_collect(struct world *w, uint32_t chan, struct outcome *o, int ms)
{
	while (!o->closed && world_take(w, chan, o, ms))
		;
	if (o->closed)
		world_send(w, LINK_UP_CHAN_CLOSED, chan, 0, view_of(NULL, 0));
}

bool
world_wait_text(struct world *w, uint32_t chan, struct outcome *o, const char *text)
{
	while (memmem(o->data, o->data_len, text, strlen(text)) == NULL)
		if (o->closed || !world_take(w, chan, o, WAIT_MS))
			return false;
	return true;
}
