/* Steps of the script-client: what its parts share. */
#ifndef POSTERN_TEST_SCRIPT_CLIENT_H
#define POSTERN_TEST_SCRIPT_CLIENT_H

#include "tests/lib/client.h"

#define WORDS 8

struct words {
	const char *word[WORDS];
	int count;
};

struct command {
	const char *name;
	int least, most; /* words with the name; the last one is the rest of the line */
	int (*run)(const struct words *);
	const char *help;
};

/* Until a row without a name. */
extern const struct command script_login[];   /* connection, key exchange, login */
extern const struct command script_channel[]; /* channels and global requests */
extern const struct command script_wire[];    /* channels in numbers */

extern int script_chan; /* the one that steps are about */

extern struct client *const c;

/* The words of a step by number; `otherwise` where there are fewer. */
const char *word(const struct words *w, int i, const char *otherwise);
uint32_t number(const struct words *w, int i, uint32_t otherwise);

void print_hex(FILE *f, const char *name, const uint8_t *data, size_t len);

/* Bytes written, or -1. */
ssize_t unhex(uint8_t *out, size_t max, const char *text);

#endif
