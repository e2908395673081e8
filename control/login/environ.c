#include "control/login/login.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_USER "/usr/local/bin:/usr/bin:/bin:/usr/games"
#define PATH_ROOT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct list {
	char **v;
	size_t count;
	size_t size;
	bool bad;
};

static void
list_set(struct list *l, char *text)
{
	size_t name, i;
	char **grown;

	if (text == NULL) {
		l->bad = true;
		return;
	}
	name = strcspn(text, "=");
	for (i = 0; i < l->count; i++)
		if (strncmp(l->v[i], text, name) == 0 && l->v[i][name] == '=') {
			free(l->v[i]);
			l->v[i] = text;
			return;
		}
	if (l->count + 2 > l->size) {
		grown = realloc(l->v, (l->size + 64) * sizeof(*grown));
		if (grown == NULL) {
			free(text);
			l->bad = true;
			return;
		}
		l->v = grown;
		l->size += 64;
	}
	l->v[l->count++] = text;
	l->v[l->count] = NULL;
}

static void __attribute__((format(printf, 2, 3)))
list_add(struct list *l, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	list_set(l, text);
}

/* What sshd gives a program too. */
static void
add_login(struct list *l, const struct login *login, const char *tty)
{
	const struct grant *g = &login->grant;

	list_add(l, "USER=%s", g->user);
	list_add(l, "LOGNAME=%s", g->user);
	list_add(l, "HOME=%s", g->home);
	list_add(l, "SHELL=%s", g->shell[0] != '\0' ? g->shell : "/bin/sh");
	list_add(l, "PATH=%s", g->uid == 0 ? PATH_ROOT : PATH_USER);
	list_add(l, "MAIL=/var/mail/%s", g->user);
	list_add(l, "SSH_CLIENT=%s %u %u", g->peer, (unsigned)g->peer_port, (unsigned)g->local_port);
	list_add(l, "SSH_CONNECTION=%s %u %s %u", g->peer, (unsigned)g->peer_port, g->local,
	    (unsigned)g->local_port);
	if (tty != NULL)
		list_add(l, "SSH_TTY=%s", tty);
}

/* PAM's own must not pretend to be ours. */
static bool
is_ours(const char *text)
{
	return strncmp(text, "SSH_CLIENT=", 11) == 0 || strncmp(text, "SSH_CONNECTION=", 15) == 0 ||
	    strncmp(text, "SSH_TTY=", 8) == 0;
}

char **
environ_make(const struct login *login, char *const *given, const char *tty)
{
	struct list l = { 0 };
	char *const *at;

	for (at = given; *at != NULL; at++)
		if (strchr(*at, '=') != NULL && (*at)[0] != '=')
			list_set(&l, strdup(*at));
	add_login(&l, login, tty);
	for (at = login->pam != NULL ? pamwrap_session_env(login->pam) : NULL; at != NULL && *at != NULL; at++)
		if (strchr(*at, '=') != NULL && !is_ours(*at))
			list_set(&l, strdup(*at));
	if (l.bad) {
		environ_free(l.v);
		return NULL;
	}
	return l.v;
}

void
environ_free(char **environment)
{
	char **at;

	for (at = environment; at != NULL && *at != NULL; at++)
		free(*at);
	free(environment);
}
