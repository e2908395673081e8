/* The exchange: computed vectors, both roles against each other, and shares,
 * signatures and messages that must be refused. */
#include <stdio.h>
#include <stdlib.h>

#include "control/kex/group.h"
#include "control/kex/kex.h"
#include "control/kex/method.h"
#include "control/kex/names.h"
#include "control/kex/sign.h"
#include "drivers/pk/pk.h"
#include "drivers/rng/rng.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static struct rng rng;

static const struct kex_choice gcm = {
	.kex = "curve25519-sha256",
	.host_key = "ssh-ed25519",
	.suite_c2s = SUITE_AES128_GCM,
	.suite_s2c = SUITE_AES128_GCM,
};

static bool
same(const void *got, size_t len, struct view expected)
{
	return view_eq(view_of(got, len), expected);
}

/* ---- vectors ---- */

static void
check_keys(const struct vector *v, const struct kex_choice *choice, const struct kex_secret *s, bool c2s)
{
	struct kex_choice other = *choice;
	struct kex_keys k;

	CU_ASSERT_EQUAL(kex_derive(&k, choice, s, vector_get(v, "session_id"), c2s), 0);
	if (!same(k.iv, 12, vector_get(v, c2s ? "iv_c2s" : "iv_s2c")) ||
	    !same(k.key, 16, vector_get(v, c2s ? "key_c2s" : "key_s2c")))
		CU_FAIL(v->name);
	if (!vector_has(v, "long_c2s"))
		return;
	/* longer than one hash, or as long */
	other.suite_c2s = other.suite_s2c = SUITE_CHACHA20_POLY1305;
	CU_ASSERT_EQUAL(kex_derive(&k, &other, s, vector_get(v, "session_id"), c2s), 0);
	if (!same(k.key, 64, vector_get(v, c2s ? "long_c2s" : "long_s2c")))
		CU_FAIL(v->name);
}

static void
set_name(char out[KEX_NAME_MAX], const struct vector *v, const char *field)
{
	if (vector_has(v, field))
		snprintf(out, KEX_NAME_MAX, "%.*s", (int)vector_get(v, field).len,
		    (const char *)vector_get(v, field).data);
}

/* The state that a client has when the share of a group exchange is out. */
static void
set_group(struct kex_client_state *st, const struct vector *v)
{
	struct kex_group g;

	if (!vector_has(v, "group"))
		return;
	CU_ASSERT_EQUAL(group_request(&st->group, vector_get(v, "request")), 0);
	g = st->group;
	CU_ASSERT_EQUAL_FATAL(group_take(&g, vector_get(v, "group")), 0);
	memcpy(st->p, g.dh.p.data, g.dh.p.len);
	memcpy(st->g, g.dh.g.data, g.dh.g.len);
	st->group.dh = (struct pk_dh){ view_of(st->p, g.dh.p.len), view_of(st->g, g.dh.g.len) };
}

static void
kex_case(const struct vector *v)
{
	const struct kex_context ctx = { .ident_client = vector_get(v, "ident_client"),
		.ident_server = vector_get(v, "ident_server"),
		.kexinit_client = vector_get(v, "kexinit_client"),
		.kexinit_server = vector_get(v, "kexinit_server") };
	struct view private = vector_get(v, "client_private"), public = vector_get(v, "client_public");
	struct kex_client_state st = { .pub_len = (uint32_t) public.len };
	struct kex_choice choice = gcm;
	struct kex_secret s;
	struct view host_key;

	set_name(choice.kex, v, "method");
	set_name(choice.host_key, v, "algorithm");
	memcpy(st.priv, private.data, private.len);
	memcpy(st.pub, public.data, public.len);
	set_group(&st, v);
	CU_ASSERT_EQUAL(kex_client_finish(&s, &st, &choice, &ctx, vector_get(v, "reply"), &host_key), 0);
	if (!view_eq(host_key, vector_get(v, "host_key")) || !same(s.k, s.k_len, vector_get(v, "k")) ||
	    !same(s.h, s.h_len, vector_get(v, "h")))
		CU_FAIL(v->name);
	check_keys(v, &choice, &s, true);
	check_keys(v, &choice, &s, false);
	kex_secret_wipe(&s);
}

