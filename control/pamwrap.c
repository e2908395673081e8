#include "control/pamwrap.h"

#include <security/pam_appl.h>

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
