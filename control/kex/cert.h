/*
 * OpenSSH certificates, of hosts and of users: OpenSSH PROTOCOL.certkeys, and
 * draft-ietf-sshm-cert. A certificate is a key blob with a type name of its own,
 * which holds a key and a CA's word for it.
 *
 * Pure. Errors: -R_SHORT for what is malformed, -R_KEX_VERIFY. What a certificate
 * is good for (its CA, names, times, options) is for the caller to judge.
 */
#ifndef POSTERN_KEX_CERT_H
#define POSTERN_KEX_CERT_H

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "control/kex/sign.h"

#define CERT_MAX 8192u          /* bytes of a certificate */
#define CERT_PRINCIPALS_MAX 256u /* as ssh-keygen makes them */
#define CERT_OPTIONS_MAX 64u    /* critical ones and extensions, each */

enum cert_kind { CERT_USER = 1, CERT_HOST = 2 };

struct cert {
	struct view blob;
	struct pk_public key; /* that is certified */
	uint64_t serial;
	uint32_t kind; /* enum cert_kind, and no other */
	struct view id;
	struct view principals; /* (str)*, walk with cert_principal */
	uint64_t after, before; /* seconds since 1970: after <= now < before */
	struct view critical, extensions; /* (str name, str data)*, walk with cert_option */
	struct view ca;                   /* key blob, of no certificate */
	struct view signature;            /* of the CA over what stands before it in the blob */
};

/* cert_parse(c, blob): views borrow from the blob. The form is checked to its end:
 * lists, options in order and each once. 0 or -R_SHORT. */
int cert_parse(struct cert *c, struct view blob);

/* cert_verify(c): the CA's signature, by any algorithm that is served and belongs to
 * the CA's key; *by (may be NULL): which. 0, -R_SHORT, -R_KEX_VERIFY. */
int cert_verify(const struct cert *c, const struct sign_algorithm **by);

/* cert_principal(c, list, name): cut the next principal off `list`, at first
 * c->principals. False: there are no more. */
bool cert_principal(struct view *list, struct view *name);
/* cert_option(list, name, data): the same of c->critical and c->extensions. */
bool cert_option(struct view *list, struct view *name, struct view *data);

/* ---- algorithms: a certificate's has a name of its own (sign_algorithm.cert_name);
 * what is signed with it are signatures of the plain one ---- */

/* By the name of the certificates' algorithm; NULL: it is none. */
const struct sign_algorithm *cert_find(struct view name);
/* cert_is(blob): by the type name that it begins with. */
bool cert_is(struct view blob);

/* cert_host_sign(name): what signs for a host key algorithm, plain or of certificates;
 * NULL: not served. */
const struct sign_algorithm *cert_host_sign(struct view name);

/* cert_host_verify(name, key, signature, data): the signature of a host by the host key
 * algorithm `name`; key is what the host has shown: a key, or with the name of a
 * certificate a host's certificate, whose CA's signature is verified too. 0, -R_SHORT,
 * -R_KEX_VERIFY. */
int cert_host_verify(struct view name, struct view key, struct view signature, struct view data);

#endif
