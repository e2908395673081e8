#include "control/client/userauth.h"

#include <string.h>

#include "control/kex/namelist.h"
#include "control/kex/sign.h"

/* RFC 4252 section 5 */
static void
head(struct put *w, const char *user, const char *method)
{
	put_u8(w, SSH_MSG_USERAUTH_REQUEST);
	put_cstr(w, user);
	put_cstr(w, "ssh-connection");
	put_cstr(w, method);
}

void
userauth_put_none(struct put *w, const char *user)
{
	head(w, user, "none");
}

void
userauth_put_password(struct put *w, const char *user, const char *password, const char *fresh)
{
	head(w, user, "password");
	put_bool(w, fresh != NULL);
	put_cstr(w, password);
	if (fresh != NULL)
		put_cstr(w, fresh);
}

/* RFC 4256 section 3.1 */
void
userauth_put_kbdint(struct put *w, const char *user, const char *submethods)
{
	head(w, user, "keyboard-interactive");
	put_cstr(w, ""); /* language */
	put_cstr(w, submethods);
}

/* RFC 4256 section 3.4 */
void
userauth_put_responses(struct put *w, const struct view *responses, uint32_t count)
{
	put_u8(w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	put_u32(w, count);
	for (uint32_t i = 0; i < count; i++)
		put_sview(w, responses[i]);
}

/* RFC 4252 section 7 */
void
userauth_put_key(struct put *w, const char *user, const char *algorithm, struct view blob, bool sign,
    struct view host_key)
{
	head(w, user, host_key.len > 0 ? "publickey-hostbound-v00@openssh.com" : "publickey");
	put_bool(w, sign);
	put_cstr(w, algorithm);
	put_sview(w, blob);
	if (host_key.len > 0)
		put_sview(w, host_key);
}

/* A server that tells no list is asked with the strongest: RFC 8332 section 3.3. */
const char *
userauth_algorithm(const char *names, struct view blob)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (sign_key_fits(a, blob, 0) && (names[0] == '\0' || namelist_has(view_str(names), a->name)))
			return a->name;
	return NULL;
}

/* RFC 4256 section 3.2 */
int
userauth_prompt(struct userauth_prompt *p, struct view body)
{
	struct cur c = cur_view(body);

	p->name = cur_string(&c);
	p->instruction = cur_string(&c);
	cur_string(&c); /* language */
	p->count = cur_u32(&c);
	if (c.bad || p->count > USERAUTH_PROMPTS_MAX)
		return -R_AUTH_FORM;
	for (uint32_t i = 0; i < p->count; i++) {
		p->prompt[i].text = cur_string(&c);
		p->prompt[i].echo = cur_bool(&c);
	}
	return cur_done(&c) ? 0 : -R_AUTH_FORM;
}
