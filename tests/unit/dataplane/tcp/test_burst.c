/*
 * Segments in bursts are what they are one by one: the fuzz target over programs that
 * are drawn, so that both ways are met often; and which of them are taken together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/tcp/tcpburst.h"
#include "tests/lib/suite.h"

#define PROGRAMS 8000u
#define PROGRAM 400u

enum { NEXT = 0, NEXT_PSH = 8, OTHER = 5, CHANGE = 6, ARRIVE = 7 };

static uint64_t dice = 88172645463325252u;

static uint8_t
draw(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint8_t)(dice >> 40);
}

/* Mostly what a sender with much to say sends. */
static uint8_t
draw_step(void)
{
	uint8_t d = draw();

	if (d < 200)
		return d & 8 ? NEXT_PSH : NEXT;
	if (d < 202)
		return OTHER;
	if (d < 210)
		return CHANGE;
	return (uint8_t)(ARRIVE | (d & 1 ? 0x08 : draw() & 0x18));
}

static void
test_drawn(void)
{
	uint8_t program[PROGRAM];

	memset(&tcpburst_met, 0, sizeof(tcpburst_met));
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		program[0] = draw();
		for (uint32_t at = 1; at < PROGRAM; at++) {
			program[at] = i % 4 == 0 ? draw() : draw_step();
			if ((program[at] & 7) != ARRIVE && at + 1 < PROGRAM)
				program[++at] = draw();
		}
		(void)LLVMFuzzerTestOneInput(program, PROGRAM);
	}
	printf("(%llu of %llu together) ", (unsigned long long)tcpburst_met.together,
	    (unsigned long long)tcpburst_met.segments);
	CU_ASSERT(tcpburst_met.together > tcpburst_met.segments / 10);
	CU_ASSERT(tcpburst_met.together < tcpburst_met.segments * 9 / 10);
	CU_ASSERT(tcpburst_met.acks > PROGRAMS);
	CU_ASSERT(tcpburst_met.closed > 0);
}

static uint64_t
together(const uint8_t *program, size_t size)
{
	tcpburst_met.together = 0;
	(void)LLVMFuzzerTestOneInput(program, size);
	return tcpburst_met.together;
}

#define TOGETHER(...) together((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
test_edges(void)
{
	/* three alike, whatever PSH says */
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, NEXT_PSH, 9, NEXT, 9, ARRIVE), 2);
	CU_ASSERT_EQUAL(TOGETHER(1, NEXT, 9, NEXT_PSH, 9, NEXT, 9, ARRIVE), 2);
	CU_ASSERT_EQUAL(TOGETHER(8, NEXT, 9, NEXT, 50, ARRIVE), 1);
	/* the handshake's are no part of it; a burst ends */
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, ARRIVE, NEXT, 9, ARRIVE), 0);
	/* another timestamp, window, station between them */
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, CHANGE, 4, NEXT, 9, ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, CHANGE, 2, NEXT, 9, ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, CHANGE, 8, NEXT, 9, ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 9, CHANGE, 4, NEXT, 9, NEXT, 9, ARRIVE), 1);
	/* marks are each one's own */
	CU_ASSERT_EQUAL(TOGETHER(16, NEXT, 9, CHANGE, 16, NEXT, 9, CHANGE, 16, NEXT, 9, ARRIVE), 2);
	/* FIN, duplicate, ahead, old timestamp, SACK blocks, no options, RST, SYN, URG */
	for (uint32_t how = 0; how < 8; how++)
		CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 40, OTHER, (uint8_t)(1u << how), ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 40, OTHER, 0x81, ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 40, OTHER, 0x82, ARRIVE), 0);
	/* and what is alike behind one that was a duplicate, or ahead */
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 40, OTHER, 2, NEXT, 40, ARRIVE), 0);
	CU_ASSERT_EQUAL(TOGETHER(0, NEXT, 40, OTHER, 4, NEXT, 40, NEXT, 40, ARRIVE), 0);
	/* what does not fit into the window (two buffers of 8 KiB) */
	CU_ASSERT(TOGETHER(2, NEXT, 240, NEXT, 240, NEXT, 240, NEXT, 240, NEXT, 240, NEXT, 240, NEXT, 240,
		      NEXT, 240, ARRIVE) < 7);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "drawn programs: the same, one by one and together", test_drawn },
		{ "what is taken together", test_edges },
		CU_TEST_INFO_NULL,
	};

	return suite_run("burst", tests);
}
