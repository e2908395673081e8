/*
 * One direction of the record layer (RFC 4253 section 6): framing, padding,
 * cipher, sequence numbers. Used by connections of the dataplane and, in the
 * client role, by tests and tools.
 *
 * A record on the wire is 4 length bytes, `len` bytes, and the tag. A direction
 * without keys uses the "none" engine: block 8, no tag.
 */
#ifndef POSTERN_SSH_RECORD_H
#define POSTERN_SSH_RECORD_H

#include <stdbool.h>

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"
#include "drivers/cipher/engine.h"

#define RECORD_TAG_MAX CIPHER_TAG_MAX
/* Largest record with everything around it: what a scratch buffer must hold. */
#define RECORD_MAX (4u + SSH_PACKET_MAX + RECORD_TAG_MAX)
/* Bytes in front of the payload: packet length and padding length. */
#define RECORD_HEAD 5u
#define RECORD_RANDOM 32u

struct record_dir {
	const struct cipher_engine *engine; /* NULL: in the clear */
	struct cipher_ctx *ctx;             /* owner's, CIPHER_CTX_SIZE */
	uint32_t seq;                       /* of the next record */
	uint32_t need;                      /* in: wire bytes of the current record once
	                                       its length was learnt, else 0 */
	bool bad;                           /* in: it is wrong, and is read to the end
	                                       that every wrong one has */
	uint32_t spent;                     /* in: of a bad one, bytes already opened */
	uint64_t bytes;                     /* under the current keys */
	uint64_t records;
};

/* record_dir_init(d, ctx): in the clear, sequence 0. */
void record_dir_init(struct record_dir *d, struct cipher_ctx *ctx);

/* record_dir_keys(d, engine, key, iv, mac, reset_seq): switch here. 0 or
 * -R_INTERNAL. The old context is wiped. */
int record_dir_keys(struct record_dir *d, const struct cipher_engine *engine, const uint8_t *key,
    const uint8_t *iv, const uint8_t *mac, bool reset_seq);

/* record_dir_wipe(d): the keys are gone. */
void record_dir_wipe(struct record_dir *d);

/*
 * record_need(d, head, have): wire bytes of the next record, from its first
 * `have` bytes. 0: give at least 4 bytes. -R_SSH_LENGTH: the length is out of
 * range or misaligned. The length is learnt once and remembered.
 *
 * Where the length is encrypted, nobody may tell a bad length from a bad tag, or
 * changed bytes would be an oracle for the plaintext of the block that they
 * stand in. There either makes the record RECORD_MAX bytes long, all of them are
 * waited for, and -R_SSH_MAC comes after the same work.
 */
int record_need(struct record_dir *d, const uint8_t *head, size_t have);

/*
 * record_open(d, buf, payload): buf holds record_need() bytes; verify and
 * decrypt in place. 0: *payload borrows from buf, never empty, at most
 * SSH_PAYLOAD_MAX. RECORD_MORE: wrong, but not to be known yet: keep the bytes
 * that came from the wire, ask record_need again and come back with so many; if
 * they are not there now, call record_later first. -R_SSH_MAC, -R_SSH_PADDING,
 * -R_SSH_EMPTY, -R_SSH_LENGTH, -R_SSH_SEQ_WRAP: fatal. Advances seq.
 */
#define RECORD_MORE 1
int record_open(struct record_dir *d, uint8_t *buf, struct view *payload);
void record_later(struct record_dir *d);

/* record_size(d, len): wire bytes of a record with a payload of len bytes. */
size_t record_size(const struct record_dir *d, size_t len);

/*
 * record_seal(d, dst, size, payload, random): build and seal a record in dst.
 * `random` is at least 32 bytes for padding. Returns wire bytes, or
 * -R_SSH_LENGTH / -R_SSH_SEQ_WRAP. Advances seq. dst must not overlap payload,
 * except that payload may already sit at dst + 5.
 */
int record_seal(struct record_dir *d, uint8_t *dst, size_t size, struct view payload,
    const uint8_t random[RECORD_RANDOM]);

#endif
