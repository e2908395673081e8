#include "tests/vector/vector.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 8192

static const char *reading = "?";
static unsigned line_number;

static void
broken(const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", reading, line_number, what);
	exit(1);
}

bool
vector_has(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return true;
	return false;
}

struct view
vector_get(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return view_of(v->field[i].value, v->field[i].len);
	broken(name);
	return view_of(NULL, 0);
}

static int
nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static size_t
unhex(uint8_t *dst, size_t max, const char *text)
{
	size_t len = 0;

	for (; text[0] != '\0'; text += 2, len++) {
		int hi = nibble(text[0]);
		int lo = hi >= 0 ? nibble(text[1]) : -1;

		if (lo < 0 || len >= max)
			broken("bad hex");
		dst[len] = (uint8_t)(hi << 4 | lo);
	}
	return len;
}

static void
take_line(struct vector *v, char *line)
{
	char *value = strchr(line, '=');
	char *end = value;

	if (value == NULL)
		broken("no '='");
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	value++;
	while (isspace((unsigned char)*value))
		value++;
	if (strcmp(line, "name") == 0) {
		snprintf(v->name, sizeof(v->name), "%s", value);
		return;
	}
	if (v->count >= VECTOR_FIELDS || strlen(line) >= sizeof(v->field[0].name))
		broken("too much");
	strcpy(v->field[v->count].name, line);
	v->field[v->count].len = unhex(v->field[v->count].value, VECTOR_VALUE, value);
	v->count++;
}

size_t
vector_each(const char *path, void (*fn)(const struct vector *v))
{
	static struct vector v;
	static char line[LINE];
	FILE *f = fopen(path, "r");
	size_t blocks = 0;

	reading = path;
	line_number = 0;
	if (f == NULL)
		broken("cannot open");
	v.count = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		line_number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (line[0] != '\0') {
			take_line(&v, line);
			continue;
		}
		if (v.count > 0) {
			fn(&v);
			blocks++;
		}
		v.count = 0;
	}
	if (v.count > 0) {
		fn(&v);
		blocks++;
	}
	fclose(f);
	return blocks;
}
