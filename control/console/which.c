/*
 * Which connections an operator means: "all", a session's id, an address, a network.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/console.h"

#define V4_BITS 96u /* of the prefix ::ffff:0:0/96 */

static bool
read_id(const char *text, struct link_filter *f)
{
	unsigned conn, gen;
	char rest;

	if (sscanf(text, "%10u-%10u%c", &conn, &gen, &rest) != 2 || strchr(text, '.') != NULL)
		return false;
	f->conn = conn;
	f->gen = gen;
	return true;
}

static bool
read_length(const char *text, unsigned most, unsigned *bits)
{
	char *end;
	unsigned long n;

	if (text == NULL) {
		*bits = most;
		return true;
	}
	n = strtoul(text, &end, 10);
	*bits = (unsigned)n;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && n <= most;
}

static bool
read_network(const char *text, struct link_filter *f)
{
	char address[INET6_ADDRSTRLEN + 8];
	char *slash;
	unsigned bits;

	if (strlen(text) >= sizeof(address))
		return false;
	strcpy(address, text);
	slash = strchr(address, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (inet_pton(AF_INET, address, f->peer + 12) == 1) {
		f->peer[10] = f->peer[11] = 0xff;
		if (!read_length(slash, 32, &bits))
			return false;
		f->prefix = (uint8_t)(V4_BITS + bits);
		return true;
	}
	if (inet_pton(AF_INET6, address, f->peer) != 1 || !read_length(slash, 128, &bits))
		return false;
	f->prefix = (uint8_t)bits;
	return true;
}

bool
which_read(const struct js *request, struct link_filter *f)
{
	const char *which = js_str(request, "which");
	uint64_t port = js_u64(request, "port");

	*f = filter_all();
	if (port > 65535)
		return false;
	f->port = (uint16_t)port;
	return which[0] == '\0' || strcmp(which, "all") == 0 || read_id(which, f) || read_network(which, f);
}
