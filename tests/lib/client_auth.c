/* Service request and user authentication of the scripted client, RFC 4252. */
#include "tests/lib/client.h"

#include "control/client/userauth.h"
#include "drivers/pk/pk.h"

#define REQUEST_MAX 1024

int
client_service_send(struct client *c, const char *name)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_SERVICE_REQUEST);
	put_cstr(&w, name);
	return w.bad ? client_fail(c, "name too long") : client_say(c, put_view(&w));
}

int
client_service_recv(struct client *c)
{
	return client_expect(c, SSH_MSG_SERVICE_ACCEPT);
}

int
client_auth_none_send(struct client *c, const char *user)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	c->dialogue = false;
	userauth_put_none(&w, user);
	return w.bad ? client_fail(c, "user too long") : client_say(c, put_view(&w));
}

int
client_auth_password_send(struct client *c, const char *user, const char *password)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	c->dialogue = false;
	userauth_put_password(&w, user, password, NULL);
	return w.bad ? client_fail(c, "request too long") : client_say(c, put_view(&w));
}

int
client_auth_kbdint_send(struct client *c, const char *user)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	c->dialogue = true;
	userauth_put_kbdint(&w, user, "");
	return w.bad ? client_fail(c, "request too long") : client_say(c, put_view(&w));
}

/* Not userauth_put_responses: any count, as if it had been asked for. */
int
client_auth_response_send(struct client *c, uint32_t count, const char *text)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	put_u32(&w, count);
	for (uint32_t i = 0; i < count && !w.bad; i++)
		put_cstr(&w, text);
	return w.bad ? client_fail(c, "responses too long") : client_say(c, put_view(&w));
}

/* The signature covers the session id and the request before it (RFC 4252
 * section 7). */
static int
put_signature(struct client *c, struct put *w, const struct client_key *key)
{
	struct pk_signer *s = pk_signer_ed25519(key->seed);
	uint8_t signed_data[REQUEST_MAX + 2 * SSH_HASH_MAX];
	struct put d = put_of(signed_data, sizeof(signed_data));
	size_t mark;
	int r = -1;

	put_string(&d, c->session_id, c->session_id_len);
	put_bytes(&d, w->start, put_len(w));
	mark = put_mark(w);
	if (s != NULL && !d.bad)
		r = sign_make(w, sign_find(view_str("ssh-ed25519")), s, put_view(&d));
	put_fill(w, mark);
	pk_signer_free(s);
	return r;
}

int
client_auth_key_send(struct client *c, const char *user, const struct client_key *key, bool sign)
{
	const struct pk_public public = { .type = PK_ED25519, .key = view_of(key->pub, sizeof(key->pub)) };
	uint8_t buf[REQUEST_MAX], blob[64];
	struct put w = put_of(buf, sizeof(buf));
	struct put b = put_of(blob, sizeof(blob));

	c->dialogue = false;
	sign_key_put(&b, &public);
	userauth_put_key(&w, user, "ssh-ed25519", put_view(&b), sign, view_of(NULL, 0));
	if (sign && put_signature(c, &w, key) != 0)
		return client_fail(c, "cannot sign");
	return w.bad ? client_fail(c, "request too long") : client_say(c, put_view(&w));
}

static void
take_failure(struct client *c)
{
	struct cur p = cur_view(c->payload);
	struct view methods;

	cur_u8(&p);
	methods = cur_string(&p);
	c->partial = cur_bool(&p);
	snprintf(c->methods, sizeof(c->methods), "%.*s", (int)methods.len,
	    methods.data != NULL ? (const char *)methods.data : "");
}

static int
take_prompt(struct client *c)
{
	struct userauth_prompt p;

	if (userauth_prompt(&p, view_of(c->payload.data + 1, c->payload.len - 1)) != 0)
		return client_fail(c, "malformed prompt");
	c->prompt_count = p.count;
	return CLIENT_AUTH_PROMPT;
}

int
client_auth_recv(struct client *c)
{
	for (;;) {
		if (client_step(c) != 0)
			return -1;
		switch (c->payload.data[0]) {
		case SSH_MSG_USERAUTH_SUCCESS:
			return CLIENT_AUTH_SUCCESS;
		case SSH_MSG_USERAUTH_FAILURE:
			take_failure(c);
			return CLIENT_AUTH_FAILURE;
		case SSH_MSG_USERAUTH_PK_OK:
			return c->dialogue ? take_prompt(c) : CLIENT_AUTH_PK_OK;
		default:
			break;
		}
	}
}

int
client_login(
    struct client *c, const char *host, const char *port, const char *user, const struct client_key *key)
{
	int r;

	if (client_connect(c, host, port) != 0 || client_ident_send(c) != 0 || client_ident_recv(c) != 0 ||
	    client_kex(c) != 0)
		return -1;
	if (client_service_send(c, "ssh-userauth") != 0 || client_service_recv(c) != 0)
		return -1;
	if (client_auth_key_send(c, user, key, true) != 0)
		return -1;
	r = client_auth_recv(c);
	if (r > 0)
		client_fail(c, "login refused");
	return r == CLIENT_AUTH_SUCCESS ? 0 : -1;
}
