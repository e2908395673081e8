/*
 * The meter page: what a worker counts. The worker writes, everybody reads.
 * No secrets. Counters only grow; a reader takes differences.
 *
 * Names are for ever: in lower case they are what posternctl and the metrics show.
 * The first word is the room: NET_, TCP_, CONN_ and so on. What is dropped or
 * refused has a reason (abi/wire/reason.def) and no counter beside it.
 */
#ifndef POSTERN_LINK_METER_H
#define POSTERN_LINK_METER_H

#include "abi/link/layout.h"
#include "abi/wire/reason.h"

#define METER_SIZE 8192u

/* METER(name, text): one counter; the order is the ABI, append only. */
#define METER_LIST(METER) \
	METER(RX_PACKETS, "packets received") \
	METER(RX_BYTES, "bytes received") \
	METER(TX_PACKETS, "packets sent") \
	METER(TX_BYTES, "bytes sent") \
	METER(CONN_OPEN, "connections open") \
	METER(CONN_TOTAL, "connections accepted") \
	METER(LOGIN_TOTAL, "logins granted") \
	METER(CHAN_OPEN, "channels open") \
	METER(CHAN_TOTAL, "channels opened") \
	METER(RECORDS_IN, "records opened") \
	METER(RECORDS_OUT, "records sealed") \
	METER(REKEYS, "key exchanges after the first") \
	METER(POLLS, "polls") \
	METER(POLLS_USEFUL, "polls that found work") \
	METER(SLEEPS, "times gone to sleep") \
	METER(RETRANSMITS, "tcp segments sent again") \
	METER(POOL_FREE, "buffer blocks free") \
	METER(CYCLES_TOTAL, "cycles awake") \
	METER(CYCLES_USEFUL, "cycles with work") \
	METER(LINK_UP, "entries sent up") \
	METER(LINK_DOWN, "entries received down") \
	METER(CYCLES_SECOND, "cycles in a second") \
	METER(CYCLES_ASLEEP, "cycles waited in sleep") \
	METER(CYCLES_RX, "cycles: frames from the port") \
	METER(CYCLES_NET, "cycles: Ethernet, IP, TCP") \
	METER(CYCLES_OPEN, "cycles: verify and decrypt") \
	METER(CYCLES_SSH, "cycles: demux, channels, mux") \
	METER(CYCLES_SEAL, "cycles: encrypt and authenticate") \
	METER(CYCLES_TX, "cycles: frames to the port") \
	METER(CYCLES_LINK, "cycles: control and hosts") \
	METER(CALLS_RX, "calls: frames from the port") \
	METER(CALLS_NET, "calls: Ethernet, IP, TCP") \
	METER(CALLS_OPEN, "calls: verify and decrypt") \
	METER(CALLS_SSH, "calls: demux, channels, mux") \
	METER(CALLS_SEAL, "calls: encrypt and authenticate") \
	METER(CALLS_TX, "calls: frames to the port") \
	METER(CALLS_LINK, "calls: control and hosts") \
	METER(OPEN_BYTES, "bytes of records opened") \
	METER(SEAL_BYTES, "bytes of records sealed") \
	METER(HANDED_OUT, "packets handed to the worker of their flow") \
	METER(HANDED_IN, "packets that other workers received for us") \
	METER(TCP_RECOVERIES, "tcp fast recoveries") \
	METER(TCP_RENO, "tcp fast recoveries by duplicates alone") \
	METER(TCP_RACK_LOST, "tcp losses found by time") \
	METER(TCP_LOST_AGAIN, "tcp losses of what had been sent again") \
	METER(TCP_COUNT_LOST, "tcp losses found by count") \
	METER(TCP_REO_TIMEOUTS, "tcp reordering windows that ended") \
	METER(TCP_REORDERING, "tcp connections whose path changes the order") \
	METER(TCP_RENEGED, "tcp SACK information forgotten") \
	METER(TCP_PRR_REDUCED, "tcp acknowledgements counted by PRR") \
	METER(TCP_PRR_BOUND, "tcp acknowledgements bounded by PRR") \
	METER(TCP_DOUBT, "tcp NextSeg rule 3") \
	METER(TCP_RESCUE, "tcp rescue retransmissions") \
	METER(TCP_LIMITED, "tcp limited transmits") \
	METER(TCP_PROBES, "tcp tail loss probes") \
	METER(TCP_PROBES_FRESH, "tcp tail loss probes of new data") \
	METER(TCP_PROBE_LOSSES, "tcp losses repaired by a probe") \
	METER(TCP_FRTO, "tcp timeouts that F-RTO looked at") \
	METER(TCP_UNDO_FRTO, "tcp reductions undone by F-RTO") \
	METER(TCP_UNDO_EIFEL, "tcp reductions undone by timestamps") \
	METER(TCP_UNDO_DSACK, "tcp reductions undone by D-SACK") \
	METER(TCP_DSACK_IN, "tcp D-SACKs received") \
	METER(TCP_DSACK_OUT, "tcp D-SACKs sent") \
	METER(TCP_CSS, "tcp conservative slow starts") \
	METER(TCP_CSS_BACK, "tcp conservative slow starts given up") \
	METER(TCP_CSS_DONE, "tcp slow starts ended by HyStart++") \
	METER(TCP_EPOCHS, "tcp congestion avoidance begun by CUBIC") \
	METER(TCP_CUBIC, "tcp steps along the cubic") \
	METER(TCP_FRIENDLY, "tcp steps in the Reno-friendly region") \
	METER(TCP_CONVERGED, "tcp fast convergences") \
	METER(TCP_SHIFTS, "tcp CUBIC epochs put off") \
	METER(TCP_IDLE_RESTARTS, "tcp windows restarted after idleness") \
	METER(TCP_CHALLENGES, "tcp challenge ACKs sent") \
	METER(TCP_COOKIES_OUT, "tcp SYN cookies sent") \
	METER(TCP_COOKIES_IN, "tcp connections that a SYN cookie made") \
	METER(NET_ECHOES, "net echo requests answered") \
	METER(NET_ERRORS_IN, "net ICMP errors received about segments of ours") \
	METER(NET_ERRORS_OUT, "net ICMP errors sent") \
	METER(TCP_RCV_GROWN, "tcp receive buffers grown") \
	METER(TCP_RCV_CAPPED, "tcp receive buffers at their limit") \
	METER(TCP_SND_GROWN, "tcp send buffers grown") \
	METER(TCP_SND_CAPPED, "tcp send buffers at their limit") \
	METER(TCP_BUF_REFUSED, "tcp buffers kept small by the limit of all") \
	METER(TCP_DOUBTS, "tcp connections in doubt after repeated retransmission") \
	METER(TCP_KEEP_PROBES, "tcp keepalive probes") \
	METER(TCP_KEEP_DEAD, "tcp connections that keepalive ended") \
	METER(TCP_USER_TIMEOUTS, "tcp connections that the user timeout ended") \
	METER(TCP_PERSIST_PROBES, "tcp probes of shut windows") \
	METER(TCP_PERSIST_DEAD, "tcp connections ended because the window stayed shut") \
	METER(TCP_LINGERED, "tcp connections reset when lingering ended") \
	METER(TCP_ORPHANS_SHED, "tcp closed connections reset because there were too many") \
	METER(TCP_HELD, "tcp small segments that waited for more in vain") \
	METER(TCP_NAGLED, "tcp small segments held back by Nagle's algorithm") \
	METER(TCP_QUICK_AGAIN, "tcp quick acknowledgements begun again after silence") \
	METER(TCP_TOGETHER, "tcp segments taken in one pass with the one before") \
	METER(NET_NEIGH_ASKED, "net questions for neighbours") \
	METER(NET_NEIGH_DOUBTED, "net neighbours asked because another station claimed their address") \
	METER(NET_NEIGH_CONFIRMED, "net neighbours confirmed by connections") \
	METER(NET_OWN_PROBES, "net questions for our own addresses") \
	METER(NET_ANNOUNCED, "net gratuitous ARP and unsolicited advertisements") \
	METER(NET_DUPLICATES, "net claims by others to our addresses") \
	METER(NET_DEFENDED, "net addresses defended") \
	METER(NET_MLD_REPORTS, "net multicast listener reports") \
	METER(TCP_PRESSURE, "tcp resources that came under pressure") \
	METER(TCP_SHEDDING, "tcp resources that ran out") \
	METER(LEVEL_BLOCKS, "load state of buffer blocks: enum meter_level") \
	METER(LEVEL_SLOTS, "load state of connection blocks") \
	METER(LEVEL_PACKETS, "load state of packet buffers") \
	METER(PACKET_RESERVE, "packets sent from the reserve") \
	METER(TCP_ECN_AGREED, "tcp connections with ECN") \
	METER(TCP_ECN_UNASKED, "tcp SYNs sent again without ECN") \
	METER(TCP_CE_IN, "tcp segments received that were marked") \
	METER(TCP_CWR_IN, "tcp segments received with CWR") \
	METER(TCP_CWR_OUT, "tcp segments sent with CWR") \
	METER(TCP_ECN_REDUCED, "tcp windows reduced for marks") \
	METER(TCP_PACED, "tcp pauses between parts of a window") \
	METER(TCP_NVP, "tcp non-validated phases of windows") \
	METER(TCP_NVP_CUTS, "tcp windows halved after a long non-validated phase") \
	METER(TCP_ECN_HOLDS, "tcp windows of one segment that marks held back") \
	METER(TCP_PATH_TAKEN, "tcp packets too big acted upon at once") \
	METER(TCP_PATH_HELD, "tcp packets too big held back") \
	METER(TCP_PATH_CONFIRMED, "tcp packets too big confirmed by a timeout") \
	METER(TCP_PATH_REFUTED, "tcp packets too big refuted by progress") \
	METER(TCP_PATH_CLAMPED, "tcp packets too big that said less than the least MTU") \
	METER(TCP_PATH_BLACK_HOLES, "tcp black holes") \
	METER(TCP_PATH_PROBES, "tcp larger segments tried") \
	METER(TCP_PATH_RAISED, "tcp larger segments that arrived") \
	METER(TCP_PATH_PROBES_LOST, "tcp larger segments that were lost") \
	METER(TCP_PATH_RESTS, "tcp searches for larger segments that ended") \
	METER(TCP_PATH_CACHED, "tcp connections that began with a remembered path MTU") \
	METER(VRRP_IN, "vrrp advertisements received") \
	METER(VRRP_OUT, "vrrp advertisements sent") \
	METER(VRRP_MASTER, "vrrp times that we became Master") \
	METER(VRRP_LEFT, "vrrp times that we ceased to be") \
	METER(VRRP_ROUTERS, "vrrp virtual routers that we take part in") \
	METER(VRRP_MASTERS, "vrrp virtual routers whose Master we are") \
	METER(CAPTURE_FRAMES, "capture frames copied") \
	METER(CAPTURE_MISSED, "capture frames that did not fit") \
	METER(NET_FRAGS_IN, "net fragments received") \
	METER(NET_FRAGS_WHOLE, "net datagrams put together") \
	METER(TCP_BOARD_GROWN, "tcp scoreboards that took another block") \
	METER(TCP_BOARD_FULL, "tcp acknowledgements with SACK blocks that found no room") \
	METER(ZIP_IN_WIRE, "zip bytes of compressed records received") \
	METER(ZIP_IN_PLAIN, "zip bytes that became of them") \
	METER(ZIP_OUT_PLAIN, "zip bytes to be compressed") \
	METER(ZIP_OUT_WIRE, "zip bytes that became of them") \
	METER(ZIP_STORED, "zip records not made smaller, for want of memory") \
	METER(ZIP_TAKEN, "zip streams that gave their memory to busier ones") \
	METER(ZIP_WAITED, "zip turns put off because others had the work of a round") \
	METER(ZIP_REFUSED, "zip exchanges that compression was not offered in, for want of memory") \
	METER(TCP_UNDO_UNSENT, "tcp reductions undone before anything was sent again") \
	METER(GUESTS, "connections before login") \
	METER(SSH_HELD_WAITS, "ssh times that a peer was not read because its hosts leave too much") \
	METER(SSH_GRANTS_SHORT, "ssh grants made small because a connection has its share of memory") \
	METER(SSH_GROWTH_CUT, "ssh windows that did not grow by all that a plugin wanted")

