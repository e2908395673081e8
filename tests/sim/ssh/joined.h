/*
 * A client's end and a server's joined by two wires of bytes: what a run is, and what
 * all runs have reached.
 */
#ifndef POSTERN_TEST_JOINED_H
#define POSTERN_TEST_JOINED_H

#include "tests/sim/ssh/srvend.h"
#include "tools/client/callend.h"

#define EDGES_MAX 4096u

enum { C2S = 0, S2C = 1 };

enum harm { HARM_NONE, HARM_FLIP, HARM_DROP, HARM_COUNT };

/* One direction: records as they were sealed, cut into pieces on their way. */
struct wire {
	struct membytes bytes; /* on the way */
	uint32_t edge[EDGES_MAX]; /* sealed since the last look */
	uint32_t edges;
	uint32_t records; /* ever */
	bool keyed;       /* the first NEWKEYS has passed */
	enum harm harm;   /* to the record number `at` */
	uint32_t at;
	bool harmed;
};

/* Where in a connection's life a rekey begins. */
enum place {
	PLACE_LOGIN,    /* logged in, nothing else */
	PLACE_OPENING,  /* our channel is not confirmed */
	PLACE_STARTING, /* its start is not */
	PLACE_DATA,     /* both write */
	PLACE_EOF_C,    /* the client has ended, the server has not */
	PLACE_EOF_S,    /* the other way round */
	PLACE_CLOSING,
	PLACE_GONE, /* no channel any more */
	PLACE_COUNT,
	PLACE_NONE = PLACE_COUNT,
};

enum who { WHO_CLIENT, WHO_SERVER, WHO_BOTH, WHO_COUNT };

/* One side's application on the channel. */
struct app {
	uint64_t goal, sent, got, unread;
	bool started, owes_reply, eof_sent, eof_got, shut, closed, gone, status_got;
};

struct joined {
	uint64_t seed, random;
	uint64_t now;
	struct callend *c;
	struct srvend *s;
	struct wire wire[2];
	struct app app[2]; /* C2S: the client's, S2C: the server's */
	size_t chunk;      /* bytes that arrive at a time, 0: all */
	uint32_t chan;
	uint32_t window;
	bool login, opened, asked_open, asked_start, answered, server_first;
	unsigned method;   /* of the login */
	unsigned attempts;
	struct {
		enum place place;
		enum who who;
	} rekey[2];
	unsigned rekeys_left;
	bool bad; /* a byte that was not sent, or out of order */
	const char *why;
};

#define JOINED_NAMES 64u

/* What has occurred in all runs. */
struct joined_reached {
	unsigned kex[JOINED_NAMES], host_key[JOINED_NAMES], host_cert[JOINED_NAMES], suite[SUITE_COUNT], user_key[JOINED_NAMES];
	unsigned compression[2]; /* none, zlib@openssh.com */
	unsigned rekey[PLACE_COUNT][WHO_COUNT];
	unsigned by_limit, methods[4], harm[HARM_COUNT][2], caught, whole, exchanges, bytewise;
};
extern struct joined_reached reached;

uint64_t joined_rnd(struct joined *j, uint64_t n);

/* joined_run(w, seed): NULL, or what went wrong. */
const char *joined_run(struct srvend_world *w, uint64_t seed);

/* joined_wire.c: what was sealed goes onto the wire, and is harmed; then some of what
 * is on it arrives. True: something moved. */
void wire_sealed(struct wire *w, size_t len);
bool wire_load(struct joined *j, int way, struct memconn *from);
bool wire_deliver(struct joined *j, int way, struct memconn *to);

/* joined_app.c: login, channel, data. */
uint8_t joined_byte(int way, uint64_t pos);
void joined_told(void *ctx, struct callend *e, const struct caller_event *event);
bool joined_client_chan(
    void *ctx, struct callend *e, uint32_t chan, enum chan_up kind, uint64_t arg0, struct view bytes);
bool joined_server_chan(
    void *ctx, struct srvend *e, uint32_t chan, enum chan_up kind, uint64_t arg0, struct view bytes);
void joined_act(struct joined *j);
enum place joined_place(const struct joined *j);

#endif
