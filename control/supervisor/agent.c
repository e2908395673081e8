/*
 * HostKeyAgent: keeper is confined and cannot connect to it; this is done here for it,
 * as often as it asks. What is said over the socket is between keeper and the agent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/supervisor/supervisor.h"

static const char *
path_of(const struct conf *c)
{
	const char *named;

	if (strcmp(c->host_key_agent, CONF_AGENT_ENV) != 0)
		return c->host_key_agent;
	named = getenv(CONF_AGENT_ENV);
	return named != NULL ? named : "";
}

/* A connected socket, or -errno. Nothing here waits: a backlog that is full is an
 * error. */
static int
reach(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, r;

	if (path[0] == '\0')
		return -ENOENT;
	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	strcpy(at.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

void
on_agent_wanted(struct sup *s, struct proc *p, struct msg *m)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg a = { .type = MSG_AGENT_IS, .tag = m->tag };
	int fd;

	if (m->body.len != 0) {
		proc_refuse(p, m);
		return;
	}
	fd = reach(path_of(&s->conf));
	put_u32(&w, fd < 0 ? (uint32_t)-fd : 0);
	a.body = put_view(&w);
	if (fd >= 0) {
		a.fds[0] = fd;
		a.fd_count = 1;
	}
	proc_send(p, &a);
	if (fd >= 0)
		close(fd);
}
