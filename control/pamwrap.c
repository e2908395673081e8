#include "control/pamwrap.h"

#include <security/pam_appl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAMWRAP_TTY "ssh"

struct pamwrap_session {
	pam_handle_t *pam;
	struct pam_conv conv;
	char **env;
	char *no_env; /* the empty list, where PAM has none */
	char *text;   /* the caller's while open runs, else NULL */
};

/* One message as one line; what does not fit is left out whole. */
static void
text_add(char *text, const char *message)
{
	size_t used, len;

	if (text == NULL || message == NULL)
		return;
	used = strlen(text);
	len = strlen(message);
	while (len > 0 && message[len - 1] == '\n')
		len--;
	if (len == 0 || used + len + 2 > PAMWRAP_TEXT_MAX)
		return;
	memcpy(text + used, message, len);
	text[used + len] = '\n';
	text[used + len + 1] = '\0';
}

static int
converse(int count, const struct pam_message **messages, struct pam_response **out, void *data)
{
	char **text = data;
	struct pam_response *replies;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	replies = calloc((size_t)count, sizeof *replies);
	if (replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		switch (messages[i]->msg_style) {
		case PAM_TEXT_INFO:
		case PAM_ERROR_MSG:
			text_add(*text, messages[i]->msg);
			break;
		default:
			free(replies);
			return PAM_CONV_ERR;
		}
	}
	*out = replies;
	return PAM_SUCCESS;
}

static int
begin(pam_handle_t **pam, const struct pam_conv *conv, const char *service, const char *user,
    const char *rhost, const char *tty)
{
	int r = pam_start(service, user, conv, pam);

	if (r != PAM_SUCCESS)
		return r;
	if (rhost != NULL && rhost[0] != '\0')
		r = pam_set_item(*pam, PAM_RHOST, rhost);
	if (r == PAM_SUCCESS)
		r = pam_set_item(*pam, PAM_TTY, tty != NULL ? tty : PAMWRAP_TTY);
	return r;
}

static void
explain(char *text, pam_handle_t *pam, int r)
{
	if (text[0] == '\0')
		text_add(text, pam_strerror(pam, r));
}

int
pamwrap_account(const char *service, const char *user, const char *rhost, char text[PAMWRAP_TEXT_MAX])
{
	pam_handle_t *pam = NULL;
	char *into = text;
	struct pam_conv conv = { .conv = converse, .appdata_ptr = &into };
	int r;

	text[0] = '\0';
	r = begin(&pam, &conv, service, user, rhost, NULL);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pam, 0);
	if (r != PAM_SUCCESS)
		explain(text, pam, r);
	if (pam != NULL)
		pam_end(pam, r);
	return r == PAM_SUCCESS ? 0 : -1;
}

/* ---- a dialogue ---- */

struct dialogue {
	const struct pamwrap_talk *talk;
	uint32_t delay_ms;
	char text[PAMWRAP_TEXT_MAX]; /* not shown yet */
};

static void
replies_free(struct pam_response *replies, int count)
{
	for (int i = 0; i < count; i++) {
		if (replies[i].resp != NULL)
			explicit_bzero(replies[i].resp, strlen(replies[i].resp));
		free(replies[i].resp);
	}
	free(replies);
}

/* The prompts among the messages, asked in one round; the rest is text. */
static int
round_ask(struct dialogue *d, int count, const struct pam_message **messages, struct pam_response *replies)
{
	struct pamwrap_prompt prompts[PAM_MAX_NUM_MSG];
	char *answers[PAM_MAX_NUM_MSG] = { 0 };
	int of[PAM_MAX_NUM_MSG];
	int asked = 0;

	for (int i = 0; i < count; i++) {
		int style = messages[i]->msg_style;

		if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) {
			text_add(d->text, messages[i]->msg);
			continue;
		}
		if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
			return PAM_CONV_ERR;
		prompts[asked].text = messages[i]->msg != NULL ? messages[i]->msg : "";
		prompts[asked].echo = style == PAM_PROMPT_ECHO_ON;
		of[asked++] = i;
	}
	if (asked == 0)
		return PAM_SUCCESS;
	if (d->talk->ask(d->talk->ctx, d->text, prompts, asked, answers) != 0)
		return PAM_CONV_ERR;
	d->text[0] = '\0';
	for (int i = 0; i < asked; i++)
		replies[of[i]].resp = answers[i];
	return PAM_SUCCESS;
}

static int
converse_login(int count, const struct pam_message **messages, struct pam_response **out, void *data)
{
	struct dialogue *d = data;
	struct pam_response *replies;
	int r;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	replies = calloc((size_t)count, sizeof *replies);
	if (replies == NULL)
		return PAM_BUF_ERR;
	r = round_ask(d, count, messages, replies);
	if (r != PAM_SUCCESS)
		replies_free(replies, count);
	else
		*out = replies;
	return r;
}