static void
test_vectors(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/curve25519_sha256.txt", kex_case), 4);
	CU_ASSERT_EQUAL(vector_each("tests/vector/ecdh_sha2.txt", kex_case), 9);
	CU_ASSERT_EQUAL(vector_each("tests/vector/dh_sha2.txt", kex_case), 7);
}

/* ---- both roles ---- */

/* Everything of one exchange between our client and our server. */
struct exchange {
	uint8_t init_c[KEXINIT_MAX], init_s[KEXINIT_MAX], blob[128], message[KEX_SHARE_MAX + 64],
	    reply[KEX_SHARE_MAX + 512], sig_blob[128];
	struct kex_group group;
	struct kex_choice choice_c, choice_s;
	struct kex_context ctx_c, ctx_s;
	struct kex_client_state st;
	struct kex_secret c, s;
	struct view init, answer, signature;
	struct pk_signer *signer;
};

static struct view
build(uint8_t buf[KEXINIT_MAX], const struct kex_offer *offer, bool server)
{
	struct put w = put_of(buf, KEXINIT_MAX);
	uint8_t cookie[16];

	rng_fill(&rng, cookie, sizeof(cookie));
	kexinit_build(&w, offer, server, true, cookie);
	CU_ASSERT_FALSE_FATAL(w.bad);
	return put_view(&w);
}

static int
negotiate(struct kex_choice *choice, const struct kex_context *ctx)
{
	struct kexinit client, server;

	CU_ASSERT_EQUAL(kexinit_parse(&client, ctx->kexinit_client, true), 0);
	CU_ASSERT_EQUAL(kexinit_parse(&server, ctx->kexinit_server, false), 0);
	return kex_negotiate(choice, &client, &server);
}

/* Messages 34 and 31, with a group of RFC 3526; then the client's is 32. */
static void
choose_group(struct exchange *e)
{
	uint8_t message[2 * PK_DH_MAX];
	struct put w = put_of(message, sizeof(message)), init = put_of(e->message, sizeof(e->message));

	CU_ASSERT_EQUAL(group_request(&e->group, e->init), 0);
	CU_ASSERT(e->group.min == 2048 && e->group.n == 3072 && e->group.max == 8192);
	e->group.dh = *pk_dh_group(16);
	group_put(&w, &e->group);
	CU_ASSERT_EQUAL(kex_client_group(&e->st, &e->choice_c, put_view(&w), &init), 0);
	CU_ASSERT_FALSE(kex_client_waits_group(&e->st));
	e->init = put_view(&init);
	e->ctx_s.group = &e->group;
}

static void
start(struct exchange *e, const char *kex)
{
	struct kex_offer offer = *kex_offer_default(true);
	uint8_t seed[32];
	struct put w = put_of(e->blob, sizeof(e->blob));

	memset(e, 0, sizeof(*e));
	offer.kex = kex;
	rng_fill(&rng, seed, sizeof(seed));
	e->signer = pk_signer_ed25519(seed);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->signer);
	sign_key_put(&w, pk_signer_public(e->signer));
	e->ctx_s.host_key = put_view(&w);
	e->ctx_s.ident_client = view_str("SSH-2.0-client");
	e->ctx_s.ident_server = view_str("SSH-2.0-server");
	e->ctx_s.kexinit_client = build(e->init_c, &offer, false);
	e->ctx_s.kexinit_server = build(e->init_s, kex_offer_default(true), true);
	e->ctx_c = e->ctx_s;
	e->ctx_c.host_key = view_of(NULL, 0);
	CU_ASSERT_EQUAL(negotiate(&e->choice_c, &e->ctx_c), 0);
	CU_ASSERT_EQUAL(negotiate(&e->choice_s, &e->ctx_s), 0);
	w = put_of(e->message, sizeof(e->message));
	CU_ASSERT_EQUAL(kex_client_init(&e->st, &e->choice_c, &w), 0);
	e->init = put_view(&w);
	if (kex_client_waits_group(&e->st))
		choose_group(e);
}

