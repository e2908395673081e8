#include "control/clerk/clerk.h"

#include <string.h>

/* RFC 4254 section 8: opcodes below 160 carry a uint32, 0 ends; 160 and above
 * are undefined and end what can be read. */
#define TTY_OP_END 0
#define TTY_OP_UNDEFINED 160

static bool
modes_sane(struct view modes)
{
	struct cur c = cur_view(modes);

	while (cur_left(&c) > 0) {
		uint8_t op = cur_u8(&c);

		if (op == TTY_OP_END || op >= TTY_OP_UNDEFINED)
			return true;
		cur_u32(&c);
	}
	return !c.bad;
}

static bool
printable(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] <= 0x20 || v.data[i] >= 0x7f)
			return false;
	return true;
}

/* RFC 4254 section 6.2. */
bool
clerk_pty_req(struct cur *c, struct clerk_chan *ch, struct put *w)
{
	struct view term = cur_string(c);
	uint32_t size[4];
	struct view modes;
	uint8_t *from = w->p;

	for (int i = 0; i < 4; i++)
		size[i] = cur_u32(c);
	modes = cur_string(c);
	if (!cur_done(c) || ch->has_pty || term.len > CLERK_TERM_MAX || !printable(term) ||
	    modes.len > CLERK_MODES_MAX || !modes_sane(modes))
		return false;
	put_sview(w, term);
	for (int i = 0; i < 4; i++)
		put_u32(w, size[i]);
	put_sview(w, modes);
	ch->has_pty = true;
	ch->pty = view_of(from, (size_t)(w->p - from));
	return !w->bad;
}

/* RFC 4254 section 6.7, before the program runs: the pty starts with this size. */
bool
clerk_window_change(struct cur *c, struct clerk_chan *ch, struct put *w)
{
	struct cur old = cur_view(ch->pty);
	struct view term = cur_string(&old);
	struct view modes;
	struct view size = cur_take(c, 16);
	uint8_t *from = w->p;

	cur_take(&old, 16);
	modes = cur_string(&old);
	if (!cur_done(c) || !ch->has_pty || old.bad)
		return false;
	put_sview(w, term);
	put_bytes(w, size.data, size.len);
	put_sview(w, modes);
	ch->pty = view_of(from, (size_t)(w->p - from));
	return !w->bad;
}

/* `*` and `?` as in sshd_config patterns; linear in the text for each star. */
bool
clerk_match(const char *pattern, const char *text)
{
	const char *star = NULL, *back = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			back = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
accepted(const struct conf *conf, struct view name)
{
	char text[128];

	if (name.len == 0 || name.len >= sizeof(text) || !printable(name) ||
	    memchr(name.data, '=', name.len) != NULL)
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	for (uint32_t i = 0; i < conf->accept_env_count; i++)
		if (clerk_match(conf->accept_env[i], text))
			return true;
	return false;
}

/* A name that comes again replaces the earlier value. */
bool
clerk_env_put(struct clerk_chan *ch, struct view name, struct view value, struct put *w)
{
	struct cur old = cur_view(ch->env);
	uint8_t *from = w->p;
	uint32_t count = 1;

	if (name.len == 0 || memchr(name.data, 0, name.len) != NULL || memchr(name.data, '=', name.len) != NULL ||
	    (value.len > 0 && memchr(value.data, 0, value.len) != NULL))
		return false;
	while (cur_left(&old) > 0) {
		struct view k = cur_string(&old);
		struct view v = cur_string(&old);

		if (view_eq(k, name))
			continue;
		put_sview(w, k);
		put_sview(w, v);
		count++;
	}
	put_sview(w, name);
	put_sview(w, value);
	if (w->bad || old.bad || count > CLERK_ENV_MAX || (size_t)(w->p - from) > CLERK_ENV_BYTES_MAX)
		return false;
	ch->env_count = count;
	ch->env = view_of(from, (size_t)(w->p - from));
	return true;
}

/* RFC 4254 section 6.4. */
bool
clerk_env_req(const struct conf *conf, struct cur *c, struct clerk_chan *ch, struct put *w)
{
	struct view name = cur_string(c);
	struct view value = cur_string(c);

	return cur_done(c) && accepted(conf, name) && clerk_env_put(ch, name, value, w);
}
