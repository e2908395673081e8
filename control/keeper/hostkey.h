/*
 * The host keys of the configuration: read once, as root, before the sandbox. The
 * private half of a key is here, or behind the agent; of that one only the public half
 * is.
 */
#ifndef POSTERN_CONTROL_HOSTKEY_H
#define POSTERN_CONTROL_HOSTKEY_H

#include "control/conf.h"
#include "control/kex/cert.h"

#define HOSTKEYS_MAX CONF_LIST_MAX /* HostKey lines */
/* Public halves of all keys together: they go out in one message to the peer. */
#define HOSTKEYS_BYTES_MAX 12288u

struct hostkey {
	enum pk_type type;
	const char *path;         /* the configuration's */
	struct pk_signer *signer; /* NULL: behind the agent */
	bool away;                /* behind the agent, which cannot be had or lacks it */
	uint64_t uses;            /* signatures made with it */
	uint32_t blob_len;
	uint8_t blob[SIGN_KEY_MAX];
};

struct hostcert {
	uint32_t key; /* which it belongs to */
	const char *path;
	uint32_t blob_len;
	uint8_t blob[CERT_MAX];
};

/* A row per algorithm, so that an RSA key has two, and as many with its certificate.
 * Those that are offered stand first. */
#define HOSTKEY_ROWS_MAX (4 * HOSTKEYS_MAX)

struct hostkey_row {
	const char *name;
	const struct sign_algorithm *algorithm; /* that signs */
	uint32_t key;
	struct view shown; /* the key's blob, or a certificate */
};

struct hostkeys {
	uint32_t key_count;
	uint32_t cert_count;
	uint32_t row_count; /* that are offered */
	uint32_t all_count; /* with the others behind them */
	struct hostkey_row row[HOSTKEY_ROWS_MAX];
	struct hostkey key[HOSTKEYS_MAX];
	struct hostcert cert[HOSTKEYS_MAX];
};

/* hostkeys_load(k, c, now): every HostKey and HostCertificate that can be used; what is
 * wrong with the others is told in the log. `now` in seconds since 1970. *c outlives *k.
 * How many keys there are. */
uint32_t hostkeys_load(struct hostkeys *k, const struct conf *c, uint64_t now);
void hostkeys_free(struct hostkeys *k);

/* hostkeys_rows(k): choose anew what is offered: of each type the first key, and the
 * first certificate. Keys that are away come in only when there are no others. Behind
 * them stand those that are there and not offered. */
void hostkeys_rows(struct hostkeys *k);

/* Of a row or a key; -1: none. */
int hostkey_row_find(const struct hostkeys *k, struct view name, struct view shown);
int hostkey_find(const struct hostkeys *k, struct view blob);

static inline struct view
hostkey_blob(const struct hostkey *k)
{
	return view_of(k->blob, k->blob_len);
}

/* hostkeys_put(k, w): the body of KEYS_ARE. */
void hostkeys_put(const struct hostkeys *k, struct put *w);

/* hostkey_sign(k, a, w, data): the signature blob of a key that is here, verified before
 * it is written. 0 or -1. */
int hostkey_sign(struct hostkey *k, const struct sign_algorithm *a, struct put *w, struct view data);

#endif
