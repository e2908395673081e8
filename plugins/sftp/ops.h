/*
 * One function per request, by what they are about; ops.c says which is whose. p0 and
 * p1 are the request's texts, paths made absolute. Each sends one reply.
 */
#ifndef SFTP_OPS_H
#define SFTP_OPS_H

#include "session.h"

typedef void sftp_op(struct session *s, const struct request *r, const char *p0, const char *p1);

/* look.c: directories, attributes, what there is. */
sftp_op op_readdir, op_stat, op_fstat, op_setstat, op_fsetstat, op_statvfs, op_fstatvfs, op_limits,
    op_users_groups;

/* names.c: making, moving and removing them; links; paths. */
sftp_op op_remove, op_mkdir, op_rename, op_hardlink, op_symlink, op_readlink, op_realpath, op_expand_path,
    op_home;

/* ops_path(s, path, to): as the files know it: relative ones begin at the start
 * directory. Empty stays empty, which names nothing. NULL: too long. */
const char *ops_path(const struct session *s, const char *path, char to[PATH_MAX]);

/* ops_handle(s, r, kind): the handle that the request names, or NULL after its refusal. */
struct handle *ops_handle(struct session *s, const struct request *r, enum handle_kind kind);

#endif
