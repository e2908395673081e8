/*
 * Compression of the scripted client, zlib@openssh.com: behind message 52, and anew at
 * each NEWKEYS. Its memory is taken when the first exchange has agreed on it.
 */
#include "tests/lib/client.h"

#include <stdlib.h>

#include "control/kex/names.h"

static bool
agreed(const char *name)
{
	return strcmp(name, ZIP_DELAYED) == 0;
}

static int
memory(struct client *c)
{
	size_t size = zip_pool_size(&zip_zlib, 1, 1);

	if (c->zip_mem != NULL)
		return 0;
	c->zip_mem = aligned_alloc(64, (size + 63) / 64 * 64);
	if (c->zip_mem == NULL)
		return client_fail(c, "no memory");
	memset(c->zip_mem, 0, size);
	zip_pool_init(&c->zip_pool, c->zip_mem, &zip_zlib, 1, 1);
	return zip_place(&c->zip_pool, &c->zip, false) ? 0 : client_fail(c, "no place for compression");
}

int
client_zip_out(struct client *c)
{
	if (c->zip.out.on)
		zip_stop_out(&c->zip_pool, &c->zip);
	if (!c->logged_in || !agreed(c->choice.comp_c2s))
		return 0;
	if (memory(c) != 0)
		return -1;
	zip_begin_out(&c->zip_pool, &c->zip);
	return 0;
}

int
client_zip_in(struct client *c)
{
	if (c->zip.in.on)
		zip_stop_in(&c->zip_pool, &c->zip);
	if (!c->logged_in || !agreed(c->choice.comp_s2c))
		return 0;
	if (memory(c) != 0)
		return -1;
	return zip_begin_in(&c->zip_pool, &c->zip) == 0 ? 0 : client_fail(c, "no memory for compression");
}

int
client_zip_seal(struct client *c, struct view *payload)
{
	if (!c->zip.out.on)
		return 0;
	c->zipped += payload->len;
	return zip_seal(&c->zip_pool, &c->zip, *payload, payload) == 0 ? 0 : client_fail(c, "cannot compress");
}

int
client_zip_open(struct client *c)
{
	int r = c->zip.in.on ? zip_open(&c->zip_pool, &c->zip, c->payload, &c->payload) : 0;

	return r == 0 ? 0 : client_fail(c, reason_text(-r));
}
