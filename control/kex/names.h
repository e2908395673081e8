/*
 * What this build serves, by name, in order of preference: the defaults of the
 * configuration, and what its lists are chosen from.
 */
#ifndef POSTERN_KEX_NAMES_H
#define POSTERN_KEX_NAMES_H

#define KEX_NAMES                                         \
	"curve25519-sha256,curve25519-sha256@libssh.org," \
	"ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"

/* Signature algorithms: of host keys and of user keys. */
#define SIGN_NAMES                                                                 \
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," \
	"rsa-sha2-512,rsa-sha2-256"

#define CIPHER_NAMES "aes128-gcm@openssh.com"

/* Every cipher offered has its own tag, so these are never used: an empty list
 * would break RFC 4253 section 7.1, and some clients look for a common MAC before
 * they look at the cipher. */
#define MAC_NAMES "hmac-sha2-256-etm@openssh.com,hmac-sha2-256"

#endif
