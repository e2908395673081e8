#include "dataplane/ssh/record.h"

#define PACKET_MIN 16u /* RFC 4253 section 6: whole packet without MAC, or a block */
#define BLOCK_MIN 8u

static uint32_t
dir_tag(const struct record_dir *d)
{
	return d->engine != NULL ? d->engine->tag_len : 0;
}

/*
 * Alignment and range of a packet length. Where the length field does not count
 * for the alignment (AEAD, encrypt-then-MAC) peers pad to one block only, so
 * that with blocks of 8 the whole packet may be shorter than 16 bytes.
 */
static bool
length_ok(const struct record_dir *d, uint32_t len)
{
	uint32_t block = d->engine != NULL ? d->engine->block : BLOCK_MIN;

	if (len > SSH_PACKET_MAX)
		return false;
	if (d->engine != NULL && d->engine->align_skips_length)
		return len >= block && len % block == 0;
	return len + 4 >= (block > PACKET_MIN ? block : PACKET_MIN) && (len + 4) % block == 0;
}

/* Is the length one of the encrypted bytes? */
static bool
hidden(const struct record_dir *d)
{
	return d->engine != NULL && !d->engine->length_clear;
}

/* The record is wrong: its end is where that of every wrong one is. */
static void
spoil(struct record_dir *d, uint32_t spent)
{
	d->bad = true;
	d->spent = spent;
	d->need = RECORD_MAX;
}

void
record_later(struct record_dir *d)
{
	d->spent = 0;
}

/* The work on a wrong record is that of one with the largest length, however
 * much of it was done before in one go. */
static int
burn(struct record_dir *d, uint8_t *buf)
{
	uint32_t frame = 4 + dir_tag(d);

	if (d->spent + frame + PACKET_MIN <= RECORD_MAX)
		(void)d->engine->open(d->ctx, d->seq, buf + d->spent, RECORD_MAX - d->spent - frame);
	return -R_SSH_MAC;
}

int
record_need(struct record_dir *d, const uint8_t *head, size_t have)
{
	uint32_t len;

	if (d->need != 0)
		return (int)d->need;
	if (have < 4)
		return 0;
	if (d->engine != NULL) {
		len = d->engine->length(d->ctx, d->seq, head);
	} else {
		struct cur c = cur_of(head, 4);

		len = cur_u32(&c);
	}
	if (length_ok(d, len))
		d->need = 4 + len + dir_tag(d);
	else if (hidden(d))
		spoil(d, 0);
	else
		return -R_SSH_LENGTH;
	return (int)d->need;
}

int
record_open(struct record_dir *d, uint8_t *buf, struct view *payload)
{
	uint32_t tag = dir_tag(d);
	uint32_t len, pad;

	if (d->need == 0)
		return -R_INTERNAL;
	/* A sequence number, and with it a nonce, is used once under one key. */
	if (d->records > UINT32_MAX)
		return -R_SSH_SEQ_WRAP;
	if (d->bad)
		return burn(d, buf);
	len = d->need - 4 - tag;
	if (d->engine != NULL && d->engine->open(d->ctx, d->seq, buf, len) != 0) {
		if (!hidden(d))
			return -R_SSH_MAC;
		spoil(d, d->need);
		return RECORD_MORE;
	}
	d->bytes += d->need;
	d->records++;
	d->seq++;
	d->need = 0;
	pad = buf[4];
	if (pad < SSH_PADDING_MIN || pad + 1 > len)
		return -R_SSH_PADDING;
	if (pad + 1 == len)
		return -R_SSH_EMPTY;
	if (len - 1 - pad > SSH_PAYLOAD_MAX)
		return -R_SSH_LENGTH;
	*payload = view_of(buf + RECORD_HEAD, len - 1 - pad);
	return 0;
}
