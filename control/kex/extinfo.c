/* EXT_INFO, RFC 8308: what each side says of itself beside the algorithms. */
#include "control/kex/kex.h"

void
kex_ext_info(struct put *w, const char *sign_names, bool agent)
{
	const struct extension {
		const char *name;
		const char *value;
	} extensions[] = {
		{ "server-sig-algs", sign_names },             /* RFC 8308 section 3.1 */
		{ "publickey-hostbound@openssh.com", "0" },    /* OpenSSH PROTOCOL, section 3.1 */
		{ "ping@openssh.com", "0" },                   /* OpenSSH PROTOCOL, section 1.9 */
		{ "agent-forward", "0" },                      /* RFC 9987: agent-req is served */
	};
	const size_t count = sizeof(extensions) / sizeof(extensions[0]) - !agent;

	put_u8(w, SSH_MSG_EXT_INFO);
	put_u32(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		put_cstr(w, extensions[i].name);
		put_cstr(w, extensions[i].value);
	}
}

void
kex_ext_info_client(struct put *w)
{
	put_u8(w, SSH_MSG_EXT_INFO);
	put_u32(w, 1);
	put_cstr(w, "ext-info-in-auth@openssh.com");
	put_cstr(w, "0");
}

/* The count is the peer's word: what is left of the message bounds the loop. */
int
kex_ext_info_parse(struct kex_ext_info *e, struct view payload)
{
	struct cur c = cur_view(payload);
	uint32_t count;

	memset(e, 0, sizeof(*e));
	cur_u8(&c);
	count = cur_u32(&c);
	for (uint32_t i = 0; i < count && !c.bad; i++) {
		struct view name = cur_string(&c), value = cur_string(&c);

		if (view_is(name, "server-sig-algs"))
			e->sign_names = value;
		else if (view_is(name, "ext-info-in-auth@openssh.com"))
			e->in_auth = view_is(value, "0");
		else if (view_is(name, "publickey-hostbound@openssh.com"))
			e->host_bound = view_is(value, "0");
		else if (view_is(name, "ping@openssh.com"))
			e->ping = view_is(value, "0");
	}
	return cur_done(&c) ? 0 : -R_SHORT;
}
