/*
 * The socket between the supervisor and postern-dp.
 *
 * postern-dp listens on a root-only unix SOCK_SEQPACKET path and takes one
 * supervisor at a time (SO_PEERCRED: uid 0); a newer one replaces the older.
 * One message is one packet: u16 type, u16 0, then fields written with cursor.h;
 * descriptors travel beside it (SCM_RIGHTS), at most ATTACH_FDS_MAX.
 *
 * Order of a new attachment:
 *   S->D HELLO  D->S HELLO  (versions; a major that differs ends it)
 *   S->D CONF
 *   D->S METER per worker: that is how many there are. CONN per connection that
 *        has hash or grant, HOST per link of a live host, LEADER per live leader,
 *        SNAPSHOT_END
 * From then on both speak when they have something to say. Requests that carry
 * a connection name it by (conn, gen), of which the top bits of conn are the
 * worker (layout.h), as those of a link id are; a stale one is answered as gone.
 *
 * Minor versions: what a later one added stands at the end of a message and is
 * sent to who said that minor version in HELLO; absent it reads as given here.
 *   1  LINK_NEW: worker (0), first link (0). HOST: first link (its own).
 *   2  LIST_TCP and CAPTURE are answered.
 *   3  REKEY; hosts may send CHAN_REKEY. CAPTURE: kind (frames).
 *   4  CHAN_START takes LINK_START_OPEN; hosts may send CHAN_REFUSE, ASK_OPEN, ASK_GLOBAL;
 *      QUERY and its ANSWER.
 *   5  CHAN_TOOK: growth; CHAN_CLOSE: abort; CHAN_CREDIT: the window beyond. Facts of
 *      the connection and the channel behind the grant's.
 *   6  CHAN_WINDOW, toward hosts of this minor version: others have no window that
 *      grows by itself.
 */
#ifndef POSTERN_LINK_ATTACH_H
#define POSTERN_LINK_ATTACH_H

#include <stdint.h>

#include "abi/wire/cursor.h"

#define ATTACH_PATH "/run/postern/dp.sock"
#define ATTACH_MESSAGE_MAX 16384u
#define ATTACH_FDS_MAX 6

/* ATTACH(NAME, number, "fields; descriptors") */
#define ATTACH_LIST(ATTACH)                                                                                  \
	/* both ways: u16 major, u16 minor, u16 note version, u32 pid */                                     \
	ATTACH(HELLO, 1, "versions")                                                                         \
	/* S->D: u32 generation, then fields (u8 number, str body): attach_conf */                           \
	ATTACH(CONF, 2, "configuration for the dataplane")                                                   \
	/* D->S: u32 worker; fd: meter page */                                                               \
	ATTACH(METER, 3, "a worker's counters")                                                              \
	/* D->S: worker, conn, gen, str peer, u16, str local, u16, u8 phase, str first \
	 * hash, str grant, u64 opened (unix time ms) */                     \
	ATTACH(CONN, 4, "a live connection (snapshot, when its first hash is stored, when it is logged in)") \
	/* D->S: u32 link id, u32 conn, u32 gen (LINK_CONN_NONE, 0 for a service \
	 * host), str plugin, u32 first link of the same process, u8 1: \
	 * LINK_END was sent for it; fds: pidfd, request \
	 * socket */                           \
	ATTACH(HOST, 5, "a link of a live host")                                                                       \
	/* D->S: u32 conn, u32 gen; fds: pidfd, request socket */                                            \
	ATTACH(LEADER, 6, "a live login leader")                                                             \
	ATTACH(SNAPSHOT_END, 7, "that was all")                                                              \
	/* S->D: u32 tag, u8 role (LINK_GATE..), u32 index (of gate or clerk; 0), \
	 * u32 conn, u32 gen (user host), str plugin, u32 worker, u32 first link of \
	 * the same process (0: this is it); \
	 * fds: its region, write end of its bell, slots page (gate, clerk) or \
	 * pidfd (host), request socket (host). Both pidfd+socket for a host. */                          \
	ATTACH(LINK_NEW, 8, "a new control process or host wants a link")                                    \
	/* D->S: u32 tag, u32 link id, u32 reason (0: done); fds: the worker's \
	 * region, write end of the worker's bell */                             \
	ATTACH(LINK_READY, 9, "the link is up, or why not")                                                  \
	/* D->S: u32 link id, u32 reason. The host died or broke the rules; its \
	 * channels are ended. */                            \
	ATTACH(LINK_GONE, 10, "a link was closed by the dataplane")                                          \
	/* S->D: u32 conn, u32 gen; fds: pidfd, request socket */                                            \
	ATTACH(LEADER_NEW, 11, "keep this leader")                                                           \
	/* S->D: conn, gen, str hash.  D->S: conn, gen, u32 reason */                                        \
	ATTACH(FIRST_HASH, 12, "store keeper's first hash")                                                  \
	ATTACH(FIRST_HASH_STORED, 13, "stored, or why not")                                                  \
	/* S->D: conn, gen, str grant (grant.h).  D->S: conn, gen, u32 reason */                             \
	ATTACH(GRANT, 14, "store a grant")                                                                   \
	ATTACH(GRANT_STORED, 15, "stored, or why not")                                                       \
	/* D->S: conn, gen, u32 reason */                                                                    \
	ATTACH(CONN_CLOSED, 16, "a connection is gone")                                                      \
	/* S->D: conn, gen, u32 reason */                                                                    \
	ATTACH(KILL, 17, "close a connection")                                                               \
	/* S->D: u32 link id */                                                                              \
	ATTACH(LINK_END, 18, "no more channels for this host; it may go when idle")                          \
	/* S->D: u32 tag. A newer one replaces what is still under way. */                                   \
	ATTACH(LIST, 19, "name every connection and channel")                                                \
	/* D->S: u32 tag, u32 worker, u8 1: the worker's last, then rows (rows.h) */                         \
	ATTACH(ROWS, 20, "a worker's connections and channels, in pieces")                                   \
	/* S->D: u32 tag, page (rows.h). The page's worker answers with ROWS. A newer \
	 * one, or LIST, replaces what is still under way. */                         \
	ATTACH(LIST_TCP, 21, "name some connections and how their TCP is")                                   \
	/* S->D: u32 tag, u32 worker, then what is asked for (capture.h); fds: console's \
	 * region, write end of its bell.  D->S: u32 tag, u32 reason (0: it runs); fd: \
	 * the worker's region. The tag names the leg from then on. Captures end with \
	 * the attachment. */                                                         \
	ATTACH(CAPTURE, 22, "copy frames for console")                                                       \
	ATTACH(CAPTURE_READY, 23, "frames are copied, or why not")                                           \
	/* S->D: u32 tag. What is in the ring may still be read. */                                          \
	ATTACH(CAPTURE_STOP, 24, "no more frames of this leg")                                               \
	/* S->D: conn, gen. Nothing happens to one that is not logged in, or whose keys \
	 * are being exchanged. */                                                       \
	ATTACH(REKEY, 25, "new keys for a connection")

