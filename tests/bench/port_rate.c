/*
 * What a bare port carries, without TCP or SSH: frames a second and what they cost.
 *
 *	port-rate tx DEVICE SECONDS SIZE [--no-huge]   send as fast as it takes
 *	port-rate rx DEVICE SECONDS [--no-huge]        from the first frame on; sleeps when none is there
 *	port-rate loop DEVICE SECONDS SIZE [--no-huge] send and take back: a ring
 *	port-rate feed INTERFACE SECONDS SIZE          not a port: the kernel sends, for rx, while
 *	                                               the interface is there
 *
 * Prints one line: packets, seconds, CPU seconds (of the thread that moves the
 * frames), GB. Frames are of an ethertype for experiments, to a local address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/clock/clock.h"
#include "drivers/nic/dpdk.h"

#define PKT_COUNT 8192u
#define MTU 1500u
#define FRAME_MAX (14u + MTU)
#define ETHERTYPE 0x88b5u /* IEEE 802, local experimental 1 */
#define FIRST_US 10000000u
#define SPIN 64u          /* looks at an empty port before it sleeps */
#define FEED_BATCH 64u

struct run {
	struct port *port;
	uint64_t duration_us;
	uint32_t size;
	uint64_t packets;
	uint64_t bytes;
	uint64_t begin_us;
	uint64_t end_us;
	double cpu;
};

static double
cpu_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
frame_make(uint8_t *data, uint32_t size, const uint8_t *source)
{
	static const uint8_t to[6] = { 0x02, 0, 0, 0, 0, 0x99 };

	memset(data, 0, size);
	memcpy(data, to, 6);
	memcpy(data + 6, source, 6);
	data[12] = (uint8_t)(ETHERTYPE >> 8);
	data[13] = (uint8_t)(ETHERTYPE & 0xff);
}

static bool
is_ours(const struct pkt *p)
{
	return p->len >= 14 && p->data[12] == ETHERTYPE >> 8 && p->data[13] == (ETHERTYPE & 0xff);
}

static uint32_t
send_burst(struct run *r, uint64_t now)
{
	struct port *port = r->port;
	struct pkt *p[PORT_BURST];
	uint32_t n = 0, sent;

	while (n < PORT_BURST && (p[n] = port->ops->alloc(port)) != NULL) {
		frame_make(p[n]->data, r->size, port->mac);
		p[n++]->len = r->size;
	}
	sent = port->ops->tx(port, p, n, now);
	while (n > sent)
		port->ops->free(port, p[--n]);
	return sent;
}

static uint32_t
take_burst(struct run *r, uint64_t now)
{
	struct port *port = r->port;
	struct pkt *p[PORT_BURST];
	uint32_t n = port->ops->rx(port, p, PORT_BURST, now), ours = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (is_ours(p[i])) {
			ours++;
			r->bytes += p[i]->len;
		}
		port->ops->free(port, p[i]);
	}
	return ours;
}

static int
run_tx(void *arg)
{
	struct run *r = arg;
	double cpu = cpu_now();

	r->begin_us = r->end_us = clock_us();
	while (r->end_us - r->begin_us < r->duration_us) {
		r->packets += send_burst(r, r->end_us);
		r->end_us = clock_us();
	}
	r->bytes = r->packets * r->size;
	r->cpu = cpu_now() - cpu;
	return 0;
}

static int
run_loop(void *arg)
{
	struct run *r = arg;
	double cpu = cpu_now();

	r->begin_us = r->end_us = clock_us();
	while (r->end_us - r->begin_us < r->duration_us) {
		(void)send_burst(r, r->end_us);
		r->packets += take_burst(r, r->end_us);
		r->end_us = clock_us();
	}
	r->cpu = cpu_now() - cpu;
	return 0;
}

/* As a worker does: arm, look once more, wait. */
static uint32_t
sleep_on(struct run *r)
{
	struct port *port = r->port;
	struct pollfd pfd = { .fd = port->ops->wait_fd(port), .events = POLLIN };
	uint64_t now = clock_us(), next;
	struct timespec t = { .tv_nsec = 10000000 };
	uint32_t n;

	port->ops->arm(port);
	n = take_burst(r, now);
	if (n > 0)
		return n;
	next = port->ops->next_us(port, now);
	if (next - now < 10000u)
		t.tv_nsec = (long)(next - now) * 1000;
	if (ppoll(&pfd, pfd.fd >= 0, &t, NULL) > 0)
		port->ops->wake(port, (pfd.revents & POLLERR) != 0);
	return 0;
}

