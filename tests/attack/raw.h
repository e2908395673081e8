/*
 * Frames of one's own making on a network interface: what the attacks share.
 *
 * Everything random follows from the seed. Frames are gathered and leave in batches, as
 * fast as the kernel takes them. IPv4; the few IPv6 frames are made by hand. Root.
 */
#ifndef POSTERN_TESTS_ATTACK_RAW_H
#define POSTERN_TESTS_ATTACK_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_BATCH 64u
#define RAW_FRAME 1600u
#define RAW_ETH 14u

enum { RAW_FIN = 1, RAW_SYN = 2, RAW_RST = 4, RAW_PSH = 8, RAW_ACK = 16, RAW_URG = 32 };

struct raw {
	int fd;
	uint8_t mac[6];       /* of the interface */
	uint8_t peer[6];      /* of the victim */
	uint32_t self, victim; /* addresses, host order */
	uint16_t port;        /* of the victim */
	uint64_t rng;
	uint8_t frame[RAW_BATCH][RAW_FRAME];
	uint32_t len[RAW_BATCH];
	uint32_t count;
	uint64_t sent, bytes;
};

/* A TCP segment; numbers in host order. */
struct raw_seg {
	uint32_t from, to;
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent;
	const uint8_t *options; /* a multiple of 4 */
	uint32_t options_len;
	const uint8_t *data;
	uint32_t data_len;
	uint8_t offset;       /* data offset in words where it is a lie; 0: the truth */
};

/* raw_open: -1 with a line on stderr. */
int raw_open(struct raw *r, const char *device, uint64_t seed);
uint64_t raw_random(struct raw *r);
uint32_t raw_below(struct raw *r, uint32_t n);

/* raw_next(r): room for a frame; raw_push(r, len): it goes out with its batch. */
uint8_t *raw_next(struct raw *r);
void raw_push(struct raw *r, uint32_t len);
void raw_flush(struct raw *r);

/* raw_recv(r, buf, size, wait_ms, sent): the next frame, or 0; *sent: it was sent here. */
uint32_t raw_recv(struct raw *r, uint8_t *buf, size_t size, int wait_ms, bool *sent);

/* raw_ip(r, ...): Ethernet and IPv4 headers in front of `len` bytes; what follows. */
uint8_t *raw_ip(struct raw *r, uint8_t *frame, uint32_t from, uint32_t to, uint8_t proto, uint32_t len);
void raw_tcp(struct raw *r, const struct raw_seg *s);

/* raw_read(frame, len, s): a TCP segment over IPv4; data is borrowed. */
bool raw_read(const uint8_t *frame, uint32_t len, struct raw_seg *s);

void raw_put16(uint8_t *p, uint32_t v);
void raw_put32(uint8_t *p, uint32_t v);
uint16_t raw_get16(const uint8_t *p);
uint32_t raw_get32(const uint8_t *p);
uint16_t raw_sum(const uint8_t *p, size_t len, uint32_t sum);
uint64_t raw_now_ms(void);

/* The attacks: attack.c lists them with their arguments. 0, or 1 when it could not be
 * done. */
int attack_flood(struct raw *r, char **arg);
int attack_spoof(struct raw *r, char **arg);
int attack_icmp(struct raw *r, char **arg);
int attack_icmp6(struct raw *r, char **arg);
int attack_side(struct raw *r, char **arg);
int attack_crowd(struct raw *r, char **arg);
int attack_junk(struct raw *r, char **arg);
int attack_arp(struct raw *r, char **arg);
int attack_nd(struct raw *r, char **arg);
int attack_isn(struct raw *r, char **arg);

#endif
