/*
 * What every engine's row of a suite says alike: sizes, where the length hides,
 * how long keys last. An engine adds its name and its functions.
 */
#ifndef POSTERN_DRIVERS_CIPHER_ROWS_H
#define POSTERN_DRIVERS_CIPHER_ROWS_H

#include "abi/wire/algo.h"
#include "drivers/cipher/engine.h"
#include "drivers/cipher/umac.h"

enum {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) \
	ROW_KEY_##NAME = (key), ROW_IV_##NAME = (iv), ROW_MAC_##NAME = (mac),
	SUITE_LIST(SUITE)
#undef SUITE
};

/* RFC 4344 section 3.2: 2^(L/4) blocks of L = 128 bits. */
#define ROW_REKEY_AES (1ull << 36)
/* A cipher with blocks of 8 bytes, which is how OpenSSH counts ChaCha20. */
#define ROW_REKEY_SMALL (1ull << 30)

#define ROW_SIZES(NAME) \
	.suite = SUITE_##NAME, .key_len = ROW_KEY_##NAME, .iv_len = ROW_IV_##NAME, .mac_len = ROW_MAC_##NAME

/* RFC 5647 section 7: the length is associated data. */
#define ROW_GCM(NAME) \
	ROW_SIZES(NAME), .tag_len = 16, .block = 16, .length_clear = 1, .align_skips_length = 1, \
	    .rekey_bytes = ROW_REKEY_AES

/* The length is encrypted by itself, and padding does not count it. */
#define ROW_CHACHA(NAME) \
	ROW_SIZES(NAME), .tag_len = 16, .block = 8, .length_clear = 0, .align_skips_length = 1, \
	    .rekey_bytes = ROW_REKEY_SMALL

/* RFC 4253 section 6.4: MAC of the plaintext, length encrypted with the rest. */
#define ROW_MAC_PLAIN(NAME, TAG) \
	ROW_SIZES(NAME), .tag_len = (TAG), .block = 16, .length_clear = 0, \
	    .align_skips_length = 0, .rekey_bytes = ROW_REKEY_AES

/* Encrypt-then-MAC: MAC of the clear length and the ciphertext. */
#define ROW_MAC_ETM(NAME, TAG) \
	ROW_SIZES(NAME), .tag_len = (TAG), .block = 16, .length_clear = 1, \
	    .align_skips_length = 1, .rekey_bytes = ROW_REKEY_AES

#define ROW_CTR_TAG(NAME, TAG, LIBRARY, INIT, MAC, FINI) \
	{ .name = LIBRARY, ROW_MAC_PLAIN(NAME, TAG), .init = INIT, .length = MAC##_length, .seal = MAC##_plain_seal, \
	    .open = MAC##_plain_open, .fini = FINI }, \
	{ .name = LIBRARY, ROW_MAC_ETM(NAME##_ETM, TAG), .init = INIT, .length = length_clear, \
	    .seal = MAC##_etm_seal, .open = MAC##_etm_open, .fini = FINI }

/* The tag of an HMAC is as long as its key. */
#define ROW_CTR(NAME, LIBRARY, INIT, MAC, FINI) ROW_CTR_TAG(NAME, ROW_MAC_##NAME, LIBRARY, INIT, MAC, FINI)

/* A table of all suites of AES in counter mode with HMAC: MAC256 and MAC512 are the names
 * that CTR_FUNCTIONS made functions under. */
#define CTR_ROWS(TABLE, LIBRARY, INIT256, MAC256, INIT512, MAC512, FINI) \
	const struct cipher_engine TABLE[12] = { \
		ROW_CTR(AES128_CTR_SHA256, LIBRARY, INIT256, MAC256, FINI), \
		ROW_CTR(AES192_CTR_SHA256, LIBRARY, INIT256, MAC256, FINI), \
		ROW_CTR(AES256_CTR_SHA256, LIBRARY, INIT256, MAC256, FINI), \
		ROW_CTR(AES128_CTR_SHA512, LIBRARY, INIT512, MAC512, FINI), \
		ROW_CTR(AES192_CTR_SHA512, LIBRARY, INIT512, MAC512, FINI), \
		ROW_CTR(AES256_CTR_SHA512, LIBRARY, INIT512, MAC512, FINI), \
	}

/* The same with UMAC: MAC is the name of the functions. */
#define ROW_UMAC(NAME, LIBRARY, INIT, MAC, FINI) \
	ROW_CTR_TAG(NAME##_UMAC64, UMAC_SHORT, LIBRARY, INIT, MAC, FINI), \
	ROW_CTR_TAG(NAME##_UMAC128, UMAC_LONG, LIBRARY, INIT, MAC, FINI)

#define UMAC_ROWS(TABLE, LIBRARY, INIT, MAC, FINI) \
	const struct cipher_engine TABLE[12] = { \
		ROW_UMAC(AES128_CTR, LIBRARY, INIT, MAC, FINI), \
		ROW_UMAC(AES192_CTR, LIBRARY, INIT, MAC, FINI), \
		ROW_UMAC(AES256_CTR, LIBRARY, INIT, MAC, FINI), \
	}

#endif
