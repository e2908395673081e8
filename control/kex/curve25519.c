/*
 * curve25519-sha256 (RFC 8731), which is also curve25519-sha256@libssh.org, with
 * the messages of RFC 5656 section 4, and an ssh-ed25519 host key.
 *
 * The work with secrets is done in functions of their own, called from the
 * public ones, which clear the stack below them before they return.
 */
#include "control/kex/kex.h"
#include "drivers/pk/pk.h"

#define HASH_SIZE 32u /* SHA-256 */
#define HASH_STRINGS 8u

static bool
served(const struct kex_choice *choice)
{
	return strcmp(choice->kex, "curve25519-sha256") == 0 ||
	       strcmp(choice->kex, "curve25519-sha256@libssh.org") == 0;
}

/* K as mpint (RFC 8731 section 3.1): the 32 bytes are a big-endian number:
 * leading zeros go, and a zero byte stays in front of a set top bit. */
static void
put_secret(struct kex_secret *s, const uint8_t shared[PK_X25519_SIZE])
{
	struct put w = put_of(s->k, sizeof(s->k));
	size_t skip = 0;
	bool pad;

	while (skip < PK_X25519_SIZE && shared[skip] == 0)
		skip++;
	pad = skip < PK_X25519_SIZE && (shared[skip] & 0x80) != 0;
	put_u32(&w, (uint32_t)(PK_X25519_SIZE - skip + (pad ? 1 : 0)));
	if (pad)
		put_u8(&w, 0);
	put_bytes(&w, shared + skip, PK_X25519_SIZE - skip);
	s->k_len = (uint32_t)put_len(&w);
}

/* H = HASH(V_C || V_S || I_C || I_S || K_S || Q_C || Q_S || K), RFC 5656 section
 * 4; all but K as strings. */
static int
exchange_hash(struct kex_secret *s, const struct kex_context *ctx, struct view host_key, struct view q_c,
    struct view q_s)
{
	const struct view strings[] = { ctx->ident_client, ctx->ident_server, ctx->kexinit_client,
		ctx->kexinit_server, host_key, q_c, q_s };
	struct pk_part parts[2 * HASH_STRINGS];
	uint8_t lengths[HASH_STRINGS][4];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct put w = put_of(lengths[i], sizeof(lengths[i]));

		put_u32(&w, (uint32_t)strings[i].len);
		parts[count++] = (struct pk_part){ lengths[i], sizeof(lengths[i]) };
		parts[count++] = (struct pk_part){ strings[i].data, strings[i].len };
	}
	parts[count++] = (struct pk_part){ s->k, s->k_len };
	s->h_len = HASH_SIZE;
	return pk_sha256_parts(s->h, parts, count) == 0 ? 0 : -R_INTERNAL;
}

static int
agree(struct kex_secret *s, const uint8_t priv[PK_X25519_SIZE], struct view peer)
{
	uint8_t shared[PK_X25519_SIZE];
	int r = -R_KEX_SHARE;

	if (peer.len != PK_X25519_SIZE)
		return r;
	if (pk_x25519_shared(shared, priv, peer.data) == 0) {
		put_secret(s, shared);
		r = 0;
	}
	pk_wipe(shared, sizeof(shared));
	return r;
}

/* ---- server ---- */

static __attribute__((noinline)) int
answer(struct kex_secret *s, const struct kex_context *ctx, struct view q_c)
{
	uint8_t priv[PK_X25519_SIZE];
	int r;

	if (q_c.len != PK_X25519_SIZE)
		return -R_KEX_SHARE;
	if (pk_x25519_pair(s->share, priv) != 0)
		return -R_INTERNAL;
	s->share_len = PK_X25519_SIZE;
	r = agree(s, priv, q_c);
	pk_wipe(priv, sizeof(priv));
	if (r == 0)
		r = exchange_hash(s, ctx, ctx->host_key, q_c, view_of(s->share, s->share_len));
	return r;
}

int
kex_server_answer(
    struct kex_secret *s, const struct kex_choice *choice, const struct kex_context *ctx, struct view init)
{
	struct cur c = cur_view(init);
	uint8_t number = cur_u8(&c);
	struct view q_c = cur_string(&c);
	int r;

	memset(s, 0, sizeof(*s));
	if (!served(choice))
		return -R_INTERNAL;
	if (!cur_done(&c))
		return -R_SHORT;
	if (number != SSH_MSG_KEX_ECDH_INIT)
		return -R_KEX_STATE;
	r = answer(s, ctx, q_c);
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}

void
kex_server_reply(
    struct put *w, const struct kex_secret *s, const struct kex_context *ctx, struct view signature)
{
	put_u8(w, SSH_MSG_KEX_ECDH_REPLY);
	put_sview(w, ctx->host_key);
	put_string(w, s->share, s->share_len);
	put_sview(w, signature);
}

/* ---- client ---- */

int
kex_client_init(struct kex_client_state *st, const struct kex_choice *choice, struct put *w)
{
	int r = -R_INTERNAL;

	memset(st, 0, sizeof(*st));
	if (!served(choice))
		return r;
	if (pk_x25519_pair(st->pub, st->priv) == 0) {
		st->pub_len = PK_X25519_SIZE;
		put_u8(w, SSH_MSG_KEX_ECDH_INIT);
		put_string(w, st->pub, st->pub_len);
		r = 0;
	}
	return r;
}

/* The host key's signature over H: its algorithm is the negotiated one. */
static int
verify(const struct kex_secret *s, struct view host_key, struct view signature)
{
	uint8_t pub[PK_ED25519_PUBLIC];
	uint8_t sig[PK_ED25519_SIGNATURE];

	if (kex_ed25519_parse(host_key, pub) != 0 || kex_ed25519_sig_parse(signature, sig) != 0)
		return -R_KEX_VERIFY;
	return pk_ed25519_verify(pub, sig, s->h, s->h_len) == 0 ? 0 : -R_KEX_VERIFY;
}

static __attribute__((noinline)) int
finish(struct kex_secret *s, const struct kex_client_state *st, const struct kex_context *ctx,
    struct view reply, struct view *host_key)
{
	struct cur c = cur_view(reply);
	uint8_t number = cur_u8(&c);
	struct view key = cur_string(&c);
	struct view q_s = cur_string(&c);
	struct view signature = cur_string(&c);
	int r;

	if (!cur_done(&c))
		return -R_SHORT;
	if (number != SSH_MSG_KEX_ECDH_REPLY)
		return -R_KEX_STATE;
	r = agree(s, st->priv, q_s);
	if (r == 0)
		r = exchange_hash(s, ctx, key, view_of(st->pub, st->pub_len), q_s);
	if (r == 0)
		r = verify(s, key, signature);
	if (r == 0)
		*host_key = key;
	return r;
}

int
kex_client_finish(struct kex_secret *s, struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key)
{
	int r = -R_INTERNAL;

	memset(s, 0, sizeof(*s));
	*host_key = view_of(NULL, 0);
	if (served(choice) && strcmp(choice->host_key, "ssh-ed25519") == 0) {
		memcpy(s->share, st->pub, st->pub_len);
		s->share_len = st->pub_len;
		r = finish(s, st, ctx, reply, host_key);
	}
	pk_wipe(st, sizeof(*st));
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}
