/*
 * Algorithms by name, in order of preference. What is served is what the lists of the
 * configuration are chosen from; a profile names the lists that are in effect where the
 * configuration says nothing else. Nothing with CBC, SHA-1 or MD5 is in any of them.
 */
#ifndef POSTERN_KEX_NAMES_H
#define POSTERN_KEX_NAMES_H

/* Offered when there is a moduli file. */
#define KEX_GROUP_EXCHANGE "diffie-hellman-group-exchange-sha256"

/* ---- profile "modern", the default ---- */

#define KEX_NAMES                                                              \
	"mlkem768x25519-sha256,"                                               \
	"sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,"           \
	"curve25519-sha256,curve25519-sha256@libssh.org,"                      \
	"mlkem768nistp256-sha256,mlkem1024nistp384-sha384,"                    \
	"ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"            \
	KEX_GROUP_EXCHANGE

/* Signature algorithms: of host keys and of user keys. */
#define SIGN_NAMES                                                                 \
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," \
	"rsa-sha2-512,rsa-sha2-256"

/* Of host certificates; they stand before the plain ones. */
#define HOST_CERT_NAMES                                                                       \
	"ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"         \
	"ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com," \
	"rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com"
#define HOST_KEY_NAMES HOST_CERT_NAMES "," SIGN_NAMES

#define CIPHER_NAMES \
	"aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com," \
	"aes128-ctr,aes192-ctr,aes256-ctr"

/* For counter mode; the other ciphers have their own tag. */
#define MAC_NAMES \
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"  \
	"umac-128-etm@openssh.com,umac-64-etm@openssh.com,"             \
	"hmac-sha2-256,hmac-sha2-512,umac-128@openssh.com,umac-64@openssh.com"

/* ---- profile "line-rate": what the dataplane does fastest, and nothing else ---- */

#define LINE_RATE_CIPHERS "aes128-gcm@openssh.com,aes256-gcm@openssh.com"

/* ---- profile "cnsa": RFC 9212, and the hybrid of RFC 10042 with the same curve ---- */

#define CNSA_KEX "mlkem1024nistp384-sha384,ecdh-sha2-nistp384"
#define CNSA_SIGN "ecdsa-sha2-nistp384,rsa-sha2-512"
#define CNSA_HOST_KEYS \
	"ecdsa-sha2-nistp384-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com," CNSA_SIGN
#define CNSA_CIPHERS "aes256-gcm@openssh.com"
#define CNSA_MACS "hmac-sha2-512-etm@openssh.com,hmac-sha2-512"
#define CNSA_RSA_BITS 3072u /* RFC 9212 section 6 */

/* ---- served, if the configuration asks for it ---- */

/* Prime fields cost the server far more than its clients, and groups that are fixed
 * would be there for everybody. */
#define KEX_SERVED                                                             \
	KEX_NAMES                                                              \
	",diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"        \
	"diffie-hellman-group14-sha256"
#define HOST_KEY_SERVED HOST_KEY_NAMES
#define SIGN_SERVED SIGN_NAMES
#define CIPHER_SERVED CIPHER_NAMES
#define MAC_SERVED MAC_NAMES

/* ---- names of sshd's, of now or of before, that are not served: lists with them are
 * read, and the names left out ---- */

#define KEX_FOREIGN \
	"diffie-hellman-group1-sha1,diffie-hellman-group14-sha1," \
	"diffie-hellman-group15-sha512,diffie-hellman-group17-sha512," \
	"diffie-hellman-group-exchange-sha1,curve448-sha512,rsa1024-sha1,rsa2048-sha256," \
	"sntrup4591761x25519-sha512@tinyssh.org"

#define SIGN_FOREIGN                                                                         \
	"ssh-rsa,ssh-dss,ssh-ed448,ssh-rsa-cert-v01@openssh.com,ssh-dss-cert-v01@openssh.com," \
	"ssh-rsa-cert-v00@openssh.com,ssh-dss-cert-v00@openssh.com,"                         \
	"ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"         \
	"ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com," \
	"rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"               \
	"sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,"                    \
	"sk-ecdsa-sha2-nistp256@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"    \
	"webauthn-sk-ecdsa-sha2-nistp256@openssh.com,"                                       \
	"webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"                              \
	"ssh-xmss@openssh.com,ssh-xmss-cert-v01@openssh.com,"                                \
	"ssh-mldsa44-ed25519@openssh.com,ssh-mldsa44-ed25519-cert-v01@openssh.com"

#define CIPHER_FOREIGN                                                                         \
	"3des-cbc,aes128-cbc,aes192-cbc,aes256-cbc,rijndael-cbc@lysator.liu.se,blowfish-cbc,"  \
	"cast128-cbc,arcfour,arcfour128,arcfour256,acss@openssh.org,none,"                     \
	"AEAD_AES_128_GCM,AEAD_AES_256_GCM"

#define MAC_FOREIGN                                                                           \
	"hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-ripemd160,"                         \
	"hmac-ripemd160@openssh.com,hmac-sha2-256-96,hmac-sha2-512-96,"                       \
	"hmac-sha1-etm@openssh.com,hmac-sha1-96-etm@openssh.com,hmac-md5-etm@openssh.com,"    \
	"hmac-md5-96-etm@openssh.com,hmac-ripemd160-etm@openssh.com,none,"                    \
	"AEAD_AES_128_GCM,AEAD_AES_256_GCM"

/* Compression of the packets after login, beside none. */
#define ZIP_DELAYED "zlib@openssh.com"

#endif
