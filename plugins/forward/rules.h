/*
 * What the configuration permits: keywords of sshd_config(5), as the host hands their
 * lines to the plugin. Neither channels nor sockets.
 */
#ifndef FORWARD_RULES_H
#define FORWARD_RULES_H

#include <stddef.h>
#include <stdint.h>

#define FORWARD_RULES_MAX 16
#define FORWARD_RULE_MAX 128

enum gateway { GATEWAY_NO, GATEWAY_YES, GATEWAY_CLIENT };

/* PermitOpen, PermitListen: "any" without entries. */
struct rules {
	int count;
	int none;
	struct rule {
		char host[FORWARD_RULE_MAX]; /* "" and "*": any */
		long port;                   /* -1: any */
	} rule[FORWARD_RULES_MAX];
};

struct settings {
	struct rules open;
	struct rules listen;
	enum gateway gateway;
	unsigned mask;   /* of a UNIX socket's mode */
	int unlink;      /* what stands in its place first */
};

/* settings_read(s, text, len): sshd's defaults where there is no line. */
void settings_read(struct settings *s, const char *text, size_t len);

/* rules_permit(r, host, port): may it, by the names as the peer wrote them? */
int rules_permit(const struct rules *r, const char *host, uint32_t port);

#endif
