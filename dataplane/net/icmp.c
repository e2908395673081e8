/*
 * ICMP (RFC 792, RFC 1122 section 3.2.2) and ICMPv6 (RFC 4443) in: echo, and
 * errors about our TCP segments. Which errors there are, and how hard, is a
 * table. Everything else is dropped.
 *
 * Whether a quoted segment is in flight is TCP's to judge (RFC 5927 section 4.1).
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define ECHO_REPLY 0u
#define UNREACHABLE 3u
#define SOURCE_QUENCH 4u
#define REDIRECT 5u
#define ECHO 8u
#define TIME_EXCEEDED 11u
#define PARAMETER 12u

#define UNREACHABLE6 1u
#define TOO_BIG6 2u
#define TIME_EXCEEDED6 3u
#define PARAMETER6 4u
#define MLD6_QUERY 130u
#define ECHO6 128u
#define ECHO_REPLY6 129u
#define ND6_SOLICIT 135u
#define ND6_ADVERT 136u
#define REDIRECT6 137u

#define ICMP_SIZE 8u
#define IP4_OFFSET_MASK 0x1fffu

enum weight { SOFT, HARD, TOO_BIG };

/* What a type and code say to TCP. Those that RFC 1122 section 4.2.3.9 calls hard,
 * and their like in RFC 4443; code 4 of IPv4 is path MTU discovery's (RFC 1191).
 * What is not listed is not served. */
struct row {
	uint8_t type, first, last; /* codes */
	uint8_t weight;
	int reason;
};

static const struct row rows4[] = {
	{ UNREACHABLE, 0, 0, SOFT, R_TCP_ICMP_NET },
	{ UNREACHABLE, 1, 1, SOFT, R_TCP_ICMP_HOST },
	{ UNREACHABLE, 2, 2, HARD, R_TCP_ICMP_PROTO },
	{ UNREACHABLE, 3, 3, HARD, R_TCP_ICMP_PORT },
	{ UNREACHABLE, 4, 4, TOO_BIG, R_TCP_ICMP },
	{ UNREACHABLE, 5, 5, SOFT, R_TCP_ICMP_NET },       /* source route failed */
	{ UNREACHABLE, 6, 6, SOFT, R_TCP_ICMP_NET },       /* network unknown */
	{ UNREACHABLE, 7, 8, SOFT, R_TCP_ICMP_HOST },      /* host unknown; isolated */
	{ UNREACHABLE, 9, 10, SOFT, R_TCP_ICMP_DENIED },
	{ UNREACHABLE, 11, 11, SOFT, R_TCP_ICMP_NET },     /* for this type of service */
	{ UNREACHABLE, 12, 12, SOFT, R_TCP_ICMP_HOST },
	{ UNREACHABLE, 13, 15, SOFT, R_TCP_ICMP_DENIED },  /* RFC 1812 section 5.2.7.1 */
	{ TIME_EXCEEDED, 0, 1, SOFT, R_TCP_ICMP_TIME },
	{ PARAMETER, 0, 2, SOFT, R_TCP_ICMP_HEADER },
};

static const struct row rows6[] = {
	{ UNREACHABLE6, 0, 0, SOFT, R_TCP_ICMP_NET },
	{ UNREACHABLE6, 1, 1, SOFT, R_TCP_ICMP_DENIED },
	{ UNREACHABLE6, 2, 2, SOFT, R_TCP_ICMP_NET },      /* beyond the scope of the source */
	{ UNREACHABLE6, 3, 3, SOFT, R_TCP_ICMP_HOST },
	{ UNREACHABLE6, 4, 4, HARD, R_TCP_ICMP_PORT },
	{ UNREACHABLE6, 5, 5, SOFT, R_TCP_ICMP_DENIED },
	{ UNREACHABLE6, 6, 6, SOFT, R_TCP_ICMP_NET },      /* reject route */
	{ TOO_BIG6, 0, 255, TOO_BIG, R_TCP_ICMP },         /* the code is to be ignored: section 3.2 */
	{ TIME_EXCEEDED6, 0, 1, SOFT, R_TCP_ICMP_TIME },
	{ PARAMETER6, 0, 0, SOFT, R_TCP_ICMP_HEADER },
	{ PARAMETER6, 1, 1, HARD, R_TCP_ICMP_PROTO },
	{ PARAMETER6, 2, 2, SOFT, R_TCP_ICMP_HEADER },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct row *
row_of(const struct row *rows, size_t count, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type && code >= rows[i].first && code <= rows[i].last)
			return &rows[i];
	return NULL;
}

/* The quoted segment: both ports and the sequence number are in its first eight
 * bytes, which every error carries. It must be one that we sent from where the
 * error came to. */
