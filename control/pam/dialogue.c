#include "control/pam/dialogue.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "control/msg.h"
#include "control/pammsg.h"
#include "control/pamwrap.h"

struct dialogue {
	const struct dialogue_ask *ask;
	int fd;
	uint8_t *buf; /* MSG_MAX */
	char *password;
	uint32_t rounds;
	bool broken; /* warden is gone */
};

static char *
text_of(struct view v)
{
	char *text;

	if (v.len > PAM_PASSWORD_MAX || (v.len > 0 && memchr(v.data, '\0', v.len) != NULL))
		return NULL;
	text = malloc(v.len + 1);
	if (text == NULL)
		return NULL;
	if (v.len > 0)
		memcpy(text, v.data, v.len);
	text[v.len] = '\0';
	return text;
}

static void
text_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* ---- to and from warden ---- */

/* The next message, however long that takes: the supervisor ends us at the
 * deadline, and when warden wants it no more. */
static int
next(struct dialogue *d, struct msg *m)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN };
	int r = 0;

	while (r == 0) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -1;
		r = msg_recv(d->fd, m, d->buf);
	}
	if (r == 1)
		msg_drop_fds(m);
	return r;
}

static int
take_answers(struct cur *c, char **answers, int count)
{
	for (int i = 0; i < count; i++) {
		struct view v = cur_string(c);

		answers[i] = c->bad ? NULL : text_of(v);
		if (answers[i] == NULL)
			return -1;
	}
	return cur_done(c) ? 0 : -1;
}

/* PAM_REPLY with exactly so many answers. */
static int
reply(struct dialogue *d, char **answers, int count)
{
	struct msg m;
	struct cur c;
	int r = next(d, &m);

	if (r == 1) {
		c = cur_view(m.body);
		r = m.type == MSG_PAM_REPLY && cur_u32(&c) == (uint32_t)count
			? take_answers(&c, answers, count)
			: -1;
		explicit_bzero(d->buf, m.body.len + (size_t)(m.body.data - d->buf));
	}
	if (r == 0)
		return 0;
	for (int i = 0; i < count; i++) {
		text_free(answers[i]);
		answers[i] = NULL;
	}
	d->broken = true;
	return -1;
}

static void
put_text(struct put *w, const char *text, size_t max)
{
	put_string(w, text, strnlen(text, max));
}

static int
say(struct dialogue *d, uint16_t type, struct put *w)
{
	struct msg m = { .type = type, .body = put_view(w) };

	if (!w->bad && msg_send(d->fd, &m) == 0)
		return 0;
	d->broken = true;
	return -1;
}

/* ---- from PAM ---- */

/* The one password is the answer to whatever may not be shown; sshd does the same.
 * A module that wants more than that needs keyboard-interactive. */
static int
ask_password(struct dialogue *d, const struct pamwrap_prompt *prompts, int count, char **answers)
{
	for (int i = 0; i < count; i++) {
		answers[i] = prompts[i].echo ? NULL : strdup(d->password);
		if (answers[i] != NULL)
			continue;
		while (i-- > 0) {
			text_free(answers[i]);
			answers[i] = NULL;
		}
		return -1;
	}
	return 0;
}

static int
ask_peer(
    struct dialogue *d, const char *text, const struct pamwrap_prompt *prompts, int count, char **answers)
{
	struct put w = put_of(d->buf, MSG_MAX);

	if (d->broken || ++d->rounds > PAM_ROUNDS_MAX || count > (int)PAM_PROMPTS_MAX)
		return -1;
	put_text(&w, text, PAM_TEXT_MAX);
	put_u32(&w, (uint32_t)count);
	for (int i = 0; i < count; i++) {
		put_text(&w, prompts[i].text, PAM_PROMPT_MAX);
		put_bool(&w, prompts[i].echo);
	}
	return say(d, MSG_PAM_PROMPT, &w) != 0 ? -1 : reply(d, answers, count);
}

static int
ask(void *ctx, const char *text, const struct pamwrap_prompt *prompts, int count, char **answers)
{
	struct dialogue *d = ctx;

	return d->ask->kind == PAM_KIND_PASSWORD ? ask_password(d, prompts, count, answers)
						 : ask_peer(d, text, prompts, count, answers);
}

static int
verdict(struct dialogue *d, const struct pamwrap_verdict *v)
{
	struct put w = put_of(d->buf, MSG_MAX);

	put_u32(&w, v->yes ? R_NONE : R_AUTH_WARDEN);
	put_u8(&w, v->account ? PAM_STAGE_ACCOUNT : PAM_STAGE_DIALOGUE);
	put_u32(&w, v->delay_ms);
	put_text(&w, v->text, PAM_TEXT_MAX);
	return d->broken ? -1 : say(d, MSG_PAM_VERDICT, &w);
}

int
dialogue_hold(const struct dialogue_ask *a, int fd, uint8_t *buf)
{
	bool password = a->kind == PAM_KIND_PASSWORD;
	struct dialogue d = { .ask = a, .fd = fd, .buf = buf };
	struct pamwrap_talk talk = {
		.ask = ask, .ctx = &d, .no_empty = (a->flags & PAM_F_NO_EMPTY) != 0, .change = !password
	};
	struct pamwrap_verdict v;

	if (password && reply(&d, &d.password, 1) != 0)
		return -1;
	pamwrap_login(a->service, a->user, a->peer, &talk, &v);
	text_free(d.password);
	return verdict(&d, &v);
}
