/*
 * A bad wire between two network interfaces of the kernel: kernels and programs on
 * both sides are what they are anywhere.
 *
 *	relay [--impair SPEC] [--capture PREFIX] [--snap BYTES] CLIENT-SIDE SERVICE-SIDE
 *
 * SPEC is that of postern-dp(8), IMPAIRMENTS: up is from the client's side to the
 * service's, down the other way. PREFIX-client.pcap and PREFIX-service.pcap have what
 * each side sent and was given, with the times at which the relay saw it; --snap takes
 * the first so many bytes of each frame (65535). It says "ready" when frames pass, runs
 * until SIGTERM or SIGINT, and prints what it did to how many frames.
 *
 * Segmentation and checksum offload of the interfaces' peers must be off: what comes
 * out of a veth otherwise is no frame of a wire.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/nic/impair.h"

#define FRAME_MAX 2048u
#define FRAMES 32768u  /* under way in both directions together */
#define BATCH 64u
#define SOCKET_ROOM (64 << 20)
#define NICE -10       /* a wire does not wait for a CPU */

struct frame {
	uint32_t len;
	uint8_t data[FRAME_MAX - sizeof(uint32_t)];
};

/* What one side of the wire is connected to. */
struct side {
	const char *name;
	int fd;
	FILE *capture;
};

struct lane {
	struct wire wire;
	struct wire_frame heap[FRAMES];
	struct side *from, *to;
	uint64_t refused;    /* by the kernel, or longer than a frame may be */
};

static struct frame *frames;
static struct frame *spare[FRAMES];
static uint32_t spare_count;
static struct side client, service;
static struct lane up, down;
static uint32_t snap = 65535;
static volatile sig_atomic_t over;

static void
on_signal(int sig)
{
	(void)sig;
	over = 1;
}

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
side_open(struct side *s, const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC, .mr_ifindex = at.sll_ifindex };
	int on = 1, room = SOCKET_ROOM;

	s->name = name;
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || at.sll_ifindex == 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
	    bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror(name);
		return -1;
	}
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return 0;
}

/* ---- captures: pcap with nanoseconds ---- */

static int
capture_open(struct side *s, const char *prefix, const char *which)
{
	const uint32_t head[] = { 0xa1b23c4d, 2u | 4u << 16, 0, 0, snap, 1 };
	char path[4096];

	snprintf(path, sizeof(path), "%s-%s.pcap", prefix, which);
	s->capture = fopen(path, "we");
	if (s->capture == NULL || fwrite(head, sizeof(head), 1, s->capture) != 1) {
		perror(path);
		return -1;
	}
	return 0;
}

static void
capture(struct side *s, const struct frame *f)
{
	uint64_t now;
	uint32_t kept = f->len < snap ? f->len : snap;

	if (s->capture == NULL)
		return;
	now = now_ns(CLOCK_REALTIME);
	(void)!fwrite((uint32_t[]){ (uint32_t)(now / 1000000000u), (uint32_t)(now % 1000000000u), kept, f->len },
	    16, 1, s->capture);
	(void)!fwrite(f->data, kept, 1, s->capture);
}

/* ---- frames ---- */

static void
give_back(struct frame *f)
{
	spare[spare_count++] = f;
}

static void
enter(struct lane *l, struct frame *f, uint64_t now)
{
	struct wire_fate fate;
	struct frame *twin = NULL;

	capture(l->from, f);
	if (!wire_judge(&l->wire, f->len, now, &fate)) {
		give_back(f);
		return;
	}
	f->len = fate.len;
	wire_damage(&fate, f->data);
	if (fate.copies == 2 && spare_count > 0) {
		twin = spare[--spare_count];
		twin->len = f->len;
		memcpy(twin->data, f->data, f->len);
	}
	if (!wire_put(&l->wire, &fate, 0, f))
		give_back(f);
	if (twin != NULL && !wire_put(&l->wire, &fate, 1, twin))
		give_back(twin);
}

