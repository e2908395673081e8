/*
 * The memory that crosses between the dataplane and the control side.
 *
 * One region per writer (see ring.h for the protocol on it):
 *
 *     +--------+-----------------------+----------------------------+
 *     | header | entries[ring_count]   | arena[arena_size]          |
 *     +--------+-----------------------+----------------------------+
 *     0        4096                    4096 + ring_count * 64 (page aligned)
 *
 * The header holds what this side writes: the head of its own ring, its index
 * (tail) into the OTHER side's ring, and its armed flag. The owner maps the file
 * writable, seals it, and hands it over; the other side maps it read-only.
 * Numbers are in host order: both sides are one machine.
 *
 * A connection is named by `conn` and `gen`: conn carries the worker's number in
 * its top 8 bits and the slot in that worker's table below; gen counts the
 * slot's uses, so that a late message never meets another connection. A link's
 * id carries its worker's number in the same place: whoever holds either knows
 * which worker to ask, and a worker takes no entry for another's connection.
 *
 * Everything is versioned by LINK_MAJOR.LINK_MINOR. A minor version only adds
 * ops, items and note fields that an older side may skip.
 */
#ifndef POSTERN_LINK_LAYOUT_H
#define POSTERN_LINK_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifndef POSTERN_NEXT
#define POSTERN_NEXT 0 /* make NEXT=1: the next minor version, for the upgrade tests */
#endif

#define LINK_MAJOR 1
#define LINK_MINOR (6 + POSTERN_NEXT)
#define NOTE_VERSION (1 + POSTERN_NEXT)

#define LINK_MAGIC 0x706f7374u /* "post" */
#define LINK_PAGE 4096u

/* Sizes of the region pairs; powers of two for the rings. */
#define LINK_CONTROL_RING 1024u
#define LINK_CONTROL_ARENA (1024u * 1024u)
#define LINK_HOST_RING 1024u
#define LINK_HOST_ARENA (1024u * 1024u)
#define LINK_SLOT_COUNT 8u

#define LINK_WINDOW_MAX (64u << 20) /* receive window of a channel that grows, bytes */
#define LINK_MINOR_WINDOW 6u   /* from this minor version on a host knows CHAN_WINDOW */
#define LINK_REFUSE_MAX 255u /* text of CHAN_REFUSE */
/* What a host may ask for by ASK_OPEN and ASK_GLOBAL. */
#define LINK_ASKS_MAX 32u      /* of one host, not answered yet */
#define LINK_ASK_NAME_MAX 64u  /* RFC 4250 section 4.6.1 */
#define LINK_ASK_BODY_MAX 1024u
#define LINK_MINOR_ASK 4u      /* from this minor version on */
#define LINK_QUERIES_MAX 8u  /* of one connection, with hosts and not answered */
#define LINK_QUERY_NAME_MAX 64u /* RFC 4250 section 4.6.1 */
#define LINK_QUERY_BODY_MAX 2048u
#define LINK_ANSWER_MAX 2048u /* payload of DOWN(ANSWER) */
#define LINK_MINOR_RETIRED 4u  /* the same: HOST says who is retired */

#define LINK_WORKER_SHIFT 24
#define LINK_WORKER_MAX 0xfeu /* LINK_CONN_NONE has all bits */
#define LINK_SLOT_MASK 0xffffffu

#define LINK_CONN_NONE 0xffffffffu
#define LINK_CHAN_NONE 0xffffffffu

/* One entry. An entry is copied out whole before any field is looked at. */
struct link_entry {
	uint16_t op;      /* op.def */
	uint8_t flags;    /* LINK_F_* */
	uint8_t msg;      /* up record: SSH message number */
	uint32_t conn;    /* connection index in its worker */
	uint32_t gen;     /* generation of that index */
	uint32_t chan;    /* our channel number, or LINK_CHAN_NONE */
	uint32_t off;     /* payload in the writer's arena */
	uint32_t len;
	uint32_t serial;  /* up: number of this record; down: the record that is done */
	uint32_t seq;     /* up record: SSH packet sequence number */
	uint64_t arg[4];  /* meaning by op */
};

#define LINK_F_DONE 0x01u /* down: `serial` names an up record that is done */
#define LINK_MAY_ZIP 0x01u /* up RECORD with KEXINIT, DEADLINE, REKEY, in arg[1]: compression may be agreed on */

struct link_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t ring_count;  /* entries, a power of two */
	uint32_t arena_size;  /* bytes */
	uint8_t pad0[48];
	/* own ring */
	uint32_t head;        /* entries ever published */
	uint8_t pad1[60];
	/* index into the other side's ring */
	uint32_t tail;        /* entries ever consumed: gives them and their arena back */
	uint8_t pad2[60];
	uint32_t armed;       /* 1: this side sleeps, ring its bell */
	uint8_t pad3[60];
};

/*
 * One pending key set. Filled by gate or clerk, copied and wiped by the worker.
 * `state` is the only field both sides poll.
 */
#define LINK_SLOT_FREE 0u
#define LINK_SLOT_FULL 1u
#define LINK_KEY_MAX 64u
#define LINK_IV_MAX 16u
#define LINK_MAC_MAX 64u

#define LINK_ZIP_NONE 0u
#define LINK_ZIP_DELAYED 1u /* zlib@openssh.com */

struct link_keys {
	uint16_t suite;              /* suite id, abi/wire/algo.h */
	uint16_t key_len;
	uint16_t iv_len;
	uint16_t mac_len;
	uint8_t key[LINK_KEY_MAX];
	uint8_t iv[LINK_IV_MAX];
	uint8_t mac[LINK_MAC_MAX];
};

struct link_slot {
	uint32_t state;
	uint32_t conn;
	uint32_t gen;
	uint32_t strict;             /* 1: reset sequence numbers at NEWKEYS */
	struct link_keys in;         /* client to server when we are the server */
	struct link_keys out;
	uint8_t zip_in;              /* LINK_ZIP_*: from this NEWKEYS on, or from message 52 on */
	uint8_t zip_out;
	uint8_t pad[190];
};

#define LINK_ASSERT(what) static_assert(what, #what)
LINK_ASSERT(sizeof(struct link_entry) == 64);
LINK_ASSERT(offsetof(struct link_entry, conn) == 4);
LINK_ASSERT(offsetof(struct link_entry, off) == 16);
LINK_ASSERT(offsetof(struct link_entry, serial) == 24);
LINK_ASSERT(offsetof(struct link_entry, arg) == 32);
LINK_ASSERT(sizeof(struct link_header) == 256);
LINK_ASSERT(offsetof(struct link_header, head) == 64);
LINK_ASSERT(offsetof(struct link_header, tail) == 128);
LINK_ASSERT(offsetof(struct link_header, armed) == 192);
LINK_ASSERT(sizeof(struct link_keys) == 152);
LINK_ASSERT(sizeof(struct link_slot) == 512);
LINK_ASSERT(LINK_SLOT_COUNT * sizeof(struct link_slot) == LINK_PAGE);
LINK_ASSERT((LINK_CONTROL_RING & (LINK_CONTROL_RING - 1)) == 0);
LINK_ASSERT((LINK_HOST_RING & (LINK_HOST_RING - 1)) == 0);

#endif
