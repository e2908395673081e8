/*
 * The server's other host keys (draft-miller-sshm-hostkey-update, UpdateHostKeys of ssh):
 * it says them behind the login, proves that it has those which known_hosts lacks, and
 * whoever keeps that file may add them.
 *
 *   CALLER_TOLD_GLOBAL "hostkeys-00@openssh.com"   hostupdate_take, hostupdate_ask
 *   caller_global(HOSTUPDATE_PROVE, what was asked, wants a reply)
 *   CALLER_TOLD_ANSWER to it                       hostupdate_proved, hostupdate_new
 *
 * For connections whose own host key known_hosts had as a key, not by a CA. Pure; some
 * 32 KiB, nothing secret.
 */
#ifndef POSTERN_CLIENT_HOSTUPDATE_H
#define POSTERN_CLIENT_HOSTUPDATE_H

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"

#define HOSTUPDATE_TOLD "hostkeys-00@openssh.com"
#define HOSTUPDATE_PROVE "hostkeys-prove-00@openssh.com"
#define HOSTUPDATE_KEYS_MAX 64u /* of one server */

enum hostupdate_key {
	HOSTUPDATE_UNUSED, /* no type of ours, too small, revoked, or known already */
	HOSTUPDATE_ASKED,
	HOSTUPDATE_PROVED,
};

struct hostupdate {
	const char *names; /* algorithms */
	uint32_t count;
	struct {
		enum hostupdate_key state;
		struct view blob; /* in bytes */
	} key[HOSTUPDATE_KEYS_MAX];
	uint8_t bytes[SSH_PAYLOAD_MAX];
};

/* hostupdate_take(u, data): what the server told, which is copied. 0; -R_SHORT: no list of
 * keys; -R_LIMIT; -R_PROTOCOL: one twice. Without 0 there is nothing to ask. */
int hostupdate_take(struct hostupdate *u, struct view data);

/*
 * hostupdate_ask(u, w, known_hosts, host, port, names, rsa_bits_min): the keys that the
 * file does not have for this host, or has another of; into w, for HOSTUPDATE_PROVE. How
 * many; 0: there is nothing to ask. names: the host key algorithms that were offered, which
 * stay the user's: keys are asked for and proved by those alone. Beyond them a server signs
 * by what it takes for the client's: with RSA that is SHA-1.
 */
uint32_t hostupdate_ask(struct hostupdate *u, struct put *w, struct view known_hosts, const char *host,
    uint16_t port, const char *names, unsigned rsa_bits_min);

/* hostupdate_proved(u, session_id, data): of REQUEST_SUCCESS. One signature per key that was
 * asked for, in that order, and all have to be right: else -R_SHORT or -R_KEX_VERIFY, and
 * none counts. */
int hostupdate_proved(struct hostupdate *u, struct view session_id, struct view data);

/* hostupdate_new(u, i): the i-th key that was proved, from 0; empty behind the last. */
struct view hostupdate_new(const struct hostupdate *u, uint32_t i);

#endif
