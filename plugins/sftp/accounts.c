#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#define REMEMBERED 64u

struct known {
	uint32_t id;
	char is; /* 0: nothing here yet */
	char name[FILES_NAME_MAX]; /* empty: there is none */
};

static struct known users[REMEMBERED], groups[REMEMBERED];

static const char *
user_name(uint32_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw != NULL ? pw->pw_name : "";
}

static const char *
group_name(uint32_t gid)
{
	const struct group *gr = getgrgid(gid);

	return gr != NULL ? gr->gr_name : "";
}

static int
look_up(struct known *table, const char *(*ask)(uint32_t id), uint32_t id, char to[FILES_NAME_MAX])
{
	struct known *k = &table[id % REMEMBERED];

	if (!k->is || k->id != id) {
		k->id = id;
		k->is = 1;
		snprintf(k->name, sizeof(k->name), "%s", ask(id));
	}
	memcpy(to, k->name, sizeof(k->name));
	return k->name[0] != '\0' ? 0 : -ENOENT;
}

int
accounts_user(uint32_t uid, char to[FILES_NAME_MAX])
{
	return look_up(users, user_name, uid, to);
}

int
accounts_group(uint32_t gid, char to[FILES_NAME_MAX])
{
	return look_up(groups, group_name, gid, to);
}

int
accounts_home(const char *user, char to[PATH_MAX])
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL || pw->pw_dir == NULL || strlen(pw->pw_dir) >= PATH_MAX)
		return -ENOENT;
	strcpy(to, pw->pw_dir);
	return 0;
}
