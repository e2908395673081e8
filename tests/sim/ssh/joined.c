/* One run: what a seed means. */
#include "tests/sim/ssh/joined.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/kex/names.h"

#define TURNS_MAX 200000u
#define RARE 512u /* one run in so many is of one certain method */

struct joined_reached reached;

uint64_t
joined_rnd(struct joined *j, uint64_t n)
{
	j->random = j->random * 6364136223846793005u + 1442695040888963407u;
	return (j->random >> 33) % n;
}

/* ---- what is negotiated ---- */

/* A method costs from a tenth of a millisecond to hundreds: most runs take the
 * quick ones, and every method has its own seeds. */
static const char *
pick_kex(struct joined *j)
{
	static const char *const quick[] = { "curve25519-sha256", "curve25519-sha256@libssh.org",
		"ecdh-sha2-nistp256", "mlkem768x25519-sha256", "mlkem768nistp256-sha256" };
	const struct kex_method *m = kex_method_at(j->seed % RARE % JOINED_NAMES);

	if (m != NULL && j->seed % RARE < JOINED_NAMES)
		return m->name;
	return quick[joined_rnd(j, sizeof(quick) / sizeof(quick[0]))];
}

static const char *
pick_host_key(struct joined *j)
{
	unsigned count = 0;

	const struct sign_algorithm *a;

	while (sign_at(count) != NULL)
		count++;
	a = sign_at(joined_rnd(j, joined_rnd(j, 4) == 0 ? count : 2));
	return joined_rnd(j, 4) == 0 ? a->cert_name : a->name;
}

static void
pick_suite(struct joined *j, const char **cipher, const char **mac)
{
	static const struct {
		const char *cipher, *mac;
	} suites[] = {
#define SUITE(NAME, number, ciphername, key, iv, mackey, macname) { ciphername, macname },
		SUITE_LIST(SUITE)
#undef SUITE
	};
	size_t i = 1 + joined_rnd(j, sizeof(suites) / sizeof(suites[0]) - 1);

	*cipher = suites[i].cipher;
	*mac = suites[i].mac[0] != '\0' ? suites[i].mac : MAC_NAMES;
}

/* Anew for every exchange: a rekey changes all algorithms. */
static void
pick_offer(struct joined *j, struct kex_offer *o)
{
	*o = *kex_offer_default(false);
	o->kex = pick_kex(j);
	o->host_keys = pick_host_key(j);
	pick_suite(j, &o->ciphers, &o->macs);
	o->compression = joined_rnd(j, 2) ? "none" : ZIP_DELAYED ",none";
}

/* ---- a run's life ---- */

static void
sealed_client(void *ctx, size_t len)
{
	struct joined *j = ctx;

	wire_sealed(&j->wire[C2S], len);
}

static void
sealed_server(void *ctx, size_t len)
{
	struct joined *j = ctx;

	wire_sealed(&j->wire[S2C], len);
}

static void
plan(struct joined *j)
{
	static const size_t chunks[] = { 0, 0, 40000, 3000, 100, 7 };
	static const uint64_t goals[] = { 1, 2, 200, 5000, 50000 };
	static const uint32_t windows[] = { 100, 5000, 65536, 2097152 };

	j->chunk = chunks[joined_rnd(j, 6)];
	reached.bytewise += j->chunk == 7;
	for (int way = 0; way < 2; way++)
		j->app[way].goal = joined_rnd(j, goals[joined_rnd(j, j->chunk == 7 ? 3 : 5)] + 1);
	j->window = windows[joined_rnd(j, 4)];
	if (j->window < 1000 && j->app[S2C].goal > 5000)
		j->window = 5000;
	j->method = (unsigned)joined_rnd(j, 4);
	j->server_first = joined_rnd(j, 2);
	j->rekeys_left = (unsigned)joined_rnd(j, 3);
	for (unsigned i = 0; i < 2; i++) {
		j->rekey[i].place = (enum place)joined_rnd(j, PLACE_COUNT);
		j->rekey[i].who = (enum who)joined_rnd(j, WHO_COUNT);
	}
	if (joined_rnd(j, 4) == 0) {
		struct wire *w = &j->wire[joined_rnd(j, 2)];

		w->harm = joined_rnd(j, 2) ? HARM_FLIP : HARM_DROP;
		w->at = (uint32_t)joined_rnd(j, 40);
	}
}

static bool
begin(struct joined *j, struct srvend_world *w, struct srvend_ops *ops)
{
	struct ssh_env limits = { .grace_us = 120000000, .rekey_deadline_us = 60000000, .alive_us = 10000000,
		.alive_max = 3 };
	struct callend_conf conf = { .user = "alice", .comment = "joined", .rng = &w->rng, .told = joined_told,
		.zip = &zip_zlib,
		.chan = joined_client_chan, .sealed = sealed_client, .ctx = j };

	pick_offer(j, &conf.offer);
	if (joined_rnd(j, 6) == 0)
		limits.rekey_bytes = 3000 + joined_rnd(j, 30000);
	conf.limits = limits;
	limits.rekey_bytes = joined_rnd(j, 6) == 0 ? 3000 + joined_rnd(j, 30000) : 0;
	*ops = (struct srvend_ops){ .chan = joined_server_chan, .sealed = sealed_server, .ctx = j };
	j->c = callend_new(&conf, j->now);
	j->s = srvend_new(w, &limits, "correct horse", ops, j->now);
	return j->c != NULL && !j->s->faulty;
}

