/*
 * isn: the initial sequence number that a server gives one 4-tuple now.
 *
 *   isn SOURCE SOURCE-PORT TARGET TARGET-PORT
 *
 * Sends a SYN from a raw socket, prints the sequence number of the SYN-ACK and
 * the time in microseconds. The kernel, knowing no such socket, resets it. Root.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint16_t
checksum(const struct in_addr *from, const struct in_addr *to, const struct tcphdr *t)
{
	struct {
		struct in_addr from, to;
		uint8_t zero, proto;
		uint16_t len;
		struct tcphdr t;
	} __attribute__((packed)) p = { *from, *to, 0, IPPROTO_TCP, htons(sizeof(*t)), *t };
	uint8_t bytes[sizeof(p)];
	uint32_t sum = 0;

	memcpy(bytes, &p, sizeof(p));
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct in_addr from;
	struct tcphdr syn = { .syn = 1, .doff = 5, .window = htons(1024) };
	struct timespec now;
	int s;

	if (argc != 5 || inet_aton(argv[1], &from) == 0 || inet_aton(argv[3], &to.sin_addr) == 0)
		return 2;
	syn.source = htons((uint16_t)atoi(argv[2]));
	syn.dest = htons((uint16_t)atoi(argv[4]));
	syn.seq = htonl(1000);
	s = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
	if (s < 0)
		return 2;
	syn.check = checksum(&from, &to.sin_addr, &syn);
	for (int tries = 0; tries < 5; tries++) {
		struct pollfd p = { .fd = s, .events = POLLIN };

		if (sendto(s, &syn, sizeof(syn), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			return 2;
		while (poll(&p, 1, 1000) > 0) {
			uint8_t packet[2048];
			ssize_t n = recv(s, packet, sizeof(packet), 0);
			struct tcphdr t;
			size_t ip;

			if (n < 40)
				continue;
			ip = (size_t)(packet[0] & 15) * 4;
			if ((size_t)n < ip + sizeof(t))
				continue;
			memcpy(&t, packet + ip, sizeof(t));
			if (t.source != syn.dest || t.dest != syn.source || !t.syn || !t.ack)
				continue;
			clock_gettime(CLOCK_MONOTONIC, &now);
			printf("%u %lld\n", ntohl(t.seq), (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
			close(s);
			return 0;
		}
	}
	return 1;
}
