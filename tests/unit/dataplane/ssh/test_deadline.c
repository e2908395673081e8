#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define SECOND 1000000ull

static uint64_t
tick(struct duo *d, uint64_t at, int *fatal)
{
	d->now = at;
	return ssh_tick(&d->s[SRV].c, at, fatal);
}

/* Both lines are exchanged, the client's KEXINIT does not come. */
static struct duo *
waiting(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	d->s[CLI].passive = d->s[SRV].passive = true;
	ssh_start(&d->s[SRV].c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	duo_run(d);
	return d;
}

static unsigned
reports(struct duo *d, uint64_t which)
{
	struct duo_side *s = &d->s[SRV];
	unsigned count = 0;

	for (unsigned i = 0; i < s->up_count; i++)
		count += s->up[i].kind == SSH_UP_DEADLINE && s->up[i].arg == which;
	return count;
}

static void
test_kexinit(void)
{
	struct duo *d = waiting();
	uint64_t start = d->now;
	int fatal;

	CU_ASSERT_EQUAL(tick(d, start, &fatal), start + 200000);
	d->s[SRV].c.rtt_us = 50000;
	CU_ASSERT_EQUAL(tick(d, start + 199999, &fatal), start + 200000);
	d->s[SRV].c.rtt_us = 100000;
	CU_ASSERT_EQUAL(tick(d, start + 200000, &fatal), start + 300000);
	CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_KEXINIT), 0);
	CU_ASSERT_EQUAL(tick(d, start + 300000, &fatal), UINT64_MAX);
	CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_KEXINIT), 1);
	CU_ASSERT(d->s[SRV].c.kexinit_expired);
	tick(d, start + 400000, &fatal);
	CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_KEXINIT), 1);
	CU_ASSERT_EQUAL(fatal, 0);
	duo_free(d);
}

/* Not when either KEXINIT is there. */
static void
test_kexinit_not(void)
{
	for (int ours = 0; ours < 2; ours++) {
		struct duo *d = waiting();
		uint8_t kexinit[30] = { 20 };
		int fatal;

		if (ours) {
			CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
		} else {
			duo_forge(d, CLI, kexinit, sizeof(kexinit));
			duo_run(d);
		}
		CU_ASSERT_EQUAL(tick(d, d->now + SECOND, &fatal), UINT64_MAX);
		CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_KEXINIT), 0);
		duo_free(d);
	}
}

/* Reported once; without an answer the connection ends anyway. */
static void
test_grace(void)
{
	struct duo *d = waiting();
	uint64_t start = d->s[SRV].c.opened_us;
	int fatal;

	d->s[SRV].env.grace_kex_us = 10 * SECOND;
	d->s[SRV].env.grace_us = 60 * SECOND;
	tick(d, start + SECOND, &fatal);
	CU_ASSERT_EQUAL(tick(d, start + 9 * SECOND, &fatal), start + 10 * SECOND);
	CU_ASSERT_EQUAL(tick(d, start + 10 * SECOND, &fatal), start + 12 * SECOND);
	CU_ASSERT_EQUAL(fatal, 0);
	tick(d, start + 11 * SECOND, &fatal);
	CU_ASSERT_EQUAL(fatal, 0);
	CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_GRACE), 1);
	tick(d, start + 12 * SECOND, &fatal);
	CU_ASSERT_EQUAL(fatal, -R_SSH_GRACE);
	duo_free(d);
}