/*
 * The stages of a worker, in the order of CYCLES_RX.. and CALLS_RX..: what polls
 * that found work spent where. A poll that found none counts whole as idle: that
 * is CYCLES_TOTAL - CYCLES_USEFUL, and CYCLES_ASLEEP beside it.
 */
#define METER_STAGE_LIST(STAGE) \
	STAGE(RX) STAGE(NET) STAGE(OPEN) STAGE(SSH) STAGE(SEAL) STAGE(TX) STAGE(LINK)

enum meter_stage {
#define STAGE(name) STAGE_##name,
	METER_STAGE_LIST(STAGE)
#undef STAGE
	STAGE_COUNT
};

/* What LEVEL_BLOCKS.. say. */
enum meter_level { METER_NORMAL, METER_PRESSURE, METER_SHEDDING, METER_LEVELS };

/*
 * LIMIT(name, unit, reason, text): what is bounded, the reason that counts who went
 * without (NONE: nobody does, something else happens); the order is the ABI, append
 * only.
 */
#define METER_LIMIT_LIST(LIMIT) \
	LIMIT(CONN_MAX, "connections", TCP_REFUSED, "connections of all workers (MaxConnections)") \
	LIMIT(CONN_CHAN_MAX, "channels", NONE, "channels of a connection (MaxChannels)") \
	LIMIT(POOL_BLOCKS, "blocks", TCP_NO_BLOCK, "memory for the bytes of connections, 2 KiB a block") \
	LIMIT(NET_TX_QUEUE, "frames", NET_TX_FULL, "frames that wait for the port") \
	LIMIT(NET_HANDOFF, "frames", NET_HANDOFF_FULL, "frames on their way to one other worker") \
	LIMIT(NET_NEIGHBOURS, "entries", NET_NEIGH_FULL, "neighbours (ARP and ND)") \
	LIMIT(NET_NEIGHBOUR_QUEUE, "frames", NET_NEIGH_WAIT, "frames that wait for one neighbour") \
	LIMIT(TCP_CONN_MAX, "connections", TCP_CONN_MAX, "connection blocks, half open ones included") \
	LIMIT(TCP_HALF_OPEN, "connections", TCP_BACKLOG, "half-open connections: beyond it the oldest goes") \
	LIMIT(TCP_HALF_OPEN_SOURCE, "connections", TCP_SOURCE, "half-open connections of one IPv4 address or IPv6 /64") \
	LIMIT(TCP_COOKIE_AT, "connections", NONE, "half-open connections: beyond it SYN cookies") \
	LIMIT(TCP_TIMEWAIT, "entries", TCP_TIMEWAIT_MAX, "TIME-WAIT: beyond it the oldest goes") \
	LIMIT(TCP_CHALLENGE_RATE, "ACKs/s", TCP_CHALLENGE_CAP, "challenge ACKs of all connections, on average") \
	LIMIT(TCP_RECEIVE_BUFFER, "bytes", NONE, "receive window of a connection") \
	LIMIT(TCP_SEND_BUFFER, "bytes", NONE, "unacknowledged and unsent bytes of a connection") \
	LIMIT(TCP_REASSEMBLY, "bytes", TCP_REASM_FULL, "out-of-order bytes of a connection, whole blocks counted") \
	LIMIT(TCP_GROWTH, "bytes", NONE, "growth of the buffers of all connections (tcp buffers kept small)") \
	LIMIT(NET_NEIGHBOURS_ASKED, "entries", NET_NEIGH_FULL, "neighbours that have not answered yet") \
	LIMIT(NET_NEIGHBOURS_CLAIMED, "entries", NET_NEIGH_CLAIM, "neighbours that one station made by asking us") \
	LIMIT(GUEST_BLOCKS, "blocks", TCP_GUESTS, "held before login, beyond two blocks each: the oldest goes") \
	LIMIT(PACKET_RESERVE, "packets", NET_NO_PKT, "kept for acknowledgements and what is sent again") \
	LIMIT(TCP_TIMERS, "connections", NONE, "connections with a timer of TCP") \
	LIMIT(DEADLINES, "connections", NONE, "connections with a deadline of SSH") \
	LIMIT(TCP_SHED_IDLE, "us", TCP_EVICTED, "without blocks: who is idle for less is never given up") \
	LIMIT(TCP_PATHS, "entries", NONE, "destinations whose path MTU is remembered: beyond it the oldest goes") \
	LIMIT(NET_ICMP_ECHO, "replies/s", NET_ICMP_RATE, "answers to ICMP echo") \
	LIMIT(NET_ICMP_ERROR, "errors/s", NET_ICMP_RATE, "ICMP errors sent") \
	LIMIT(CAPTURE_MAX, "captures", NONE, "captures at the same time") \
	LIMIT(CAPTURE_RING, "bytes", NONE, "frames of a capture that wait for their reader: beyond it they are missing") \
	LIMIT(NET_FRAGS, "datagrams", NET_FRAG_MAX, "datagrams in pieces: beyond it the oldest goes") \
	LIMIT(NET_FRAG_BYTES, "bytes", NET_FRAG_MAX, "packet buffers of datagrams in pieces: beyond it the oldest goes") \
	LIMIT(NET_FRAG_SOURCE, "bytes", NET_FRAG_SOURCE, "of them, of one IPv4 address or IPv6 /64: beyond it its oldest goes") \
	LIMIT(TCP_ORPHANS, "connections", TCP_ORPHAN, "closed connections that go on: beyond it the oldest is reset") \
	LIMIT(TCP_PERSIST_LOW, "ms", TCP_PERSIST, "a peer's window stays shut, while memory is short") \
	LIMIT(ZIP_PLACES, "connections", NONE, "connections that may compress: beyond it none is offered (zip exchanges)") \
	LIMIT(ZIP_GUESTS, "connections", NONE, "of them, before login") \
	LIMIT(ZIP_INFLATE, "streams", NONE, "streams being inflated, 44 KiB each") \
	LIMIT(ZIP_DEFLATE, "streams", NONE, "streams being compressed, 268 KiB each (zip records not made smaller)") \
	LIMIT(STARTUPS, "connections", TCP_STARTUPS, "before login, of all workers (MaxStartups: none after that)") \
	LIMIT(STARTUPS_SOURCE, "connections", TCP_STARTUPS_OWN, "before login from one address or network, of a worker (PerSourceMaxStartups)") \
	LIMIT(QUERIES, "requests", NONE, "of a connection, that plugins have not answered: others wait") \
	LIMIT(ANSWER_TIME, "s", CHAN_ANSWER_TIME, "a plugin has to answer a request of a peer (PluginAnswerTime)") \
	LIMIT(ASKS, "requests", LINK_CREDIT, "of a plugin's process to its peer, not answered: beyond it its process ends") \
	LIMIT(ASKED_GLOBALS, "requests", CHAN_ASKED_MAX, "of them, global ones that a peer has not replied to, of a connection") \
	LIMIT(CONN_MEMORY, "bytes", NONE, "of the pool, of one connection with all its channels at the very most: the sum of its parts") \
	LIMIT(CONN_WINDOWS, "bytes", LINK_ITEM, "receive windows of a connection's channels at first, together") \
	LIMIT(CONN_GROWTH, "bytes", NONE, "what plugins let them grow by, together (ssh windows that did not grow)") \
	LIMIT(CONN_HELD, "blocks", NONE, "toward the hosts of a connection, or 1/16 of what is free: beyond it the peer is not read (ssh held waits)") \
	LIMIT(CHAN_OUT, "bytes", NONE, "granted and queued toward the peer, of a channel; 16 KiB where the connection has 1/16 of what is free (ssh grants short)") \
	LIMIT(CHAN_EXTRA, "bytes", SSH_QUEUE, "requests and replies beside data, of a channel, each way: beyond it the connection ends")

