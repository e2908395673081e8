#include <grp.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "control/log.h"
#include "control/reader/reader.h"

#define GROUPS_MAX 1024

/* Setting tells the old value only: asking with an invalid one tells whether it
 * took effect. */
static bool
fs_identity(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	return (gid_t)setfsgid((gid_t)-1) == gid && (uid_t)setfsuid((uid_t)-1) == uid;
}

int
reader_become(const char *name, uid_t uid, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (geteuid() != 0)
		return uid == geteuid() ? 0 : -1;
	if (getgrouplist(name, gid, groups, &count) < 0) {
		log_error("account %s is in too many groups", name);
		return -1;
	}
	if (setgroups((size_t)count, groups) == 0 && fs_identity(uid, gid))
		return 0;
	reader_return();
	return -1;
}

void
reader_return(void)
{
	if (geteuid() != 0)
		return;
	if (!fs_identity(0, 0) || setgroups(0, NULL) != 0) {
		log_error("root's identity cannot be taken back");
		abort();
	}
}
