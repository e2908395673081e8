/*
 * A wire between a memif and a network interface of the kernel: the peer that a
 * dataplane on memif needs so that stock clients reach it.
 *
 *	wire SOCKET INTERFACE
 *
 * It connects as memif's client. It ends when the other side has gone, and when
 * that has not taken the connection within a second: to be started again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/nic/dpdk.h"

#define MTU 1500u
#define PKT_COUNT 4096u
#define NAP_NS 50000       /* while frames come */
#define NAP_LONG_NS 500000 /* when none came for a while */
#define QUIET 200u         /* naps */
#define FULL_TRIES 1000u
#define UP_TRIES 1000u    /* milliseconds */

static int
packet_open(const char *interface)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC, .mr_ifindex = at.sll_ifindex };
	int on = 1, room = 8 << 20, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0) {
		perror(interface);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

static uint32_t
port_to_kernel(struct port *port, int fd)
{
	struct pkt *p[PORT_BURST];
	uint32_t n = port->ops->rx(port, p, PORT_BURST, 0);

	for (uint32_t i = 0; i < n; i++) {
		(void)!send(fd, p[i]->data, p[i]->len, 0);
		port->ops->free(port, p[i]);
	}
	return n;
}

/* Queued until the other side has room; a frame is lost only when it sleeps. */
static void
send_all(struct port *port, struct pkt **p, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t tries = 0; at < n && tries < FULL_TRIES; tries++) {
		at += port->ops->tx(port, p + at, n - at, 0);
		if (at < n)
			(void)nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
	}
	while (at < n)
		port->ops->free(port, p[at++]);
}

static uint32_t
kernel_to_port(struct port *port, int fd)
{
	struct pkt *p[PORT_BURST];
	uint32_t n = 0;

	while (n < PORT_BURST && (p[n] = port->ops->alloc(port)) != NULL) {
		ssize_t got = recv(fd, p[n]->data, pkt_tailroom(p[n]), MSG_DONTWAIT);

		if (got <= 0) {
			port->ops->free(port, p[n]);
			break;
		}
		p[n++]->len = (uint32_t)got;
	}
	send_all(port, p, n);
	return n;
}

int
main(int argc, char **argv)
{
	char device[200];
	struct nic_config c = { .device = device, .main_cpu = -1, .workers = 1, .pkt_count = PKT_COUNT,
		.mtu = MTU };
	struct port *port;
	uint32_t quiet = 0;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: wire SOCKET INTERFACE\n");
		return 2;
	}
	snprintf(device, sizeof(device), "memif:%s,role=client", argv[1]);
	fd = packet_open(argv[2]);
	if (fd < 0 || nic_eal_start(&c, "wire") != 0 || nic_open(&c, &port) != 0)
		return 1;
	for (uint32_t i = 0; i < UP_TRIES && !nic_link_up(); i++)
		(void)usleep(1000);
	while (nic_link_up()) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct timespec nap = { .tv_nsec = quiet < QUIET ? NAP_NS : NAP_LONG_NS };

		if (port_to_kernel(port, fd) + kernel_to_port(port, fd) > 0)
			quiet = 0;
		else if (ppoll(&pfd, 1, &nap, NULL) == 0)
			quiet++;
	}
	return 0;
}