static void
reply(struct exchange *e)
{
	struct put w = put_of(e->sig_blob, sizeof(e->sig_blob));

	CU_ASSERT_EQUAL(kex_server_answer(&e->s, &e->choice_s, &e->ctx_s, e->init), 0);
	CU_ASSERT_EQUAL(
	    sign_make(&w, sign_find(view_str(e->choice_s.host_key)), e->signer, view_of(e->s.h, e->s.h_len)),
	    0);
	e->signature = put_view(&w);
	w = put_of(e->reply, sizeof(e->reply));
	kex_server_reply(&w, &e->s, &e->ctx_s, e->signature);
	CU_ASSERT_FALSE(w.bad);
	e->answer = put_view(&w);
}

static int
finish(struct exchange *e)
{
	struct view host_key;
	int r = kex_client_finish(&e->c, &e->st, &e->choice_c, &e->ctx_c, e->answer, &host_key);

	CU_ASSERT_EQUAL(r == 0, host_key.len > 0);
	if (r == 0)
		CU_ASSERT(view_eq(host_key, e->ctx_s.host_key));
	return r;
}

static void
end(struct exchange *e)
{
	pk_signer_free(e->signer);
	kex_secret_wipe(&e->c);
	kex_secret_wipe(&e->s);
}

static void
one_exchange(const struct kex_method *m)
{
	static struct exchange e;
	size_t h_len = pk_hash_size(m->hash);
	struct kex_keys a[2], b[2];

	start(&e, m->name);
	CU_ASSERT_STRING_EQUAL(e.choice_c.kex, m->name);
	CU_ASSERT_EQUAL(memcmp(&e.choice_c, &e.choice_s, sizeof(e.choice_c)), 0);
	reply(&e);
	CU_ASSERT_EQUAL(finish(&e), 0);
	CU_ASSERT(e.c.k_len == e.s.k_len && memcmp(e.c.k, e.s.k, e.c.k_len) == 0);
	CU_ASSERT(e.c.h_len == h_len && e.s.h_len == h_len && memcmp(e.c.h, e.s.h, h_len) == 0);
	for (int c2s = 0; c2s < 2; c2s++) {
		CU_ASSERT_EQUAL(kex_derive(&a[c2s], &e.choice_c, &e.c, view_of(e.c.h, h_len), c2s), 0);
		CU_ASSERT_EQUAL(kex_derive(&b[c2s], &e.choice_s, &e.s, view_of(e.s.h, h_len), c2s), 0);
		CU_ASSERT_EQUAL(memcmp(&a[c2s], &b[c2s], sizeof(a[0])), 0);
	}
	CU_ASSERT_NOT_EQUAL(memcmp(a[0].key, a[1].key, 16), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a[0].iv, a[1].iv, 12), 0);
	end(&e);
}

static void
test_both_roles(void)
{
	const struct kex_method *m;

	for (int round = 0; round < 5; round++)
		for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++)
			if (m->curve != NULL || round == 0)
				one_exchange(m);
}

/* The later exchanges of a connection derive with the first one's hash. */
static void
test_session_id(void)
{
	static struct exchange e;
	struct kex_keys a, b;
	uint8_t first[32] = { 1 };

	start(&e, "curve25519-sha256");
	reply(&e);
	CU_ASSERT_EQUAL(kex_derive(&a, &gcm, &e.s, view_of(e.s.h, 32), true), 0);
	CU_ASSERT_EQUAL(kex_derive(&b, &gcm, &e.s, view_of(first, 32), true), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a.key, b.key, 16), 0);
	end(&e);
}

/* Every byte of the reply counts: its signature covers or contains it. */
static void
test_tampered_reply(void)
{
	static struct exchange e;
	static const uint8_t zero[sizeof(struct kex_client_state)]; /* the longer one */

	start(&e, "curve25519-sha256");
	reply(&e);
	for (size_t at = 0; at < e.answer.len; at++) {
		struct kex_client_state st = e.st;

		e.reply[at] ^= 1;
		CU_ASSERT(finish(&e) < 0);
		CU_ASSERT_EQUAL(memcmp(&e.c, zero, sizeof(e.c)), 0);
		CU_ASSERT_EQUAL(memcmp(&e.st, zero, sizeof(e.st)), 0);
		e.reply[at] ^= 1;
		e.st = st;
	}
	for (size_t len = 0; len < e.answer.len; len++) {
		struct kex_client_state st = e.st;
		struct view whole = e.answer;

		e.answer.len = len;
		CU_ASSERT_EQUAL(finish(&e), -R_SHORT);
		e.answer = whole;
		e.st = st;
	}
	CU_ASSERT_EQUAL(finish(&e), 0);
	end(&e);
}

