/*
 * Two connections, server and client role, joined by pipes of bytes, each with
 * a small control side and hosts that keep a log. Tests drive it step by step.
 */
#ifndef POSTERN_TEST_DUO_H
#define POSTERN_TEST_DUO_H

#include "dataplane/ssh/conn.h"

#define DUO_UPS 512
#define DUO_POOL 6000
#define DUO_LOG 8192
#define DUO_MARKS 16384

enum { SRV = 0, CLI = 1 };

struct duo_up {
	enum ssh_up kind;
	uint8_t *data;
	size_t len;
	uint32_t seq;
	uint32_t chan;
	uint64_t arg;
};

/* What the host of one channel saw. */
struct duo_host {
	char log[DUO_LOG];     /* O open, d data, s stderr, e EOF, r(name) request, X closed */
	uint64_t credit;
	uint64_t got;          /* data bytes */
	uint64_t sent;
	uint64_t unread;
	uint64_t window;       /* of its own, as it was told */
	uint64_t goal;         /* duo_write writes up to here */
	bool bad;              /* a byte was not the expected one */
	bool hold_back;        /* does not take what it gets */
	bool open;
	bool eof_at_goal;
	bool shut;             /* the peer closed: closes in turn, unless `linger` */
	bool linger;
};

struct duo_side {
	struct ssh_conn c;
	struct cipher_ctx ctx[2];
	struct ssh_env env;
	struct pool pool;
	struct ssh_stats stats;
	void *pool_mem;
	uint8_t *scratch;
	struct zip_pool zip;
	void *zip_mem;         /* NULL: no compression */
	bool zip_in, zip_out;  /* what the next exchange agrees on; the other side's are the same crossed */
	uint8_t *rx;           /* bytes of the other side, not taken yet */
	size_t rx_len, rx_size;
	uint64_t rx_taken;     /* ever */
	uint64_t lag_us;       /* that bytes are on their way here, 0: none */
	struct { uint64_t us, end; } mark[DUO_MARKS]; /* up to where they are here when, with a lag */
	uint64_t marks, marks_past;
	size_t visible;        /* of them may be seen */
	size_t room;           /* what the wire accepts before duo_turn renews it */
	uint32_t room_short;   /* times that a record waited for more */
	size_t room_each;      /* bytes that may be on the way to the other side */
	struct duo_up up[DUO_UPS];
	unsigned up_count, up_done;
	bool host_full;        /* hosts have no room */
	bool host_old;         /* hosts know of no window that grows by itself */
	bool control_deaf;     /* control_ready says no */
	bool passive;          /* no control side acts: the test does */
	struct duo_host host[SSH_CHAN_MAX];
	char told[512];        /* answers to asks: "link.id:R<code>(text) " or "link.id:A<ok>(body) " */
	struct chanset freed;  /* channels that chan_free named */
	uint32_t drops[256];
	uint64_t wire_bytes;
	unsigned kex_count;    /* exchanges finished here */
	unsigned ident_ups, rekey_ups, deadline_ups;
	uint64_t deadline_arg;
	int fatal;             /* first error that input or output returned */
};

struct duo {
	struct duo_side s[2];
	uint64_t now;
	uint64_t seed;
	uint64_t epoch;        /* key material of the exchange that runs */
	uint16_t suite;
	bool strict;
	size_t step;           /* bytes that become visible at a time, 0: all */
};

struct duo *duo_new(uint16_t suite);
/* Compression for both: memory for so many streams a direction, each way agreed on. Before
 * duo_login. */
void duo_zip(struct duo *d, const struct zip_engine *e, uint32_t in_max, uint32_t out_max);
/* Checks that every block is back and every context was wiped. */
void duo_free(struct duo *d);

/* One round: deliver, input, control, output, both sides. True if anything moved. */
bool duo_turn(struct duo *d);

/* duo_hosts_close(s): hosts whose peer closed close too; part of every turn. */
void duo_hosts_close(struct duo_side *s);
void duo_run(struct duo *d);         /* until nothing moves */
void duo_login(struct duo *d);       /* from nothing to phase OPEN on both sides */
void duo_rekey(struct duo *d, int side);

/* A session channel between both sides with a host on each: number n on both. */
void duo_channel(struct duo *d, uint32_t n, uint32_t window, uint32_t packet);
/* The same without hosts. */
void duo_channel_bare(struct duo *d, uint32_t n, uint32_t window, uint32_t packet);

/* A pair in clear, logged in, with channel 0. */
struct duo *duo_opened(uint32_t window, uint32_t packet);

/* Hosts write what credit allows, up to their goal; take what they hold. */
bool duo_write(struct duo *d, int side);
void duo_take(struct duo *d, int side, uint32_t n);

struct ssh_chan *duo_chan(struct duo *d, int side, uint32_t n);
uint64_t duo_random(struct duo *d);
uint8_t duo_byte(int from, uint32_t n, uint64_t pos);

/* The other side sends this payload as a record, past all its own checks. */
void duo_forge(struct duo *d, int from, const void *payload, size_t len);
void duo_forge_chan(struct duo *d, int from, uint8_t msg, uint32_t chan, const void *rest, size_t len);
/* CHANNEL_DATA with `len` zeros. */
void duo_forge_data(struct duo *d, int from, uint32_t chan, uint32_t len);

int duo_record(struct duo *d, int side, const void *payload, size_t len);
int duo_kexinit(struct duo *d, int side);

#define DUO_LINK 7u

#endif
