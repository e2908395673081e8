/*
 * An OpenSSH private key: parsed or refused, and after a refusal nothing of it
 * is left in what the caller gave.
 */
#include <stdlib.h>
#include <string.h>

#include "control/keeper/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t seed[PK_ED25519_SEED], pub[PK_ED25519_PUBLIC], untouched[PK_ED25519_SEED];
	enum keyfile_result r;

	memset(seed, 0xa5, sizeof seed);
	memset(pub, 0xa5, sizeof pub);
	memset(untouched, 0xa5, sizeof untouched);
	r = keyfile_parse(seed, pub, (const char *)data, size);
	if (r != KEYFILE_OK && memcmp(seed, untouched, sizeof seed) != 0)
		abort();
	if (keyfile_text(r)[0] == '?')
		abort();
	return 0;
}