enum attach_type {
#define ATTACH(NAME, number, text) ATTACH_##NAME = (number),
	ATTACH_LIST(ATTACH)
#undef ATTACH
};

/* Fields of ATTACH_CONF. */
enum attach_conf {
	ATTACH_CONF_ADDRESS = 1,   /* repeated: u8 4|6, address bytes, u8 prefix length */
	ATTACH_CONF_GATEWAY = 2,   /* repeated: u8 4|6, address bytes */
	ATTACH_CONF_PORT = 3,      /* u16 */
	ATTACH_CONF_IDENT = 4,     /* comment behind SSH-2.0-postern_x, may be empty */
	ATTACH_CONF_GRACE = 5,     /* u32 seconds, whole login (LoginGraceTime) */
	ATTACH_CONF_REKEY = 6,     /* u64 bytes, u32 seconds; 0: the suite's own */
	ATTACH_CONF_GATES = 7,     /* u32 gates, u32 clerks in the pools */
	ATTACH_CONF_GRACE_KEX = 8, /* u32 seconds for identification and first exchange */
	ATTACH_CONF_ALIVE = 9,     /* u32 ClientAliveInterval s, u32 ClientAliveCountMax */
	ATTACH_CONF_CONN_MAX = 10, /* u32 */
	ATTACH_CONF_CHAN_MAX = 11, /* u32 channels per connection: what clerk allows */
	ATTACH_CONF_ROUTE = 12,    /* repeated: u8 4|6, address bytes, u8 prefix length, gateway bytes */
	ATTACH_CONF_LISTEN = 13,   /* repeated: u8 4|6, address bytes; zero: the whole family; none: all */
	/* repeated: u8 4|6, u8 VRID, u8 priority, u16 centiseconds, u8 1: preempt, u8 1:
	 * accept, then the addresses */
	ATTACH_CONF_VRRP = 16,
	ATTACH_CONF_VLAN = 17,     /* u16, 1 to 4094; absent or 0: no tags */
	ATTACH_CONF_DAD = 15,      /* u8 IPv4, u8 IPv6: 0 off (absent), 1 while used (IPv6), 2 first */
	/* u8 1: keepalive, u32 seconds of TIME-WAIT, u8 DSCP with a terminal, u8 without;
	 * 255: unmarked; u8 1: pacing, which may be absent */
	ATTACH_CONF_TCP = 18,
	ATTACH_CONF_CHAFF = 19,    /* u32 milliseconds; absent or 0: none */
	/* u32 begin, u32 percent, u32 full (MaxStartups; full 0: none), u32 of one source (0:
	 * none), u8 bits of an IPv4 source, u8 of an IPv6 one; absent: none */
	ATTACH_CONF_STARTUPS = 20,
	ATTACH_CONF_ANSWER = 21,   /* u32 seconds that a host has to answer a query; absent: 30 */
	ATTACH_CONF_TO_SENDER = 14, /* u8 1: answers go to the MAC that the connection comes from */
};

#endif