static int
run_rx(void *arg)
{
	struct run *r = arg;
	uint64_t started = clock_us(), empty = 0;
	double cpu = cpu_now();

	while (r->packets == 0 && clock_us() - started < FIRST_US)
		r->packets += sleep_on(r);
	r->begin_us = r->end_us = clock_us();
	r->packets = r->bytes = 0;
	cpu = cpu_now();
	while (r->end_us - r->begin_us < r->duration_us) {
		uint32_t n = take_burst(r, r->end_us);

		empty = n > 0 ? 0 : empty + 1;
		if (empty > SPIN)
			n += sleep_on(r);
		r->packets += n;
		r->end_us = clock_us();
	}
	r->cpu = cpu_now() - cpu;
	return 0;
}

/* The kernel as the sender: many frames for one system call. */
static int
feed(struct run *r, const char *interface)
{
	static uint8_t frame[FRAME_MAX];
	static const uint8_t source[6] = { 0x02, 0, 0, 0, 0, 0x98 };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface) };
	struct iovec iov = { .iov_base = frame, .iov_len = r->size };
	struct mmsghdr m[FEED_BATCH] = { { .msg_len = 0 } };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
	double cpu = cpu_now();

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -1;
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	frame_make(frame, r->size, source);
	for (uint32_t i = 0; i < FEED_BATCH; i++) {
		m[i].msg_hdr.msg_iov = &iov;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	r->begin_us = r->end_us = clock_us();
	while (r->end_us - r->begin_us < r->duration_us) {
		int n = sendmmsg(fd, m, FEED_BATCH, 0);

		if (n > 0)
			r->packets += (uint32_t)n;
		else if (errno == ENXIO || errno == ENODEV || errno == ENETDOWN)
			break;
		r->end_us = clock_us();
	}
	r->bytes = r->packets * r->size;
	r->cpu = cpu_now() - cpu;
	return 0;
}

static int
port_run(struct run *r, int (*fn)(void *), const char *device, bool huge)
{
	struct nic_config c = { .device = device, .huge = huge, .main_cpu = -1, .workers = 1,
		.worker_cpu = { (int)sysconf(_SC_NPROCESSORS_ONLN) - 1 }, .pkt_count = PKT_COUNT, .mtu = MTU };
	int got;

	if (nic_eal_start(&c, "port-rate") != 0 || nic_open(&c, &r->port) != 0)
		return -1;
	for (uint32_t i = 0; i < FIRST_US / 10000u && !nic_link_up(); i++)
		(void)usleep(10000);
	got = nic_launch(0, fn, r) == 0 ? nic_wait(0) : -1;
	nic_stop(&r->port, 1);
	return got;
}

static int
usage(void)
{
	fprintf(stderr, "usage: port-rate tx|loop DEVICE SECONDS SIZE [--no-huge], rx DEVICE SECONDS [--no-huge], "
			"feed INTERFACE SECONDS SIZE\n");
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(void *);
	} modes[] = { { "tx", run_tx }, { "loop", run_loop }, { "rx", run_rx }, { "feed", NULL } };
	struct run r = { .size = FRAME_MAX };
	bool huge = argc > 1 && strcmp(argv[argc - 1], "--no-huge") != 0;
	int args = huge ? argc : argc - 1, got = -1;
	size_t mode = 0;

	while (args > 1 && mode < 4 && strcmp(modes[mode].name, argv[1]) != 0)
		mode++;
	if (args != (mode == 2 ? 4 : 5) || mode == 4)
		return usage();
	clock_start();
	r.duration_us = strtoull(argv[3], NULL, 10) * 1000000u;
	if (args == 5)
		r.size = (uint32_t)strtoul(argv[4], NULL, 10);
	if (r.duration_us == 0 || r.size < 60 || r.size > FRAME_MAX)
		return usage();
	if (modes[mode].fn != NULL)
		got = port_run(&r, modes[mode].fn, argv[2], huge);
	else
		got = feed(&r, argv[2]);
	if (got != 0)
		return 1;
	printf("%lu packets %.3f s %.3f CPU s %.4f GB\n", (unsigned long)r.packets,
	    (double)(r.end_us - r.begin_us) * 1e-6, r.cpu, (double)r.bytes * 1e-9);
	return 0;
}
