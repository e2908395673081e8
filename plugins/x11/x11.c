#include "x11.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void
x11_say(struct x11 *x, uint32_t level, const char *text)
{
	struct postern_channel none = { 0 };

	x->log->line(x->env.host, level, none, postern_text(text));
}

/* ---- the request: RFC 4254 section 6.3.1 ---- */

struct reader {
	const unsigned char *at;
	uint64_t left;
	int bad;
};

static uint32_t
get_u32(struct reader *r)
{
	uint32_t v;

	if (r->left < 4) {
		r->bad = 1;
		return 0;
	}
	v = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 | r->at[3];
	r->at += 4;
	r->left -= 4;
	return v;
}

static int
get_bool(struct reader *r)
{
	if (r->left < 1) {
		r->bad = 1;
		return 0;
	}
	r->left--;
	return *r->at++ != 0;
}

/* A word for xauth: what could be more than one, or a command, is none. */
static void
get_word(struct reader *r, char word[X11_WORD_MAX + 1])
{
	uint32_t len = get_u32(r), i;

	if (r->bad || len > r->left || len == 0 || len > X11_WORD_MAX) {
		r->bad = 1;
		return;
	}
	for (i = 0; i < len; i++)
		if (!isalnum(r->at[i]) && strchr(".:/-_", r->at[i]) == NULL)
			r->bad = 1;
	memcpy(word, r->at, len);
	word[len] = '\0';
	r->at += len;
	r->left -= len;
}

static int
read_request(struct display *d, struct postern_view body)
{
	struct reader r = { body.data, body.len, 0 };

	d->single = get_bool(&r);
	get_word(&r, d->protocol);
	get_word(&r, d->cookie);
	d->screen = get_u32(&r);
	return r.bad || r.left != 0 || d->screen > 400 ? -1 : 0;
}

/* DISPLAY, and how xauth names the same: what connects to localhost looks for the
 * machine's own. */
static int
name_it(struct display *d)
{
	char host[256] = "localhost";

	if (!d->x11->localhost && gethostname(host, sizeof(host) - 1) != 0)
		return -1;
	snprintf(d->name, sizeof(d->name), "%s:%u.%u", host, d->number, d->screen);
	if (d->x11->localhost)
		snprintf(d->auth_name, sizeof(d->auth_name), "unix:%u.%u", d->number, d->screen);
	else
		memcpy(d->auth_name, d->name, sizeof(d->auth_name));
	return 0;
}

static struct display **
place_of(struct x11 *x, struct postern_connection c, uint64_t session)
{
	struct display **at = &x->displays;

	while (*at != NULL && ((*at)->connection.handle != c.handle || (*at)->session != session))
		at = &(*at)->next;
	return at;
}

static void
end(struct display **at)
{
	struct display *d = *at;

	*at = d->next;
	d->token = 0;
	display_close(d);
	xauth_end(d);
	display_release(d);
}

void
x11_answer(struct display *d, int success)
{
	struct x11 *x = d->x11;
	uint64_t token = d->token;

	if (token == 0)
		return;
	d->token = 0;
	if (success &&
	    x->connections->variable(x->env.host, d->connection, token, postern_text("DISPLAY"),
		postern_text(d->name)) != POSTERN_OK)
		success = 0;
	(void)x->connections->reply(x->env.host, d->connection, token, (uint32_t)success, postern_view_of(NULL, 0));
}

static int32_t
request(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session, uint64_t token,
    uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	struct x11 *x = plugin->impl;
	struct display *d;

	(void)kind;
	(void)wanted;
	(void)name;
	/* One for a session; without xauth programs here could not say its cookie. */
	if (*place_of(x, connection, session) != NULL || x->xauth[0] == '\0')
		return POSTERN_E_DENIED;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return POSTERN_E_NOMEM;
	d->x11 = x;
	d->connection = connection;
	d->session = session;
	d->refs = 1;
	d->fds[0] = d->fds[1] = d->in = d->out = -1;
	d->next = x->displays;
	x->displays = d;
	if (read_request(d, body) != 0 || display_listen(d) != 0 || name_it(d) != 0 ||
	    xauth_begin(d) != POSTERN_OK) {
		end(place_of(x, connection, session));
		return POSTERN_E_FAIL;
	}
	d->token = token;
	return POSTERN_E_AGAIN;
}

