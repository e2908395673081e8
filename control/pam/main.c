/*
 * One PAM dialogue, then the end: modules may block, leak or crash, and the
 * supervisor kills what outlives its deadline.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "abi/wire/reason.h"
#include "control/confmsg.h"
#include "control/log.h"
#include "control/pam/dialogue.h"
#include "control/pammsg.h"
#include "control/pamwrap.h"
#include "control/sandbox.h"

#define PEER_TEXT_MAX 64u

struct pam_ask {
	uint8_t stage;
	uint8_t kind;
	uint8_t flags;
	char user[GRANT_NAME_MAX];
	char peer[PEER_TEXT_MAX];
};

/* A text field as a C string: whole, and with no NUL inside. */
static int
text(char *out, size_t size, struct view v)
{
	if (v.len >= size || memchr(v.len > 0 ? v.data : (const uint8_t *)"", '\0', v.len) != NULL)
		return -1;
	if (v.len > 0)
		memcpy(out, v.data, v.len);
	out[v.len] = '\0';
	return 0;
}

static int
parse(struct pam_ask *ask, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct view user, peer;

	ask->stage = cur_u8(&c);
	ask->kind = cur_u8(&c);
	ask->flags = cur_u8(&c);
	user = cur_string(&c);
	peer = cur_string(&c);
	if (m->type != MSG_PAM_ASK || !cur_done(&c) || user.len == 0)
		return -1;
	return text(ask->user, sizeof ask->user, user) != 0 || text(ask->peer, sizeof ask->peer, peer) != 0
		   ? -1
		   : 0;
}

/* The next message, waited for. 1, or -1 at the end of the connection. */
static int
next(struct msg *m, uint8_t *buf)
{
	struct pollfd p = { .fd = ROLE_SUPERVISOR_FD, .events = POLLIN };
	int r = 0;

	while (r == 0) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -1;
		r = msg_recv(ROLE_SUPERVISOR_FD, m, buf);
	}
	return r;
}

static void
says(const struct msg *asked, uint32_t reason, const char *line)
{
	uint8_t body[8 + PAMWRAP_TEXT_MAX];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_PAM_SAYS, .conn = asked->conn, .gen = asked->gen, .tag = asked->tag };

	put_u32(&w, reason);
	put_cstr(&w, line);
	m.body = put_view(&w);
	msg_send(ROLE_SUPERVISOR_FD, &m);
}

static int
account(const struct conf *conf, const struct pam_ask *ask, const struct msg *m)
{
	char line[PAMWRAP_TEXT_MAX] = "";
	int r = !conf->use_pam ? 0 : pamwrap_account(conf->pam_service, ask->user, ask->peer, line);

	says(m, r == 0 ? 0 : R_AUTH_WARDEN, line);
	return 0;
}

static int
dialogue(const struct conf *conf, const struct pam_ask *ask, int fd, uint8_t *buf)
{
	struct dialogue_ask a = { .kind = ask->kind,
		.flags = ask->flags,
		.service = conf->pam_service,
		.user = ask->user,
		.peer = ask->peer };

	if (fd < 0 || (a.kind != PAM_KIND_PASSWORD && a.kind != PAM_KIND_KBDINT))
		return 1;
	return dialogue_hold(&a, fd, buf) == 0 ? 0 : 1;
}

static int
serve(const struct conf *conf, uint8_t *buf)
{
	struct msg ready = { .type = MSG_READY }, m;
	struct pam_ask ask;
	int fd;

	msg_send(ROLE_SUPERVISOR_FD, &ready);
	for (;;) {
		if (next(&m, buf) != 1 || m.type == MSG_STOP)
			return 0;
		if (m.type == MSG_PAM_ASK)
			break;
		msg_drop_fds(&m);
	}
	fd = msg_take_fd(&m, 0);
	msg_drop_fds(&m);
	if (parse(&ask, &m) == 0 && ask.stage == PAM_STAGE_ACCOUNT && fd < 0)
		return account(conf, &ask, &m);
	if (parse(&ask, &m) == 0 && ask.stage == PAM_STAGE_DIALOGUE)
		return dialogue(conf, &ask, fd, buf);
	log_error("request of the supervisor refused");
	return 1;
}

int
pam_main(uint32_t index)
{
	struct conf *conf = calloc(1, sizeof *conf);
	uint8_t *buf = malloc(MSG_MAX);
	int status = 1;

	(void)index;
	/* A group of its own: what modules leave behind in it ends with us. */
	setsid();
	if (conf != NULL && buf != NULL && confmsg_wait(conf, ROLE_SUPERVISOR_FD) == 0 &&
	    sandbox_enter(ROLE_PAM) == 0)
		status = serve(conf, buf);
	free(buf);
	free(conf);
	return status;
}
