/*
 * Public keys and certificates as files have them: one line, "type base64 comment"
 * (sshd(8), authorized keys without options). Pure.
 */
#ifndef POSTERN_CONTROL_PUBFILE_H
#define POSTERN_CONTROL_PUBFILE_H

#include "control/kex/cert.h"

#define PUBFILE_MAX 16384u /* bytes of a file */

/* pubfile_parse(w, text, len): the blob of the first line that is neither empty nor a
 * comment into w. 0, or -1: there is none, or its blob is of another type than it
 * says. What is in the blob beyond its type is not looked at. */
int pubfile_parse(struct put *w, const char *text, size_t len);

#endif
