#include "modes.h"

#include <stddef.h>
#include <unistd.h>

#define OP_END 0
#define OP_ISPEED 128
#define OP_OSPEED 129
#define OP_UNDEFINED 160 /* from here on the length of the argument is not known */
#define CHAR_DISABLED 255

struct row {
	uint8_t op;
	uint8_t word; /* enum word */
	tcflag_t bit; /* or the index into c_cc */
};

enum word { CHARACTER, INPUT, LOCAL, OUTPUT, CONTROL };

static const struct row rows[] = {
	{ 1, CHARACTER, VINTR }, { 2, CHARACTER, VQUIT }, { 3, CHARACTER, VERASE }, { 4, CHARACTER, VKILL },
	{ 5, CHARACTER, VEOF }, { 6, CHARACTER, VEOL }, { 7, CHARACTER, VEOL2 }, { 8, CHARACTER, VSTART },
	{ 9, CHARACTER, VSTOP }, { 10, CHARACTER, VSUSP }, { 12, CHARACTER, VREPRINT },
	{ 13, CHARACTER, VWERASE }, { 14, CHARACTER, VLNEXT }, { 16, CHARACTER, VSWTC },
	{ 18, CHARACTER, VDISCARD },
	{ 30, INPUT, IGNPAR }, { 31, INPUT, PARMRK }, { 32, INPUT, INPCK }, { 33, INPUT, ISTRIP },
	{ 34, INPUT, INLCR }, { 35, INPUT, IGNCR }, { 36, INPUT, ICRNL }, { 37, INPUT, IUCLC },
	{ 38, INPUT, IXON }, { 39, INPUT, IXANY }, { 40, INPUT, IXOFF }, { 41, INPUT, IMAXBEL },
	{ 42, INPUT, IUTF8 },
	{ 50, LOCAL, ISIG }, { 51, LOCAL, ICANON }, { 52, LOCAL, XCASE }, { 53, LOCAL, ECHO },
	{ 54, LOCAL, ECHOE }, { 55, LOCAL, ECHOK }, { 56, LOCAL, ECHONL }, { 57, LOCAL, NOFLSH },
	{ 58, LOCAL, TOSTOP }, { 59, LOCAL, IEXTEN }, { 60, LOCAL, ECHOCTL }, { 61, LOCAL, ECHOKE },
	{ 62, LOCAL, PENDIN },
	{ 70, OUTPUT, OPOST }, { 71, OUTPUT, OLCUC }, { 72, OUTPUT, ONLCR }, { 73, OUTPUT, OCRNL },
	{ 74, OUTPUT, ONOCR }, { 75, OUTPUT, ONLRET },
	{ 92, CONTROL, PARENB }, { 93, CONTROL, PARODD },
};

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
	{ 0, B0 }, { 50, B50 }, { 75, B75 }, { 110, B110 }, { 134, B134 }, { 150, B150 }, { 200, B200 },
	{ 300, B300 }, { 600, B600 }, { 1200, B1200 }, { 1800, B1800 }, { 2400, B2400 }, { 4800, B4800 },
	{ 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
	{ 230400, B230400 },
};

static void
set_speed(struct termios *t, uint8_t op, uint32_t baud)
{
	size_t i;

	for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud != baud)
			continue;
		if (op == OP_ISPEED)
			cfsetispeed(t, speeds[i].speed);
		else
			cfsetospeed(t, speeds[i].speed);
	}
}

static void
set_flag(tcflag_t *word, tcflag_t bit, uint32_t on)
{
	if (on)
		*word |= bit;
	else
		*word &= ~bit;
}

static void
set_row(struct termios *t, const struct row *r, uint32_t value)
{
	switch ((enum word)r->word) {
	case CHARACTER:
		t->c_cc[r->bit] = value == CHAR_DISABLED ? _POSIX_VDISABLE : (cc_t)value;
		break;
	case INPUT:
		set_flag(&t->c_iflag, r->bit, value);
		break;
	case LOCAL:
		set_flag(&t->c_lflag, r->bit, value);
		break;
	case OUTPUT:
		set_flag(&t->c_oflag, r->bit, value);
		break;
	case CONTROL:
		set_flag(&t->c_cflag, r->bit, value);
		break;
	}
}

/* CS7 and CS8 are two values of one field: the later one that is set wins. */
static void
set_size(struct termios *t, uint8_t op, uint32_t on)
{
	if (on)
		t->c_cflag = (t->c_cflag & ~(tcflag_t)CSIZE) | (op == 90 ? CS7 : CS8);
}

static void
set_one(struct termios *t, uint8_t op, uint32_t value)
{
	size_t i;

	if (op == OP_ISPEED || op == OP_OSPEED) {
		set_speed(t, op, value);
		return;
	}
	if (op == 90 || op == 91) {
		set_size(t, op, value);
		return;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].op == op)
			set_row(t, &rows[i], value);
}

void
modes_apply(struct termios *t, const uint8_t *modes, uint64_t len)
{
	while (len >= 5 && modes[0] != OP_END && modes[0] < OP_UNDEFINED) {
		uint32_t value = (uint32_t)modes[1] << 24 | (uint32_t)modes[2] << 16 |
		    (uint32_t)modes[3] << 8 | modes[4];

		set_one(t, modes[0], value);
		modes += 5;
		len -= 5;
	}
}
