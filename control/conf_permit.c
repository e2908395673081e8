/*
 * What may be forwarded: PermitOpen and PermitListen as sshd writes them, and the mask
 * of StreamLocalBindMask. An empty list is "any"; "none" is its own only word.
 */
#include "control/conf_row.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
good_port(const char *text, bool listen)
{
	char *end;
	unsigned long n;

	if (strcmp(text, "*") == 0)
		return true;
	n = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && (n > 0 || listen) && n <= 65535;
}

/* HOST:PORT, [ADDRESS]:PORT; of PermitListen a PORT alone too. */
static bool
good_permit(const char *text, bool listen)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL)
		return listen && good_port(text, true);
	if (text[0] == '[' && (colon == text + 1 || colon[-1] != ']'))
		return false;
	return colon != text && good_port(colon + 1, listen);
}

void
conf_set_permit(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char *list = (char *)c + row->off;
	uint32_t *count = (uint32_t *)((char *)c + row->count_off);

	*count = 0;
	if (a->count == 1 && strcasecmp(a->word[0], "any") == 0)
		return;
	for (int i = 0; i < a->count; i++) {
		bool none = a->count == 1 && strcasecmp(a->word[0], "none") == 0;

		if (*count >= CONF_LIST_MAX || strlen(a->word[i]) >= row->size) {
			conf_say(p, true, "%s: at most %d values of %u characters are taken", row->name,
			    CONF_LIST_MAX, row->size - 1);
			return;
		}
		if (!none && !good_permit(a->word[i], row->min != 0)) {
			conf_say(p, true, "%s: \"%.64s\" found, any, none or %sHOST:PORT expected, where PORT may be *",
			    row->name, a->word[i], row->min != 0 ? "PORT or " : "");
			return;
		}
		memcpy(list + (size_t)*count * row->size, none ? "none" : a->word[i], none ? 5 : strlen(a->word[i]) + 1);
		++*count;
	}
}

void
conf_dump_permit(FILE *f, const struct conf_row *row, const struct conf *c)
{
	const char *list = (const char *)c + row->off;
	uint32_t count = *(const uint32_t *)((const char *)c + row->count_off);

	for (uint32_t i = 0; i < count; i++)
		fprintf(f, " %s", list + (size_t)i * row->size);
	fputs(count == 0 ? " any\n" : "\n", f);
}

void
conf_set_mask(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char *end;
	unsigned long n;

	if (!conf_one_word(p, row, a))
		return;
	n = strtoul(a->word[0], &end, 8);
	if (a->word[0][0] < '0' || a->word[0][0] > '7' || *end != '\0' || n > 0777) {
		conf_say(p, true, "%s: \"%.64s\" found, an octal mask up to 0777 expected", row->name, a->word[0]);
		return;
	}
	*(uint32_t *)((char *)c + row->off) = (uint32_t)n;
}

void
conf_dump_mask(FILE *f, const struct conf_row *row, const struct conf *c)
{
	fprintf(f, " 0%o\n", (unsigned)*(const uint32_t *)((const char *)c + row->off));
}
