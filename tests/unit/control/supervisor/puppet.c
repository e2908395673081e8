#include "tests/unit/control/supervisor/puppet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "control/supervisor/supervisor.h"

/* ---- the role's side ---- */

static void
address(struct sockaddr_un *to, const char *path)
{
	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, strnlen(path, sizeof(to->sun_path) - 1));
}

static int
dial(const char *path)
{
	struct sockaddr_un to;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	address(&to, path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		_exit(3);
	return fd;
}

/* The test is found through the configuration: beside the control socket. */
static int
find_test(const struct msg *conf)
{
	char text[65536];
	char path[128];
	char *at;
	ssize_t n = pread(conf->fds[0], text, sizeof(text) - 1, 0);

	if (n <= 0)
		_exit(4);
	text[n] = '\0';
	at = strstr(text, "controlsocket ");
	if (at == NULL || sscanf(at, "controlsocket %110s", path) != 1)
		_exit(5);
	strcat(path, ".puppet");
	return dial(path);
}

static void
pass_on(int from, int to)
{
	static uint8_t buf[MSG_MAX];
	int fds[PACKET_FDS_MAX];
	size_t len;
	int i, n, r;

	r = packet_recv(from, buf, sizeof(buf), &len, fds, &n);
	if (r < 0)
		_exit(0);
	if (r == 0)
		return;
	if (packet_send(to, view_of(buf, len), fds, n) != 0)
		_exit(6);
	for (i = 0; i < n; i++)
		close(fds[i]);
}

int
puppet_main(int argc, char **argv)
{
	static uint8_t buf[MSG_MAX];
	const struct role *r = argc == 4 ? role_by_name(argv[2]) : NULL;
	struct pollfd p[2] = { { .fd = ROLE_SUPERVISOR_FD, .events = POLLIN } };
	uint32_t hello[3];
	struct msg m;
	int test;

	if (r == NULL)
		return 2;
	while (poll(p, 1, -1) == 1 && msg_recv(ROLE_SUPERVISOR_FD, &m, buf) == 0)
		;
	if (m.type != MSG_CONF || m.fd_count != 1)
		return 7;
	test = find_test(&m);
	hello[0] = (uint32_t)r->id;
	hello[1] = (uint32_t)strtoul(argv[3], NULL, 10);
	hello[2] = (uint32_t)getpid();
	if (packet_send(test, view_of(hello, sizeof(hello)), NULL, 0) != 0 || msg_send(test, &m) != 0)
		return 8;
	msg_drop_fds(&m);
	p[1].fd = test;
	p[1].events = POLLIN;
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents)
			pass_on(ROLE_SUPERVISOR_FD, test);
		if (p[1].revents)
			pass_on(test, ROLE_SUPERVISOR_FD);
	}
	return 9;
}

/* ---- the stage ---- */

