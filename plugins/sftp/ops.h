/*
 * One function per request, by what they are about; ops.c says which is whose. Each
 * does its request and writes one reply; j->path are the request's texts, paths made
 * absolute, j->h its handles, which are of the kind that it needs. They run on any
 * thread, and change nothing but the job and what its handles stand for (job.h).
 */
#ifndef SFTP_OPS_H
#define SFTP_OPS_H

#include "session.h"

typedef void sftp_op(struct job *j);

/* look.c: directories, attributes, what there is. */
sftp_op op_readdir, op_stat, op_fstat, op_setstat, op_fsetstat, op_statvfs, op_fstatvfs, op_limits,
    op_users_groups;

/* names.c: making, moving and removing them; links; paths. */
sftp_op op_remove, op_mkdir, op_rename, op_hardlink, op_symlink, op_readlink, op_realpath, op_expand_path,
    op_home;

/* content.c: open files. */
sftp_op op_open, op_opendir, op_close, op_read, op_write, op_fsync;

/* copy.c */
sftp_op op_copy;

/* ops_path(s, path, to): as the files know it: relative ones begin at the start
 * directory. Empty stays empty, which names nothing. NULL: too long. */
const char *ops_path(const struct session *s, const char *path, char to[PATH_MAX]);

#endif