/* Both at once: neither has heard of the other's. */
static void
rekey(struct joined *j)
{
	enum place place = joined_place(j);
	enum who who;
	bool client = false, server = false;

	if (j->rekeys_left == 0 || place == PLACE_NONE || place != j->rekey[j->rekeys_left - 1].place ||
	    j->c->m.fatal != 0 || j->s->m.fatal != 0)
		return;
	who = j->rekey[j->rekeys_left - 1].who;
	if (who == WHO_BOTH && (j->c->caller.exchange != CALLER_EX_NONE || !srvend_rekey(j->s)))
		return;
	server = who == WHO_SERVER ? srvend_rekey(j->s) : who == WHO_BOTH;
	if (who != WHO_SERVER) {
		pick_offer(j, &j->c->conf.offer);
		client = caller_rekey(&j->c->caller, callend_step(j->c)) == 0;
		callend_do(j->c);
	}
	if (!client && !server)
		return;
	j->rekeys_left--;
	reached.rekey[place][who]++;
}

/* A whole turn; true: something moved. */
static bool
turn(struct joined *j)
{
	bool moved;

	rekey(j);
	joined_act(j);
	rekey(j);
	callend_run(j->c, j->now);
	srvend_run(j->s, j->now);
	moved = wire_load(j, C2S, &j->c->m);
	moved = wire_load(j, S2C, &j->s->m) || moved;
	moved = wire_deliver(j, C2S, &j->s->m) || moved;
	moved = wire_deliver(j, S2C, &j->c->m) || moved;
	callend_run(j->c, j->now);
	srvend_run(j->s, j->now);
	/* Who has ended, and has said why, closes. */
	if (j->c->m.fatal != 0 && j->wire[C2S].bytes.len == 0 && ssh_drained(&j->c->m.conn))
		memconn_end(&j->s->m, R_PEER_GONE);
	if (j->s->m.fatal != 0 && j->wire[S2C].bytes.len == 0 && ssh_drained(&j->s->m.conn))
		callend_cut(j->c, R_PEER_GONE);
	return moved;
}

static bool
harmed(const struct joined *j)
{
	return j->wire[C2S].harmed || j->wire[S2C].harmed;
}

static bool
complete(const struct joined *j)
{
	return j->answered && j->app[C2S].gone && j->app[S2C].gone && j->c->caller.exchange == CALLER_EX_NONE &&
	    !j->s->m.conn.hold && !j->s->m.conn.kex_in && !j->s->m.conn.keys_pending;
}

static void
pass_time(struct joined *j)
{
	uint64_t a = memconn_tick(&j->c->m, j->now), b = memconn_tick(&j->s->m, j->now);
	uint64_t next = a < b ? a : b;

	if (next != UINT64_MAX && next > j->now)
		j->now = next;
	else
		j->now += 1000;
}

static const char *
judge(const struct joined *j)
{
	const struct app *c = &j->app[C2S], *s = &j->app[S2C];

	if (j->bad)
		return "wrong data";
	if (j->why != NULL)
		return j->why;
	if (j->s->faulty)
		return "a rule of the link was broken";
	if (harmed(j))
		return j->c->m.fatal != 0 && j->s->m.fatal != 0 ? NULL : "harm was not found";
	if (j->c->m.fatal != 0 || j->s->m.fatal != 0)
		return reason_text(-(j->c->m.fatal != 0 ? j->c->m.fatal : j->s->m.fatal));
	if (!complete(j))
		return "it stands still";
	if (c->got != s->goal || s->got != c->goal || !c->status_got || !c->eof_got || !s->eof_got)
		return "not everything arrived";
	return NULL;
}

static void
count(const struct joined *j)
{
	for (int way = 0; way < 2; way++)
		if (j->wire[way].harmed)
			reached.harm[j->wire[way].harm][way]++;
	reached.caught += harmed(j);
	reached.whole += !harmed(j);
	reached.by_limit += j->c->caller.exchanges > 3;
}

static void
finish(struct joined *j)
{
	callend_free(j->c);
	srvend_free(j->s);
	for (int way = 0; way < 2; way++)
		free(j->wire[way].bytes.data);
}

const char *
joined_run(struct srvend_world *w, uint64_t seed)
{
	static struct joined run;
	struct joined *j = &run;
	struct srvend_ops ops;
	const char *why;

	memset(j, 0, sizeof(*j));
	j->seed = seed;
	j->random = seed * 2654435761u + 12345;
	j->now = 1000000;
	rng_fixed(&w->rng, seed);
	plan(j);
	if (!begin(j, w, &ops))
		return "it does not begin";
	for (unsigned i = 0, idle = 0; i < TURNS_MAX && idle < 1000; i++) {
		bool over = j->c->m.fatal != 0 && j->s->m.fatal != 0;

		if (over || j->bad || j->why != NULL || (!harmed(j) && complete(j)))
			break;
		j->now += 10;
		idle = turn(j) ? 0 : idle + 1;
		if (idle > 50)
			pass_time(j);
	}
	why = judge(j);
	if (why != NULL)
		printf("\nclient %s, server %s; place %d, got %llu of %llu and %llu of %llu\n",
		    reason_text(-j->c->m.fatal), reason_text(-j->s->m.fatal), joined_place(j),
		    (unsigned long long)j->app[C2S].got, (unsigned long long)j->app[S2C].goal,
		    (unsigned long long)j->app[S2C].got, (unsigned long long)j->app[C2S].goal);
	count(j);
	finish(j);
	return why;
}
