/* Records of the scripted client, and what is done with each by itself. */
#include "tests/lib/client.h"

#include <stdlib.h>

int
client_send(struct client *c, struct view payload)
{
	uint8_t random[32];
	uint8_t *sealed = malloc(RECORD_MAX);
	int n = -1;
	int r;

	rng_fill(&c->rng, random, sizeof(random));
	if (sealed != NULL && client_zip_seal(c, &payload) == 0)
		n = record_seal(&c->out, sealed, RECORD_MAX, payload, random);
	if (n > 0 && c->flip != 0 && abs(c->flip) <= n)
		sealed[c->flip > 0 ? c->flip - 1 : n + c->flip] ^= 1;
	c->flip = 0;
	r = n > 0 ? client_raw(c, sealed, (size_t)n) : client_fail(c, "cannot seal the record");
	free(sealed);
	return r;
}

int
client_say(struct client *c, struct view payload)
{
	uint32_t len = (uint32_t)payload.len;

	if (!c->kexinit_sent || c->newkeys_sent)
		return client_send(c, payload);
	if (client_bytes_put(&c->held, &len, sizeof(len)) != 0 ||
	    client_bytes_put(&c->held, payload.data, payload.len) != 0)
		return client_fail(c, "no memory");
	return 0;
}

/* Wire bytes of the next record, once its head is there. */
static int
next_size(struct client *c)
{
	for (;;) {
		int need = record_need(&c->in, c->inbuf.data + c->inbuf.start, c->inbuf.len);

		if (need > 0)
			return need;
		if (need < 0)
			return client_fail(c, reason_text(-need));
		if (client_fill(c) != 0)
			return -1;
	}
}

int
client_recv(struct client *c)
{
	int need, r;

	do {
		need = next_size(c);
		if (need < 0)
			return -1;
		while (c->inbuf.len < (size_t)need)
			if (client_fill(c) != 0)
				return -1;
		memcpy(c->record, c->inbuf.data + c->inbuf.start, (size_t)need);
		r = record_open(&c->in, c->record, &c->payload);
	} while (r == RECORD_MORE);
	client_bytes_take(&c->inbuf, (size_t)need);
	if (r != 0)
		return client_fail(c, reason_text(-r));
	if (client_zip_open(c) != 0)
		return -1;
	if (c->watch != NULL)
		c->watch(c, c->watch_arg, c->payload);
	return 0;
}

static int
take_disconnect(struct client *c)
{
	struct cur p = cur_view(c->payload);
	struct view text;

	cur_u8(&p);
	c->disconnect = cur_u32(&p);
	text = cur_string(&p);
	snprintf(c->disconnect_text, sizeof(c->disconnect_text), "%.*s", (int)text.len,
	    text.data != NULL ? (const char *)text.data : "");
	snprintf(
	    c->error, sizeof(c->error), "the server disconnected: %u %s", c->disconnect, c->disconnect_text);
	return -1;
}

static void
take_ext_info(struct client *c)
{
	struct kex_ext_info e;

	if (kex_ext_info_parse(&e, c->payload) == 0)
		snprintf(c->server_sig_algs, sizeof(c->server_sig_algs), "%.*s", (int)e.sign_names.len,
		    e.sign_names.data != NULL ? (const char *)e.sign_names.data : "");
}

/* We serve no global request: keepalives are answered like by OpenSSH. */
static int
answer_global(struct client *c)
{
	static const uint8_t failure[] = { SSH_MSG_REQUEST_FAILURE };
	struct cur p = cur_view(c->payload);

	cur_u8(&p);
	cur_string(&p);
	return cur_bool(&p) ? client_say(c, view_of(failure, sizeof(failure))) : 0;
}

static int
answer_ping(struct client *c)
{
	uint8_t pong[SSH_PAYLOAD_MAX];
	size_t len = c->payload.len < sizeof(pong) ? c->payload.len : sizeof(pong);

	memcpy(pong, c->payload.data, len);
	pong[0] = SSH_MSG_PONG;
	return client_say(c, view_of(pong, len));
}

