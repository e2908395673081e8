/*
 * The exchange of RFC 4253 section 8, which RFC 5656 section 4 takes for curves, RFC
 * 8731 for curve25519, the drafts of the hybrids for theirs and RFC 4419 for groups
 * that the server chooses: both sides send a share, the server signs the hash. What
 * differs between methods is in their rows.
 *
 * The work with secrets is done in functions of their own, called from the
 * public ones, which clear the stack below them before they return.
 */
#include "abi/wire/mpint.h"
#include "control/kex/group.h"
#include "control/kex/kex.h"
#include "control/kex/cert.h"
#include "control/kex/shared.h"

/* ---- what is hashed ---- */

#define ITEMS_MAX 12u /* before K, of a group exchange */

struct hashed {
	struct pk_part parts[2 * ITEMS_MAX + 1];
	size_t count;
	uint8_t heads[ITEMS_MAX][5];
	size_t head_count;
};

/* Bytes made here, then bytes from elsewhere. */
static void
hash_item(struct hashed *h, const struct put *head, struct view body)
{
	h->parts[h->count++] = (struct pk_part){ head->start, put_len(head) };
	h->parts[h->count++] = (struct pk_part){ body.data, body.len };
}

static struct put
hash_head(struct hashed *h)
{
	uint8_t *at = h->heads[h->head_count++];

	return put_of(at, sizeof(h->heads[0]));
}

static void
hash_string(struct hashed *h, struct view v)
{
	struct put w = hash_head(h);

	put_u32(&w, (uint32_t)v.len);
	hash_item(h, &w, v);
}

static void
hash_number(struct hashed *h, struct view v)
{
	struct put w = hash_head(h);
	struct view magnitude = mpint_trim(v);
	bool pad = magnitude.len > 0 && (magnitude.data[0] & 0x80) != 0;

	put_u32(&w, (uint32_t)(magnitude.len + (pad ? 1 : 0)));
	if (pad)
		put_u8(&w, 0);
	hash_item(h, &w, magnitude);
}

static void
hash_u32(struct hashed *h, uint32_t v)
{
	struct put w = hash_head(h);

	put_u32(&w, v);
	hash_item(h, &w, view_of(NULL, 0));
}

/*
 * H = HASH(V_C || V_S || I_C || I_S || K_S || shares || K); all before the shares as
 * strings. The shares: Q_C || Q_S as strings (RFC 5656 section 4), e || f as mpint (RFC
 * 4253 section 8), or min || n || max || p || g || e || f (RFC 4419 section 3).
 */
static int
exchange_hash(struct kex_secret *s, const struct kex_method *m, const struct kex_context *ctx,
    const struct kex_group *group, struct view host_key, struct view client, struct view server)
{
	struct hashed h = { .count = 0 };

	hash_string(&h, ctx->ident_client);
	hash_string(&h, ctx->ident_server);
	hash_string(&h, ctx->kexinit_client);
	hash_string(&h, ctx->kexinit_server);
	hash_string(&h, host_key);
	if (kex_method_asks(m)) {
		hash_u32(&h, group->min);
		hash_u32(&h, group->n);
		hash_u32(&h, group->max);
		hash_number(&h, group->dh.p);
		hash_number(&h, group->dh.g);
	}
	if (m->curve != NULL) {
		hash_string(&h, client);
		hash_string(&h, server);
	} else {
		hash_number(&h, client);
		hash_number(&h, server);
	}
	h.parts[h.count++] = (struct pk_part){ s->k, s->k_len };
	s->h_len = (uint32_t)pk_hash_size(m->hash);
	return pk_hash_parts(m->hash, s->h, h.parts, h.count) == 0 ? 0 : -R_INTERNAL;
}

/* ---- messages ---- */

/* A share as the method has it: a string, or a number. */
static struct view
take_share(struct cur *c, const struct kex_method *m)
{
	return m->curve != NULL ? cur_string(c) : cur_mpint(c);
}

static void
put_share(struct put *w, const struct kex_method *m, struct view share)
{
	if (m->curve != NULL)
		put_sview(w, share);
	else
		put_mpint(w, share);
}

static uint8_t
init_number(const struct kex_method *m)
{
	return kex_method_asks(m) ? SSH_MSG_KEX_DH_GEX_INIT : SSH_MSG_KEX_ECDH_INIT;
}

static uint8_t
reply_number(const struct kex_method *m)
{
	return kex_method_asks(m) ? SSH_MSG_KEX_DH_GEX_REPLY : SSH_MSG_KEX_ECDH_REPLY;
}

/* ---- server ---- */

