/*
 * Key exchange of the scripted client: each step apart, and all of them alone
 * when the server begins.
 */
#include "tests/lib/client.h"

#include "drivers/cipher/select.h"

static void
begin(struct client *c)
{
	if (c->kexing)
		return;
	c->kexing = true;
	c->automatic = false;
	c->kexinit_sent = c->kexinit_got = c->init_sent = c->reply_got = false;
	c->newkeys_sent = c->newkeys_got = false;
	memset(&c->choice, 0, sizeof(c->choice));
}

/* Both directions have switched: what waited goes out at our NEWKEYS already. */
static void
end_if_done(struct client *c)
{
	if (!c->newkeys_sent || !c->newkeys_got)
		return;
	c->kexing = c->automatic = false;
	c->kexinit_sent = false;
}

int
client_kexinit_send(struct client *c)
{
	struct put w = put_of(c->kexinit_ours, sizeof(c->kexinit_ours));
	uint8_t cookie[16];

	begin(c);
	rng_fill(&c->rng, cookie, sizeof(cookie));
	kexinit_build(&w, &c->offer, false, c->markers && !c->has_session_id, cookie);
	c->kexinit_ours_len = put_len(&w);
	/* first_kex_packet_follows stands before the last, reserved, 4 bytes. */
	if (c->guess)
		c->kexinit_ours[c->kexinit_ours_len - 5] = 1;
	c->guess = false;
	if (client_send(c, put_view(&w)) != 0)
		return -1;
	c->kexinit_sent = true;
	return 0;
}

static struct kex_context
context(const struct client *c)
{
	struct kex_context ctx = {
		.ident_client = view_str(c->ident_ours),
		.ident_server = view_str(c->ident_theirs),
		.kexinit_client = view_of(c->kexinit_ours, c->kexinit_ours_len),
		.kexinit_server = view_of(c->kexinit_theirs, c->kexinit_theirs_len),
	};

	return ctx;
}

static int
negotiate(struct client *c)
{
	const struct kex_context ctx = context(c);
	struct kexinit ours, theirs;
	int r = kexinit_parse(&theirs, ctx.kexinit_server, false);

	if (r == 0)
		r = kexinit_parse(&ours, ctx.kexinit_client, true);
	if (r == 0)
		r = kex_negotiate(&c->choice, &ours, &theirs);
	if (r != 0)
		return client_fail(c, reason_text(-r));
	if (!c->has_session_id) {
		c->strict = ours.strict && theirs.strict;
		c->ext_info = theirs.ext_info;
	}
	return 0;
}

static int
take_kexinit(struct client *c)
{
	begin(c);
	if (c->kexinit_got)
		return client_fail(c, "a second KEXINIT in one exchange");
	if (c->payload.len > sizeof(c->kexinit_theirs))
		return client_fail(c, "KEXINIT too long");
	memcpy(c->kexinit_theirs, c->payload.data, c->payload.len);
	c->kexinit_theirs_len = c->payload.len;
	c->kexinit_got = true;
	if (c->has_session_id && !c->kexinit_sent && !c->patient)
		c->automatic = true;
	if (!c->automatic)
		return c->kexinit_sent ? negotiate(c) : 0;
	if (client_kexinit_send(c) != 0 || negotiate(c) != 0)
		return -1;
	return client_kexdh_send(c);
}

int
client_kexinit_recv(struct client *c)
{
	begin(c);
	while (!c->kexinit_got)
		if (client_step(c) != 0)
			return -1;
	return 0;
}

int
client_kexdh_send(struct client *c)
{
	uint8_t buf[2048];
	struct put w = put_of(buf, sizeof(buf));

	/* A guess is sent before anything is negotiated: the first name of our list. */
	if (c->choice.kex[0] == '\0' && c->kexinit_got && negotiate(c) != 0)
		return -1;
	if (c->choice.kex[0] == '\0')
		snprintf(c->choice.kex, sizeof(c->choice.kex), "%.*s", (int)strcspn(c->offer.kex, ","), c->offer.kex);
	if (kex_client_init(&c->state, &c->choice, &w) != 0)
		return client_fail(c, "no share");
	c->init_sent = true;
	return client_send(c, put_view(&w));
}

/* The number K without its length and sign byte. */
static void
keep_shared(struct client_secrets *keep, const struct kex_secret *s)
{
	size_t skip = 4;

	if (skip < s->k_len && s->k[skip] == 0)
		skip++;
	keep->shared_len = s->k_len - skip;
	memcpy(keep->shared, s->k + skip, keep->shared_len);
}

