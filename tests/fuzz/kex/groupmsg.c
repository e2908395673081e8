/*
 * Exchanges in prime fields. The first byte says what the rest is: a request for a
 * group, a group, a server's question about message 30 or 32, a client's about 31 or
 * 33, a moduli file, a table made from one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "control/kex/group.h"
#include "control/kex/moduli.h"
#include "control/kex/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kex_context context = { .ident_client = { (const uint8_t *)"c", 1 } };

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
request(struct view message)
{
	uint8_t again[16];
	struct put w = put_of(again, sizeof(again));
	struct kex_group g;

	if (group_request(&g, message) != 0)
		return;
	require(g.min <= g.n && g.n <= g.max && g.max >= KEX_GROUP_MIN && g.min <= KEX_GROUP_MAX);
	group_request_put(&w, &g);
	require(view_eq(put_view(&w), message));
}

static void
group(struct view message)
{
	struct kex_group g = { .min = KEX_GROUP_MIN, .n = 3072, .max = KEX_GROUP_MAX };
	uint8_t again[2 * PK_DH_MAX + 64];
	struct put w = put_of(again, sizeof(again));

	if (group_take(&g, message) != 0)
		return;
	require(group_bits(&g.dh) >= KEX_GROUP_MIN && group_bits(&g.dh) <= KEX_GROUP_MAX && group_fits(&g.dh));
	group_put(&w, &g);
	require(view_eq(put_view(&w), message));
}

/* The fixed group's message, or with the same group that of a group exchange. */
static void
choose(struct kex_choice *choice, struct kex_group *g, struct view message)
{
	bool asks = message.len > 0 && message.data[0] >= SSH_MSG_KEX_DH_GEX_INIT;

	snprintf(choice->kex, sizeof(choice->kex), "%s",
	    asks ? KEX_GROUP_EXCHANGE : "diffie-hellman-group14-sha256");
	snprintf(choice->host_key, sizeof(choice->host_key), "ssh-ed25519");
	*g = (struct kex_group){ 2048, 2048, 8192, *pk_dh_group(14) };
}

static void
to_server(struct view message)
{
	uint8_t buf[PK_DH_MAX + 64];
	struct put w = put_of(buf, sizeof(buf));
	struct kex_context ctx = context;
	struct kex_choice choice = { .suite_c2s = 1 };
	struct kex_secret s;
	struct kex_group g;

	choose(&choice, &g, message);
	ctx.group = &g;
	if (kex_server_answer(&s, &choice, &ctx, message) != 0)
		return;
	kex_server_reply(&w, &s, &ctx, view_str("signature"));
	require(!w.bad && s.k_len > 4 && s.k_len <= 5 + 256 && s.h_len == 32);
	kex_secret_wipe(&s);
}

static void
to_client(struct view message)
{
	struct kex_client_state st = { .pub_len = 256, .priv = { 0x80 }, .pub = { [255] = 2 } };
	struct kex_choice choice = { .suite_c2s = 1 };
	struct kex_secret s;
	struct kex_group g;
	struct view key;

	choose(&choice, &g, message);
	memcpy(st.p, g.dh.p.data, g.dh.p.len);
	memcpy(st.g, g.dh.g.data, g.dh.g.len);
	st.group = g;
	st.group.dh = (struct pk_dh){ view_of(st.p, g.dh.p.len), view_of(st.g, g.dh.g.len) };
	/* nobody can sign the hash of these shares */
	require(kex_client_finish(&s, &st, &choice, &context, message, &key) != 0);
}

static void
from_table(struct view t)
{
	struct kex_group g = { .min = 2048, .n = 3072, .max = 8192 };

	if (moduli_check(t) != 0)
		return;
	for (uint32_t random = 0; random < 4; random++) {
		g.n = 2048 + random * 2048;
		if (moduli_choose(t, &g, random << 30) == 0)
			require(group_fits(&g.dh) && group_bits(&g.dh) >= 2048);
	}
}

static void
file(struct view text)
{
	uint8_t *buf = malloc(text.len + 4);
	struct put w = put_of(buf, text.len + 4);
	struct moduli_count n;

	require(buf != NULL);
	if (moduli_parse(&w, text, &n) == 0) {
		require(moduli_check(put_view(&w)) == 0);
		from_table(put_view(&w));
	} else {
		require(n.taken > MODULI_GROUPS_MAX);
	}
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct view) = { request, group, to_server, to_client, file, from_table };
	uint8_t *exact;

	if (size == 0 || (exact = malloc(size)) == NULL)
		return 0;
	memcpy(exact, data + 1, size - 1);
	targets[data[0] % 6](view_of(exact, size - 1));
	free(exact);
	return 0;
}
