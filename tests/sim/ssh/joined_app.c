/* Who logs in, and what both sides do with the one channel. */
#include "control/kex/names.h"
#include "tests/sim/ssh/joined.h"

static const char password[] = "correct horse";

uint8_t
joined_byte(int way, uint64_t pos)
{
	return (uint8_t)(pos * 131 + (pos >> 8) * 17 + (pos >> 17) + (uint64_t)way * 7);
}

/* ---- login ---- */

static void
sign_with_key(struct joined *j, struct step *s)
{
	struct caller *c = &j->c->caller;
	const struct sign_algorithm *a = NULL;
	uint8_t blob[SIGN_KEY_MAX], made[SSH_SIGNATURE_MAX + 64];
	struct put b = put_of(blob, sizeof(blob)), w = put_of(made, sizeof(made));
	unsigned count = 0, pick;
	struct pk_signer *signer = NULL;

	while (sign_at(count) != NULL)
		count++;
	pick = (unsigned)joined_rnd(j, count);
	a = sign_at(pick);
	for (unsigned i = 0; i < SRVEND_KEYS; i++)
		if (pk_signer_public(j->s->w->signer[i])->type == a->type)
			signer = j->s->w->signer[i];
	sign_key_put(&b, pk_signer_public(signer));
	if (joined_rnd(j, 3) == 0 && j->attempts++ == 0) {
		caller_auth_query(c, a->name, put_view(&b), s);
		return;
	}
	if (userauth_algorithm(c->sign_names, put_view(&b)) == NULL || c->sign_names[0] == '\0')
		j->why = "the server's list of algorithms";
	caller_auth_key(c, a->name, put_view(&b));
	if (sign_make(&w, a, signer, caller_signed(c)) != 0)
		j->why = "no signature";
	caller_signature(c, put_view(&w), s);
	reached.user_key[pick]++;
}

/* One method, now and then after a refusal. */
static void
log_in(struct joined *j, struct step *s)
{
	struct caller *c = &j->c->caller;
	bool miss = j->attempts < 2 && joined_rnd(j, 4) == 0;

	if (miss) {
		j->attempts++;
		if (joined_rnd(j, 2))
			caller_auth_none(c, s);
		else
			caller_auth_password(c, "wrong", s);
		return;
	}
	switch (j->method) {
	case 0:
		caller_auth_password(c, password, s);
		break;
	case 1:
		caller_auth_kbdint(c, "", s);
		break;
	default:
		sign_with_key(j, s);
		break;
	}
}

static void
answer(struct joined *j)
{
	const struct view response = view_str(password);
	struct caller *c = &j->c->caller;
	struct step *s = callend_step(j->c);

	switch (c->wants) {
	case CALLER_WANTS_TRUST:
		caller_trust(c, true, s);
		break;
	case CALLER_WANTS_METHOD:
		log_in(j, s);
		break;
	case CALLER_WANTS_RESPONSES:
		caller_responses(c, &response, 1, s);
		break;
	default:
		return;
	}
	callend_do(j->c);
}

static void
note_choice(const struct kex_choice *k)
{
	for (size_t i = 0; kex_method_at(i) != NULL; i++)
		reached.kex[i] += strcmp(kex_method_at(i)->name, k->kex) == 0;
	for (size_t i = 0; sign_at(i) != NULL; i++) {
		reached.host_key[i] += strcmp(sign_at(i)->name, k->host_key) == 0;
		reached.host_cert[i] += strcmp(sign_at(i)->cert_name, k->host_key) == 0;
	}
	reached.compression[0] += strcmp(k->comp_c2s, "none") == 0;
	reached.compression[1] += strcmp(k->comp_c2s, ZIP_DELAYED) == 0;
	reached.suite[k->suite_c2s]++;
	reached.suite[k->suite_s2c]++;
	reached.exchanges++;
}

void
joined_told(void *ctx, struct callend *e, const struct caller_event *event)
{
	struct joined *j = ctx;

	switch (event->told) {
	case CALLER_TOLD_KEYED:
		note_choice(&e->caller.choice);
		break;
	case CALLER_TOLD_LOGIN:
		j->login = true;
		reached.methods[j->method < 2 ? j->method : 2]++;
		break;
	case CALLER_TOLD_OPENED:
		j->opened = true;
		break;
	case CALLER_TOLD_UNOPENED:
		j->why = "the channel was refused";
		break;
	case CALLER_TOLD_REPLY:
		if (!event->ok)
			j->why = "the start was refused";
		break;
	case CALLER_TOLD_GONE:
		j->app[C2S].gone = true;
		break;
	case CALLER_TOLD_ANSWER:
		j->answered = true;
		break;
	default:
		break;
	}
}

/* ---- the channel ---- */

static bool
chan(struct joined *j, int way, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	struct app *a = &j->app[way];
	struct cur c = cur_view(bytes);

	switch (kind) {
	case CHAN_UP_OPEN:
		a->started = a->owes_reply = true;
		break;
	case CHAN_UP_DATA:
		for (size_t i = 0; i < bytes.len; i++)
			j->bad |= bytes.data[i] != joined_byte(!way, a->got + i);
		j->bad |= arg0 != 0 || a->eof_got;
		a->got += bytes.len;
		a->unread += bytes.len;
		break;
	case CHAN_UP_EOF:
		a->eof_got = true;
		break;
	case CHAN_UP_REQUEST:
		a->status_got |= view_is(cur_string(&c), "exit-status") && cur_u32(&c) == 7;
		j->bad |= !a->eof_got; /* it was sent behind all the data */
		break;
	case CHAN_UP_SHUT:
		a->shut = true;
		break;
	case CHAN_UP_CLOSED:
		a->gone |= way == S2C;
		break;
	case CHAN_UP_CREDIT:
	case CHAN_UP_WINDOW:
		break;
	}
	return true;
}

