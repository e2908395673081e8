/*
 * What this build serves, by name, in order of preference: the defaults of the
 * configuration, and what its lists are chosen from.
 */
#ifndef POSTERN_KEX_NAMES_H
#define POSTERN_KEX_NAMES_H

#define KEX_NAMES                                                              \
	"mlkem768x25519-sha256,"                                               \
	"sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,"           \
	"curve25519-sha256,curve25519-sha256@libssh.org,"                      \
	"mlkem768nistp256-sha256,mlkem1024nistp384-sha384,"                    \
	"ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"

/* Signature algorithms: of host keys and of user keys. */
#define SIGN_NAMES                                                                 \
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," \
	"rsa-sha2-512,rsa-sha2-256"

#define CIPHER_NAMES \
	"aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com," \
	"aes128-ctr,aes192-ctr,aes256-ctr"

/* For counter mode; the other ciphers have their own tag. */
#define MAC_NAMES \
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512"

#endif
