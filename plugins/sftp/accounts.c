#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#define REMEMBERED 64u

struct known {
	uint32_t id;
	char is; /* 0: nothing here yet */
	char name[FILES_NAME_MAX]; /* empty: there is none */
};

static struct known users[REMEMBERED], groups[REMEMBERED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of both; never while somebody is asked */

#define RECORD_MAX 16384u /* of an account or a group, with its members */

/* With the buffer that the reentrant functions want. */
static int
user_name(uint32_t uid, char *buf, char to[FILES_NAME_MAX])
{
	struct passwd pw, *found = NULL;

	if (getpwuid_r(uid, &pw, buf, RECORD_MAX, &found) != 0 || found == NULL)
		return -1;
	snprintf(to, FILES_NAME_MAX, "%s", pw.pw_name);
	return 0;
}

static int
group_name(uint32_t gid, char *buf, char to[FILES_NAME_MAX])
{
	struct group gr, *found = NULL;

	if (getgrgid_r(gid, &gr, buf, RECORD_MAX, &found) != 0 || found == NULL)
		return -1;
	snprintf(to, FILES_NAME_MAX, "%s", gr.gr_name);
	return 0;
}

static int
remembered(const struct known *k, uint32_t id, char to[FILES_NAME_MAX])
{
	int is;

	pthread_mutex_lock(&lock);
	is = k->is && k->id == id;
	if (is)
		memcpy(to, k->name, sizeof(k->name));
	pthread_mutex_unlock(&lock);
	return is;
}

static int
look_up(struct known *table, int (*ask)(uint32_t id, char *buf, char to[FILES_NAME_MAX]), uint32_t id,
    char to[FILES_NAME_MAX])
{
	struct known *k = &table[id % REMEMBERED];
	char *buf;

	if (!remembered(k, id, to)) {
		buf = malloc(RECORD_MAX);
		if (buf == NULL)
			return -ENOMEM;
		if (ask(id, buf, to) != 0)
			to[0] = '\0';
		free(buf);
		pthread_mutex_lock(&lock);
		k->id = id;
		k->is = 1;
		memcpy(k->name, to, strlen(to) + 1);
		pthread_mutex_unlock(&lock);
	}
	return to[0] != '\0' ? 0 : -ENOENT;
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
	struct passwd pw, *found = NULL;
	char *buf = malloc(RECORD_MAX);
	int r = -ENOENT;

	if (buf == NULL)
		return -ENOMEM;
	if (getpwnam_r(user, &pw, buf, RECORD_MAX, &found) == 0 && found != NULL && strlen(pw.pw_dir) < PATH_MAX) {
		strcpy(to, pw.pw_dir);
		r = 0;
	}
	free(buf);
	return r;
}
