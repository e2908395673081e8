/*
 * A PAM module for the tests: its arguments are what it does, in order.
 *
 *   only=USER         the rest concerns nobody else: PAM_IGNORE
 *   prompt:TEXT=WORD  ask, hidden; another answer fails. "_" stands for a blank
 *   echo:TEXT=WORD    ask, shown
 *   say:TEXT error:TEXT
 *   both:TEXT=WORD    two prompts in one round, the same answer to both
 *   rounds=N          so many rounds of one prompt, whatever the answers
 *   rhost=ADDRESS     fail unless PAM_RHOST is that
 *   user=NAME         change PAM_USER
 *   delay=MS          pam_fail_delay
 *   binary            a kind of prompt that nobody serves
 *   print hang crash exit fork leak closeall
 *   fail expired      the stage's end; else it is success
 *
 * As an account module the same arguments hold. As a password module: two hidden
 * prompts "New" and "Again", which must agree; they are written to the file=PATH.
 */
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROMPTS_MAX 2

static int
converse(pam_handle_t *pam, int count, const struct pam_message *messages, struct pam_response **replies)
{
	const struct pam_message *list[PROMPTS_MAX] = { &messages[0], &messages[count - 1] };
	const struct pam_conv *conv = NULL;

	if (pam_get_item(pam, PAM_CONV, (const void **)&conv) != PAM_SUCCESS || conv == NULL)
		return PAM_CONV_ERR;
	return conv->conv(count, list, replies, conv->appdata_ptr);
}

static void
blanks(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '_')
			*text = ' ';
}

/* "TEXT=WORD": asked `count` times in one round. */
static int
ask(pam_handle_t *pam, int style, int count, const char *argument)
{
	char *text = strdup(argument), *word = strchr(text, '=');
	struct pam_message messages[PROMPTS_MAX] = { { style, text }, { style, text } };
	struct pam_response *replies = NULL;
	int r;

	if (word != NULL)
		*word++ = '\0';
	blanks(text);
	r = converse(pam, count, messages, &replies);
	for (int i = 0; r == PAM_SUCCESS && i < count; i++)
		if (word != NULL && (replies[i].resp == NULL || strcmp(replies[i].resp, word) != 0))
			r = PAM_AUTH_ERR;
	for (int i = 0; replies != NULL && i < count; i++)
		free(replies[i].resp);
	free(replies);
	free(text);
	return r;
}

static int
rounds(pam_handle_t *pam, int n)
{
	int r = PAM_SUCCESS;

	while (n-- > 0 && r == PAM_SUCCESS)
		r = ask(pam, PAM_PROMPT_ECHO_ON, 1, "More");
	return r;
}

static int
rhost(pam_handle_t *pam, const char *address)
{
	const void *is = NULL;

	return pam_get_item(pam, PAM_RHOST, &is) == PAM_SUCCESS && is != NULL && strcmp(is, address) == 0
		   ? PAM_SUCCESS
		   : PAM_AUTH_ERR;
}

static int
misbehave(const char *how)
{
	if (strcmp(how, "print") == 0) {
		for (int i = 0; i < 2000; i++)
			printf("a line on stdout\n");
		fflush(stdout);
		fprintf(stderr, "a line on stderr\n");
	} else if (strcmp(how, "hang") == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	} else if (strcmp(how, "crash") == 0) {
		abort();
	} else if (strcmp(how, "exit") == 0) {
		exit(0);
	} else if (strcmp(how, "fork") == 0) {
		if (fork() == 0) {
			sleep(20);
			_exit(0);
		}
	} else if (strcmp(how, "leak") == 0) {
		for (int i = 0; i < 200; i++)
			if (open("/dev/null", O_RDONLY) < 0)
				return PAM_SUCCESS;
	} else if (strcmp(how, "closeall") == 0) {
		for (int fd = 0; fd < 1024; fd++)
			close(fd);
	} else {
		return PAM_SERVICE_ERR;
	}
	return PAM_SUCCESS;
}

static int
act(pam_handle_t *pam, const char *a)
{
	if (strncmp(a, "prompt:", 7) == 0)
		return ask(pam, PAM_PROMPT_ECHO_OFF, 1, a + 7);
	if (strncmp(a, "echo:", 5) == 0)
		return ask(pam, PAM_PROMPT_ECHO_ON, 1, a + 5);
	if (strncmp(a, "both:", 5) == 0)
		return ask(pam, PAM_PROMPT_ECHO_OFF, 2, a + 5);
	if (strncmp(a, "say:", 4) == 0)
		return ask(pam, PAM_TEXT_INFO, 1, a + 4);
	if (strncmp(a, "error:", 6) == 0)
		return ask(pam, PAM_ERROR_MSG, 1, a + 6);
	if (strncmp(a, "rounds=", 7) == 0)
		return rounds(pam, atoi(a + 7));
	if (strncmp(a, "rhost=", 6) == 0)
		return rhost(pam, a + 6);
	if (strncmp(a, "user=", 5) == 0)
		return pam_set_item(pam, PAM_USER, a + 5);
	if (strncmp(a, "delay=", 6) == 0)
		return pam_fail_delay(pam, (unsigned)atoi(a + 6) * 1000);
	if (strncmp(a, "file=", 5) == 0)
		return PAM_SUCCESS;
	if (strcmp(a, "binary") == 0)
		return ask(pam, 7, 1, "?");
	if (strcmp(a, "fail") == 0)
		return PAM_AUTH_ERR;
	if (strcmp(a, "expired") == 0)
		return PAM_NEW_AUTHTOK_REQD;
	return misbehave(a);
}

static int
play(pam_handle_t *pam, int argc, const char **argv)
{
	const char *user = NULL;
	int r = pam_get_user(pam, &user, NULL);

	for (int i = 0; i < argc && r == PAM_SUCCESS; i++) {
		if (strncmp(argv[i], "only=", 5) != 0)
			r = act(pam, argv[i]);
		else if (strcmp(argv[i] + 5, user) != 0)
			return PAM_IGNORE;
	}
	return r;
}

int
pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(pam, argc, argv);
}

int
pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(pam, argc, argv);
}

int
pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

int
pam_sm_open_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	return pam_sm_setcred(pam, flags, argc, argv);
}

int
pam_sm_close_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	return pam_sm_setcred(pam, flags, argc, argv);
}

static int
store(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return PAM_AUTHTOK_ERR;
	fprintf(f, "%s\n", text);
	return fclose(f) == 0 ? PAM_SUCCESS : PAM_AUTHTOK_ERR;
}

int
pam_sm_chauthtok(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	struct pam_message messages[2] = { { PAM_PROMPT_ECHO_OFF, "New: " },
		{ PAM_PROMPT_ECHO_OFF, "Again: " } };
	struct pam_response *replies = NULL;
	int r;

	if ((flags & PAM_PRELIM_CHECK) != 0)
		return PAM_SUCCESS;
	r = converse(pam, 2, messages, &replies);
	if (r == PAM_SUCCESS && strcmp(replies[0].resp, replies[1].resp) != 0)
		r = PAM_AUTHTOK_ERR;
	for (int i = 0; i < argc && r == PAM_SUCCESS; i++)
		if (strncmp(argv[i], "file=", 5) == 0)
			r = store(argv[i] + 5, replies[0].resp);
	for (int i = 0; replies != NULL && i < 2; i++)
		free(replies[i].resp);
	free(replies);
	return r;
}
