#include "control/login/login.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"

/* The user's, and writable by group tty: what write and wall use. */
static int
give(const struct grant *g, int slave)
{
	struct group *tty = getgrnam("tty");

	if (fchown(slave, g->uid, tty != NULL ? tty->gr_gid : g->gid) != 0)
		return -1;
	return fchmod(slave, tty != NULL ? 0620 : 0600);
}

/* The master, or -1; *t gets slave and name. */
static int
open_pair(const struct login *l, struct terminal *t)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (master < 0)
		return -1;
	if (unlockpt(master) != 0 || ptsname_r(master, t->name, sizeof(t->name)) != 0)
		goto fail;
	/* By the master, not by name: a mount namespace may hide or replace it. */
	t->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0)
		goto fail;
	if (give(&l->grant, t->slave) != 0) {
		close(t->slave);
		goto fail;
	}
	return master;
fail:
	close(master);
	return -1;
}

static void
answer(struct login_host *host, uint32_t tag, const struct terminal *t, int master, int error)
{
	struct msg m = { .type = MSG_TERMINAL_IS, .tag = tag, .fds = { master }, .fd_count = master >= 0 };
	uint8_t body[128];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, t != NULL ? t->id : 0);
	put_u32(&w, (uint32_t)error);
	put_cstr(&w, t != NULL ? t->name : "");
	m.body = put_view(&w);
	if (msg_send(host->sock, &m) != 0)
		log_error("login: a terminal's answer was not sent");
}

int
terminal_open(struct login_host *host, struct msg *m)
{
	struct login *l = host->login;
	struct terminal *t = NULL;
	int master;

	if (m->body.len != 0)
		return -1;
	/* Clerk and the plugin refuse it too; neither has the last word. */
	if ((l->grant.restrictions & GRANT_NO_PTY) != 0) {
		answer(host, m->tag, NULL, -1, EACCES);
		return 0;
	}
	if (l->terminal_count < LOGIN_TERMINALS_MAX)
		t = calloc(1, sizeof(*t));
	if (t == NULL) {
		answer(host, m->tag, NULL, -1, ENOMEM);
		return 0;
	}
	master = open_pair(l, t);
	if (master < 0) {
		log_error("login %s: no terminal: %s", l->grant.user, strerror(errno));
		answer(host, m->tag, NULL, -1, errno);
		free(t);
		return 0;
	}
	t->owner = host;
	t->id = ++l->terminal_id;
	t->next = l->terminals;
	l->terminals = t;
	l->terminal_count++;
	answer(host, m->tag, t, master, 0);
	close(master);
	return 0;
}

struct terminal *
terminal_find(const struct login_host *host, uint32_t id)
{
	struct terminal *t = host->login->terminals;

	while (t != NULL && (t->owner != host || t->id != id))
		t = t->next;
	return t;
}

void
terminal_free(struct login *l, struct terminal *t)
{
	struct terminal **at = &l->terminals;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	l->terminal_count--;
	close(t->slave);
	free(t);
}

void
terminal_orphan(const struct login_host *host)
{
	struct terminal *t, *next;

	for (t = host->login->terminals; t != NULL; t = next) {
		next = t->next;
		if (t->owner == host)
			terminal_free(host->login, t);
	}
}
