/*
 * known_hosts: whose key is this? Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: names and
 * patterns with negation, hashed names (|1|), [host]:port, @cert-authority and @revoked,
 * several keys per host. Pure and linear; bounded in file, line and count of lines.
 */
#ifndef POSTERN_CLIENT_KNOWNHOSTS_H
#define POSTERN_CLIENT_KNOWNHOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define KNOWNHOSTS_FILE_MAX (4u * 1024u * 1024u)
#define KNOWNHOSTS_LINE_MAX 16384u
#define KNOWNHOSTS_LINES_MAX 100000u
#define KNOWNHOSTS_HOST_MAX 255u /* of a name; "[", "]:" and a port come on top */
#define KNOWNHOSTS_SALT 20u

enum knownhosts_verdict {
	KNOWNHOSTS_UNKNOWN, /* no line has this host, or none with a key of this type */
	KNOWNHOSTS_KNOWN,   /* this very key, or a certificate that a CA of a line vouches for */
	KNOWNHOSTS_CHANGED, /* another key of this type is known, and not this one */
	KNOWNHOSTS_REVOKED, /* the key, the one it certifies, or its CA: never to be used */
};

struct knownhosts_found {
	enum knownhosts_verdict verdict;
	unsigned line;   /* that decided, from 1; 0: none */
	bool other_type; /* UNKNOWN: keys of other types are known */
	bool by_ca;      /* KNOWN: by a certificate */
	const char *why; /* a certificate that did not count: a line for people; or NULL */
};

/*
 * knownhosts_find(f, file, host, port, key, now): the key (or certificate) that this host
 * has shown. Names are compared without regard to case. With a port other than 22 it is
 * [host]:port that is looked for; when no line has it, a line that knows the plain name
 * and this key will do, as in ssh. A certificate has to be a host's, valid at `now`
 * (seconds since 1970), without critical options, and name the host among its principals:
 * one without any names nobody. Its signature by the CA has been verified before
 * (cert_host_verify). Where no CA counts, its key is looked for as if it had come alone.
 * Several files: the first verdict but UNKNOWN counts, REVOKED of any.
 */
void knownhosts_find(struct knownhosts_found *f, struct view file, const char *host, uint16_t port,
    struct view key, uint64_t now);

/* knownhosts_order(w, names, file, host, port): the host key algorithms of the list, those
 * first that a key or CA is known for, so that the server shows what can be checked. */
void knownhosts_order(struct put *w, const char *names, struct view file, const char *host, uint16_t port);

/* knownhosts_entry(w, host, port, key, salt): a line for the key, or the one in a
 * certificate; with a salt of KNOWNHOSTS_SALT random bytes the name is hashed, else NULL. */
void knownhosts_entry(struct put *w, const char *host, uint16_t port, struct view key, const uint8_t *salt);

#endif