static void
session_ended(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session)
{
	struct display **at = place_of(plugin->impl, connection, session);

	if (*at != NULL)
		end(at);
}

static const struct postern_answers answers[] = {
	{ POSTERN_REQUEST_SESSION, 0, POSTERN_LITERAL("x11-req") },
};

static const struct postern_if_requests requests = {
	.answers = answers,
	.answers_count = 1,
	.request = request,
	.session_ended = session_ended,
};

/* ---- configuration: lines of postern.conf ---- */

static void
line(struct x11 *x, char *text)
{
	char *rest = text, *keyword = strtok_r(rest, " \t", &rest);
	char *value = keyword != NULL ? strtok_r(NULL, " \t", &rest) : NULL;

	if (value == NULL)
		return;
	if (strcasecmp(keyword, "X11DisplayOffset") == 0)
		x->offset = (uint32_t)strtoul(value, NULL, 10);
	else if (strcasecmp(keyword, "X11UseLocalhost") == 0)
		x->localhost = strcasecmp(value, "no") != 0;
	else if (strcasecmp(keyword, "XAuthLocation") == 0)
		snprintf(x->xauth, sizeof(x->xauth), "%s", strcasecmp(value, "none") == 0 ? "" : value);
}

static int
configure(struct x11 *x, struct postern_view text)
{
	char *copy = strndup(text.len > 0 ? text.data : "", text.len), *rest = copy, *one;

	if (copy == NULL)
		return -1;
	while ((one = strsep(&rest, "\n")) != NULL)
		line(x, one);
	free(copy);
	return 0;
}

/* ---- the plugin ---- */

static int32_t
x11_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
x11_stop(struct postern_plugin *plugin)
{
	struct x11 *x = plugin->impl;

	while (x->displays != NULL)
		end(&x->displays);
}

static void
x11_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
x11_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	if (postern_view_is(id, POSTERN_IF_SUBSYSTEM))
		return &x11_channels;
	return postern_view_is(id, POSTERN_IF_REQUESTS) ? &requests : NULL;
}

static int
ask_host(struct x11 *x, const struct postern_host *host)
{
	const struct postern_if_config *config = host->query(host, postern_text(POSTERN_IF_CONFIG));

	x->env.host = host;
	x->env.channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	x->env.loop = host->query(host, postern_text(POSTERN_IF_LOOP));
	x->connections = host->query(host, postern_text(POSTERN_IF_CONNECTION));
	x->spawn = host->query(host, postern_text(POSTERN_IF_SPAWN));
	x->log = host->query(host, postern_text(POSTERN_IF_LOG));
	if (config == NULL || x->env.channels == NULL || x->env.loop == NULL || x->connections == NULL ||
	    x->spawn == NULL || x->log == NULL)
		return -1;
	return configure(x, config->text(host));
}

static int32_t
x11_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct x11 *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return POSTERN_E_NOMEM;
	x->offset = 10;
	x->localhost = 1;
	snprintf(x->xauth, sizeof(x->xauth), "/usr/bin/xauth");
	if (ask_host(x, host) != 0) {
		free(x);
		return POSTERN_E_NOSUCH;
	}
	x->plugin.size = sizeof(x->plugin);
	x->plugin.impl = x;
	x->plugin.start = x11_start;
	x->plugin.stop = x11_stop;
	x->plugin.destroy = x11_destroy;
	x->plugin.query = x11_query;
	*out = &x->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.x11"),
	POSTERN_LITERAL("0.1"), x11_create,
};
