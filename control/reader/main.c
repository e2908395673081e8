/*
 * Reader's process: one request, ACCOUNT with a uid.
 */
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/log.h"
#include "control/peers.h"
#include "control/reader/reader.h"
#include "control/sandbox.h"

#define NOLOGIN_PATH "/etc/nologin"
#define LINES_MAX 4096u
#define FILES_MAX MSG_FDS_MAX
#define FDS_SENT_MAX 8 /* with their paths they fit into one message */

struct reader_role {
	struct conf conf;
	struct peers peers;
};

struct reader_files {
	int fd[FILES_MAX];
	char path[FILES_MAX][READER_PATH_MAX];
	int count;
	char lines[LINES_MAX]; /* what there is to log, a line each */
};

static void
add_line(struct reader_files *f, const char *line)
{
	size_t used = strlen(f->lines), len = strlen(line);

	if (len == 0 || used + len + 2 > sizeof f->lines)
		return;
	memcpy(f->lines + used, line, len);
	f->lines[used + len] = '\n';
	f->lines[used + len + 1] = '\0';
}

static void
open_all(const struct conf *c, struct reader_files *f, const struct reader_owner *owner)
{
	char why[READER_LINE_MAX];

	for (uint32_t i = 0; i < c->authorized_keys_count && f->count < (int)FILES_MAX; i++) {
		char *path = f->path[f->count];
		int fd;

		if (reader_expand(path, c->authorized_keys[i], owner) != 0) {
			add_line(f, "AuthorizedKeysFile: a pattern cannot be expanded");
			continue;
		}
		fd = reader_open(path, owner, c->strict_modes, why);
		add_line(f, why);
		if (fd >= 0)
			f->fd[f->count++] = fd;
	}
}

static void
send_answer(struct role_peer *to, const struct msg *asked, const struct reader_facts *facts,
    const struct reader_files *f)
{
	static uint8_t body[MSG_MAX - 64];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_ACCOUNT_IS, .conn = asked->conn, .gen = asked->gen, .tag = asked->tag };
	int sent = f->count < FDS_SENT_MAX ? f->count : FDS_SENT_MAX;

	put_cstr(&w, facts->text);
	put_bool(&w, facts->locked);
	put_bool(&w, facts->expired);
	put_bool(&w, facts->nologin);
	memcpy(m.fds, f->fd, (size_t)sent * sizeof m.fds[0]);
	put_u32(&w, (uint32_t)sent);
	for (int i = 0; i < sent; i++)
		put_cstr(&w, f->path[i]);
	put_cstr(&w, f->lines);
	m.fd_count = sent;
	m.body = put_view(&w);
	if (w.bad || peers_send(to, &m) != 0)
		log_error("the facts of an account could not be sent");
}

/* Nothing of an account that is not there is told apart from an empty one: the
 * asker asks for those too, to take the same time. */
static int
on_account(struct reader_role *r, struct role_peer *from, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t uid = cur_u32(&c);
	struct reader_facts facts = { 0 };
	struct reader_files *f = calloc(1, sizeof *f);
	struct passwd *pw;

	if (!cur_done(&c) || f == NULL) {
		free(f);
		return -1;
	}
	pw = getpwuid(uid);
	if (pw != NULL) {
		struct reader_owner owner = { .name = pw->pw_name, .uid = uid, .home = pw->pw_dir };

		reader_facts(
		    &facts, pw->pw_name, uid, pw->pw_passwd, NOLOGIN_PATH, (long)(time(NULL) / 86400));
		if (reader_become(pw->pw_name, uid, pw->pw_gid) == 0) {
			open_all(&r->conf, f, &owner);
			reader_return();
		}
	}
	send_answer(from, m, &facts, f);
	for (int i = 0; i < f->count; i++)
		close(f->fd[i]);
	free(f);
	return 0;
}

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	struct reader_role *r = ctx;

	if (from->role == ROLE_SUPERVISOR && m->type == MSG_CONF)
		return confmsg_read(&r->conf, m);
	if (from->role == ROLE_SUPERVISOR && m->type == MSG_CONN_GONE)
		return 0;
	if (from->role == ROLE_WARDEN && m->type == MSG_ACCOUNT)
		return on_account(r, from, m);
	return -1;
}

/* The name service loads its modules at first use, and in the sandbox nothing
 * can be loaded. */
static void
warm_up(void)
{
	gid_t groups[64];
	int count = 64;

	/* one that is there, and one that every source has to be asked for */
	getpwuid(0);
	getpwuid(UINT32_MAX - 1);
	getspnam("root");
	getspnam("_postern-nobody");
	getgrgid(UINT32_MAX - 1);
	getgrouplist("root", 0, groups, &count);
	tzset();
}

/* Root opens what it likes: the host keys are taken out of its sight. */
static int
hide_keys(const struct conf *c)
{
	const char *paths[CONF_LIST_MAX];

	for (uint32_t i = 0; i < c->host_key_count; i++)
		paths[i] = c->host_key[i];
	return sandbox_hide(paths, c->host_key_count);
}

int
reader_main(uint32_t index)
{
	struct reader_role *r = calloc(1, sizeof *r);
	struct loop *loop = loop_new();
	struct msg ready = { .type = MSG_READY };
	int status = 1;

	(void)index;
	if (r == NULL || loop == NULL || confmsg_wait(&r->conf, ROLE_SUPERVISOR_FD) != 0)
		goto out;
	warm_up();
	if (peers_start(&r->peers, loop, ROLE_SUPERVISOR_FD, on_message, NULL, r) == 0 &&
	    hide_keys(&r->conf) == 0 && sandbox_enter(ROLE_READER) == 0) {
		peers_send(peers_find(&r->peers, ROLE_SUPERVISOR, 0), &ready);
		status = loop_run(loop, NULL, NULL) == 0 ? 0 : 1;
	}
	peers_end(&r->peers);
out:
	loop_free(loop);
	free(r);
	return status;
}
