#include "dataplane/ssh/record.h"

/* RFC 4253 section 6: at least 4 bytes, to a multiple of the block. */
static uint32_t
padding_for(const struct record_dir *d, size_t len)
{
	uint32_t block = d->engine != NULL ? d->engine->block : 8;
	uint32_t skip = d->engine != NULL && d->engine->align_skips_length ? 0 : 4;
	uint32_t pad = block - (uint32_t)((skip + 1 + len) % block);

	return pad < SSH_PADDING_MIN ? pad + block : pad;
}

size_t
record_size(const struct record_dir *d, size_t len)
{
	size_t tag = d->engine != NULL ? d->engine->tag_len : 0;

	return RECORD_HEAD + len + padding_for(d, len) + tag;
}

int
record_seal(struct record_dir *d, uint8_t *dst, size_t size, struct view payload,
    const uint8_t random[RECORD_RANDOM])
{
	uint32_t pad = padding_for(d, payload.len);
	size_t need = record_size(d, payload.len);
	uint32_t len = (uint32_t)(1 + payload.len + pad);
	struct put w = put_of(dst, RECORD_HEAD);

	if (payload.len == 0 || payload.len > SSH_PAYLOAD_MAX || need > size || pad > RECORD_RANDOM)
		return -R_SSH_LENGTH;
	if (d->records > UINT32_MAX)
		return -R_SSH_SEQ_WRAP;
	put_u32(&w, len);
	put_u8(&w, (uint8_t)pad);
	if (payload.data != dst + RECORD_HEAD)
		memcpy(dst + RECORD_HEAD, payload.data, payload.len);
	memcpy(dst + RECORD_HEAD + payload.len, random, pad);
	if (d->engine != NULL && d->engine->seal(d->ctx, d->seq, dst, dst, len) != 0)
		return -R_INTERNAL;
	d->bytes += need;
	d->records++;
	d->seq++;
	return (int)need;
}
