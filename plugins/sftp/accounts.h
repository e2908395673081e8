/*
 * Names of users and groups, with a memory: a directory of a thousand files asks a
 * thousand times for the same few. 0, or -ENOENT.
 */
#ifndef SFTP_ACCOUNTS_H
#define SFTP_ACCOUNTS_H

#include "files.h"

int accounts_user(uint32_t uid, char to[FILES_NAME_MAX]);
int accounts_group(uint32_t gid, char to[FILES_NAME_MAX]);
int accounts_home(const char *user, char to[PATH_MAX]);

#endif