/* The whole login has its own; none is left once it is done. */
static void
test_grace_login(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint64_t start = s->c.opened_us;
	int fatal;

	s->env.grace_kex_us = 10 * SECOND;
	s->env.grace_us = 60 * SECOND;
	ssh_start(&s->c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	while (s->c.phase != SSH_PHASE_AUTH && duo_turn(d))
		;
	CU_ASSERT_EQUAL(tick(d, start + 20 * SECOND, &fatal), start + 60 * SECOND);
	tick(d, start + 62 * SECOND, &fatal);
	CU_ASSERT_EQUAL(fatal, -R_SSH_GRACE);
	duo_run(d);
	CU_ASSERT_EQUAL(s->c.phase, SSH_PHASE_OPEN);
	CU_ASSERT_EQUAL(tick(d, start + 70 * SECOND, &fatal), UINT64_MAX);
	CU_ASSERT_EQUAL(fatal, 0);
	duo_free(d);
}

static void
test_rekey_deadline(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint64_t start;
	int fatal;

	duo_login(d);
	s->env.rekey_deadline_us = 30 * SECOND;
	d->now += SECOND;
	start = d->now;
	d->s[CLI].fatal = -R_KILLED; /* it never answers */
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	s->passive = true;
	CU_ASSERT_EQUAL(tick(d, start, &fatal), start + 30 * SECOND);
	CU_ASSERT_EQUAL(tick(d, start + 30 * SECOND, &fatal), start + 32 * SECOND);
	CU_ASSERT_EQUAL(reports(d, SSH_DEADLINE_REKEY), 1);
	CU_ASSERT_EQUAL(fatal, 0);
	tick(d, start + 32 * SECOND, &fatal);
	CU_ASSERT_EQUAL(fatal, -R_SSH_REKEY_TIME);
	duo_free(d);
}

/* Time for a rekey: asked once, again only after the next interval. */
static void
test_rekey_time(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint64_t start = d->now;
	int fatal;

	s->env.rekey_us = 3600 * SECOND;
	duo_login(d);
	CU_ASSERT_EQUAL(tick(d, start + SECOND, &fatal), start + 3600 * SECOND);
	s->control_deaf = true;
	CU_ASSERT(tick(d, start + 3600 * SECOND, &fatal) < start + 3601 * SECOND);
	CU_ASSERT_EQUAL(s->up_count, 0);
	s->control_deaf = false;
	tick(d, start + 3601 * SECOND, &fatal);
	CU_ASSERT_EQUAL(s->up_count, 1);
	tick(d, start + 3602 * SECOND, &fatal);
	CU_ASSERT_EQUAL(s->up_count, 1);
	duo_run(d);
	CU_ASSERT_EQUAL(s->kex_count, 2);
	CU_ASSERT_EQUAL(tick(d, start + 3700 * SECOND, &fatal), start + 7202 * SECOND);
	CU_ASSERT_EQUAL(s->rekey_ups, 1);
	duo_free(d);
}

/* A dead peer is found; one that answers anything is not. */
static void
test_keepalive(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint64_t at;
	int fatal = 0;

	s->env.alive_us = 15 * SECOND;
	s->env.alive_max = 3;
	duo_login(d);
	at = d->now;
	d->s[CLI].passive = true;
	/* Three answers: FAILURE, SUCCESS, UNIMPLEMENTED would do as well. */
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(tick(d, at + 14 * SECOND, &fatal), at + 15 * SECOND);
		tick(d, at += 15 * SECOND, &fatal);
		CU_ASSERT_EQUAL(s->c.alive_sent, 1);
		duo_run(d);
		CU_ASSERT_EQUAL_FATAL(d->s[CLI].up_count, i + 1);
		CU_ASSERT_EQUAL(d->s[CLI].up[i].data[0], 80);
		CU_ASSERT_EQUAL(duo_record(d, CLI, i & 1 ? "\x51" : "\x52", 1), 0);
		duo_run(d);
		CU_ASSERT_EQUAL(s->c.alive_sent, 0);
		CU_ASSERT_EQUAL(s->c.global_count, 0);
		CU_ASSERT_EQUAL(s->up_count, 0); /* not clerk's business */
	}
	for (unsigned i = 1; i <= 3; i++) {
		tick(d, at += 15 * SECOND, &fatal);
		CU_ASSERT_EQUAL(fatal, 0);
		CU_ASSERT_EQUAL(s->c.alive_sent, i);
		duo_run(d);
	}
	tick(d, at += 15 * SECOND, &fatal);
	CU_ASSERT_EQUAL(fatal, -R_PEER_GONE);
	duo_free(d);
}