/* Called by libpam in the place of its own waiting, after a success too: a no of the
 * account stage takes as long as one of the authentication would have. */
static void
delay(int status, unsigned usec, void *data)
{
	struct dialogue *d = data;

	(void)status;
	if (usec / 1000 > d->delay_ms)
		d->delay_ms = usec / 1000;
}

static bool
same_user(pam_handle_t *pam, const char *user)
{
	const void *now = NULL;

	return pam_get_item(pam, PAM_USER, &now) == PAM_SUCCESS && now != NULL && strcmp(now, user) == 0;
}

static int
stages(pam_handle_t *pam, const struct pamwrap_talk *talk, const char *user, struct pamwrap_verdict *v)
{
	int r = pam_authenticate(pam, talk->no_empty ? PAM_DISALLOW_NULL_AUTHTOK : 0);

	if (r == PAM_SUCCESS && !same_user(pam, user))
		r = PAM_USER_UNKNOWN;
	if (r != PAM_SUCCESS)
		return r;
	v->account = true;
	r = pam_acct_mgmt(pam, 0);
	if (r == PAM_NEW_AUTHTOK_REQD && talk->change)
		r = pam_chauthtok(pam, PAM_CHANGE_EXPIRED_AUTHTOK);
	if (r == PAM_SUCCESS && !same_user(pam, user))
		r = PAM_USER_UNKNOWN;
	return r;
}

void
pamwrap_login(const char *service, const char *user, const char *rhost, const struct pamwrap_talk *talk,
    struct pamwrap_verdict *v)
{
	pam_handle_t *pam = NULL;
	struct dialogue d = { .talk = talk };
	struct pam_conv conv = { .conv = converse_login, .appdata_ptr = &d };
	void (*delay_fn)(int, unsigned, void *) = delay;
	const void *item;
	int r;

	memset(v, 0, sizeof *v);
	memcpy(&item, &delay_fn, sizeof item);
	r = begin(&pam, &conv, service, user, rhost, NULL);
	if (r == PAM_SUCCESS)
		r = pam_set_item(pam, PAM_FAIL_DELAY, item);
	if (r == PAM_SUCCESS)
		r = stages(pam, talk, user, v);
	if (r == PAM_SUCCESS && d.text[0] != '\0' && talk->ask(talk->ctx, d.text, NULL, 0, NULL) != 0)
		r = PAM_CONV_ERR;
	v->yes = r == PAM_SUCCESS;
	v->delay_ms = d.delay_ms;
	if (r != PAM_SUCCESS)
		snprintf(v->text, sizeof v->text, "%s", pam_strerror(pam, r));
	if (pam != NULL)
		pam_end(pam, r);
}

/* ---- a session ---- */

struct pamwrap_session *
pamwrap_session_open(
    const char *service, const char *user, const char *rhost, const char *tty, char text[PAMWRAP_TEXT_MAX])
{
	struct pamwrap_session *s = calloc(1, sizeof *s);
	int r;

	text[0] = '\0';
	if (s == NULL)
		return NULL;
	s->text = text;
	s->conv.conv = converse;
	s->conv.appdata_ptr = &s->text;
	r = begin(&s->pam, &s->conv, service, user, rhost, tty);
	if (r != PAM_SUCCESS)
		goto fail;
	r = pam_setcred(s->pam, PAM_ESTABLISH_CRED);
	if (r != PAM_SUCCESS)
		goto fail;
	r = pam_open_session(s->pam, 0);
	if (r != PAM_SUCCESS)
		goto fail_cred;
	s->env = pam_getenvlist(s->pam);
	s->text = NULL;
	return s;
fail_cred:
	pam_setcred(s->pam, PAM_DELETE_CRED);
fail:
	explain(text, s->pam, r);
	if (s->pam != NULL)
		pam_end(s->pam, r);
	free(s);
	return NULL;
}

char *const *
pamwrap_session_env(const struct pamwrap_session *s)
{
	return s->env != NULL ? s->env : (char *const *)&s->no_env;
}

static void
session_free(struct pamwrap_session *s)
{
	for (char **e = s->env; e != NULL && *e != NULL; e++)
		free(*e);
	free(s->env);
	free(s);
}

void
pamwrap_session_close(struct pamwrap_session *s)
{
	int r;

	if (s == NULL)
		return;
	r = pam_close_session(s->pam, 0);
	pam_setcred(s->pam, PAM_DELETE_CRED);
	pam_end(s->pam, r);
	session_free(s);
}