/* As unforgiving as OpenSSH 10.4: between the server's KEXINIT and its NEWKEYS stand
 * messages of the exchange and of the transport alone (RFC 4253 section 7.1), of the
 * latter none but DISCONNECT in a strict first exchange; what belongs to logins and
 * channels is said in their time. */
static int
judge(struct client *c, uint8_t number)
{
	bool transport = number >= SSH_MSG_DISCONNECT && number <= SSH_MSG_DEBUG;
	bool method = number >= SSH_MSG_KEX_FIRST && number <= SSH_MSG_KEX_LAST;

	if (c->kexing && c->kexinit_got && !c->newkeys_got && !transport && !method && number != SSH_MSG_NEWKEYS &&
	    number != SSH_MSG_KEXINIT)
		return client_fail(c, "a message that may not be sent during the key exchange");
	if (c->strict && c->exchanges == 0 && transport && number != SSH_MSG_DISCONNECT && !c->newkeys_got)
		return client_fail(c, "a message that strict key exchange forbids");
	if (c->exchanges == 0 && number >= 50 && !c->newkeys_got)
		return client_fail(c, "a message of later before the first keys");
	if (number == SSH_MSG_SERVICE_REQUEST || number == SSH_MSG_USERAUTH_REQUEST)
		return client_fail(c, "a client's message from the server");
	return 0;
}

static int
treat(struct client *c)
{
	uint8_t number = c->payload.data[0];

	if (judge(c, number) != 0)
		return -1;
	if (number >= SSH_MSG_KEXINIT && number <= SSH_MSG_KEX_LAST)
		return client_kex_in(c, number);
	if (number >= SSH_MSG_CHANNEL_OPEN && number <= SSH_MSG_CHANNEL_FAILURE)
		return client_chan_in(c, number);
	switch (number) {
	case SSH_MSG_DISCONNECT:
		return take_disconnect(c);
	case SSH_MSG_EXT_INFO:
		take_ext_info(c);
		return 0;
	case SSH_MSG_USERAUTH_BANNER:
		c->banners++;
		return 0;
	case SSH_MSG_USERAUTH_SUCCESS:
		c->logged_in = true;
		return client_zip_out(c) != 0 || client_zip_in(c) != 0 ? -1 : 0;
	case SSH_MSG_GLOBAL_REQUEST:
		return answer_global(c);
	case SSH_MSG_REQUEST_SUCCESS:
	case SSH_MSG_REQUEST_FAILURE:
		c->global_replies++;
		c->global_success = number == SSH_MSG_REQUEST_SUCCESS;
		return 0;
	case SSH_MSG_PING:
		return answer_ping(c);
	case SSH_MSG_PONG:
		c->pongs++;
		return 0;
	default:
		return 0;
	}
}

int
client_step(struct client *c)
{
	return client_recv(c) != 0 || treat(c) != 0 ? -1 : 0;
}

int
client_expect(struct client *c, uint8_t number)
{
	do
		if (client_step(c) != 0)
			return -1;
	while (c->payload.data[0] != number);
	return 0;
}

int
client_expect_close(struct client *c)
{
	while (!c->closed)
		if (client_step(c) != 0 && !c->closed && c->disconnect == 0)
			return -1;
	return 0;
}

int
client_disconnect(struct client *c)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_DISCONNECT);
	put_u32(&w, 11); /* by application, RFC 4250 section 4.2.2 */
	put_cstr(&w, "bye");
	put_cstr(&w, "");
	return client_send(c, put_view(&w));
}

int
client_global(struct client *c, const char *name, bool want_reply)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&w, name);
	put_bool(&w, want_reply);
	return w.bad ? client_fail(c, "name too long") : client_say(c, put_view(&w));
}

int
client_global_reply(struct client *c)
{
	while (c->global_replies == 0)
		if (client_step(c) != 0)
			return -1;
	c->global_replies--;
	return c->global_success ? 0 : 1;
}
