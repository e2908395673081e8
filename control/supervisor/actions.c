/*
 * What an operator asks for. The caller's credentials are console's word, which has
 * them from the kernel; whether they suffice is decided here.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/json.h"
#include "control/supervisor/supervisor.h"

#define USER_BEGINS "user:"

struct action {
	struct sup *sup;
	char argument[GRANT_NAME_MAX + sizeof(USER_BEGINS)];
	uint32_t uid;
	uint32_t tag;
	bool later; /* the answer comes later */
	bool allowed;
	struct js *more; /* what else there is to say */
	char text[384];  /* why not */
};

/* ---- kill and rekey ---- */

/* Whose a session is, as its grant says. */
static bool
user_of(const struct conn *c, char user[GRANT_NAME_MAX])
{
	struct grant *g = malloc(sizeof(*g));
	bool known = c->granted && g != NULL && grant_decode(g, view_of(c->grant, c->grant_len)) == 0;

	if (known)
		memcpy(user, g->user, GRANT_NAME_MAX);
	free(g);
	return known;
}

static bool
is_meant(const struct conn *c, const char *which, const char *user)
{
	char id[32];

	if (strcmp(which, "all") == 0)
		return user != NULL;
	if (strncmp(which, USER_BEGINS, strlen(USER_BEGINS)) == 0)
		return user != NULL && strcmp(which + strlen(USER_BEGINS), user) == 0;
	snprintf(id, sizeof(id), "%u-%u", c->conn, c->gen);
	return strcmp(which, id) == 0;
}

struct choosing {
	const struct action *a;
	void (*run)(struct sup *s, struct conn *c, const char *user, uint32_t uid);
	bool logged_in; /* no others are meant */
	uint64_t count;
};

static void
run_meant(struct sup *s, struct conn *c, void *ctx)
{
	struct choosing *k = ctx;
	char name[GRANT_NAME_MAX];
	const char *user = user_of(c, name) ? name : NULL;

	if (!is_meant(c, k->a->argument, user) || (k->logged_in && user == NULL))
		return;
	k->run(s, c, user, k->a->uid);
	k->count++;
}

static bool
is_id(const char *text)
{
	unsigned conn, gen;
	char rest;

	return sscanf(text, "%10u-%10u%c", &conn, &gen, &rest) == 2;
}

/* To each session that the argument means; how many is told as `count`. */
static uint32_t
do_each(struct action *a, const char *verb, struct choosing *k, const char *count)
{
	bool all = strcmp(a->argument, "all") == 0;
	bool user = strncmp(a->argument, USER_BEGINS, strlen(USER_BEGINS)) == 0;

	k->a = a;
	if (!all && !user && !is_id(a->argument)) {
		snprintf(a->text, sizeof(a->text),
		    "%s takes a session's id, as sessions shows it, user:NAME or all", verb);
		return R_PROTOCOL;
	}
	if (!attach_on(a->sup)) {
		snprintf(a->text, sizeof(a->text), "the dataplane is not attached");
		return R_PEER_GONE;
	}
	conns_each(a->sup, run_meant, k);
	js_set_u64(a->more, count, k->count);
	if (k->count > 0 || all)
		return R_NONE;
	snprintf(a->text, sizeof(a->text), user ? "%s has no session" : "there is no session %s",
	    user ? a->argument + strlen(USER_BEGINS) : a->argument);
	return R_LINK_CONN;
}

static void
kill_one(struct sup *s, struct conn *c, const char *user, uint32_t uid)
{
	log_info("session %u-%u of %s from %s port %u closed by the operator (uid %u)", c->conn, c->gen,
	    user != NULL ? user : "nobody yet", c->peer, c->peer_port, uid);
	attach_kill(s, c->conn, c->gen, R_KILLED);
}

static uint32_t
do_kill(struct action *a)
{
	struct choosing k = { .run = kill_one };

	return do_each(a, "kill", &k, "killed");
}

static void
rekey_one(struct sup *s, struct conn *c, const char *user, uint32_t uid)
{
	(void)user;
	(void)uid;
	attach_rekey(s, c->conn, c->gen);
}