static int
take_reply(struct client *c)
{
	struct client_secrets *keep = &c->secrets[c->exchanges % CLIENT_EXCHANGES];
	const struct kex_context ctx = context(c);
	struct kex_secret s;
	struct view key, id;
	int r;

	if (!c->init_sent || c->reply_got)
		return client_fail(c, "a reply that was not asked for");
	r = kex_client_finish(&s, &c->state, &c->choice, &ctx, c->payload, &key);
	if (r != 0)
		return client_fail(c, reason_text(-r));
	if (!c->has_session_id) {
		memcpy(c->session_id, s.h, s.h_len);
		c->session_id_len = s.h_len;
	}
	c->has_session_id = true;
	id = view_of(c->session_id, c->session_id_len);
	if (key.len > sizeof(c->host_key))
		return client_fail(c, "host key too long");
	memcpy(c->host_key, key.data, key.len);
	c->host_key_len = key.len;
	keep_shared(keep, &s);
	if (kex_derive(&keep->c2s, &c->choice, &s, id, true) != 0 ||
	    kex_derive(&keep->s2c, &c->choice, &s, id, false) != 0)
		return client_fail(c, "no keys");
	kex_secret_wipe(&s);
	c->reply_got = true;
	return c->automatic ? client_newkeys_send(c) : 0;
}

/* Message 31 of a group exchange; the share is our answer. */
static int
take_group(struct client *c)
{
	uint8_t buf[2048];
	struct put w = put_of(buf, sizeof(buf));
	int r = kex_client_group(&c->state, &c->choice, c->payload, &w);

	if (r != 0)
		return client_fail(c, reason_text(-r));
	return client_send(c, put_view(&w));
}

int
client_kexdh_recv(struct client *c)
{
	while (!c->reply_got)
		if (client_step(c) != 0)
			return -1;
	return 0;
}

static int
use_keys(struct client *c, struct record_dir *d, const struct kex_keys *k)
{
	const struct cipher_engine *e = cipher_engine_for(k->suite);

	if (e == NULL || record_dir_keys(d, e, k->key, k->iv, k->mac, c->strict) != 0)
		return client_fail(c, "no cipher for these keys");
	return 0;
}

static int
send_held(struct client *c)
{
	while (c->held.len > 0) {
		uint32_t len;
		int r;

		memcpy(&len, c->held.data + c->held.start, sizeof(len));
		r = client_send(c, view_of(c->held.data + c->held.start + sizeof(len), len));
		client_bytes_take(&c->held, sizeof(len) + len);
		if (r != 0)
			return -1;
	}
	return 0;
}

int
client_newkeys_send(struct client *c)
{
	static const uint8_t newkeys[] = { SSH_MSG_NEWKEYS };

	if (client_send(c, view_of(newkeys, sizeof(newkeys))) != 0)
		return -1;
	if (!c->reply_got)
		return 0; /* too early, as the test wants it: there are no keys */
	if (use_keys(c, &c->out, &c->secrets[c->exchanges % CLIENT_EXCHANGES].c2s) != 0 ||
	    client_zip_out(c) != 0)
		return -1;
	c->newkeys_sent = true;
	if (c->newkeys_got)
		c->exchanges++;
	end_if_done(c);
	return send_held(c);
}

static int
take_newkeys(struct client *c)
{
	if (!c->reply_got || c->newkeys_got)
		return client_fail(c, "NEWKEYS that does not fit");
	if (use_keys(c, &c->in, &c->secrets[c->exchanges % CLIENT_EXCHANGES].s2c) != 0 ||
	    client_zip_in(c) != 0)
		return -1;
	c->newkeys_got = true;
	if (c->newkeys_sent)
		c->exchanges++;
	end_if_done(c);
	return 0;
}

int
client_newkeys_recv(struct client *c)
{
	while (!c->newkeys_got)
		if (client_step(c) != 0)
			return -1;
	return 0;
}

int
client_kex_in(struct client *c, uint8_t number)
{
	switch (number) {
	case SSH_MSG_KEXINIT:
		return take_kexinit(c);
	case SSH_MSG_KEX_ECDH_REPLY: /* GEX_GROUP has its number */
		return c->init_sent && kex_client_waits_group(&c->state) ? take_group(c) : take_reply(c);
	case SSH_MSG_KEX_DH_GEX_REPLY:
		return take_reply(c);
	case SSH_MSG_NEWKEYS:
		return take_newkeys(c);
	default:
		return client_fail(c, "an unknown message of the key exchange");
	}
}

/* Steps that were done already are not done again. */
int
client_kex(struct client *c)
{
	begin(c);
	if (!c->kexinit_sent && client_kexinit_send(c) != 0)
		return -1;
	if (client_kexinit_recv(c) != 0 || (!c->init_sent && client_kexdh_send(c) != 0) ||
	    client_kexdh_recv(c) != 0)
		return -1;
	if (!c->newkeys_sent && client_newkeys_send(c) != 0)
		return -1;
	return client_newkeys_recv(c);
}

int
client_rekeyed(struct client *c, unsigned count)
{
	while (c->exchanges < count)
		if (client_step(c) != 0)
			return -1;
	return 0;
}
