#include "control/kex/moduli.h"

#include "control/kex/group.h"

/* moduli(5) */
#define TYPE_SAFE 2u
#define TEST_COMPOSITE 1u
#define FIELDS 7u

/* ---- the file ---- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut the next word off; empty at the end. */
static struct view
word(struct view *line)
{
	struct view v;

	while (line->len > 0 && is_blank(line->data[0]))
		*line = view_of(line->data + 1, line->len - 1);
	v = view_of(line->data, 0);
	while (line->len > 0 && !is_blank(line->data[0])) {
		*line = view_of(line->data + 1, line->len - 1);
		v.len++;
	}
	return v;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (uint8_t)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
number(struct view v, unsigned base, uint32_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.len; i++) {
		int digit = hex_digit(v.data[i]);

		if (digit < 0 || (unsigned)digit >= base || (n = n * base + (unsigned)digit) > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)n;
	return v.len > 0;
}

/* A number in hexadecimal as big-endian bytes without leading zeros. */
static bool
magnitude(struct view hex, uint8_t out[PK_DH_MAX], size_t *len)
{
	size_t at = 0;

	while (hex.len > 0 && hex.data[0] == '0')
		hex = view_of(hex.data + 1, hex.len - 1);
	if (hex.len > 2 * PK_DH_MAX)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		int digit = hex_digit(hex.data[i]);

		if (digit < 0)
			return false;
		if (i == 0 || (hex.len - i) % 2 == 0)
			out[at++] = (uint8_t)digit;
		else
			out[at - 1] = (uint8_t)(out[at - 1] << 4 | digit);
	}
	*len = at;
	return true;
}

struct line {
	uint32_t type, tests, size;
	uint8_t g[PK_DH_MAX], p[PK_DH_MAX];
	struct pk_dh dh;
};

/* time, type, tests, trials, size, generator, modulus */
static bool
parse(struct line *l, struct view text)
{
	struct view field[FIELDS];
	uint32_t trials;
	size_t g_len, p_len;

	for (unsigned i = 0; i < FIELDS; i++)
		field[i] = word(&text);
	if (word(&text).len > 0 || field[0].len == 0 || !number(field[1], 10, &l->type) ||
	    !number(field[2], 10, &l->tests) || !number(field[3], 10, &trials) || !number(field[4], 10, &l->size) ||
	    field[5].len == 0 || !magnitude(field[5], l->g, &g_len) || field[6].len == 0 ||
	    !magnitude(field[6], l->p, &p_len))
		return false;
	l->dh = (struct pk_dh){ view_of(l->p, p_len), view_of(l->g, g_len) };
	return true;
}

/* As sshd reads it: the size in the file is that of the highest bit, so one less. */
static bool
usable(const struct line *l)
{
	unsigned bits = group_bits(&l->dh);

	return l->type == TYPE_SAFE && (l->tests & TEST_COMPOSITE) == 0 && (l->tests & ~TEST_COMPOSITE) != 0 &&
	       bits == l->size + 1 && bits >= KEX_GROUP_MIN && bits <= KEX_GROUP_MAX && group_fits(&l->dh);
}

static struct view
next_line(struct view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
	struct view line = view_of(text->data, len);

	*text = view_of(text->data + len + (end != NULL), text->len - len - (end != NULL));
	return line;
}

int
moduli_parse(struct put *w, struct view text, struct moduli_count *n)
{
	struct put head = put_of(w->p, sizeof(n->taken));
	struct line l;

	memset(n, 0, sizeof(*n));
	put_u32(w, 0);
	for (uint32_t at = 1; text.len > 0; at++) {
		struct view line = next_line(&text), rest = line, first = word(&rest);

		if (first.len == 0 || first.data[0] == '#')
			continue;
		if (!parse(&l, line)) {
			n->broken_line = n->broken++ == 0 ? at : n->broken_line;
		} else if (!usable(&l)) {
			n->left_out++;
		} else {
			put_u32(w, group_bits(&l.dh));
			put_sview(w, l.dh.g);
			put_sview(w, l.dh.p);
			n->taken++;
		}
	}
	if (w->bad || n->taken > MODULI_GROUPS_MAX)
		return -R_LIMIT;
	put_u32(&head, n->taken);
	return 0;
}

/* ---- the table ---- */

static bool
next_group(struct cur *c, uint32_t *bits, struct pk_dh *d)
{
	*bits = cur_u32(c);
	d->g = cur_string(c);
	d->p = cur_string(c);
	return !c->bad;
}

int
moduli_check(struct view table)
{
	struct cur c = cur_view(table);
	uint32_t count = cur_u32(&c), bits;
	struct pk_dh d;

	if (count > MODULI_GROUPS_MAX)
		return -R_PROTOCOL;
	for (uint32_t i = 0; i < count; i++)
		if (!next_group(&c, &bits, &d) || bits != group_bits(&d) || bits < KEX_GROUP_MIN ||
		    !group_fits(&d))
			return -R_PROTOCOL;
	return cur_done(&c) ? 0 : -R_PROTOCOL;
}

/* Is this size nearer to what is wanted than the best so far? */
static bool
better(uint32_t bits, uint32_t best, uint32_t wanted)
{
	if (best >= wanted)
		return bits >= wanted && bits < best;
	return bits > best;
}

int
moduli_choose(struct view table, struct kex_group *g, uint32_t random)
{
	struct cur c = cur_view(table);
	uint32_t count = cur_u32(&c), bits, best = 0, of_best = 0;
	struct pk_dh d;

	for (uint32_t i = 0; i < count && next_group(&c, &bits, &d); i++) {
		if (bits < g->min || bits > g->max)
			continue;
		if (best == 0 || better(bits, best, g->n)) {
			best = bits;
			of_best = 0;
		}
		of_best += bits == best;
	}
	if (of_best == 0)
		return -R_KEX_GROUP;
	random = (uint32_t)(((uint64_t)random * of_best) >> 32);
	c = cur_view(table);
	cur_u32(&c);
	while (next_group(&c, &bits, &d)) {
		if (bits != best || random-- > 0)
			continue;
		g->dh = d;
		return 0;
	}
	return -R_KEX_GROUP;
}
