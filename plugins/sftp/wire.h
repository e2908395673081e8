/*
 * SFTP version 3 on the wire: the numbers of draft-ietf-secsh-filexfer-02, and the
 * only code here that turns bytes into numbers.
 */
#ifndef SFTP_WIRE_H
#define SFTP_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SFTP_VERSION 3u

/* Packet types: section 3. */
enum fxp {
	FXP_INIT = 1,
	FXP_VERSION = 2,
	FXP_OPEN = 3,
	FXP_CLOSE = 4,
	FXP_READ = 5,
	FXP_WRITE = 6,
	FXP_LSTAT = 7,
	FXP_FSTAT = 8,
	FXP_SETSTAT = 9,
	FXP_FSETSTAT = 10,
	FXP_OPENDIR = 11,
	FXP_READDIR = 12,
	FXP_REMOVE = 13,
	FXP_MKDIR = 14,
	FXP_RMDIR = 15,
	FXP_REALPATH = 16,
	FXP_STAT = 17,
	FXP_RENAME = 18,
	FXP_READLINK = 19,
	FXP_SYMLINK = 20,
	FXP_STATUS = 101,
	FXP_HANDLE = 102,
	FXP_DATA = 103,
	FXP_NAME = 104,
	FXP_ATTRS = 105,
	FXP_EXTENDED = 200,
	FXP_EXTENDED_REPLY = 201,
};

/* Status codes: section 7. */
enum fx {
	FX_OK = 0,
	FX_EOF = 1,
	FX_NO_SUCH_FILE = 2,
	FX_PERMISSION_DENIED = 3,
	FX_FAILURE = 4,
	FX_BAD_MESSAGE = 5,
	FX_NO_CONNECTION = 6,
	FX_CONNECTION_LOST = 7,
	FX_OP_UNSUPPORTED = 8,
};

/* How to open: section 6.3. */
#define FXF_READ 0x01u
#define FXF_WRITE 0x02u
#define FXF_APPEND 0x04u
#define FXF_CREAT 0x08u
#define FXF_TRUNC 0x10u
#define FXF_EXCL 0x20u

/* Which attributes there are: section 5. */
#define ATTR_SIZE 0x01u
#define ATTR_UIDGID 0x02u
#define ATTR_PERMISSIONS 0x04u
#define ATTR_ACMODTIME 0x08u
#define ATTR_EXTENDED 0x80000000u

/* What OpenSSH accepts, and says in limits@openssh.com. */
#define SFTP_PACKET_MAX (256u * 1024u)       /* without the length field */
#define SFTP_DATA_MAX (SFTP_PACKET_MAX - 1024u) /* in one READ or WRITE */

struct text {
	const uint8_t *data;
	uint32_t len;
};

/* ---- reading: a failure is remembered, and reads as zero ---- */

struct cur {
	const uint8_t *at;
	const uint8_t *end;
	int bad;
};

static inline size_t
cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->at);
}

static inline uint32_t
load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t
cur_u8(struct cur *c)
{
	if (c->bad || cur_left(c) < 1) {
		c->bad = 1;
		return 0;
	}
	return *c->at++;
}

static inline uint32_t
cur_u32(struct cur *c)
{
	uint32_t v;

	if (c->bad || cur_left(c) < 4) {
		c->bad = 1;
		return 0;
	}
	v = load_u32(c->at);
	c->at += 4;
	return v;
}

static inline uint64_t
cur_u64(struct cur *c)
{
	uint64_t high = cur_u32(c);

	return high << 32 | cur_u32(c);
}

static inline struct text
cur_string(struct cur *c)
{
	struct text t = { c->at, cur_u32(c) };

	t.data = c->at;
	if (c->bad || cur_left(c) < t.len) {
		c->bad = 1;
		t.len = 0;
		return t;
	}
	c->at += t.len;
	return t;
}

/* ---- writing: what does not fit marks the whole as bad ---- */

struct out {
	uint8_t *buf;
	size_t len;
	size_t size;
	int bad;
};

static inline void
out_bytes(struct out *o, const void *data, size_t len)
{
	if (o->bad || o->size - o->len < len) {
		o->bad = 1;
		return;
	}
	if (len > 0)
		memcpy(o->buf + o->len, data, len);
	o->len += len;
}

static inline void
store_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void
out_u8(struct out *o, uint8_t v)
{
	out_bytes(o, &v, 1);
}

static inline void
out_u32(struct out *o, uint32_t v)
{
	uint8_t b[4];

	store_u32(b, v);
	out_bytes(o, b, sizeof(b));
}

static inline void
out_u64(struct out *o, uint64_t v)
{
	out_u32(o, (uint32_t)(v >> 32));
	out_u32(o, (uint32_t)v);
}

static inline void
out_string(struct out *o, const void *data, size_t len)
{
	out_u32(o, (uint32_t)len);
	out_bytes(o, data, len);
}

static inline void
out_text(struct out *o, const char *text)
{
	out_string(o, text, strlen(text));
}

#endif
