/*
 * The note: what the dataplane remembers of a connection for the control side.
 *
 * Three parts, each kept by the worker as bytes it does not look into:
 *   control part   written whole by gate and clerk with ITEM(NOTE)
 *   grant          written by the supervisor (grant.h)
 *   first hash     the session id, written by the supervisor on keeper's word
 * and one part that the worker knows itself: phase, deadlines, channels.
 *
 * A new owner gets all of it as an "adopt image" in UP(ADOPT).
 *
 * Both are a version and fields: u16 NOTE_VERSION, then each field as
 * u8 number, str body. Unknown fields are kept by position and ignored; a field
 * may come once unless it says "repeated".
 */
#ifndef POSTERN_LINK_NOTE_H
#define POSTERN_LINK_NOTE_H

#include "abi/link/layout.h"
#include "abi/link/op.h"
#include "abi/wire/cursor.h"
#include "abi/wire/ssh.h"

#define NOTE_MAX 24576u       /* control part */
#define NOTE_KEXINIT_MAX 8192u
#define NOTE_CHAN_MAX 256u    /* channels of one connection */
#define NOTE_CHAN_STATE_MAX 2048u /* pty-req and environment of one channel */

/* Fields of the control part. */
enum note_field {
	NOTE_IDENT_PEER = 1,      /* identification line of the peer */
	NOTE_IDENT_OURS = 2,
	NOTE_SESSION_ID = 3,      /* first exchange hash */
	NOTE_FLAGS = 4,           /* u32 NOTE_F_* */
	NOTE_NAMES = 5,           /* str kex, hostkey, cipher_in, cipher_out, mac_in,
	                             mac_out, comp_in, comp_out: negotiated names */
	NOTE_KEXINIT_PEER = 6,    /* payloads, while an exchange runs */
	NOTE_KEXINIT_OURS = 7,
	NOTE_AUTH = 8,            /* u32 requests seen, u32 failures, u32 queries;
	                             str user, str service of the last request */
	NOTE_CHAN = 9,            /* repeated: u32 our number, then the clerk's own
	                             state of it (pty-req, environment) */
	NOTE_KEX_STATE = 10,      /* u8: 0 none, 1 ours sent, 2 both known, 3 reply and NEWKEYS
	                             sent, the peer's NEWKEYS to come, 4 group sent, the
	                             peer's share to come; u8 skip guess */
	NOTE_HOST_KEY = 11,       /* SHA-256 of the host key or certificate that was shown last */
	NOTE_GLOBAL = 12,         /* u32 id, u8 wants a reply: of a global request that a host
	                             has to answer; absent: none */
	NOTE_NEXT = 64,           /* written by the next minor version only */
};

#define NOTE_F_STRICT 0x01u          /* both sides offered strict kex */
#define NOTE_F_EXT_INFO 0x02u        /* peer offered ext-info-c */
#define NOTE_F_STRICT_OFFERED 0x04u  /* peer's first KEXINIT had the marker */
#define NOTE_F_NO_MORE_SESSIONS 0x08u
#define NOTE_F_FIRST_DONE 0x10u      /* first exchange is over */
#define NOTE_F_EXT_INFO_AUTH 0x20u   /* peer takes EXT_INFO while it logs in */

/* Fields of the adopt image. */
enum adopt_field {
	ADOPT_PHASE = 1,          /* u8 enum ssh_phase */
	ADOPT_PEER = 2,           /* str address text, u16 port, str local text, u16 port */
	ADOPT_NOTE = 3,           /* the control part, absent before the first one */
	ADOPT_FIRST_HASH = 4,     /* first hash keeper signed, absent before */
	ADOPT_GRANT = 5,          /* grant.h, absent before */
	ADOPT_HOLD = 6,           /* u8: our KEXINIT is out, our NEWKEYS is not */
	ADOPT_KEYS_PENDING = 7,   /* u8: ours is sent, peer's NEWKEYS is awaited */
	ADOPT_CHAN = 8,           /* repeated: u32 ours, u32 peer's, u8 started,
	                             u8 eof/close bits, u32 host link id */
	ADOPT_DEADLINES = 9,      /* u8 kexinit hold expired already */
	ADOPT_IDENT = 10,         /* identification line that we sent, without CR LF */
};

/* Iterate fields: *number and *body of the next one. 1, 0 at the end, or
 * -R_LINK_NOTE. `c` starts behind the version, which note_open reads. */
int note_open(struct cur *c, struct view image, uint16_t *version);
int note_next(struct cur *c, uint8_t *number, struct view *body);

/* note_begin / note_put: write an image. Overflow shows in w->bad. */
void note_begin(struct put *w);
void note_put(struct put *w, uint8_t number, struct view body);

/*
 * The control part, decoded: what gate and clerk work with. Views borrow from
 * the image that was decoded.
 */
struct note_chan {
	uint32_t ours;
	struct view state;
};

struct note {
	struct view ident_peer;
	struct view ident_ours;
	struct view session_id;
	struct view host_key;
	struct view names;
	struct view kexinit_peer;
	struct view kexinit_ours;
	struct view auth_user;
	struct view auth_service;
	uint32_t flags;
	uint32_t auth_requests;
	uint32_t auth_failures;
	uint32_t auth_queries;
	uint8_t kex_state;
	uint8_t kex_skip_guess;
	bool global_want;
	uint32_t global_query;    /* 0: none */
	uint32_t chan_count;
	struct note_chan chan[NOTE_CHAN_MAX];
};

/* note_decode(n, image): an empty image is an empty note. 0 or -R_LINK_NOTE. */
int note_decode(struct note *n, struct view image);

/* note_encode(n, w): the inverse. 0 or -R_LINK_NOTE when it does not fit. */
int note_encode(const struct note *n, struct put *w);

#endif