/* Anything of the context that differs between the sides breaks the signature. */
static void
test_bound_context(void)
{
	static struct exchange e;

	for (int what = 0; what < 4; what++) {
		struct view *field[] = { &e.ctx_c.ident_client, &e.ctx_c.ident_server,
			&e.ctx_c.kexinit_client, &e.ctx_c.kexinit_server };

		start(&e, "curve25519-sha256");
		reply(&e);
		field[what]->len--;
		CU_ASSERT_EQUAL(finish(&e), -R_KEX_VERIFY);
		end(&e);
	}
}

/* ---- what a client may send ---- */

static int
answer_to(const char *kex, const void *message, size_t len)
{
	static struct exchange e;
	static const uint8_t zero[sizeof(struct kex_secret)];
	struct kex_choice choice = gcm;
	struct kex_secret s;
	uint8_t *exact = malloc(len + 1);
	int r;

	memcpy(exact, message, len);
	start(&e, "curve25519-sha256");
	snprintf(choice.kex, sizeof(choice.kex), "%s", kex);
	r = kex_server_answer(&s, &choice, &e.ctx_s, view_of(exact, len));
	CU_ASSERT_EQUAL(r != 0, memcmp(&s, zero, sizeof(s)) == 0);
	free(exact);
	kex_secret_wipe(&s);
	end(&e);
	return r;
}

static int
answer_to_share(const char *kex, const void *share, size_t len)
{
	uint8_t message[KEX_SHARE_MAX + 64];
	struct put w = put_of(message, sizeof(message));

	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, len);
	return answer_to(kex, message, put_len(&w));
}

static void
share_case(const struct vector *v)
{
	struct view u = vector_get(v, "u");

	if (!vector_has(v, "out") && answer_to_share("curve25519-sha256", u.data, u.len) != -R_KEX_SHARE)
		CU_FAIL(v->name);
}

static void
test_small_order_shares(void)
{
	CU_ASSERT(vector_each("tests/vector/x25519.txt", share_case) >= 18);
}

static const char *point_kex;

static void
point_case(const struct vector *v)
{
	struct view peer = vector_get(v, "peer");
	int expected = vector_has(v, "shared") ? 0 : -R_KEX_SHARE;

	if (answer_to_share(point_kex, peer.data, peer.len) != expected)
		CU_FAIL(v->name);
}

/* As they come over the wire, compressed ones in their own length. */
static void
test_points(void)
{
	static const struct {
		const char *kex, *vectors;
	} curves[] = {
		{ "ecdh-sha2-nistp256", "tests/vector/ecdh_p256.txt" },
		{ "ecdh-sha2-nistp384", "tests/vector/ecdh_p384.txt" },
		{ "ecdh-sha2-nistp521", "tests/vector/ecdh_p521.txt" },
	};

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		point_kex = curves[i].kex;
		CU_ASSERT(vector_each(curves[i].vectors, point_case) >= 60);
		CU_ASSERT_EQUAL(answer_to_share(point_kex, "", 1), -R_KEX_SHARE); /* infinity */
	}
}

struct share {
	uint8_t bytes[KEX_SHARE_MAX + 8];
	size_t len;
};

static struct share
share_of(const struct kex_method *m)
{
	struct share s = { .len = kex_client_share(m) };
	struct kex_choice choice = gcm;
	struct kex_client_state st;
	uint8_t message[KEX_SHARE_MAX + 8];
	struct put w = put_of(message, sizeof(message));

	snprintf(choice.kex, sizeof(choice.kex), "%s", m->name);
	CU_ASSERT_EQUAL_FATAL(kex_client_init(&st, &choice, &w), 0);
	CU_ASSERT_EQUAL_FATAL(st.pub_len, s.len);
	memcpy(s.bytes, st.pub, s.len);
	return s;
}