static int
bind_at(const char *path)
{
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	address(&at, path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		exit(98);
	return fd;
}

/* SO_PEERCRED names the process that listened: a child, which can be killed. */
void
dp_process(struct stage *s)
{
	int done[2];
	char byte = 0;

	if (pipe(done) != 0)
		exit(97);
	s->dp_pid = fork();
	if (s->dp_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (listen(s->dp_listener, 64) == 0 && write(done[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		exit(96);
	close(done[0]);
}

void
dp_kill(struct stage *s)
{
	if (s->dp >= 0)
		close(s->dp);
	s->dp = -1;
	kill(s->dp_pid, SIGKILL);
	waitpid(s->dp_pid, NULL, 0);
	s->dp_pid = 0;
}

void
stage_open(struct stage *s)
{
	char path[256];

	memset(s, 0, sizeof(*s));
	strcpy(s->folder, "/tmp/postern-sup-XXXXXX");
	if (mkdtemp(s->folder) == NULL)
		exit(99);
	conf_default(&s->conf);
	strcpy(s->conf.nic, "af_packet:none");
	s->conf.gates = 2;
	s->conf.clerks = 1;
	s->conf.use_pam = false;
	strcpy(s->conf.host_key[0], "/nonexistent/key");
	s->conf.host_key_count = 1;
	snprintf(s->conf.control_socket, sizeof(s->conf.control_socket), "%s/c", s->folder);
	snprintf(s->conf.dataplane_socket, sizeof(s->conf.dataplane_socket), "%s/dp", s->folder);
	snprintf(s->conf.plugin_dir, sizeof(s->conf.plugin_dir), "%s", s->folder);
	snprintf(path, sizeof(path), "%s/c.puppet", s->folder);
	s->puppet_listener = bind_at(path);
	if (listen(s->puppet_listener, 64) != 0)
		exit(95);
	s->dp_listener = bind_at(s->conf.dataplane_socket);
	s->dp = -1;
	dp_process(s);
}

void
stage_file(struct stage *s, const char *name, const char *text, char path[256])
{
	char room[256];
	FILE *f;

	if (path == NULL)
		path = room;
	snprintf(path, 256, "%s/%s", s->folder, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, 0644);
}

void
stage_start(struct stage *s)
{
	char path[256];

	stage_file(s, "conf", "", path);
	s->supervisor = fork();
	if (s->supervisor == 0)
		exit(supervisor_run(path, &s->conf));
}

void
stage_close(struct stage *s)
{
	char command[128];
	int i;

	if (s->supervisor > 0) {
		kill(s->supervisor, SIGKILL);
		waitpid(s->supervisor, NULL, 0);
	}
	for (i = 0; i < s->waiting_count; i++)
		puppet_free(s->waiting[i]);
	if (s->dp_pid > 0)
		dp_kill(s);
	close(s->puppet_listener);
	close(s->dp_listener);
	if (s->dp >= 0)
		close(s->dp);
	snprintf(command, sizeof(command), "rm -rf %s", s->folder);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", s->folder);
}

bool
fd_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

bool
fd_gone(int fd)
{
	uint8_t b[16];

	while (fd_readable(fd, WAIT_MS)) {
		ssize_t n = recv(fd, b, sizeof(b), MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
	}
	return false;
}

/* ---- puppets ---- */

static struct puppet *
puppet_accept(struct stage *s)
{
	struct puppet *p = calloc(1, sizeof(*p));
	uint32_t hello[3];

	if (!fd_readable(s->puppet_listener, WAIT_MS)) {
		free(p);
		return NULL;
	}
	p->fd = accept4(s->puppet_listener, NULL, NULL, SOCK_CLOEXEC);
	if (!fd_readable(p->fd, WAIT_MS) || recv(p->fd, hello, sizeof(hello), 0) != sizeof(hello)) {
		puppet_free(p);
		return puppet_accept(s);
	}
	p->role = (enum role_id)hello[0];
	p->index = hello[1];
	p->pid = (pid_t)hello[2];
	return p;
}

struct puppet *
puppet_wait(struct stage *s, enum role_id role, uint32_t index)
{
	struct puppet *p;
	int i;

	for (i = 0; i < s->waiting_count; i++) {
		p = s->waiting[i];
		if (p->role == role && p->index == index) {
			s->waiting[i] = s->waiting[--s->waiting_count];
			return p;
		}
	}
	while ((p = puppet_accept(s)) != NULL) {
		if (p->role == role && p->index == index)
			return p;
		s->waiting[s->waiting_count++] = p;
	}
	return NULL;
}

void
puppet_free(struct puppet *p)
{
	if (p == NULL)
		return;
	close(p->fd);
	free(p);
}

static int
puppet_next(struct puppet *p, struct msg *m)
{
	int r = 0;

	memset(m, 0, sizeof(*m));
	while (r == 0 && fd_readable(p->fd, WAIT_MS))
		r = msg_recv(p->fd, m, p->buf);
	return r;
}

bool
puppet_expect(struct puppet *p, uint16_t type, struct msg *m)
{
	int r = p == NULL ? -1 : puppet_next(p, m);

	if (r == 1 && m->type == type)
		return true;
	fprintf(stderr, "%s: expected %s, got %s\n", p != NULL ? roles[p->role].name : "nobody",
	    msg_name(type),
	    r == 1   ? msg_name(m->type)
	    : r == 0 ? "nothing"
		     : "the end");
	if (r == 1)
		msg_drop_fds(m);
	return false;
}

bool
puppet_find(struct puppet *p, uint16_t type, struct msg *m)
{
	while (p != NULL && puppet_next(p, m) == 1) {
		if (m->type == type)
			return true;
		msg_drop_fds(m);
	}
	fprintf(stderr, "%s: %s did not come\n", p != NULL ? roles[p->role].name : "nobody", msg_name(type));
	return false;
}

void
puppet_say(struct puppet *p, struct msg *m, const struct put *body)
{
	if (body != NULL)
		m->body = put_view(body);
	if (msg_send(p->fd, m) != 0)
		fprintf(stderr, "%s: cannot say %s\n", roles[p->role].name, msg_name(m->type));
}

bool
puppet_gone(struct puppet *p)
{
	struct msg m;
	int r;

	while ((r = puppet_next(p, &m)) == 1)
		msg_drop_fds(&m);
	return r < 0;
}

/* ---- the dataplane ---- */

bool
dp_accept(struct stage *s)
{
	if (s->dp >= 0)
		close(s->dp);
	s->dp = -1;
	if (fd_readable(s->dp_listener, WAIT_MS))
		s->dp = accept4(s->dp_listener, NULL, NULL, SOCK_CLOEXEC);
	return s->dp >= 0;
}

bool
dp_find(struct stage *s, uint16_t type, struct dp_packet *p)
{
	size_t len;

	while (s->dp >= 0 && fd_readable(s->dp, WAIT_MS)) {
		int r = packet_recv(s->dp, p->buf, sizeof(p->buf), &len, p->fds, &p->n);

		if (r < 0)
			break;
		if (r == 0)
			continue;
		p->c = cur_of(p->buf, len);
		p->type = cur_u16(&p->c);
		(void)cur_u16(&p->c);
		if (p->type == type)
			return true;
		dp_drop_fds(p);
	}
	return false;
}

void
dp_drop_fds(struct dp_packet *p)
{
	int i;

	for (i = 0; i < p->n; i++)
		close(p->fds[i]);
	p->n = 0;
}

void
dp_begin(struct put *w, uint8_t *room, size_t size, uint16_t type)
{
	*w = put_of(room, size);
	put_u16(w, type);
	put_u16(w, 0);
}

void
dp_say(struct stage *s, const struct put *w, const int *fds, int n)
{
	if (packet_send(s->dp, put_view(w), fds, n) != 0)
		fprintf(stderr, "dataplane: cannot send\n");
}

void
dp_hello(struct stage *s)
{
	uint8_t room[64];
	struct put w;

	dp_begin(&w, room, sizeof(room), ATTACH_HELLO);
	put_u16(&w, LINK_MAJOR);
	put_u16(&w, LINK_MINOR);
	put_u16(&w, NOTE_VERSION);
	put_u32(&w, (uint32_t)getpid());
	dp_say(s, &w, NULL, 0);
}

bool
dp_attach(struct stage *s)
{
	struct dp_packet p;
	uint8_t room[16];
	struct put w;

	if (!dp_accept(s) || !dp_find(s, ATTACH_HELLO, &p))
		return false;
	dp_hello(s);
	if (!dp_find(s, ATTACH_CONF, &p))
		return false;
	dp_begin(&w, room, sizeof(room), ATTACH_SNAPSHOT_END);
	dp_say(s, &w, NULL, 0);
	return true;
}