enum meter_limit_id {
#define LIMIT(name, unit, reason, text) METER_LIMIT_##name,
	METER_LIMIT_LIST(LIMIT)
#undef LIMIT
	METER_LIMIT_COUNT
};

/* One limit: 0 in `max` when this dataplane does not have it. A limit of each
 * connection, source or neighbour has no `now` and `high`. */
#define METER_UNCOUNTED UINT64_MAX

struct meter_limit {
	uint64_t max;                 /* in effect */
	uint64_t initial;             /* when nobody configures it */
	uint64_t now;
	uint64_t high;                /* the most that a poll has seen */
};

enum meter_id {
#define METER(name, text) METER_##name,
	METER_LIST(METER)
#undef METER
	METER_COUNT
};

struct meter {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t worker;
	uint32_t pid;
	uint64_t value[256];          /* enum meter_id */
	uint64_t drop[REASON_MAX];    /* enum reason */
	struct meter_limit limit[96]; /* enum meter_limit_id */
};

LINK_ASSERT(sizeof(struct meter) <= METER_SIZE);
LINK_ASSERT(METER_COUNT <= 256);
LINK_ASSERT(METER_LIMIT_COUNT <= 96);
LINK_ASSERT(METER_CYCLES_RX + STAGE_LINK == METER_CYCLES_LINK);
LINK_ASSERT(METER_CALLS_RX + STAGE_LINK == METER_CALLS_LINK);