/* What is left where all frames are under way waits in the socket. */
static void
receive(struct lane *l, uint64_t now)
{
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec vecs[BATCH];
	uint32_t n = spare_count < BATCH ? spare_count : BATCH;
	int got;

	for (uint32_t i = 0; i < n; i++) {
		vecs[i] = (struct iovec){ spare[spare_count - 1 - i]->data, sizeof(spare[0]->data) };
		msgs[i].msg_hdr.msg_iov = &vecs[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	got = recvmmsg(l->from->fd, msgs, n, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++) {
		struct frame *f = (struct frame *)(void *)((uint8_t *)vecs[i].iov_base - offsetof(struct frame, data));

		f->len = msgs[i].msg_len;
		vecs[i].iov_base = f;
	}
	if (got <= 0)
		return;
	spare_count -= (uint32_t)got;
	for (int i = 0; i < got; i++) {
		if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
			l->refused++;
			give_back(vecs[i].iov_base);
		} else {
			enter(l, vecs[i].iov_base, now);
		}
	}
}

static uint32_t
send_due(struct lane *l, uint64_t now)
{
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec vecs[BATCH];
	struct frame *due[BATCH];
	uint32_t n = 0, at = 0;

	while (n < BATCH && (due[n] = wire_take(&l->wire, now)) != NULL) {
		vecs[n] = (struct iovec){ due[n]->data, due[n]->len };
		msgs[n].msg_hdr.msg_iov = &vecs[n];
		msgs[n].msg_hdr.msg_iovlen = 1;
		capture(l->to, due[n++]);
	}
	while (at < n) {
		int sent = sendmmsg(l->to->fd, msgs + at, n - at, 0);

		if (sent <= 0)
			l->refused++;
		at += sent > 0 ? (uint32_t)sent : 1;
	}
	for (uint32_t i = 0; i < n; i++)
		give_back(due[i]);
	return n;
}

static void
lane_open(struct lane *l, const struct wire_conf *c, uint64_t seed, struct side *from, struct side *to)
{
	wire_init(&l->wire, c, seed, l->heap, FRAMES);
	l->from = from;
	l->to = to;
}

static void
carry(const sigset_t *waiting)
{
	struct pollfd fds[2] = { { .fd = client.fd, .events = POLLIN }, { .fd = service.fd, .events = POLLIN } };

	while (!over) {
		uint64_t now = now_ns(CLOCK_MONOTONIC) / 1000;
		uint64_t next;
		struct timespec wait;

		receive(&up, now);
		receive(&down, now);
		if (send_due(&up, now) + send_due(&down, now) > 0)
			continue;
		next = wire_next(&up.wire) < wire_next(&down.wire) ? wire_next(&up.wire) : wire_next(&down.wire);
		if (next == UINT64_MAX)
			next = now + 1000000;
		now = now_ns(CLOCK_MONOTONIC);
		next = next * 1000 > now ? next * 1000 - now : 0;
		wait = (struct timespec){ (time_t)(next / 1000000000u), (long)(next % 1000000000u) };
		(void)ppoll(fds, 2, &wait, waiting);
	}
}

static void
report(const char *name, const struct lane *l)
{
	const struct wire_stats *s = &l->wire.stats;
	struct tpacket_stats k = { 0 };
	socklen_t len = sizeof(k);

	(void)getsockopt(l->from->fd, SOL_PACKET, PACKET_STATISTICS, &k, &len);
	printf("%s frames %" PRIu64 " lost %" PRIu64 " burst-lost %" PRIu64 " queue-lost %" PRIu64 " late %" PRIu64
	       " duplicated %" PRIu64 " corrupted %" PRIu64 " truncated %" PRIu64 " stalls %" PRIu64
	       " full %" PRIu64 " refused %" PRIu64 "\n",
	    name, s->frames, s->lost, s->burst_lost, s->queue_lost, s->late, s->duplicated, s->corrupted,
	    s->truncated, s->stalls, s->full, l->refused + k.tp_drops);
}

static int
usage(void)
{
	fprintf(stderr, "usage: relay [--impair SPEC] [--capture PREFIX] [--snap BYTES] CLIENT-SIDE SERVICE-SIDE\n");
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "impair", required_argument, NULL, 'i' },
		{ "capture", required_argument, NULL, 'c' }, { "snap", required_argument, NULL, 's' }, { 0 } };
	struct impair_config c = { 0 };
	const char *prefix = NULL, *wrong = NULL;
	sigset_t stop, none;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'i' && impair_parse(&c, optarg, &wrong) == 0)
			continue;
		if (wrong != NULL)
			fprintf(stderr, "relay: %s\n", wrong);
		if (o == 'c')
			prefix = optarg;
		else if (o == 's')
			snap = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	if (argc - optind != 2)
		return usage();
	if (side_open(&client, argv[optind]) != 0 || side_open(&service, argv[optind + 1]) != 0)
		return 1;
	if (prefix != NULL &&
	    (capture_open(&client, prefix, "client") != 0 || capture_open(&service, prefix, "service") != 0))
		return 1;
	frames = calloc(FRAMES, sizeof(*frames));
	if (frames == NULL)
		return 1;
	for (uint32_t i = 0; i < FRAMES; i++)
		give_back(&frames[i]);
	lane_open(&up, &c.up, 2 * c.seed, &client, &service);
	lane_open(&down, &c.down, 2 * c.seed + 1, &service, &client);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	(void)prctl(PR_SET_TIMERSLACK, 1ul);
	/* They arrive where it waits, not right before. */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &stop, &none);
	(void)sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	(void)sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	printf("ready\n");
	fflush(stdout);
	carry(&none);
	report("up", &up);
	report("down", &down);
	for (struct side *s = &client; s != NULL; s = s == &client ? &service : NULL)
		if (s->capture != NULL && fclose(s->capture) != 0)
			perror("capture");
	return 0;
}
