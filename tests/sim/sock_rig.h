/*
 * Two hosts of the socket face, and a wire of five milliseconds carried by hand.
 */
#ifndef POSTERN_SOCK_RIG_H
#define POSTERN_SOCK_RIG_H

#include "tests/sim/sock.h"

#define DELAY_US 5000u
#define SECOND 1000000u
#define PORT 2222u
#define BYTES (1u << 20)
#define PACKET_MAX 65535u
#define TCP_FLAGS_SYN 0x02

extern struct sock_host *host[2];
extern uint8_t packet[PACKET_MAX];
extern uint64_t carried[2];
extern bool cut;     /* nothing is carried */
/* What happens to packets of host `from`: true when they are dealt with; NULL: nothing. */
extern bool (*router)(int from, const uint8_t *ip, uint32_t len, uint64_t at);
extern struct syn {
	uint8_t options[40];
	uint32_t len;
} syn[2];            /* what the last one of each host offered */
extern struct sent {
	uint8_t hop_limit;
	uint8_t traffic;
	uint8_t flags;
	uint32_t len;        /* payload */
} sent[2];           /* the last packet of each host */
extern uint64_t data_packets[2]; /* with payload */
extern const struct sock_addr addr[2][2]; /* by family, IPv4 first, and host */
extern const int families[2];

struct sock_host *new_host(int n, uint16_t mtu);
void hosts_new(void);
void hosts_free(void);
/* Keeps what a packet says: struct syn, struct sent. */
void note(int from, const uint8_t *ip, uint32_t len);
/* So long packets are carried. */
void run(uint64_t us);
int listen_on(int n, int family, int backlog);
/* A connection from host 0 to host 1. */
void join(int f, int *listener, int *a, int *b);
/* A MiB from host `from` to the other, every byte compared. */
void transfer(int from, int a, int b);
/* All that was is over, and nothing is left of it. */
void no_trace(void);
/* The first byte of an option of a SYN, 0 where it has none, or -1. */
int option_value(const struct syn *y, uint8_t kind);
bool has_option(const struct syn *y, uint8_t kind);

#endif
