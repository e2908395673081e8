/*
 * What the operator says: sftp.conf, and what stands behind internal-sftp.
 */
#ifndef SFTP_OPTIONS_H
#define SFTP_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define OPTIONS_HANDLES 256u  /* MaxHandles */
#define OPTIONS_HANDLES_MAX 4096u
#define OPTIONS_REQUESTS 256u /* MaxRequests */
#define OPTIONS_REQUESTS_MAX 4096u
#define OPTIONS_BUFFERED 4096u /* MaxBuffered, KiB */
#define OPTIONS_BUFFERED_MIN 256u
#define OPTIONS_BUFFERED_MAX 65536u
#define OPTIONS_UMASK_LOGIN UINT32_MAX
#define OPTIONS_DIRECTORY_MAX 256

enum sftp_log { SFTP_LOG_QUIET, SFTP_LOG_ERROR, SFTP_LOG_INFO, SFTP_LOG_DEBUG };

struct options {
	int read_only;
	uint32_t umask;               /* OPTIONS_UMASK_LOGIN: as it is */
	uint32_t handles;
	uint32_t requests;            /* in flight */
	size_t buffered;              /* bytes that they may be charged with */
	uint64_t allowed;             /* a bit for each enum op */
	enum sftp_log log;
	char directory[OPTIONS_DIRECTORY_MAX]; /* with %d, %u, %%; empty: home */
	char root[OPTIONS_DIRECTORY_MAX];      /* the same; empty: the machine's */
};

/*
 * options_parse(o, text, len, name, name_len): of the lines
 *	MaxHandles NUMBER
 *	MaxRequests NUMBER
 *	MaxBuffered KIB
 *	Root DIRECTORY
 *	Subsystem NAME ARGUMENTS
 * the first four, and the last whose NAME is this; others are skipped. 0; or -1, with
 * what is wrong in `why`: then nothing may be served, an option that restricts could
 * be the one that was not understood.
 */
int options_parse(struct options *o, const char *text, size_t len, const char *name, size_t name_len,
    char why[128]);

#endif
