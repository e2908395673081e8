#include "control/warden/account.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "control/log.h"

#define NOBODY 65534u
#define DEFAULT_SHELL "/bin/sh"

static bool
keep(char out[GRANT_NAME_MAX], const char *text)
{
	size_t len = strlen(text);

	if (len >= GRANT_NAME_MAX)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* Reader names accounts by uid: a second name for one cannot be told apart. */
static bool
only_name(const struct account *a)
{
	const struct passwd *pw = getpwuid(a->uid);

	if (pw != NULL && strcmp(pw->pw_name, a->name) == 0)
		return true;
	log_warn("User %s not allowed because its uid belongs to another name", a->name);
	return false;
}

static void
judge_shell(struct account *a)
{
	struct stat st;

	a->shell_there = stat(a->shell, &st) == 0;
	a->shell_runs = a->shell_there && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

int
account_find(struct account *a, struct view name)
{
	const struct passwd *pw;
	char text[GRANT_NAME_MAX];

	memset(a, 0, sizeof *a);
	if (name.len >= sizeof text)
		return -1;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	pw = getpwnam(text);
	if (pw == NULL || strcmp(pw->pw_name, text) != 0)
		return -1;
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	if (!keep(a->name, pw->pw_name) || !keep(a->home, pw->pw_dir) ||
	    !keep(a->shell, pw->pw_shell[0] != '\0' ? pw->pw_shell : DEFAULT_SHELL)) {
		log_warn("User %s not allowed because a field of its account is too long", text);
		return -1;
	}
	if (!only_name(a))
		return -1;
	judge_shell(a);
	return 0;
}

int
account_groups(struct grant *g, const struct account *a)
{
	gid_t groups[GRANT_GROUPS_MAX];
	int count = GRANT_GROUPS_MAX;

	if (getgrouplist(a->name, a->gid, groups, &count) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		g->groups[i] = groups[i];
	g->group_count = (uint32_t)count;
	return 0;
}

uint32_t
account_nobody(void)
{
	return NOBODY;
}

void
account_warm_up(void)
{
	gid_t groups[GRANT_GROUPS_MAX];
	int count = GRANT_GROUPS_MAX;

	getpwnam("_postern-nobody");
	getpwuid(UINT32_MAX - 1);
	getgrgid(UINT32_MAX - 1);
	getgrouplist("root", 0, groups, &count);
}