/* A share of one method sent to another, and every length around. */
static void
test_share_lengths(void)
{
	const struct kex_method *m, *other;
	struct share own, others;

	for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++) {
		if (m->curve == NULL)
			continue;
		own = share_of(m);
		CU_ASSERT_EQUAL(answer_to_share(m->name, own.bytes, own.len), 0);
		for (size_t k = 0; (other = kex_method_at(k)) != NULL && other->curve != NULL; k++) {
			others = share_of(other);
			CU_ASSERT_EQUAL(answer_to_share(m->name, others.bytes, others.len),
			    own.len == others.len ? 0 : -R_KEX_SHARE);
		}
		for (size_t len = 0; len <= sizeof(own.bytes); len += len < 140 ? 1 : 31)
			if (len != own.len)
				CU_ASSERT_EQUAL(answer_to_share(m->name, own.bytes, len), -R_KEX_SHARE);
	}
}

/* ---- shares in prime fields ---- */

/* What a client sends of group 14: `share` as the bytes of a string. */
static int
answer_to_number(const void *share, size_t len)
{
	return answer_to_share("diffie-hellman-group14-sha256", share, len);
}

/* RFC 8268 section 4: 1 < e < p - 1; numbers as RFC 4251 section 5 writes them. */
static void
test_field_shares(void)
{
	const struct pk_dh *d = pk_dh_group(14);
	uint8_t e[300] = { 0 };

	CU_ASSERT_EQUAL(answer_to_number("", 0), -R_KEX_SHARE);
	CU_ASSERT_EQUAL(answer_to_number("\1", 1), -R_KEX_SHARE);
	CU_ASSERT_EQUAL(answer_to_number("\2", 1), 0);
	CU_ASSERT_EQUAL(answer_to_number("\xff", 1), -R_SHORT); /* negative */
	CU_ASSERT_EQUAL(answer_to_number("\0\2", 2), -R_SHORT); /* a needless byte */
	CU_ASSERT_EQUAL(answer_to_number("\0", 1), -R_SHORT);
	memcpy(e + 1, d->p.data, d->p.len);
	for (int below = 0; below < 4; below++) { /* p, p - 1, p - 2, p - 3 */
		e[d->p.len] = (uint8_t)(d->p.data[d->p.len - 1] - below);
		CU_ASSERT_EQUAL(answer_to_number(e, d->p.len + 1), below < 2 ? -R_KEX_SHARE : 0);
	}
	e[9]++; /* above p, and no longer; the first 8 bytes have no bit to add */
	CU_ASSERT_EQUAL(answer_to_number(e, d->p.len + 1), -R_KEX_SHARE);
	e[1] = 1;
	CU_ASSERT_EQUAL(answer_to_number(e + 1, d->p.len + 1), -R_KEX_SHARE); /* longer than p */
	CU_ASSERT_EQUAL(answer_to_number(e + 1, d->p.len), 0);
}

/* A server's share is looked at alike, before its signature. */
static void
test_field_replies(void)
{
	static struct exchange e;
	static const char *const bad[] = { "", "\1" };

	for (size_t i = 0; i < 2; i++) {
		struct put w = put_of(e.reply, sizeof(e.reply));

		start(&e, "diffie-hellman-group14-sha256");
		put_u8(&w, SSH_MSG_KEX_ECDH_REPLY);
		put_sview(&w, e.ctx_s.host_key);
		put_cstr(&w, bad[i]);
		put_cstr(&w, "signature");
		e.answer = put_view(&w);
		CU_ASSERT_EQUAL(finish(&e), -R_KEX_SHARE);
		end(&e);
	}
}

/* ---- group exchange ---- */

static int
request_of(uint32_t min, uint32_t n, uint32_t max)
{
	struct kex_group g = { .min = min, .n = n, .max = max }, got;
	uint8_t message[16];
	struct put w = put_of(message, sizeof(message));
	int r;

	group_request_put(&w, &g);
	CU_ASSERT_EQUAL(group_request(&got, view_of(message, put_len(&w) - 1)), -R_SHORT);
	r = group_request(&got, put_view(&w));
	CU_ASSERT(got.min == min && got.n == n && got.max == max);
	message[0] = SSH_MSG_KEX_ECDH_INIT; /* the old form's number */
	CU_ASSERT_EQUAL(group_request(&got, put_view(&w)), -R_KEX_STATE);
	return r;
}