static __attribute__((noinline)) int
answer(struct kex_secret *s, const struct kex_method *m, const struct kex_context *ctx, struct view share)
{
	int r = shared_respond(s, m, ctx, share);

	if (r == 0)
		r = exchange_hash(s, m, ctx, ctx->group, ctx->host_key, share, view_of(s->share, s->share_len));
	return r;
}

int
kex_server_answer(
    struct kex_secret *s, const struct kex_choice *choice, const struct kex_context *ctx, struct view init)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	struct cur c = cur_view(init);
	uint8_t number = cur_u8(&c);
	struct view share;
	int r;

	memset(s, 0, sizeof(*s));
	if (m == NULL || (kex_method_asks(m) && ctx->group == NULL))
		return -R_INTERNAL;
	share = take_share(&c, m);
	if (!cur_done(&c))
		return -R_SHORT;
	if (number != init_number(m))
		return -R_KEX_STATE;
	s->method = m;
	r = answer(s, m, ctx, share);
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}

void
kex_server_reply(
    struct put *w, const struct kex_secret *s, const struct kex_context *ctx, struct view signature)
{
	put_u8(w, reply_number(s->method));
	put_sview(w, ctx->host_key);
	put_share(w, s->method, view_of(s->share, s->share_len));
	put_sview(w, signature);
}

/* ---- client ---- */

static int
client_share(struct kex_client_state *st, const struct kex_method *m, struct put *w)
{
	int r = shared_begin(st, m);

	if (r != 0) {
		pk_wipe(st, sizeof(*st));
		return r;
	}
	put_u8(w, init_number(m));
	put_share(w, m, view_of(st->pub, st->pub_len));
	return 0;
}

int
kex_client_init(struct kex_client_state *st, const struct kex_choice *choice, struct put *w)
{
	const struct kex_method *m = kex_method_find(choice->kex);

	memset(st, 0, sizeof(*st));
	if (m == NULL)
		return -R_INTERNAL;
	if (!kex_method_asks(m))
		return client_share(st, m, w);
	group_ask(&st->group, choice);
	group_request_put(w, &st->group);
	return 0;
}

bool
kex_client_waits_group(const struct kex_client_state *st)
{
	return st->group.n != 0 && st->pub_len == 0;
}

int
kex_client_group(
    struct kex_client_state *st, const struct kex_choice *choice, struct view message, struct put *w)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	struct kex_group got = st->group;
	int r;

	if (m == NULL || !kex_client_waits_group(st))
		return -R_KEX_STATE;
	if ((r = group_take(&got, message)) != 0)
		return r;
	memcpy(st->p, got.dh.p.data, got.dh.p.len);
	memcpy(st->g, got.dh.g.data, got.dh.g.len);
	st->group.dh = (struct pk_dh){ view_of(st->p, got.dh.p.len), view_of(st->g, got.dh.g.len) };
	return client_share(st, m, w);
}

/* The method and the algorithm of the host key are the negotiated ones. */
static __attribute__((noinline)) int
finish(struct kex_secret *s, const struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	struct view host_algorithm = view_str(choice->host_key);
	struct cur c = cur_view(reply);
	uint8_t number = cur_u8(&c);
	struct view key = cur_string(&c);
	struct view share, signature;
	int r;

	if (m == NULL || cert_host_sign(host_algorithm) == NULL || st->pub_len == 0)
		return -R_INTERNAL;
	share = take_share(&c, m);
	signature = cur_string(&c);
	if (!cur_done(&c))
		return -R_SHORT;
	if (number != reply_number(m))
		return -R_KEX_STATE;
	r = shared_conclude(s, m, st, share);
	if (r == 0)
		r = exchange_hash(s, m, ctx, &st->group, key, view_of(st->pub, st->pub_len), share);
	if (r == 0 && cert_host_verify(host_algorithm, key, signature, view_of(s->h, s->h_len)) != 0)
		r = -R_KEX_VERIFY;
	if (r == 0)
		*host_key = key;
	return r;
}

int
kex_client_finish(struct kex_secret *s, struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key)
{
	int r;

	memset(s, 0, sizeof(*s));
	*host_key = view_of(NULL, 0);
	memcpy(s->share, st->pub, st->pub_len);
	s->share_len = st->pub_len;
	/* A state may have been copied: its group lies in it. */
	if (st->group.dh.p.len > 0) {
		st->group.dh.p.data = st->p;
		st->group.dh.g.data = st->g;
	}
	r = finish(s, st, choice, ctx, reply, host_key);
	pk_wipe(st, sizeof(*st));
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}
