/* Encoded terminal modes and signal names, each against tables written from RFC 4254
 * sections 8 and 6.10, and RFC 8160. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "plugins/exec/modes.h"
#include "plugins/exec/signals.h"
#include "tests/lib/suite.h"

enum where { IN, OUT, CTL, LOC };

static const struct {
	uint8_t op;
	int index;
} characters[] = {
	{ 1, VINTR }, { 2, VQUIT }, { 3, VERASE }, { 4, VKILL }, { 5, VEOF }, { 6, VEOL }, { 7, VEOL2 }, { 8, VSTART },
	{ 9, VSTOP }, { 10, VSUSP }, { 12, VREPRINT }, { 13, VWERASE }, { 14, VLNEXT }, { 16, VSWTC }, { 18, VDISCARD },
};

static const struct {
	uint8_t op;
	enum where where;
	tcflag_t bit;
} flags[] = {
	{ 30, IN, IGNPAR }, { 31, IN, PARMRK }, { 32, IN, INPCK }, { 33, IN, ISTRIP }, { 34, IN, INLCR },
	{ 35, IN, IGNCR }, { 36, IN, ICRNL }, { 37, IN, IUCLC }, { 38, IN, IXON }, { 39, IN, IXANY },
	{ 40, IN, IXOFF }, { 41, IN, IMAXBEL }, { 42, IN, IUTF8 }, { 50, LOC, ISIG }, { 51, LOC, ICANON },
	{ 52, LOC, XCASE }, { 53, LOC, ECHO }, { 54, LOC, ECHOE }, { 55, LOC, ECHOK }, { 56, LOC, ECHONL },
	{ 57, LOC, NOFLSH }, { 58, LOC, TOSTOP }, { 59, LOC, IEXTEN }, { 60, LOC, ECHOCTL }, { 61, LOC, ECHOKE },
	{ 62, LOC, PENDIN }, { 70, OUT, OPOST }, { 71, OUT, OLCUC }, { 72, OUT, ONLCR }, { 73, OUT, OCRNL },
	{ 74, OUT, ONOCR }, { 75, OUT, ONLRET }, { 92, CTL, PARENB }, { 93, CTL, PARODD },
};

/* DSUSP, FLUSH and STATUS are not on this system; the rest of 0..159 means nothing. */
static int
means_something(uint8_t op)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (characters[i].op == op)
			return 1;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].op == op)
			return 1;
	return op == 90 || op == 91 || op == 128 || op == 129;
}

static void
apply(struct termios *t, uint8_t op, uint32_t value)
{
	uint8_t modes[6] = { op, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value, 0 };

	modes_apply(t, modes, sizeof(modes));
}

static tcflag_t *
word(struct termios *t, enum where where)
{
	switch (where) {
	case IN:
		return &t->c_iflag;
	case OUT:
		return &t->c_oflag;
	case CTL:
		return &t->c_cflag;
	default:
		return &t->c_lflag;
	}
}

static void
test_characters(void)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		struct termios t = { 0 }, want = { 0 };

		want.c_cc[characters[i].index] = 0x7f;
		apply(&t, characters[i].op, 0x7f);
		CU_ASSERT_EQUAL(memcmp(&t, &want, sizeof(t)), 0);
		/* 255 is none */
		want.c_cc[characters[i].index] = _POSIX_VDISABLE;
		apply(&t, characters[i].op, 255);
		CU_ASSERT_EQUAL(memcmp(&t, &want, sizeof(t)), 0);
	}
}

/* Each sets and clears its bit, and nothing else. */
static void
test_flags(void)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct termios t = { 0 }, want = { 0 };

		*word(&want, flags[i].where) = flags[i].bit;
		apply(&t, flags[i].op, 1);
		CU_ASSERT_EQUAL(memcmp(&t, &want, sizeof(t)), 0);
		apply(&t, flags[i].op, 0);
		*word(&want, flags[i].where) = 0;
		CU_ASSERT_EQUAL(memcmp(&t, &want, sizeof(t)), 0);
	}
}

static void
test_sizes_and_speeds(void)
{
	struct termios t = { 0 };

	apply(&t, 90, 1);
	CU_ASSERT_EQUAL(t.c_cflag & CSIZE, CS7);
	apply(&t, 91, 1);
	CU_ASSERT_EQUAL(t.c_cflag & CSIZE, CS8);
	apply(&t, 90, 0);
	CU_ASSERT_EQUAL(t.c_cflag & CSIZE, CS8);
	/* one field for both ways, on some systems */
	apply(&t, 128, 9600);
	CU_ASSERT_EQUAL(cfgetispeed(&t), B9600);
	apply(&t, 129, 115200);
	CU_ASSERT_EQUAL(cfgetospeed(&t), B115200);
	/* a speed that there is not changes none */
	apply(&t, 129, 12345);
	CU_ASSERT_EQUAL(cfgetospeed(&t), B115200);
}

static void
test_others(void)
{
	for (int op = 0; op < 256; op++) {
		struct termios t = { 0 }, none = { 0 };

		if (means_something((uint8_t)op))
			continue;
		apply(&t, (uint8_t)op, 1);
		CU_ASSERT_EQUAL(memcmp(&t, &none, sizeof(t)), 0);
	}
}

/* In a row: what nobody knows is passed over, what ends the list ends it. */
static void
test_lists(void)
{
	static const uint8_t over[] = { 11, 0, 0, 0, 1, 53, 0, 0, 0, 1, 0 };
	static const uint8_t ends[] = { 53, 0, 0, 0, 1, 0, 51, 0, 0, 0, 1 };
	static const uint8_t undefined[] = { 53, 0, 0, 0, 1, 160, 51, 0, 0, 0, 1 };
	static const uint8_t cut[] = { 53, 0, 0, 0, 1, 51, 0, 0, 0 };
	static const struct {
		const uint8_t *modes;
		size_t len;
	} rows[] = { { over, sizeof(over) }, { ends, sizeof(ends) }, { undefined, sizeof(undefined) }, { cut, sizeof(cut) } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct termios t = { 0 };

		modes_apply(&t, rows[i].modes, rows[i].len);
		CU_ASSERT_EQUAL(t.c_lflag, ECHO);
	}
}

static void
test_signals(void)
{
	static const struct {
		const char *name;
		uint32_t number;
	} rows[] = {
		{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE }, { "HUP", SIGHUP }, { "ILL", SIGILL },
		{ "INT", SIGINT }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE }, { "QUIT", SIGQUIT }, { "SEGV", SIGSEGV },
		{ "TERM", SIGTERM }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(signal_number(postern_text(rows[i].name)), rows[i].number);
		CU_ASSERT_STRING_EQUAL(signal_name(rows[i].number), rows[i].name);
	}
	CU_ASSERT_EQUAL(signal_number(postern_text("STOP")), 0);
	CU_ASSERT_EQUAL(signal_number(postern_text("SIGINT")), 0);
	CU_ASSERT_EQUAL(signal_number(postern_text("")), 0);
	/* 6.10: a name of one's own has an @ */
	CU_ASSERT_PTR_NOT_NULL(strchr(signal_name(SIGBUS), '@'));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "characters", test_characters },
		{ "flags", test_flags },
		{ "sizes and speeds", test_sizes_and_speeds },
		{ "opcodes that mean nothing", test_others },
		{ "lists", test_lists },
		{ "signal names", test_signals },
		CU_TEST_INFO_NULL,
	};

	return suite_run("exec", tests);
}