/* Chaff follows what looks typed, evenly, for a second; never in an exchange. */
static void
test_chaff(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint64_t at, typed;
	unsigned count = 0;
	int fatal;

	s->env.chaff_us = 20000;
	duo_login(d);
	duo_channel(d, 0, 1u << 20, 32768);
	duo_run(d);
	at = d->now + SECOND;
	CU_ASSERT_EQUAL(tick(d, at, &fatal), UINT64_MAX); /* nothing was typed */
	d->now = typed = at;
	CU_ASSERT_EQUAL(ssh_host_data(&d->s[CLI].c, duo_chan(d, CLI, 0), 0, view_of("k", 1)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->c.typed_us, typed);
	while (at < typed + SECOND) {
		size_t before = s->wire_bytes;

		CU_ASSERT_EQUAL(tick(d, at, &fatal), at + 20000);
		CU_ASSERT(s->c.ctrl.len > 0);
		duo_run(d);
		CU_ASSERT(s->wire_bytes > before && s->wire_bytes < before + 100);
		/* between them: nothing */
		CU_ASSERT_EQUAL(tick(d, at + 10000, &fatal), at + 20000);
		CU_ASSERT_EQUAL(s->c.ctrl.len, 0);
		at += 20000;
		count++;
	}
	CU_ASSERT_EQUAL(count, 50);
	CU_ASSERT_EQUAL(tick(d, at, &fatal), UINT64_MAX);
	CU_ASSERT_EQUAL(s->c.ctrl.len, 0);
	/* while keys are exchanged there is none */
	s->c.typed_us = at;
	s->c.hold = true;
	tick(d, at, &fatal);
	CU_ASSERT_EQUAL(s->c.ctrl.len, 0);
	s->c.hold = false;
	CU_ASSERT_EQUAL(fatal, 0);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	duo_free(d);
}

/* Replies have no names: ours and clerk's are told apart by their order. */
static void
test_reply_order(void)
{
	static const uint8_t global[] = { 80, 0, 0, 0, 1, 'g', 1 }, no_reply[] = { 80, 0, 0, 0, 1, 'g', 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	int fatal;

	s->env.alive_us = 15 * SECOND;
	duo_login(d);
	d->s[CLI].fatal = -R_KILLED;
	s->passive = true;
	CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, no_reply, sizeof(no_reply)), 0);
	duo_run(d);
	tick(d, d->now + 20 * SECOND, &fatal);
	duo_run(d);
	CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), 0);
	CU_ASSERT_EQUAL(s->c.global_count, 3);
	duo_forge(d, CLI, "\x51" "a", 2);
	duo_forge(d, CLI, "\x52" "b", 2);
	duo_forge(d, CLI, "\x51" "c", 2);
	duo_forge(d, CLI, "\x51" "d", 2);
	duo_run(d);
	CU_ASSERT_EQUAL_FATAL(s->up_count, 2);
	CU_ASSERT_EQUAL(s->up[0].data[1], 'a');
	CU_ASSERT_EQUAL(s->up[1].data[1], 'c');
	CU_ASSERT_EQUAL(s->drops[R_SSH_PHASE], 1); /* nobody asked for the fourth */
	/* And bounded. */
	for (unsigned i = 0; i < SSH_GLOBAL_MAX; i++)
		CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), -R_SSH_QUEUE);
	duo_free(d);
}

/* No probe inside an exchange. */
static void
test_quiet_while_kexing(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	int fatal;

	s->env.alive_us = 15 * SECOND;
	s->env.alive_max = 1;
	s->env.rekey_deadline_us = 0;
	duo_login(d);
	s->passive = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_EQUAL(tick(d, d->now + 100 * SECOND, &fatal), UINT64_MAX);
	CU_ASSERT_EQUAL(s->c.alive_sent, 0);
	CU_ASSERT_EQUAL(fatal, 0);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "our KEXINIT is held, not for ever", test_kexinit },
		{ "nor when it is not awaited", test_kexinit_not },
		{ "grace of the first exchange", test_grace },
		{ "grace of the login", test_grace_login },
		{ "an exchange that does not end", test_rekey_deadline },
		{ "time for a rekey", test_rekey_time },
		{ "keepalive", test_keepalive },
		{ "chaff", test_chaff },
		{ "global replies in order", test_reply_order },
		{ "no probe inside an exchange", test_quiet_while_kexing },
		CU_TEST_INFO_NULL,
	};

	return suite_run("deadline", tests);
}
