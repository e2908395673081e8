/*
 * Any order and bodies of messages to warden, from two gates, a PAM child of each
 * dialogue and the supervisor. Input: steps of u8 what, u8 which, u16 length and that
 * many bytes. Whatever comes, nobody is granted a login but alice, and she not before
 * a child of a dialogue of hers has said yes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "control/log.h"
#include "control/pammsg.h"
#include "control/warden/warden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHILDREN_MAX 8

static struct warden warden;
static struct loop *loop;
static int supervisor, gates[2];
static uint8_t buf[MSG_MAX];

/* The supervisor's model of the dialogues that warden asked for. */
static struct child {
	int fd; /* -1: none */
	uint32_t tag;
	bool alice;
} children[CHILDREN_MAX];
static unsigned child_next;
static bool yes; /* alice's child said it */

static int
find(struct account *a, struct view name)
{
	memset(a, 0, sizeof *a);
	if (!view_is(name, "alice") && !view_is(name, "root"))
		return -1;
	memcpy(a->name, name.data, name.len);
	strcpy(a->home, "/");
	strcpy(a->shell, "/bin/sh");
	a->uid = a->gid = view_is(name, "root") ? 0 : 1000;
	a->shell_there = a->shell_runs = true;
	return 0;
}

static void
say(int fd, uint16_t type, uint32_t tag, struct view body, int pass)
{
	struct msg m = { .type = type, .conn = 7, .gen = 1, .tag = tag, .body = body };

	if (pass >= 0)
		m.fds[m.fd_count++] = pass;
	if (fd >= 0)
		(void)msg_send(fd, &m);
	if (pass >= 0)
		close(pass);
}

static int
introduce(enum role_id role, uint32_t index)
{
	uint8_t body[5];
	struct put w = put_of(body, sizeof body);
	int fds[2];

	if (msg_pair(fds) != 0)
		abort();
	put_u8(&w, (uint8_t)role);
	put_u32(&w, index);
	say(supervisor, MSG_PEER, 0, put_view(&w), fds[1]);
	return fds[0];
}

/* ---- what warden says ---- */

static void
granted(const struct msg *m)
{
	static struct grant g;
	struct cur c = cur_view(m->body);

	if (grant_decode(&g, cur_string(&c)) != 0 || !cur_bool(&c) || !cur_done(&c))
		abort();
	if (strcmp(g.user, "alice") != 0 || !yes)
		abort();
}

static void
wanted(const struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct child *n = &children[child_next++ % CHILDREN_MAX];
	struct view user;

	if (cur_u8(&c) > PAM_KIND_KBDINT || cur_u8(&c) != PAM_F_NO_EMPTY)
		abort();
	user = cur_string(&c);
	if (!cur_done(&c) || user.len == 0)
		abort();
	if (n->fd >= 0)
		close(n->fd);
	n->tag = m->tag;
	n->alice = view_is(user, "alice");
	n->fd = introduce(ROLE_PAM, m->tag);
}

static void
listen_to(int fd)
{
	struct msg m;

	while (fd >= 0 && msg_recv(fd, &m, buf) == 1) {
		if (m.type == MSG_GRANT)
			granted(&m);
		if (m.type == MSG_DIALOGUE && fd == supervisor)
			wanted(&m);
		msg_drop_fds(&m);
	}
}

static int
turns(void *ctx)
{
	int *left = ctx;

	if ((*left)-- > 0)
		return 1;
	loop_stop(loop);
	return 1;
}

static void
run(void)
{
	int left = 3;

	loop_run(loop, turns, &left);
	listen_to(supervisor);
	listen_to(gates[0]);
	listen_to(gates[1]);
	for (int i = 0; i < CHILDREN_MAX; i++)
		listen_to(children[i].fd);
}

/* ---- the input ---- */

static void
from_gate(uint8_t which, uint16_t type, struct view body)
{
	int at = which & 1;

	if ((which & 0x80) != 0) {
		close(gates[at]);
		gates[at] = introduce(ROLE_GATE, (uint32_t)at);
	}
	say(gates[at], type, which >> 1 & 0x1f, body, -1);
}

static void
from_child(uint8_t which, uint16_t type, struct view body)
{
	struct child *n = &children[which % CHILDREN_MAX];
	struct cur c = cur_view(body);

	if (n->fd < 0)
		return;
	if ((which & 0x80) != 0) {
		close(n->fd);
		n->fd = -1;
		return;
	}
	if (type == MSG_PAM_VERDICT && cur_u32(&c) == 0 && n->alice)
		yes = true;
	say(n->fd, type, 0, body, -1);
}

static void
step(uint8_t what, uint8_t which, struct view body)
{
	static const uint16_t types[] = { MSG_AUTH_NONE, MSG_AUTH_PASSWORD, MSG_AUTH_KBDINT,
		MSG_AUTH_RESPONSE, MSG_AUTH_QUERY, MSG_PAM_PROMPT, MSG_PAM_VERDICT, MSG_GRANT,
		MSG_DIALOGUE_OVER, MSG_CONN_GONE, MSG_CONN_HASH, MSG_ACCOUNT_IS };
	uint16_t type = types[(what & 0x3f) % (sizeof types / sizeof types[0])];

	switch (what >> 6) {
	case 0:
		from_gate(which, type, body);
		break;
	case 1:
		from_child(which, type, body);
		break;
	case 2:
		say(supervisor, MSG_DIALOGUE_OVER, children[which % CHILDREN_MAX].tag, body, -1);
		break;
	default:
		say(supervisor, type == MSG_CONN_GONE ? MSG_CONN_GONE : MSG_CONN_HASH, 0, body, -1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf conf;
	struct cur c = cur_of(data, size);
	int fds[2];

	log_set_level((enum log_level)0);
	conf_default(&conf);
	conf.conn_max = 4;
	loop = loop_new();
	if (loop == NULL || msg_pair(fds) != 0 || warden_start(&warden, loop, fds[1], &conf) != 0)
		abort();
	warden.find = find;
	supervisor = fds[0];
	yes = false;
	child_next = 0;
	for (int i = 0; i < CHILDREN_MAX; i++)
		children[i].fd = -1;
	for (int i = 0; i < 2; i++)
		gates[i] = introduce(ROLE_GATE, (uint32_t)i);
	say(supervisor, MSG_CONN_HASH, 0, view_of("\0\0\0\4hash", 8), -1);
	run();
	for (int n = 0; n < 64 && cur_left(&c) >= 4; n++) {
		uint8_t what = cur_u8(&c), which = cur_u8(&c);
		struct view body = cur_take(&c, cur_u16(&c));

		if (!c.bad)
			step(what, which, body);
		run();
	}
	warden_end(&warden);
	loop_free(loop);
	close(supervisor);
	for (int i = 0; i < 2; i++)
		close(gates[i]);
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (children[i].fd >= 0)
			close(children[i].fd);
	return 0;
}
