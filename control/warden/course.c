#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/warden/proof.h"
#include "control/warden/warden.h"

static void
send_no(void *ctx)
{
	struct warden_ask *a = ctx;

	a->timer = 0;
	answer_no(a->w, a->gate, a->gate_tag, a->conn, a->gen, true);
	ask_free(a);
}

void
course_refuse(struct warden_ask *a)
{
	struct warden_conn *c = warden_conn(a->w, a->conn, a->gen);
	uint64_t spent = loop_now_ms() - a->since_ms;
	uint32_t wait = answer_delay_ms(a->w, a->user, spent, judge_talks(a->request));

	if (a->delay_ms > spent + wait)
		wait = a->delay_ms - (uint32_t)spent;

	told_failed(a);
	if (c != NULL)
		c->failures++;
	a->refused = true;
	if (a->timer > 0)
		loop_cancel(a->w->loop, a->timer);
	a->timer = loop_after(a->w->loop, wait, send_no, a);
	if (a->timer < 0)
		send_no(a);
}

/* Fail closed: what could not be judged in time is a no. */
static void
on_deadline(void *ctx)
{
	struct warden_ask *a = ctx;

	a->timer = 0;
	log_error("authentication request not judged in time: %s",
	    a->facts_known ? "no session id from keeper" : "no answer from reader");
	course_refuse(a);
}

static void
send_account(struct warden_ask *a)
{
	uint8_t body[4];
	struct put p = put_of(body, sizeof body);
	struct msg m = { .type = MSG_ACCOUNT, .conn = a->conn, .gen = a->gen, .tag = a->tag };

	put_u32(&p, (a->flags & JUDGE_ACCOUNT) != 0 ? a->account.uid : account_nobody());
	m.body = put_view(&p);
	if (peers_send(peers_find(&a->w->peers, ROLE_READER, 0), &m) != 0)
		return;
	a->asked = true;
	a->w->reader_busy++;
}

static struct warden_ask *
oldest_unasked(struct warden *w)
{
	struct warden_ask *oldest = NULL;

	for (uint32_t i = 0; i < w->ask_count; i++) {
		struct warden_ask *a = w->ask[i];

		if (!a->asked && !a->refused && (oldest == NULL || a->tag < oldest->tag))
			oldest = a;
	}
	return oldest;
}

void
course_ask_reader(struct warden *w)
{
	while (w->reader_busy < WARDEN_READER_MAX) {
		struct warden_ask *a = oldest_unasked(w);

		if (a == NULL)
			return;
		send_account(a);
		if (!a->asked)
			return; /* there is no reader; the next one is asked */
	}
}

void
course_reader_new(struct warden *w)
{
	w->reader_busy = 0;
	for (uint32_t i = 0; i < w->ask_count; i++)
		if (!w->ask[i]->facts_known)
			w->ask[i]->asked = false;
	course_ask_reader(w);
}

static bool
too_many(struct warden_ask *a)
{
	struct warden_conn *c = warden_conn(a->w, a->conn, a->gen);

	return c != NULL && (++c->requests > WARDEN_REQUESTS_MAX || c->failures >= a->w->conf.max_auth_tries);
}

static bool
method_on(struct warden_ask *a)
{
	const struct conf *c = &a->w->conf;
	const struct proof_policy policy = { c->pubkey_algorithms, c->required_rsa_size };

	switch (a->request) {
	case JUDGE_PASSWORD:
		return c->use_pam && c->password_authentication;
	case JUDGE_KBDINT:
		return c->use_pam && c->kbd_interactive;
	default:
		a->sign = proof_algorithm(&policy, a->algorithm, a->blob);
		return c->pubkey_authentication && a->sign != NULL;
	}
}

/* The supervisor's word on a connection and gate's come by different ways: here the later
 * one may be read first. */
static void
talk(struct warden_ask *a)
{
	if (warden_conn(a->w, a->conn, a->gen) != NULL) {
		dialogue_begin(a);
		return;
	}
	a->early = true;
	a->timer = loop_after(a->w->loop, WARDEN_DEADLINE_MS, on_deadline, a);
	if (a->timer < 0)
		course_refuse(a);
}

void
course_begin(struct warden_ask *a)
{
	struct warden *w = a->w;

	if (view_is(a->service, "ssh-connection") && method_on(a))
		a->flags |= JUDGE_METHOD;
	if (judge_name(a->user) && w->find(&a->account, a->user) == 0)
		a->flags |= JUDGE_ACCOUNT;
	else
		told_invalid(a);
	if (too_many(a)) {
		a->flags &= ~JUDGE_METHOD;
		course_refuse(a);
		return;
	}
	if (judge_talks(a->request)) {
		/* What reader knows is PAM's to judge. */
		a->asked = a->facts_known = true;
		course_account(a, false, false, false);
		talk(a);
		return;
	}
	a->timer = loop_after(w->loop, WARDEN_DEADLINE_MS, on_deadline, a);
	if (a->timer < 0)
		course_refuse(a);
	else
		course_ask_reader(w);
}

/* ---- reader's answer ---- */

static void
told_line(void *ctx, unsigned line, const char *why)
{
	const struct warden_ask *a = ctx;

	if (line > 0)
		log_info("%s:%u: %s", a->key_path, line, why);
	else
		log_info("%s: %s", a->key_path, why);
}

