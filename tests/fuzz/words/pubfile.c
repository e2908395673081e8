/*
 * A file with a public key or a certificate. Its blob begins with the type that the line
 * names; what it holds else is for those who read keys, and they are asked.
 */
#include <stdlib.h>
#include <string.h>

#include "control/keeper/pubfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t blob[PUBFILE_MAX];
	struct put w = put_of(blob, sizeof(blob));
	char *text = malloc(size > 0 ? size : 1); /* of its own size: no byte behind it is read */
	struct pk_public key;
	struct cert cert;
	struct cur c;

	if (size > 0)
		memcpy(text, data, size);
	if (pubfile_parse(&w, text, size) == 0) {
		c = cur_view(put_view(&w));
		struct view type = cur_string(&c);

		if (c.bad || memmem(text, size, type.data, type.len) == NULL)
			abort();
		(void)sign_key_parse(&key, put_view(&w));
		(void)cert_parse(&cert, put_view(&w));
	}
	free(text);
	return 0;
}
