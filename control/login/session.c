#include "control/login/login.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/log.h"

#define LOGINUID_UNSET "4294967295"

/* pam_loginuid does it where it is configured; the kernel lets it be set once.
 * What audits or limits by login sees the programs as this user's then. */
static void
login_uid(uid_t uid)
{
	char text[32];
	ssize_t n;
	int fd = open("/proc/self/loginuid", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	if (n > 0 && strncmp(text, LOGINUID_UNSET, strlen(LOGINUID_UNSET)) == 0) {
		snprintf(text, sizeof(text), "%u", (unsigned)uid);
		if (pwrite(fd, text, strlen(text), 0) < 0)
			log_debug("login: loginuid: %s", strerror(errno));
	}
	close(fd);
}

int
session_open(struct login *l, char text[PAMWRAP_TEXT_MAX])
{
	const struct grant *g = &l->grant;

	text[0] = '\0';
	umask(022);
	/* Groups before PAM: modules may add to them. */
	if (initgroups(g->user, g->gid) != 0) {
		snprintf(text, PAMWRAP_TEXT_MAX, "groups of %s: %s", g->user, strerror(errno));
		return R_INTERNAL;
	}
	if (l->conf.use_pam) {
		l->pam = pamwrap_session_open(l->conf.pam_service, g->user, g->peer, NULL, l->greeting);
		if (l->pam == NULL) {
			snprintf(text, PAMWRAP_TEXT_MAX, "%s", l->greeting);
			return R_INTERNAL;
		}
	}
	login_uid(g->uid);
	return 0;
}

void
session_close(struct login *l)
{
	if (l->pam != NULL)
		pamwrap_session_close(l->pam);
	l->pam = NULL;
}