bool
joined_client_chan(
    void *ctx, struct callend *e, uint32_t n, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	(void)e;
	(void)n;
	return chan(ctx, C2S, kind, arg0, bytes);
}

bool
joined_server_chan(
    void *ctx, struct srvend *e, uint32_t n, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	struct joined *j = ctx;

	(void)e;
	j->chan = n; /* both sides have one channel: the same number */
	return chan(j, S2C, kind, arg0, bytes);
}

static void
check(struct joined *j, int r)
{
	if (r != 0 && j->c->m.fatal == 0 && j->s->m.fatal == 0)
		j->why = "a host's call failed";
}

/* One side's turn: take, write, end, close. */
static void
side(struct joined *j, int way, struct memconn *m, struct ssh_chan *ch)
{
	static uint8_t buf[SSH_CHAN_OUT_MAX];
	struct app *a = &j->app[way];
	uint64_t len = a->goal - a->sent;

	if (ch == NULL || a->closed)
		return;
	if (a->unread > 0 && joined_rnd(j, 3) > 0) {
		check(j, ssh_host_took(&m->conn, ch, a->unread));
		a->unread = 0;
	}
	if (len > m->credit[ch->ours])
		len = m->credit[ch->ours];
	if (len > 1 && joined_rnd(j, 2))
		len = 1 + joined_rnd(j, len);
	for (uint64_t i = 0; i < len; i++)
		buf[i] = joined_byte(way, a->sent + i);
	if (len > 0 && !a->eof_sent) {
		check(j, ssh_host_data(&m->conn, ch, 0, view_of(buf, len)));
		m->credit[ch->ours] -= len;
		a->sent += len;
	}
	if (a->sent == a->goal && !a->eof_sent && joined_rnd(j, 3) == 0 &&
	    (way == C2S || j->server_first || a->eof_got)) {
		check(j, ssh_host_eof(&m->conn, ch));
		a->eof_sent = true;
	}
}

static void
server_ends(struct joined *j, struct ssh_chan *ch)
{
	static const uint8_t status[] = "\0\0\0\013exit-status\0\0\0\7";
	struct app *a = &j->app[S2C];

	if (ch == NULL)
		return;
	if (a->owes_reply) {
		check(j, ssh_host_reply(&j->s->m.conn, ch, true));
		a->owes_reply = false;
	}
	if (a->closed || !a->eof_sent || !a->eof_got || joined_rnd(j, 3))
		return;
	check(j, ssh_host_request(&j->s->m.conn, ch, view_of(status, sizeof(status) - 1)));
	check(j, ssh_host_close(&j->s->m.conn, ch));
	a->closed = true;
}

static void
client_ends(struct joined *j, struct ssh_chan *ch)
{
	struct app *a = &j->app[C2S];

	if (ch == NULL || a->closed || !a->shut || a->unread > 0 || joined_rnd(j, 3))
		return;
	check(j, ssh_host_close(&j->c->m.conn, ch));
	a->closed = true;
}

static void
channel_begins(struct joined *j)
{
	static const uint8_t name[] = "\0\0\0\004echo";
	struct caller *c = &j->c->caller;
	struct step *s = callend_step(j->c);

	if (!j->asked_open && joined_rnd(j, 3) == 0) {
		j->asked_open = caller_open(c, "session", j->window, SSH_CHAN_PACKET_MAX, view_of(NULL, 0), s) == 0;
	} else if (j->opened && !j->asked_start && joined_rnd(j, 3) == 0) {
		j->asked_start =
		    caller_start(c, 0, "subsystem", view_of(name, sizeof(name) - 1), CALLEND_LINK, s) == 0;
	} else if (j->app[C2S].gone && !j->answered && c->globals == 0) {
		caller_global(c, "keepalive@openssh.com", view_of(NULL, 0), true, s);
	}
	callend_do(j->c);
}

void
joined_act(struct joined *j)
{
	struct ssh_chan *ch;

	/* Another key, in a rekey, is asked about too. */
	if (j->c->m.fatal == 0)
		answer(j);
	if (j->c->m.fatal == 0 && j->login)
		channel_begins(j);
	ch = j->c->m.fatal == 0 ? callend_chan(j->c, 0) : NULL;
	side(j, C2S, &j->c->m, ch);
	client_ends(j, ch);
	ch = j->s->m.fatal == 0 ? ssh_chan_of(&j->s->m.conn, j->chan, SRVEND_LINK) : NULL;
	side(j, S2C, &j->s->m, ch);
	server_ends(j, ch);
}

enum place
joined_place(const struct joined *j)
{
	const struct app *c = &j->app[C2S], *s = &j->app[S2C];

	if (!j->login)
		return PLACE_NONE;
	if (c->gone)
		return PLACE_GONE;
	if (c->closed || s->closed)
		return PLACE_CLOSING;
	if (c->eof_sent && s->eof_sent)
		return PLACE_NONE;
	if (c->eof_sent)
		return PLACE_EOF_C;
	if (s->eof_sent)
		return PLACE_EOF_S;
	if (c->started && s->started)
		return PLACE_DATA;
	if (j->asked_start)
		return PLACE_STARTING;
	if (j->asked_open)
		return j->opened ? PLACE_NONE : PLACE_OPENING;
	return PLACE_LOGIN;
}