static uint32_t
do_rekey(struct action *a)
{
	struct choosing k = { .run = rekey_one, .logged_in = true };
	uint32_t r;

	if (attach_on(a->sup) && a->sup->attach.minor < 3) {
		snprintf(a->text, sizeof(a->text), "the running postern-dp is older and cannot do this");
		return R_LINK_VERSION;
	}
	r = do_each(a, "rekey", &k, "asked");
	if (r == R_NONE)
		log_info("new keys for %s asked for by the operator (uid %u): %llu sessions", a->argument, a->uid,
		    (unsigned long long)k.count);
	return r;
}

/* ---- reload ---- */

static uint32_t
do_reload(struct action *a)
{
	struct js *said;
	const char *why;
	int r;

	log_info("reload asked for by the operator (uid %u)", a->uid);
	r = conf_reload(a->sup, &why, &said);
	js_join(a->more, said);
	if (r == 0)
		return R_NONE;
	snprintf(a->text, sizeof(a->text), "%s", why);
	return R_PROTOCOL;
}

/* ---- a plugin ---- */

static uint32_t
do_plugin_reload(struct action *a)
{
	uint32_t r = renew_start(a->sup, a->argument, a->uid, a->tag, a->text, sizeof(a->text));

	a->later = r == R_NONE;
	return r;
}

/* ---- all ---- */

static const struct {
	const char *verb;
	uint32_t (*run)(struct action *a);
} verbs[] = {
	{ "kill", do_kill },
	{ "rekey", do_rekey },
	{ "reload", do_reload },
	{ "plugin-reload", do_plugin_reload },
};

static uint32_t
act(struct action *a, struct view verb)
{
	size_t i;

	if (!a->allowed) {
		snprintf(a->text, sizeof(a->text), "only root and members of the group %s may do this",
		    a->sup->conf.control_group[0] != '\0' ? a->sup->conf.control_group : "(none)");
		return R_LINK_DENIED;
	}
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (view_is(verb, verbs[i].verb))
			return verbs[i].run(a);
	snprintf(a->text, sizeof(a->text), "not served");
	return R_PROTOCOL;
}

bool
caller_may(const struct sup *s, struct cur *b, uint32_t *uid)
{
	const char *name = s->conf.control_group;
	struct group *gr = name[0] != '\0' ? getgrnam(name) : NULL;
	uint32_t count;
	bool may;

	*uid = cur_u32(b);
	count = cur_u32(b);
	may = !b->bad && *uid == 0;
	while (count-- > 0 && !b->bad) {
		uint32_t gid = cur_u32(b);

		if (gr != NULL && !b->bad && gid == gr->gr_gid)
			may = true;
	}
	return may;
}

void
action_answer(struct sup *s, uint32_t tag, uint32_t reason, const char *why, struct js *more)
{
	struct msg answer = { .type = MSG_ACTION_DONE, .tag = tag };
	uint8_t body[512];
	struct put w = put_of(body, sizeof(body));
	char *text = js_text(more, false);
	int fd = text != NULL ? status_file(text) : -1;

	free(text);
	put_u32(&w, reason);
	put_string(&w, why, reason == R_NONE ? 0 : strnlen(why, 400));
	answer.body = put_view(&w);
	answer.fds[0] = fd;
	answer.fd_count = fd >= 0;
	if (proc_up(&s->console.proc))
		proc_send(&s->console.proc, &answer);
	if (fd >= 0)
		close(fd);
}

void
on_action(struct sup *s, struct proc *p, struct msg *m)
{
	struct action a = { .sup = s, .tag = m->tag };
	struct cur b = cur_view(m->body);
	struct view verb = cur_string(&b);
	struct view argument = cur_string(&b);
	uint32_t reason;

	a.allowed = caller_may(s, &b, &a.uid);
	if (!cur_done(&b) || argument.len >= sizeof(a.argument)) {
		proc_refuse(p, m);
		return;
	}
	if (argument.len > 0)
		memcpy(a.argument, argument.data, argument.len);
	a.more = js_object();
	reason = act(&a, verb);
	if (!a.later)
		action_answer(s, m->tag, reason, a.text, a.more);
	js_free(a.more);
}
