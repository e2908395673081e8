/*
 * The line that `ls -l` would print: what clients show for a READDIR.
 */
#ifndef SFTP_LONGNAME_H
#define SFTP_LONGNAME_H

#include <sys/stat.h>
#include <time.h>

#define LONGNAME_MAX 512

/* when: st_mtime as local time; a file of the last half year shows the hour. */
void longname(char to[LONGNAME_MAX], const char *name, const struct stat *st, const char *user,
    const char *group, const struct tm *when, time_t now);

#endif
