#include "control/kex/agent.h"

/* RFC 9987: message numbers */
enum agent_message {
	AGENT_FAILURE = 5,
	AGENTC_REQUEST_IDENTITIES = 11,
	AGENT_IDENTITIES_ANSWER = 12,
	AGENTC_SIGN_REQUEST = 13,
	AGENT_SIGN_RESPONSE = 14,
};

/* RFC 9987: flags of a request for a signature */
#define AGENT_RSA_SHA2_256 2u
#define AGENT_RSA_SHA2_512 4u

void
agent_put_list(struct put *w)
{
	put_u32(w, 1);
	put_u8(w, AGENTC_REQUEST_IDENTITIES);
}

static bool
begins(const char *algorithm, const char *with)
{
	return strncmp(algorithm, with, strlen(with)) == 0;
}

/* The names of certificates begin with those of their algorithms. */
static uint32_t
flags_of(const char *algorithm)
{
	if (begins(algorithm, "rsa-sha2-512"))
		return AGENT_RSA_SHA2_512;
	return begins(algorithm, "rsa-sha2-256") ? AGENT_RSA_SHA2_256 : 0;
}

void
agent_put_sign(struct put *w, struct view key, const char *algorithm, struct view data)
{
	size_t mark = put_mark(w);

	put_u8(w, AGENTC_SIGN_REQUEST);
	put_sview(w, key);
	put_sview(w, data);
	put_u32(w, flags_of(algorithm));
	put_fill(w, mark);
}

int
agent_whole(struct view bytes, struct view *message)
{
	struct cur c = cur_view(bytes);
	uint32_t len = cur_u32(&c);

	if (c.bad)
		return 0;
	if (len == 0 || len > AGENT_MESSAGE_MAX)
		return -R_SHORT;
	if (cur_left(&c) < len)
		return 0;
	*message = cur_take(&c, len);
	return 1;
}

int
agent_list(struct view message, struct view *keys)
{
	struct cur c = cur_view(message);
	uint8_t type = cur_u8(&c);
	uint32_t count = cur_u32(&c);

	if (type != AGENT_IDENTITIES_ANSWER)
		return -R_KEX_SIGN;
	if (c.bad || count > AGENT_KEYS_MAX)
		return -R_SHORT;
	*keys = view_of(c.p, cur_left(&c));
	while (count-- > 0) {
		cur_string(&c);
		cur_string(&c);
	}
	return cur_done(&c) ? 0 : -R_SHORT;
}

bool
agent_key(struct view *keys, struct view *blob, struct view *comment)
{
	struct cur c = cur_view(*keys);

	*blob = cur_string(&c);
	*comment = cur_string(&c);
	*keys = view_of(c.p, cur_left(&c));
	return !c.bad;
}

/* A signature's name is of the plain algorithm, with a certificate too. */
static bool
is_of(struct view name, const char *algorithm)
{
	size_t len = strlen(algorithm);
	const char *cert = strstr(algorithm, "-cert-v01@openssh.com");

	return view_eq(name, view_of(algorithm, cert != NULL ? (size_t)(cert - algorithm) : len));
}

int
agent_signature(struct view message, const char *algorithm, struct view *signature)
{
	struct cur c = cur_view(message), s;
	uint8_t type = cur_u8(&c);

	if (type != AGENT_SIGN_RESPONSE)
		return -R_KEX_SIGN;
	*signature = cur_string(&c);
	s = cur_view(*signature);
	if (!cur_done(&c) || !is_of(cur_string(&s), algorithm))
		return -R_KEX_SIGN;
	cur_string(&s);
	return cur_done(&s) ? 0 : -R_SHORT;
}