static void
test_group_request(void)
{
	CU_ASSERT_EQUAL(request_of(2048, 3072, 8192), 0);
	CU_ASSERT_EQUAL(request_of(1024, 1024, 2048), 0);
	CU_ASSERT_EQUAL(request_of(8192, 8192, UINT32_MAX), 0);
	CU_ASSERT_EQUAL(request_of(0, 0, UINT32_MAX), 0);
	CU_ASSERT_EQUAL(request_of(1024, 1024, 2047), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(request_of(8193, 8193, 8193), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(request_of(3072, 2048, 8192), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(request_of(2048, 8192, 3072), -R_KEX_GROUP);
}

static int
offered_group(struct exchange *e, struct view p, struct view g)
{
	uint8_t message[2 * PK_DH_MAX + 64], out[PK_DH_MAX + 64];
	struct put w = put_of(message, sizeof(message)), init = put_of(out, sizeof(out));
	const struct kex_group group = { .dh = { p, g } };
	struct kex_client_state st = e->st;

	group_put(&w, &group);
	return kex_client_group(&st, &e->choice_c, put_view(&w), &init);
}

/* The client takes odd moduli of 2048 to 8192 bits, and generators inside. */
static void
test_group_offered(void)
{
	static struct exchange e;
	struct kex_client_state st;
	const struct view two = view_str("\2");
	uint8_t p[PK_DH_MAX + 1], buf[16];
	struct put w = put_of(buf, sizeof(buf));

	start(&e, KEX_GROUP_EXCHANGE);
	CU_ASSERT_EQUAL(kex_client_init(&e.st, &e.choice_c, &w), 0);
	e.init = put_view(&w);
	memset(p, 0xff, sizeof(p));
	CU_ASSERT_EQUAL(offered_group(&e, pk_dh_group(14)->p, two), 0);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), two), 0);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 255), two), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 1025), two), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), view_str("\1")), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), view_str("")), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), view_of(p, 256)), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), view_of(p, 257)), -R_KEX_GROUP);
	p[255] = 0xfe;
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 256), two), -R_KEX_GROUP);
	CU_ASSERT_EQUAL(offered_group(&e, view_of(p, 257), view_of(p, 256)), 0);
	/* a second one, and one that was not asked for */
	choose_group(&e);
	CU_ASSERT_EQUAL(offered_group(&e, pk_dh_group(14)->p, two), -R_KEX_STATE);
	memset(&st, 0, sizeof(st));
	CU_ASSERT_EQUAL(kex_client_group(&st, &e.choice_c, view_str("\37"), &w), -R_KEX_STATE);
	end(&e);
}

/* Everything that was said before the shares is in the hash. */
static void
test_group_bound(void)
{
	static struct exchange e;

	for (int what = 0; what < 5; what++) {
		start(&e, KEX_GROUP_EXCHANGE);
		reply(&e);
		switch (what) {
		case 0: e.st.group.min++; break;
		case 1: e.st.group.n++; break;
		case 2: e.st.group.max++; break;
		case 3: e.st.g[0] = 5; break;
		default: break;
		}
		CU_ASSERT_EQUAL(finish(&e), what < 4 ? -R_KEX_VERIFY : 0);
		end(&e);
	}
}

static void
test_malformed_init(void)
{
	uint8_t message[38] = { SSH_MSG_KEX_ECDH_INIT, 0, 0, 0, 32, 9 };

	CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, 37), 0);
	for (size_t len = 0; len < 37; len++)
		CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, len), -R_SHORT);
	CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, 38), -R_SHORT);
	message[4] = 33;
	CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, 37), -R_SHORT);
	message[1] = 0xff;
	CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, 37), -R_SHORT);
	message[1] = 0;
	message[4] = 32;
	message[0] = SSH_MSG_KEX_ECDH_REPLY;
	CU_ASSERT_EQUAL(answer_to("curve25519-sha256", message, 37), -R_KEX_STATE);
}

/* A server that is not negotiated to, and keys for no suite. */
static void
test_not_negotiated(void)
{
	static struct exchange e;
	struct kex_choice other = gcm;
	struct kex_keys k;

	start(&e, "curve25519-sha256");
	strcpy(other.kex, "diffie-hellman-group1-sha1");
	CU_ASSERT_EQUAL(kex_server_answer(&e.s, &other, &e.ctx_s, e.init), -R_INTERNAL);
	reply(&e);
	other.suite_c2s = SUITE_NONE;
	CU_ASSERT_EQUAL(kex_derive(&k, &other, &e.s, view_of(e.s.h, 32), true), -R_INTERNAL);
	other.suite_c2s = SUITE_COUNT;
	CU_ASSERT_EQUAL(kex_derive(&k, &other, &e.s, view_of(e.s.h, 32), true), -R_INTERNAL);
	end(&e);
}

