#include "dataplane/ssh/record.h"

void
record_dir_init(struct record_dir *d, struct cipher_ctx *ctx)
{
	memset(d, 0, sizeof(*d));
	d->ctx = ctx;
}

int
record_dir_keys(struct record_dir *d, const struct cipher_engine *engine, const uint8_t *key,
    const uint8_t *iv, const uint8_t *mac, bool reset_seq)
{
	record_dir_wipe(d);
	if (engine != NULL && engine->init(engine, d->ctx, key, iv, mac) != 0) {
		explicit_bzero(d->ctx, sizeof(*d->ctx));
		return -R_INTERNAL;
	}
	d->engine = engine;
	d->bytes = 0;
	d->records = 0;
	d->need = 0;
	d->bad = false;
	d->spent = 0;
	if (reset_seq)
		d->seq = 0;
	return 0;
}

void
record_dir_wipe(struct record_dir *d)
{
	if (d->engine != NULL)
		d->engine->fini(d->ctx);
	d->engine = NULL;
	if (d->ctx != NULL)
		explicit_bzero(d->ctx, sizeof(*d->ctx));
}
