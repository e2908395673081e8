/* Service request and user authentication, RFC 4252: one request at a time. */
#include "control/client/caller.h"

#include "drivers/pk/pk.h"

void
caller_login_begin(struct caller *c, struct step *s)
{
	size_t mark = step_record_open(s, SSH_MSG_SERVICE_REQUEST);

	put_cstr(&s->w, "ssh-userauth");
	step_record_close(s, mark);
	c->state = CALLER_SERVICE;
}

int
caller_on_accept(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct cur p = cur_view(payload);

	(void)seq;
	cur_u8(&p);
	if (!view_is(cur_string(&p), "ssh-userauth") || !cur_done(&p))
		return -R_AUTH_SERVICE;
	step_phase(s, SSH_PHASE_AUTH);
	c->state = CALLER_AUTH;
	c->wants = CALLER_WANTS_METHOD;
	return 0;
}

static void
keep_text(char *out, size_t size, struct view text)
{
	size_t len = text.len < size - 1 ? text.len : size - 1;

	if (len > 0)
		memcpy(out, text.data, len);
	out[len] = '\0';
}

int
caller_on_ext_info(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct kex_ext_info e;
	int r = kex_ext_info_parse(&e, payload);

	(void)seq;
	(void)s;
	if (r != 0)
		return r;
	if (++c->banners > CALLER_BANNERS_MAX)
		return -R_AUTH_PACKETS;
	if (e.sign_names.data != NULL)
		keep_text(c->sign_names, sizeof(c->sign_names), e.sign_names);
	c->hostbound = c->hostbound || e.host_bound;
	return 0;
}

/* ---- what is sent ---- */

/* The request stands in c->request behind the session id. */
static struct put
request_begin(struct caller *c)
{
	struct put w = put_of(c->request, sizeof(c->request));

	pk_wipe(c->request, sizeof(c->request));
	put_string(&w, c->session_id, c->session_id_len);
	return w;
}

static struct view
request_of(const struct caller *c)
{
	size_t head = 4 + c->session_id_len;

	return view_of(c->request + head, c->request_len - head);
}

/* Passwords must not outlive their request. */
static int
request_send(struct caller *c, const struct put *w, enum userauth_method method, struct step *s)
{
	int r = w->bad ? -R_LIMIT : 0;

	c->request_len = (uint32_t)put_len(w);
	if (r == 0) {
		step_record(s, request_of(c));
		c->method = method;
		c->wants = CALLER_WANTS_NOTHING;
	}
	pk_wipe(c->request, sizeof(c->request));
	return r;
}

int
caller_auth_none(struct caller *c, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_METHOD, s))
		return -R_LINK_STATE;
	w = request_begin(c);
	userauth_put_none(&w, c->user);
	return request_send(c, &w, USERAUTH_NONE, s);
}

int
caller_auth_password(struct caller *c, const char *password, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_METHOD, s))
		return -R_LINK_STATE;
	w = request_begin(c);
	userauth_put_password(&w, c->user, password, NULL);
	return request_send(c, &w, USERAUTH_PASSWORD, s);
}

int
caller_auth_new_password(struct caller *c, const char *old, const char *fresh, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_PASSWORD, s))
		return -R_LINK_STATE;
	w = request_begin(c);
	userauth_put_password(&w, c->user, old, fresh);
	return request_send(c, &w, USERAUTH_PASSWORD, s);
}

int
caller_auth_kbdint(struct caller *c, const char *submethods, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_METHOD, s))
		return -R_LINK_STATE;
	w = request_begin(c);
	userauth_put_kbdint(&w, c->user, submethods);
	return request_send(c, &w, USERAUTH_KBDINT, s);
}

int
caller_responses(struct caller *c, const struct view *responses, uint32_t count, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_RESPONSES, s) || count != c->prompts)
		return -R_LINK_STATE;
	w = request_begin(c);
	userauth_put_responses(&w, responses, count);
	return request_send(c, &w, USERAUTH_KBDINT, s);
}

/* A request bound to the host key where the server knows it (OpenSSH PROTOCOL,
 * section 3.1): what an agent signs then names the server. */
static void
put_key(struct caller *c, struct put *w, const char *algorithm, struct view blob, bool sign)
{
	struct view host_key = view_of(c->host_key, c->hostbound ? c->host_key_len : 0);

	userauth_put_key(w, c->user, algorithm, blob, sign, host_key);
}

int
caller_auth_query(struct caller *c, const char *algorithm, struct view blob, struct step *s)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_METHOD, s))
		return -R_LINK_STATE;
	w = request_begin(c);
	put_key(c, &w, algorithm, blob, false);
	return request_send(c, &w, USERAUTH_QUERY, s);
}

int
caller_auth_key(struct caller *c, const char *algorithm, struct view blob)
{
	struct put w;

	if (!caller_asked(c, CALLER_WANTS_METHOD, NULL))
		return -R_LINK_STATE;
	w = request_begin(c);
	put_key(c, &w, algorithm, blob, true);
	if (w.bad)
		return -R_LIMIT;
	c->request_len = (uint32_t)put_len(&w);
	c->wants = CALLER_WANTS_SIGNATURE;
	return 0;
}