/* ---- small messages ---- */

static void
test_ext_info(void)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));
	struct cur c;

	kex_ext_info(&w, "ssh-ed25519", false);
	c = cur_view(put_view(&w));
	CU_ASSERT_EQUAL(cur_u8(&c), SSH_MSG_EXT_INFO);
	CU_ASSERT_EQUAL(cur_u32(&c), 3);
	CU_ASSERT(view_is(cur_string(&c), "server-sig-algs") && view_is(cur_string(&c), "ssh-ed25519"));
	CU_ASSERT(view_is(cur_string(&c), "publickey-hostbound@openssh.com") && view_is(cur_string(&c), "0"));
	CU_ASSERT(view_is(cur_string(&c), "ping@openssh.com") && view_is(cur_string(&c), "0"));
	CU_ASSERT(cur_done(&c));
	w = put_of(buf, sizeof(buf));
	kex_ext_info(&w, "ssh-ed25519", true);
	c = cur_view(put_view(&w));
	cur_u8(&c);
	CU_ASSERT_EQUAL(cur_u32(&c), 4);
	for (int i = 0; i < 6; i++)
		cur_string(&c);
	CU_ASSERT(view_is(cur_string(&c), "agent-forward") && view_is(cur_string(&c), "0"));
	CU_ASSERT(cur_done(&c));
}

static void
put_extension(struct put *w, const char *name, const char *value)
{
	put_cstr(w, name);
	put_cstr(w, value);
}

static void
test_ext_info_parse(void)
{
	uint8_t buf[512];
	struct put w = put_of(buf, sizeof(buf));
	struct kex_ext_info e;
	struct view all;

	kex_ext_info(&w, "ssh-ed25519,rsa-sha2-512", true);
	CU_ASSERT_EQUAL(kex_ext_info_parse(&e, put_view(&w)), 0);
	CU_ASSERT(view_is(e.sign_names, "ssh-ed25519,rsa-sha2-512") && e.host_bound && e.ping && !e.in_auth);
	w = put_of(buf, sizeof(buf));
	put_u8(&w, SSH_MSG_EXT_INFO);
	put_u32(&w, 4);
	put_extension(&w, "banana@example.com", "\x01\x02");
	put_extension(&w, "ping@openssh.com", "9"); /* a version of later */
	put_extension(&w, "", "");
	put_extension(&w, "ext-info-in-auth@openssh.com", "0");
	all = put_view(&w);
	CU_ASSERT_EQUAL(kex_ext_info_parse(&e, all), 0);
	CU_ASSERT(e.in_auth && !e.ping && !e.host_bound && e.sign_names.len == 0);
	for (size_t len = 0; len < all.len; len++)
		CU_ASSERT_EQUAL(kex_ext_info_parse(&e, view_of(all.data, len)), -R_SHORT);
	put_u8(&w, 0);
	CU_ASSERT_EQUAL(kex_ext_info_parse(&e, put_view(&w)), -R_SHORT);
	memset(buf + 1, 0xff, 4); /* the count is only a number */
	CU_ASSERT_EQUAL(kex_ext_info_parse(&e, all), -R_SHORT);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "vectors", test_vectors },
		{ "both roles", test_both_roles },
		{ "session id", test_session_id },
		{ "tampered reply", test_tampered_reply },
		{ "bound context", test_bound_context },
		{ "small order shares", test_small_order_shares },
		{ "points", test_points },
		{ "share lengths", test_share_lengths },
		{ "shares in prime fields", test_field_shares },
		{ "replies in prime fields", test_field_replies },
		{ "group requests", test_group_request },
		{ "groups offered", test_group_offered },
		{ "bound group", test_group_bound },
		{ "malformed init", test_malformed_init },
		{ "not negotiated", test_not_negotiated },
		{ "EXT_INFO", test_ext_info },
		{ "EXT_INFO of a peer", test_ext_info_parse },
		CU_TEST_INFO_NULL,
	};

	rng_fixed(&rng, 8731);
	return suite_run("kex", tests);
}