static int
tell(struct net *n, const struct net_frame *f, const struct row *row, struct cur *c,
    const struct net_ip *local, const struct net_ip *remote, struct net_error *e)
{
	e->local_port = cur_u16(c);
	e->remote_port = cur_u16(c);
	e->seq = cur_u32(c);
	if (c->bad || !net_owns(n, local) || !ip_eq(local, &f->dst) || ip_multicast(remote))
		return -R_NET_ICMP_QUOTE;
	memcpy(e->local, local->b, sizeof(e->local));
	memcpy(e->remote, remote->b, sizeof(e->remote));
	e->reason = row->reason;
	e->hard = row->weight == HARD;
	e->too_big = row->weight == TOO_BIG;
	n->stats.errors_in++;
	n->ops.tcp_error(n->owner, e);
	return 0;
}

static int
error4(struct net *n, const struct net_frame *f, const struct row *row)
{
	struct cur c = cur_of(f->data + ICMP_SIZE, f->len - ICMP_SIZE);
	struct view head = cur_take(&c, IP4_SIZE);
	struct net_error e = { .mtu = (uint16_t)(f->data[6] << 8 | f->data[7]) };
	const uint8_t *ip = head.data;
	struct net_ip local, remote;
	uint32_t size;

	if (c.bad || ip[0] >> 4 != 4 || ip[9] != IP_TCP || ((ip[6] << 8 | ip[7]) & IP4_OFFSET_MASK) != 0)
		return -R_NET_ICMP_QUOTE;
	size = (ip[0] & 0x0fu) * 4u;
	if (size < IP4_SIZE)
		return -R_NET_ICMP_QUOTE;
	e.size = (uint16_t)(ip[2] << 8 | ip[3]);
	cur_take(&c, size - IP4_SIZE);
	local = ip_v4(ip + 12);
	remote = ip_v4(ip + 16);
	return tell(n, f, row, &c, &local, &remote, &e);
}

int
icmp4_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	const struct row *row;
	uint8_t type, code;

	if (f->len < ICMP_SIZE || csum_fold(csum_add(0, f->data, f->len)) != 0)
		return -R_NET_ICMP;
	type = f->data[0];
	code = f->data[1];
	if (type == ECHO)
		return code == 0 ? icmp_echo(n, f, ECHO_REPLY, now) : -R_NET_ICMP;
	if (type == SOURCE_QUENCH)
		return -R_NET_ICMP_QUENCH; /* RFC 6633 section 3 */
	if (type == REDIRECT)
		return -R_NET_ICMP_REDIRECT; /* the configuration names the gateways */
	row = row_of(rows4, COUNT(rows4), type, code);
	return row != NULL ? error4(n, f, row) : -R_NET_ICMP;
}

static int
error6(struct net *n, const struct net_frame *f, const struct row *row)
{
	struct cur c = cur_of(f->data + ICMP_SIZE, f->len - ICMP_SIZE);
	struct view head = cur_take(&c, IP6_SIZE);
	struct cur word = cur_of(f->data + 4, 4);
	uint32_t mtu = cur_u32(&word);
	struct net_error e = { .mtu = mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu };
	const uint8_t *ip = head.data;
	struct net_ip local, remote;
	uint32_t size;

	if (c.bad || ip[0] >> 4 != 6 || ip[6] != IP_TCP)
		return -R_NET_ICMP_QUOTE;
	size = IP6_SIZE + (uint32_t)(ip[4] << 8 | ip[5]);
	e.size = size > UINT16_MAX ? UINT16_MAX : (uint16_t)size;
	local = ip_v6(ip + 8);
	remote = ip_v6(ip + 24);
	return tell(n, f, row, &c, &local, &remote, &e);
}

int
icmp6_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	uint64_t sum = csum_pseudo(&f->src, &f->dst, IP_ICMP6, f->len);
	const struct row *row;
	uint8_t type, code;

	if (f->len < ICMP_SIZE || csum_fold(csum_add(sum, f->data, f->len)) != 0)
		return -R_NET_ICMP;
	type = f->data[0];
	code = f->data[1];
	if (type == ND6_SOLICIT || type == ND6_ADVERT)
		return nd_input(n, f, now);
	if (net_owns(n, &f->src))
		return -R_NET_IP_SOURCE;
	if (type == MLD6_QUERY)
		return mld_input(n, f, now);
	if (ip_unspecified(&f->src) || ip_multicast(&f->dst))
		return -R_NET_ICMP;
	if (type == ECHO6)
		return code == 0 ? icmp_echo(n, f, ECHO_REPLY6, now) : -R_NET_ICMP;
	if (type == REDIRECT6)
		return -R_NET_ICMP_REDIRECT;
	row = row_of(rows6, COUNT(rows6), type, code);
	return row != NULL ? error6(n, f, row) : -R_NET_ICMP;
}
