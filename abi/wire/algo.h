/*
 * Suites by number, as they cross the link, and by name, as they cross the wire.
 */
#ifndef POSTERN_WIRE_ALGO_H
#define POSTERN_WIRE_ALGO_H

#include <stdint.h>

/* SUITE(NAME, number, cipher name, key size, iv size, MAC key size, mac name or "")
 * Numbers are fixed for ever. */
#define SUITE_LIST(SUITE) \
	SUITE(NONE, 0, "none", 0, 0, 0, "none") \
	SUITE(AES128_GCM, 1, "aes128-gcm@openssh.com", 16, 12, 0, "") \
	SUITE(AES256_GCM, 2, "aes256-gcm@openssh.com", 32, 12, 0, "") \
	SUITE(CHACHA20_POLY1305, 3, "chacha20-poly1305@openssh.com", 64, 0, 0, "") \
	SUITE(AES128_CTR_SHA256, 4, "aes128-ctr", 16, 16, 32, "hmac-sha2-256") \
	SUITE(AES192_CTR_SHA256, 5, "aes192-ctr", 24, 16, 32, "hmac-sha2-256") \
	SUITE(AES256_CTR_SHA256, 6, "aes256-ctr", 32, 16, 32, "hmac-sha2-256") \
	SUITE(AES128_CTR_SHA512, 7, "aes128-ctr", 16, 16, 64, "hmac-sha2-512") \
	SUITE(AES192_CTR_SHA512, 8, "aes192-ctr", 24, 16, 64, "hmac-sha2-512") \
	SUITE(AES256_CTR_SHA512, 9, "aes256-ctr", 32, 16, 64, "hmac-sha2-512") \
	SUITE(AES128_CTR_SHA256_ETM, 10, "aes128-ctr", 16, 16, 32, "hmac-sha2-256-etm@openssh.com") \
	SUITE(AES192_CTR_SHA256_ETM, 11, "aes192-ctr", 24, 16, 32, "hmac-sha2-256-etm@openssh.com") \
	SUITE(AES256_CTR_SHA256_ETM, 12, "aes256-ctr", 32, 16, 32, "hmac-sha2-256-etm@openssh.com") \
	SUITE(AES128_CTR_SHA512_ETM, 13, "aes128-ctr", 16, 16, 64, "hmac-sha2-512-etm@openssh.com") \
	SUITE(AES192_CTR_SHA512_ETM, 14, "aes192-ctr", 24, 16, 64, "hmac-sha2-512-etm@openssh.com") \
	SUITE(AES256_CTR_SHA512_ETM, 15, "aes256-ctr", 32, 16, 64, "hmac-sha2-512-etm@openssh.com") \
	SUITE(AES128_CTR_UMAC64, 16, "aes128-ctr", 16, 16, 16, "umac-64@openssh.com") \
	SUITE(AES192_CTR_UMAC64, 17, "aes192-ctr", 24, 16, 16, "umac-64@openssh.com") \
	SUITE(AES256_CTR_UMAC64, 18, "aes256-ctr", 32, 16, 16, "umac-64@openssh.com") \
	SUITE(AES128_CTR_UMAC128, 19, "aes128-ctr", 16, 16, 16, "umac-128@openssh.com") \
	SUITE(AES192_CTR_UMAC128, 20, "aes192-ctr", 24, 16, 16, "umac-128@openssh.com") \
	SUITE(AES256_CTR_UMAC128, 21, "aes256-ctr", 32, 16, 16, "umac-128@openssh.com") \
	SUITE(AES128_CTR_UMAC64_ETM, 22, "aes128-ctr", 16, 16, 16, "umac-64-etm@openssh.com") \
	SUITE(AES192_CTR_UMAC64_ETM, 23, "aes192-ctr", 24, 16, 16, "umac-64-etm@openssh.com") \
	SUITE(AES256_CTR_UMAC64_ETM, 24, "aes256-ctr", 32, 16, 16, "umac-64-etm@openssh.com") \
	SUITE(AES128_CTR_UMAC128_ETM, 25, "aes128-ctr", 16, 16, 16, "umac-128-etm@openssh.com") \
	SUITE(AES192_CTR_UMAC128_ETM, 26, "aes192-ctr", 24, 16, 16, "umac-128-etm@openssh.com") \
	SUITE(AES256_CTR_UMAC128_ETM, 27, "aes256-ctr", 32, 16, 16, "umac-128-etm@openssh.com")

/* Open to prefix truncation where the exchange is not strict (CVE-2023-48795): its
 * nonce is the sequence number, which an attacker can then move. */
#define CIPHER_NEEDS_STRICT "chacha20-poly1305@openssh.com"

enum suite_id {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) SUITE_##NAME = (number),
	SUITE_LIST(SUITE)
#undef SUITE
	SUITE_COUNT
};

#endif