struct view
caller_signed(const struct caller *c)
{
	return view_of(c->request, c->wants == CALLER_WANTS_SIGNATURE ? c->request_len : 0);
}

int
caller_signature(struct caller *c, struct view signature, struct step *s)
{
	struct put w = put_of(c->request, sizeof(c->request));

	if (!caller_asked(c, CALLER_WANTS_SIGNATURE, s))
		return -R_LINK_STATE;
	c->wants = CALLER_WANTS_METHOD;
	if (signature.len == 0)
		return 0;
	w.p += c->request_len;
	put_sview(&w, signature);
	return request_send(c, &w, USERAUTH_KEY, s);
}

/* ---- what the server says ---- */

static int
on_failure(struct caller *c, struct cur *p)
{
	struct caller_event e = { .told = CALLER_TOLD_REFUSED, .text = cur_string(p) };

	e.ok = cur_bool(p);
	if (!cur_done(p))
		return -R_SHORT;
	if (c->method == USERAUTH_NOTHING)
		return -R_SSH_PHASE;
	keep_text(c->methods, sizeof(c->methods), e.text);
	c->partial = e.ok;
	c->method = USERAUTH_NOTHING;
	c->wants = CALLER_WANTS_METHOD;
	caller_tell(c, &e);
	return ++c->banners > CALLER_BANNERS_MAX ? -R_AUTH_TRIES : 0;
}

static int
on_success(struct caller *c, struct cur *p, struct step *s)
{
	const struct caller_event e = { .told = CALLER_TOLD_LOGIN };

	/* RFC 4252 section 5.1: sent once, and to a request that was made. */
	if (!cur_done(p) || c->method == USERAUTH_NOTHING || c->method == USERAUTH_QUERY)
		return -R_SSH_PHASE;
	c->method = USERAUTH_NOTHING;
	c->wants = CALLER_WANTS_NOTHING;
	c->state = CALLER_OPEN;
	step_phase(s, SSH_PHASE_OPEN);
	caller_tell(c, &e);
	return 0;
}

static int
on_banner(struct caller *c, struct cur *p)
{
	struct caller_event e = { .told = CALLER_TOLD_BANNER, .text = cur_string(p) };

	cur_string(p); /* language */
	if (!cur_done(p))
		return -R_SHORT;
	if (++c->banners > CALLER_BANNERS_MAX)
		return -R_AUTH_PACKETS;
	caller_tell(c, &e);
	return 0;
}

static int
on_pk_ok(struct caller *c)
{
	const struct caller_event e = { .told = CALLER_TOLD_PK_OK };

	c->method = USERAUTH_NOTHING;
	c->wants = CALLER_WANTS_METHOD;
	caller_tell(c, &e);
	return 0;
}

/* RFC 4252 section 8: SSH_MSG_USERAUTH_PASSWD_CHANGEREQ */
static int
on_expired(struct caller *c, struct cur *p)
{
	struct caller_event e = { .told = CALLER_TOLD_EXPIRED, .text = cur_string(p) };

	cur_string(p); /* language */
	if (!cur_done(p))
		return -R_SHORT;
	c->wants = CALLER_WANTS_PASSWORD;
	caller_tell(c, &e);
	return 0;
}

static int
on_prompt(struct caller *c, struct cur *p)
{
	struct caller_event e = { .told = CALLER_TOLD_PROMPT, .data = cur_take(p, cur_left(p)) };
	struct userauth_prompt prompt;
	int r = userauth_prompt(&prompt, e.data);

	if (r != 0)
		return r;
	if (++c->banners > CALLER_BANNERS_MAX)
		return -R_AUTH_PACKETS;
	c->prompts = prompt.count;
	c->wants = CALLER_WANTS_RESPONSES;
	caller_tell(c, &e);
	return 0;
}

/* 60 has a meaning by method: RFC 4250 section 4.1.2. */
static int
on_method(struct caller *c, struct cur *p)
{
	switch (c->method) {
	case USERAUTH_QUERY:
		return on_pk_ok(c);
	case USERAUTH_PASSWORD:
		return on_expired(c, p);
	case USERAUTH_KBDINT:
		return on_prompt(c, p);
	default:
		return -R_SSH_PHASE;
	}
}

int
caller_on_auth(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct cur p = cur_view(payload);

	(void)seq;
	switch (cur_u8(&p)) {
	case SSH_MSG_USERAUTH_FAILURE:
		return on_failure(c, &p);
	case SSH_MSG_USERAUTH_SUCCESS:
		return on_success(c, &p, s);
	case SSH_MSG_USERAUTH_BANNER:
		return on_banner(c, &p);
	default:
		return c->wants == CALLER_WANTS_NOTHING ? on_method(c, &p) : -R_SSH_PHASE;
	}
}
