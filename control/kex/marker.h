/*
 * Names in the list of key exchange methods that are none: they say what a side
 * can do, and are never negotiated.
 */
#ifndef POSTERN_KEX_MARKER_H
#define POSTERN_KEX_MARKER_H

/* RFC 8308 section 2.1 */
#define MARKER_EXT_INFO_C "ext-info-c"
#define MARKER_EXT_INFO_S "ext-info-s"
/* OpenSSH PROTOCOL, section 1.10: strict key exchange */
#define MARKER_STRICT_C "kex-strict-c-v00@openssh.com"
#define MARKER_STRICT_S "kex-strict-s-v00@openssh.com"

#endif
