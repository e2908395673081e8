/*
 * What a bare port carries, without TCP or SSH: frames a second and what they cost.
 *
 *	port-rate tx DEVICE SECONDS SIZE     send as fast as it takes
 *	port-rate rx DEVICE SECONDS          from the first frame on; sleeps when none is there
 *	port-rate loop DEVICE SECONDS SIZE   send and take back: a ring
 *	port-rate feed INTERFACE SECONDS SIZE   not a port: the kernel sends, for rx, while
 *	                                     the interface is there
 *
 * After these, --workers N and --no-huge. Prints one line: packets, seconds, CPU
 * seconds (of the threads that move the frames), GB. Frames are UDP over IPv4 of
 * changing ports, to addresses that nobody has, so that a device can spread them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
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
#define WORKERS_MAX 8u
#define FRAME_MAX (14u + MTU)
#define FLOWS 64u         /* source ports in turn */
#define PORT_TO 9u        /* discard */
#define FIRST_US 10000000u
#define SPIN 64u          /* looks at an empty port before it sleeps */
#define FEED_BATCH 64u

struct run {
	struct port *port;
	uint64_t duration_us;
	uint32_t size;
	uint32_t flow;
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
put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* UDP over IPv4, of one of the flows. The IPv4 checksum is left out: nobody who
 * sees the frame looks at it. */
static void
frame_make(uint8_t *data, uint32_t size, const uint8_t *source, uint32_t flow)
{
	static const uint8_t to[6] = { 0x02, 0, 0, 0, 0, 0x99 };
	static const uint8_t ip[20] = { 0x45, [8] = 64, [9] = IPPROTO_UDP, [12] = 198, 18, 0, 1, 198, 18, 0, 2 };
	uint8_t *udp = data + 14 + sizeof(ip);

	memset(data, 0, size);
	memcpy(data, to, 6);
	memcpy(data + 6, source, 6);
	put16(data + 12, ETHERTYPE_IP);
	memcpy(data + 14, ip, sizeof(ip));
	put16(data + 16, size - 14);
	put16(udp, 1024 + flow % FLOWS);
	put16(udp + 2, PORT_TO);
	put16(udp + 4, size - 14 - (uint32_t)sizeof(ip));
}

static bool
is_ours(const struct pkt *p)
{
	return p->len >= 42 && p->data[5] == 0x99 && p->data[23] == IPPROTO_UDP && p->data[37] == PORT_TO;
}

static uint32_t
send_burst(struct run *r, uint64_t now)
{
	struct port *port = r->port;
	struct pkt *p[PORT_BURST];
	uint32_t n = 0, sent;

	while (n < PORT_BURST && (p[n] = port->ops->alloc(port)) != NULL) {
		frame_make(p[n]->data, r->size, port->mac, r->flow++);
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

	while (r->packets == 0 && r->port->rx && clock_us() - started < FIRST_US)
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
	static uint8_t frame[FEED_BATCH][FRAME_MAX];
	static const uint8_t source[6] = { 0x02, 0, 0, 0, 0, 0x98 };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface) };
	struct iovec iov[FEED_BATCH];
	struct mmsghdr m[FEED_BATCH] = { { .msg_len = 0 } };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
	double cpu = cpu_now();

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -1;
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	for (uint32_t i = 0; i < FEED_BATCH; i++) {
		frame_make(frame[i], r->size, source, i);
		iov[i] = (struct iovec){ .iov_base = frame[i], .iov_len = r->size };
		m[i].msg_hdr.msg_iov = &iov[i];
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
port_run(struct run *r, uint32_t workers, int (*fn)(void *), const char *device, bool huge)
{
	struct nic_config c = { .device = device, .huge = huge, .main_cpu = -1, .workers = workers,
		.pkt_count = PKT_COUNT, .mtu = MTU };
	struct port *port[WORKERS_MAX];
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), bad = 0;

	for (uint32_t i = 0; i < workers; i++)
		c.worker_cpu[i] = (int)((uint32_t)cpus - 1 - i % (uint32_t)cpus);
	if (nic_eal_start(&c, "port-rate") != 0 || nic_open(&c, port) != 0)
		return -1;
	for (uint32_t i = 0; i < FIRST_US / 10000u && !nic_link_up(); i++)
		(void)usleep(10000);
	for (uint32_t i = 0; i < workers; i++) {
		r[i] = r[0];
		r[i].port = port[i];
	}
	for (uint32_t i = 0; i < workers; i++)
		bad |= nic_launch(i, fn, &r[i]);
	for (uint32_t i = 0; i < workers && bad == 0; i++)
		bad |= nic_wait(i);
	nic_stop(port, workers);
	return bad;
}

/* All workers as one, and each where there are several. */
static void
report(struct run *r, uint32_t workers)
{
	for (uint32_t i = 0; workers > 1 && i < workers; i++)
		fprintf(stderr, "worker %u: %lu packets\n", i, (unsigned long)r[i].packets);
	for (uint32_t i = 1; i < workers; i++) {
		r[0].packets += r[i].packets;
		r[0].bytes += r[i].bytes;
		r[0].cpu += r[i].cpu;
	}
	printf("%lu packets %.3f s %.3f CPU s %.4f GB\n", (unsigned long)r[0].packets,
	    (double)(r[0].end_us - r[0].begin_us) * 1e-6, r[0].cpu, (double)r[0].bytes * 1e-9);
}

static const struct mode {
	const char *name;
	int words; /* behind it */
	int (*fn)(void *);
} modes[] = {
	{ "tx", 3, run_tx },
	{ "loop", 3, run_loop },
	{ "rx", 2, run_rx },
	{ "feed", 3, NULL },
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

static int
usage(void)
{
	fprintf(stderr, "usage: port-rate tx|loop DEVICE SECONDS SIZE | rx DEVICE SECONDS | "
			"feed INTERFACE SECONDS SIZE [--workers N] [--no-huge]\n");
	return 2;
}

static const struct mode *
mode_of(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < MODES; i++)
		if (strcmp(modes[i].name, argv[1]) == 0 && argc >= 2 + modes[i].words)
			return &modes[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct run r[WORKERS_MAX];
	const struct mode *mode = mode_of(argc, argv);
	unsigned long workers = 1;
	bool huge = true;
	int got;

	if (mode == NULL)
		return usage();
	for (int i = 2 + mode->words; i < argc; i++) {
		if (strcmp(argv[i], "--no-huge") == 0)
			huge = false;
		else if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc)
			workers = strtoul(argv[++i], NULL, 10);
		else
			return usage();
	}
	clock_start();
	r[0].duration_us = strtoull(argv[3], NULL, 10) * 1000000u;
	r[0].size = mode->words == 3 ? (uint32_t)strtoul(argv[4], NULL, 10) : FRAME_MAX;
	if (r[0].duration_us == 0 || r[0].size < 60 || r[0].size > FRAME_MAX || workers == 0 || workers > WORKERS_MAX)
		return usage();
	if (mode->fn != NULL)
		got = port_run(r, (uint32_t)workers, mode->fn, argv[2], huge);
	else
		got = feed(&r[0], argv[2]);
	if (got != 0)
		return 1;
	report(r, (uint32_t)workers);
	return 0;
}
