#include "tests/attack/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ETH_IP4 0x0800u
#define IP_TCP 6u
#define BUFFER (8 << 20)

uint64_t
raw_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t
raw_random(struct raw *r)
{
	uint64_t x = r->rng += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

uint32_t
raw_below(struct raw *r, uint32_t n)
{
	return (uint32_t)((raw_random(r) >> 32) * n >> 32);
}

void
raw_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
raw_put32(uint8_t *p, uint32_t v)
{
	raw_put16(p, v >> 16);
	raw_put16(p + 2, v);
}

uint16_t
raw_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
raw_get32(const uint8_t *p)
{
	return (uint32_t)raw_get16(p) << 16 | raw_get16(p + 2);
}

uint16_t
raw_sum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += raw_get16(p + i);
	if (len & 1)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

int
raw_open(struct raw *r, const char *device, uint64_t seed)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int size = BUFFER, one = 1;
	struct ifreq name;

	memset(&name, 0, sizeof(name));
	r->rng = seed;
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	snprintf(name.ifr_name, sizeof(name.ifr_name), "%s", device);
	at.sll_ifindex = (int)if_nametoindex(device);
	if (r->fd < 0 || at.sll_ifindex == 0 || ioctl(r->fd, SIOCGIFHWADDR, &name) != 0 ||
	    bind(r->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		fprintf(stderr, "%s: %s\n", device, strerror(errno));
		return -1;
	}
	memcpy(r->mac, name.ifr_hwaddr.sa_data, 6);
	(void)setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(r->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	(void)setsockopt(r->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return 0;
}

uint8_t *
raw_next(struct raw *r)
{
	return r->frame[r->count];
}

void
raw_push(struct raw *r, uint32_t len)
{
	r->len[r->count++] = len;
	r->sent++;
	r->bytes += len;
	if (r->count == RAW_BATCH)
		raw_flush(r);
}

void
raw_flush(struct raw *r)
{
	struct mmsghdr m[RAW_BATCH];
	struct iovec v[RAW_BATCH];
	uint32_t at = 0;

	memset(m, 0, sizeof(m));
	for (uint32_t i = 0; i < r->count; i++) {
		v[i] = (struct iovec){ r->frame[i], r->len[i] };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while (at < r->count) {
		struct pollfd p = { .fd = r->fd, .events = POLLOUT };
		int n = sendmmsg(r->fd, m + at, r->count - at, 0);

		if (n > 0)
			at += (uint32_t)n;
		else if (errno == ENOBUFS || errno == EAGAIN)
			(void)poll(&p, 1, 1);
		else
			at++; /* that one is no frame that the device takes */
	}
	r->count = 0;
}

uint32_t
raw_recv(struct raw *r, uint8_t *buf, size_t size, int wait_ms, bool *sent)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t n = recvfrom(r->fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n < 0 && wait_ms > 0 && poll(&p, 1, wait_ms) > 0)
		n = recvfrom(r->fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	if (n <= 0)
		return 0;
	*sent = from.sll_pkttype == PACKET_OUTGOING;
	return (uint32_t)n;
}

uint8_t *
raw_ip(struct raw *r, uint8_t *frame, uint32_t from, uint32_t to, uint8_t proto, uint32_t len)
{
	uint8_t *ip = frame + RAW_ETH;

	memcpy(frame, r->peer, 6);
	memcpy(frame + 6, r->mac, 6);
	raw_put16(frame + 12, ETH_IP4);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	raw_put16(ip + 2, 20 + len);
	raw_put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = proto;
	raw_put32(ip + 12, from);
	raw_put32(ip + 16, to);
	raw_put16(ip + 10, raw_sum(ip, 20, 0));
	return ip + 20;
}

void
raw_tcp(struct raw *r, const struct raw_seg *s)
{
	uint8_t *frame = raw_next(r);
	uint32_t head = 20 + s->options_len;
	uint32_t len = head + s->data_len;
	uint8_t *t = raw_ip(r, frame, s->from, s->to, IP_TCP, len);

	memset(t, 0, 20);
	raw_put16(t, s->from_port);
	raw_put16(t + 2, s->to_port);
	raw_put32(t + 4, s->seq);
	raw_put32(t + 8, s->ack);
	t[12] = (uint8_t)((s->offset != 0 ? s->offset : head / 4) << 4);
	t[13] = s->flags;
	raw_put16(t + 14, s->window);
	raw_put16(t + 18, s->urgent);
	if (s->options_len > 0)
		memcpy(t + 20, s->options, s->options_len);
	if (s->data_len > 0)
		memcpy(t + head, s->data, s->data_len);
	raw_put16(t + 16, raw_sum(t, len, (s->from >> 16) + (s->from & 0xffff) + (s->to >> 16) +
	    (s->to & 0xffff) + IP_TCP + len));
	raw_push(r, RAW_ETH + 20 + len);
}

bool
raw_read(const uint8_t *frame, uint32_t len, struct raw_seg *s)
{
	const uint8_t *ip = frame + RAW_ETH, *t;
	uint32_t head, total, offset;

	if (len < RAW_ETH + 40 || raw_get16(frame + 12) != ETH_IP4 || ip[9] != IP_TCP)
		return false;
	head = (ip[0] & 15u) * 4;
	total = raw_get16(ip + 2);
	if (head < 20 || total < head + 20 || RAW_ETH + total > len)
		return false;
	t = ip + head;
	offset = (t[12] >> 4) * 4u;
	if (offset < 20 || head + offset > total)
		return false;
	*s = (struct raw_seg){
		.from = raw_get32(ip + 12),
		.to = raw_get32(ip + 16),
		.from_port = raw_get16(t),
		.to_port = raw_get16(t + 2),
		.seq = raw_get32(t + 4),
		.ack = raw_get32(t + 8),
		.flags = t[13],
		.window = raw_get16(t + 14),
		.urgent = raw_get16(t + 18),
		.options = t + 20,
		.options_len = offset - 20,
		.data = t + offset,
		.data_len = total - head - offset,
	};
	return true;
}
