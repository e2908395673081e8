#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "tools/posternctl/posternctl.h"

#define ROOMS 8 /* calls whose text lives at the same time: those of one line */

const char *
plain(const char *text)
{
	static char room[ROOMS][256];
	static unsigned turn;
	char *to = room[turn++ % ROOMS];
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < sizeof(room[0]); i++)
		to[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	to[i] = '\0';
	return to;
}

const char *
span(uint64_t s)
{
	static char room[ROOMS][32];
	static unsigned turn;
	char *to = room[turn++ % ROOMS];

	if (s >= 86400)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(to, sizeof(room[0]), "%" PRIu64 "s", s);
	return to;
}

const char *
age(uint64_t since)
{
	uint64_t now = (uint64_t)time(NULL);

	return since == 0 ? "-" : span(now > since ? now - since : 0);
}

const char *
amount(uint64_t n)
{
	static const char units[] = " KMGTPE";
	static char room[ROOMS][16];
	static unsigned turn;
	char *to = room[turn++ % ROOMS];
	double v = (double)n;
	int u = 0;

	for (; v >= 1000 && units[u + 1] != '\0'; u++)
		v /= 1000;
	if (u == 0)
		snprintf(to, sizeof(room[0]), "%" PRIu64, n);
	else
		snprintf(to, sizeof(room[0]), v < 10 ? "%.1f%c" : "%.0f%c", v, units[u]);
	return to;
}
