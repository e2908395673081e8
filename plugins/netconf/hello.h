/*
 * Which base versions a hello names: RFC 6241 section 8.1. Pure, and fed piece by piece: it
 * looks for the text of an element that is one of the two capabilities. That the hello is
 * one, and well-formed, is for the server behind to judge.
 */
#ifndef NETCONF_HELLO_H
#define NETCONF_HELLO_H

#include <stddef.h>
#include <stdint.h>

#define HELLO_BASE_1_0 0x1u
#define HELLO_BASE_1_1 0x2u

struct hello {
	uint32_t offers;  /* HELLO_BASE_*, so far */
	uint8_t state;    /* of hello.c */
	uint8_t matched;
	uint8_t reserved[2];
};

void hello_feed(struct hello *h, const uint8_t *data, size_t len);

#endif
