/*
 * Compression of a connection: zlib@openssh.com (draft-miller-secsh-compression-
 * delayed-00), which is RFC 4253 section 6.2's zlib that begins after the login. Each
 * direction is agreed on for itself, begins behind message 52, and begins anew at each
 * NEWKEYS of that direction.
 *
 * What all connections of a worker share is a pool: memory for so many streams and no
 * more, and the work of one poll.
 *
 *   inflate   needs 44 KiB from its beginning to its end. So a connection has its
 *             place before the exchange may agree on it: zip_place.
 *   deflate   needs 268 KiB, but only while there is something to send: each record
 *             ends at a byte of the stream, and one that refers to nothing before it
 *             may follow. Without memory records are stored blocks, and memory that
 *             was not used for ZIP_STALE_US goes to who needs it.
 *
 * Work is counted in bytes of deflate; inflate is some four times as fast.
 */
#ifndef POSTERN_SSH_ZIP_H
#define POSTERN_SSH_ZIP_H

#include <stdbool.h>

#include "abi/wire/cursor.h"
#include "abi/wire/ssh.h"
#include "drivers/zip/zip.h"

/* What a compressed record may become. Short of SSH_PAYLOAD_MAX, so that an answer of
 * the same length fits when it grows. RFC 4253 section 6.1 asks for 32768. */
#define ZIP_PLAIN_MAX (SSH_PAYLOAD_MAX - 200u)
#define ZIP_SLICE 4096u        /* of channel data in one record: what is compressed in one go */
#define ZIP_SHARE 4096u        /* work of one connection in one call, begun with less */
#define ZIP_POLL 8192u         /* of all connections in one poll, begun with less */
#define ZIP_STALE_US 1000000u
#define ZIP_GUEST_SHARE 4u     /* one place in so many may be held before login */

struct zip_slot;

struct zip_dir {
	bool agreed;           /* with the keys in use */
	bool on;               /* it has begun */
	bool awaited;          /* in: it begins with the first record that is compressed */
	bool head;             /* zlib's header is over */
	struct zip_slot *slot; /* NULL: none; what is sent is stored */
};

enum zip_place { ZIP_PLACE_NONE, ZIP_PLACE_GUEST, ZIP_PLACE_USER };

struct zip_conn {
	struct zip_dir in, out;
	enum zip_place place;
	uint64_t from;         /* work done when this call began */
	bool waits;            /* nothing was done because others had the work of this poll */
	bool stopped;          /* there is more to do than its share */
};

struct zip_stats {
	uint64_t in_wire, in_plain;   /* bytes of compressed records, and what became of them */
	uint64_t out_plain, out_wire;
	uint64_t stored;       /* records sent in stored blocks, for want of memory */
	uint64_t taken;        /* streams that gave their memory to others */
	uint64_t waited;       /* times that a connection had to wait for the next poll */
	uint64_t refused;      /* connections without a place */
};

struct zip_list {
	struct zip_slot *first, *last;
	uint32_t count;
};

struct zip_pool {
	const struct zip_engine *engine;
	uint8_t *scratch;      /* of the record in work */
	uint32_t in_max, out_max;
	uint32_t places, guests;
	struct zip_list free_in, free_out;
	struct zip_list busy_out; /* the one used last is last */
	uint32_t busy_in;
	uint64_t now;
	uint64_t spent;        /* work ever done */
	uint64_t poll_from;
	struct zip_stats stats;
};

/* zip_pool_size: bytes of memory for so many streams. zip_pool_init: mem is zeroed, so
 * large, and 64-byte aligned; it is touched as far as it is used. */
size_t zip_pool_size(const struct zip_engine *e, uint32_t in_max, uint32_t out_max);
void zip_pool_init(struct zip_pool *p, void *mem, const struct zip_engine *e, uint32_t in_max,
    uint32_t out_max);

/* zip_pool_poll(p, now): a poll begins. */
void zip_pool_poll(struct zip_pool *p, uint64_t now);

/* zip_place(p, z, guest): may this connection agree on compression? It has a place from
 * then on, until zip_leave. zip_login: it is nobody's guest any more. */
bool zip_place(struct zip_pool *p, struct zip_conn *z, bool guest);
void zip_login(struct zip_pool *p, struct zip_conn *z);
void zip_leave(struct zip_pool *p, struct zip_conn *z);

/* zip_turn(p, z): a call begins. zip_may(p, z): may one more record be worked on in it? */
void zip_turn(const struct zip_pool *p, struct zip_conn *z);
bool zip_may(struct zip_pool *p, struct zip_conn *z);

/* zip_begin_in, zip_begin_out: from the next record on, anew. 0 or -R_LIMIT.
 * zip_stop_in, zip_stop_out: not any more; what was held is wiped. */
int zip_begin_in(struct zip_pool *p, struct zip_conn *z);
void zip_begin_out(struct zip_pool *p, struct zip_conn *z);
void zip_stop_in(struct zip_pool *p, struct zip_conn *z);
void zip_stop_out(struct zip_pool *p, struct zip_conn *z);

/* zip_head(bytes): do they begin a stream (RFC 1950 section 2.2)? No message that a
 * client may send before its login begins so. */
bool zip_head(struct view bytes);

/* zip_open(p, z, payload, plain): *plain is writable memory of the pool, until the next
 * call. 0, -R_SSH_INFLATE, -R_SSH_INFLATE_SIZE, -R_SSH_INFLATE_BLOCKS, -R_SSH_EMPTY. */
int zip_open(struct zip_pool *p, struct zip_conn *z, struct view payload, struct view *plain);

/* zip_seal(p, z, plain, payload): the inverse. 0 or -R_INTERNAL. zip_wire(len): bytes of
 * *payload at most. */
int zip_seal(struct zip_pool *p, struct zip_conn *z, struct view plain, struct view *payload);
size_t zip_wire(size_t len);

#endif
