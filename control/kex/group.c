#include "control/kex/group.h"

#include "abi/wire/algo.h"
#include "abi/wire/mpint.h"

static const uint16_t key_sizes[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = (key),
	SUITE_LIST(SUITE)
#undef SUITE
};

/* ---- groups ---- */

/* An odd number less 1 differs in its last bit alone. */
bool
group_fits(const struct pk_dh *d)
{
	size_t last = d->p.len > 0 ? d->p.len - 1 : 0;
	int order;

	if (d->p.len == 0 || d->p.len > PK_DH_MAX || d->p.data[0] == 0 || (d->p.data[last] & 1) == 0 ||
	    d->g.len == 0 || d->g.len > d->p.len || d->g.data[0] == 0 || (d->g.len == 1 && d->g.data[0] == 1))
		return false;
	if (d->g.len < d->p.len)
		return true;
	order = memcmp(d->g.data, d->p.data, last);
	return order < 0 || (order == 0 && d->g.data[last] < (d->p.data[last] & 0xfe));
}

unsigned
group_bits(const struct pk_dh *d)
{
	unsigned bits = (unsigned)d->p.len * 8;

	for (uint8_t top = d->p.len > 0 ? d->p.data[0] : 0x80; (top & 0x80) == 0 && bits > 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* ---- message 34 ---- */

int
group_request(struct kex_group *g, struct view message)
{
	struct cur c = cur_view(message);
	uint8_t number = cur_u8(&c);

	memset(g, 0, sizeof(*g));
	if (number != SSH_MSG_KEX_DH_GEX_REQUEST)
		return -R_KEX_STATE;
	g->min = cur_u32(&c);
	g->n = cur_u32(&c);
	g->max = cur_u32(&c);
	if (!cur_done(&c))
		return -R_SHORT;
	if (g->min > g->n || g->n > g->max || g->max < KEX_GROUP_MIN || g->min > KEX_GROUP_MAX)
		return -R_KEX_GROUP;
	return 0;
}

void
group_request_put(struct put *w, const struct kex_group *g)
{
	put_u8(w, SSH_MSG_KEX_DH_GEX_REQUEST);
	put_u32(w, g->min);
	put_u32(w, g->n);
	put_u32(w, g->max);
}

/* Comparable strengths: NIST SP 800-57 part 1 revision 5, table 2; what it asks for 256
 * bits is beyond the largest. */
static uint32_t
bits_for(uint16_t suite)
{
	uint16_t key = suite < SUITE_COUNT ? key_sizes[suite] : 0;

	return key <= 16 ? 3072 : key <= 24 ? 7680 : KEX_GROUP_MAX;
}

void
group_ask(struct kex_group *g, const struct kex_choice *choice)
{
	uint32_t in = bits_for(choice->suite_s2c), out = bits_for(choice->suite_c2s);

	*g = (struct kex_group){ .min = KEX_GROUP_MIN, .n = in > out ? in : out, .max = KEX_GROUP_MAX };
}

/* ---- message 31 ---- */

void
group_put(struct put *w, const struct kex_group *g)
{
	put_u8(w, SSH_MSG_KEX_DH_GEX_GROUP);
	put_mpint(w, g->dh.p);
	put_mpint(w, g->dh.g);
}

/* Whether p is a prime, and a safe one, is the server's to answer for, as in other
 * implementations: it knows the secret in any case. */
int
group_take(struct kex_group *g, struct view message)
{
	struct cur c = cur_view(message);
	uint8_t number = cur_u8(&c);
	struct pk_dh d;

	if (number != SSH_MSG_KEX_DH_GEX_GROUP)
		return -R_KEX_STATE;
	d.p = cur_mpint(&c);
	d.g = cur_mpint(&c);
	if (!cur_done(&c))
		return -R_SHORT;
	if (group_bits(&d) < g->min || group_bits(&d) > g->max || !group_fits(&d))
		return -R_KEX_GROUP;
	g->dh = d;
	return 0;
}
