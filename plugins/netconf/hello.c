#include "hello.h"

/* The two differ in their last digit. */
static const char base[] = "urn:ietf:params:netconf:base:1.";
#define BASE_LEN (sizeof(base) - 1)

enum state {
	OUTSIDE,  /* until > */
	BEFORE,   /* white space in front of the text */
	TEXT,
	MINOR,    /* the digit */
	AFTER_0,  /* white space behind it, and < */
	AFTER_1,
};

static int
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static uint8_t
restart(uint8_t c)
{
	return c == '>' ? BEFORE : OUTSIDE;
}

static void
feed(struct hello *h, uint8_t c)
{
	switch (h->state) {
	case OUTSIDE:
		h->state = restart(c);
		break;
	case BEFORE:
		if (is_space(c))
			break;
		h->matched = 0;
		h->state = TEXT;
		/* fall through */
	case TEXT:
		if (c != (uint8_t)base[h->matched])
			h->state = restart(c);
		else if (++h->matched == BASE_LEN)
			h->state = MINOR;
		break;
	case MINOR:
		h->state = c == '0' ? AFTER_0 : c == '1' ? AFTER_1 : restart(c);
		break;
	default:
		if (is_space(c))
			break;
		if (c == '<')
			h->offers |= h->state == AFTER_0 ? HELLO_BASE_1_0 : HELLO_BASE_1_1;
		h->state = restart(c);
		break;
	}
}

void
hello_feed(struct hello *h, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		feed(h, data[i]);
}