/* meter_create: the worker's page, sealed against everybody else's writing;
 * *fd is to be handed over. 0 or -errno. */
int meter_create(struct meter **m, int *fd, uint32_t worker);

/* meter_attach: map it read-only. NULL if it is not a meter page. */
const struct meter *meter_attach(int fd);
void meter_detach(const struct meter *m);

/* meter_level_name(level): "normal", "pressure", "shedding"; "?" when unknown. */
const char *meter_level_name(uint64_t level);

/* meter_name(id): for people and programs; "?" when unknown. */
const char *meter_name(int id);
const char *meter_text(int id);

/* Of a limit; NULL when unknown. */
struct meter_limit_info {
	const char *name;
	const char *unit;
	const char *text;
	int reason;
};
const struct meter_limit_info *meter_limit_info(int id);

static inline void
meter_add(struct meter *m, enum meter_id id, uint64_t n)
{
	__atomic_store_n(&m->value[id], m->value[id] + n, __ATOMIC_RELAXED);
}

static inline void
meter_set(struct meter *m, enum meter_id id, uint64_t v)
{
	__atomic_store_n(&m->value[id], v, __ATOMIC_RELAXED);
}

/* meter_limit_set(m, id, max, initial): of something that is counted from now on. */
static inline void
meter_limit_set(struct meter *m, enum meter_limit_id id, uint64_t max, uint64_t initial)
{
	__atomic_store_n(&m->limit[id].initial, initial, __ATOMIC_RELAXED);
	__atomic_store_n(&m->limit[id].max, max, __ATOMIC_RELAXED);
}

/* meter_limit_each(m, id, max, initial): of each connection, source or neighbour. */
static inline void
meter_limit_each(struct meter *m, enum meter_limit_id id, uint64_t max, uint64_t initial)
{
	__atomic_store_n(&m->limit[id].now, METER_UNCOUNTED, __ATOMIC_RELAXED);
	meter_limit_set(m, id, max, initial);
}

static inline void
meter_limit_now(struct meter *m, enum meter_limit_id id, uint64_t now)
{
	__atomic_store_n(&m->limit[id].now, now, __ATOMIC_RELAXED);
	if (now > m->limit[id].high)
		__atomic_store_n(&m->limit[id].high, now, __ATOMIC_RELAXED);
}

/* meter_drop(m, r): count a reason; accepts R_x or -R_x. */
static inline void
meter_drop(struct meter *m, int r)
{
	unsigned at = (unsigned)(r < 0 ? -r : r) % REASON_MAX;

	__atomic_store_n(&m->drop[at], m->drop[at] + 1, __ATOMIC_RELAXED);
}

#endif
