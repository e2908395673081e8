/*
 * The pam child, whose warden says anything. Input: u8 kind; u8 count of rounds and
 * u8 prompts each, as a module would ask for them; then messages: u8 type, u16 length
 * and bytes. PAM is a stub: what it gets must be C strings within their bounds, as many
 * as it asked for; and no verdict is a yes but its own.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/msg.h"
#include "control/pam/dialogue.h"
#include "control/pammsg.h"
#include "control/pamwrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDS_MAX 40

static uint8_t rounds[ROUNDS_MAX];
static unsigned round_count;
static bool said_yes;

static int
round_of(const struct pamwrap_talk *talk, unsigned count)
{
	struct pamwrap_prompt prompts[64] = { 0 };
	char *answers[64] = { 0 };
	int r;

	for (unsigned i = 0; i < count; i++)
		prompts[i] = (struct pamwrap_prompt){ "prompt", i % 2 != 0 };
	r = talk->ask(talk->ctx, "text", prompts, (int)count, answers);
	for (unsigned i = 0; i < count; i++) {
		if ((answers[i] != NULL) != (r == 0))
			abort();
		if (answers[i] != NULL && strlen(answers[i]) > PAM_PASSWORD_MAX)
			abort();
		free(answers[i]);
	}
	return r;
}

/* The stub. */
void
pamwrap_login(const char *service, const char *user, const char *rhost, const struct pamwrap_talk *talk,
    struct pamwrap_verdict *v)
{
	(void)service;
	(void)user;
	(void)rhost;
	memset(v, 0, sizeof *v);
	v->yes = true;
	for (unsigned i = 0; i < round_count && v->yes; i++)
		v->yes = round_of(talk, rounds[i] % 40) == 0;
	said_yes = v->yes;
}

int
pamwrap_account(const char *service, const char *user, const char *rhost, char text[PAMWRAP_TEXT_MAX])
{
	(void)service;
	(void)user;
	(void)rhost;
	text[0] = '\0';
	return -1;
}

static void
queue(int fd, struct cur *c)
{
	for (int n = 0; n < 64 && cur_left(c) >= 3; n++) {
		struct msg m = { .type = cur_u8(c) };

		if (m.type == 0)
			m.type = MSG_PAM_REPLY;
		m.body = cur_take(c, cur_u16(c));
		if (c->bad || msg_send(fd, &m) != 0)
			return;
	}
}

/* At most one verdict, the last word, and the stub's own. */
static void
check(int fd)
{
	static uint8_t buf[MSG_MAX];
	bool verdict = false;
	struct msg m;

	while (msg_recv(fd, &m, buf) == 1) {
		struct cur c = cur_view(m.body);

		if (verdict || (m.type != MSG_PAM_PROMPT && m.type != MSG_PAM_VERDICT))
			abort();
		verdict = m.type == MSG_PAM_VERDICT;
		if (verdict && (cur_u32(&c) == 0) != said_yes)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[MSG_MAX];
	struct cur c = cur_of(data, size);
	struct dialogue_ask ask = { .service = "s", .user = "u", .peer = "p" };
	int fds[2];

	ask.kind = (cur_u8(&c) & 1) != 0 ? PAM_KIND_PASSWORD : PAM_KIND_KBDINT;
	round_count = cur_u8(&c) % ROUNDS_MAX;
	for (unsigned i = 0; i < round_count; i++)
		rounds[i] = cur_u8(&c);
	said_yes = false;
	if (msg_pair(fds) != 0)
		abort();
	queue(fds[0], &c);
	shutdown(fds[0], SHUT_WR);
	dialogue_hold(&ask, fds[1], buf);
	close(fds[1]);
	check(fds[0]);
	close(fds[0]);
	return 0;
}