/* One byte more than is used shows that a file is too large. */
static char *
read_file(int fd, size_t *len)
{
	size_t size = AUTHKEYS_FILE_MAX + 1;
	char *text = NULL;
	struct stat st;
	ssize_t n = 1;

	*len = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		text = malloc(size);
	while (text != NULL && n != 0 && *len < size) {
		n = pread(fd, text + *len, size - *len, (off_t)*len);
		if (n > 0) {
			*len += (size_t)n;
		} else if (n < 0 && errno != EINTR) {
			free(text);
			text = NULL;
		}
	}
	return text;
}

static void
search_file(struct warden_ask *a, int fd, struct view path, struct view key)
{
	size_t len = 0, path_len = path.len < sizeof a->key_path ? path.len : sizeof a->key_path - 1;
	char *file = read_file(fd, &len);

	if (path_len > 0)
		memcpy(a->key_path, path.data, path_len);
	a->key_path[path_len] = '\0';
	if (file == NULL)
		log_warn("%s: cannot be read", a->key_path);
	else if (authkeys_find(
		     &a->match, view_of(file, len), view_str(a->sign->key_name), key, told_line, a) > 0)
		a->flags |= JUDGE_KEY;
	free(file);
}

static void
log_lines(struct view lines)
{
	while (lines.len > 0) {
		const uint8_t *end = memchr(lines.data, '\n', lines.len);
		size_t len = end != NULL ? (size_t)(end - lines.data) : lines.len;

		if (len > 0)
			log_info("%.*s", (int)len, (const char *)lines.data);
		lines.data += len;
		lines.len -= len;
		if (lines.len > 0) {
			lines.data++;
			lines.len--;
		}
	}
}

void
course_account(struct warden_ask *a, bool locked, bool expired, bool nologin)
{
	struct judge_policy policy = { .permit_root = a->w->conf.permit_root_login,
		.password = judge_talks(a->request),
		.use_pam = a->w->conf.use_pam };
	struct judge_account account = { .root = a->account.uid == 0,
		.locked = locked,
		.expired = expired,
		.nologin = nologin,
		.shell_there = a->account.shell_there,
		.shell_runs = a->account.shell_runs };

	if ((a->flags & JUDGE_ACCOUNT) == 0)
		return;
	a->why = judge_account(&policy, &account);
	if (a->why == NULL)
		a->flags |= JUDGE_ALLOWED;
	else if (a->peer.len > 0 && account.root)
		log_conn(LOG_L_INFO, a->conn, a->gen, "ROOT LOGIN REFUSED FROM %.*s port %u: %s",
		    (int)a->peer.len, (const char *)a->peer.data, a->peer_port, a->why);
	else
		log_conn(
		    LOG_L_INFO, a->conn, a->gen, "User %s not allowed because %s", a->account.name, a->why);
}

int
course_facts(struct warden_ask *a, struct msg *m)
{
	struct cur c = cur_view(m->body);
	char key[AUTHKEYS_KEY_TEXT_MAX];
	struct view paths[MSG_FDS_MAX], lines;
	bool locked, expired, nologin;
	uint32_t count;

	cur_string(&c);
	locked = cur_bool(&c);
	expired = cur_bool(&c);
	nologin = cur_bool(&c);
	count = cur_u32(&c);
	if (count > MSG_FDS_MAX || (int)count != m->fd_count)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		paths[i] = cur_string(&c);
	lines = cur_string(&c);
	if (!cur_done(&c))
		return -1;
	if (a->facts_known || a->refused)
		return 0;
	log_lines(lines);
	course_account(a, locked, expired, nologin);
	key[a->sign != NULL ? authkeys_text(key, a->blob) : 0] = '\0';
	for (uint32_t i = 0; i < count && (a->flags & JUDGE_KEY) == 0; i++)
		if (key[0] != '\0')
			search_file(a, m->fds[i], paths[i], view_str(key));
	a->facts_known = true;
	course_go_on(a);
	return 0;
}

/* The signature is verified whatever else is known, so that it costs the same. */
static void
check_proof(struct warden_ask *a, const struct warden_conn *c)
{
	struct proof p = { .session_id = view_of(c->session_id, c->session_id_len),
		.user = a->user,
		.service = a->service,
		.algorithm = a->algorithm,
		.blob = a->blob,
		.host_key = a->host_key };

	if (proof_verify(&p, a->signature))
		a->flags |= JUDGE_SIGNED;
}

void
course_go_on(struct warden_ask *a)
{
	struct warden_conn *c = warden_conn(a->w, a->conn, a->gen);

	if (a->early && c != NULL && !a->refused) {
		a->early = false;
		c->requests++;
		loop_cancel(a->w->loop, a->timer);
		a->timer = 0;
		dialogue_begin(a);
	}
	if (judge_talks(a->request) || !a->facts_known || a->refused ||
	    (a->request == JUDGE_PROOF && c == NULL))
		return;
	if (a->request == JUDGE_PROOF)
		check_proof(a, c);
	switch (judge(a->request, a->flags)) {
	case JUDGE_YES:
		answer_grant(a);
		break;
	case JUDGE_KEY_WOULD_DO:
		answer_pk_ok(a);
		break;
	default:
		course_refuse(a);
		return;
	}
	ask_free(a);
}
