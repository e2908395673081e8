/* Keeper and an ssh-agent: every answer, and every way in which one can fail to come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/wire/ssh.h"
#include "control/keeper/agentlink.h"
#include "control/kex/agent.h"
#include "tests/lib/suite.h"

static struct {
	unsigned wanted, listed, signed_by, lost, gone;
	size_t keys; /* in the last list */
	size_t sig_len;
	char why[64];
} seen;

static struct loop *loop;
static struct agentlink link_;
static int agent = -1; /* its end */

static void
wanted(void *ctx)
{
	(void)ctx;
	seen.wanted++;
}

static bool
listed(void *ctx, struct view keys)
{
	struct view blob, comment;

	(void)ctx;
	seen.listed++;
	seen.keys = 0;
	while (agent_key(&keys, &blob, &comment))
		seen.keys++;
	return true;
}

static void
signed_by(void *ctx, struct view signature)
{
	(void)ctx;
	seen.signed_by++;
	seen.sig_len = signature.len;
}

static void
lost(void *ctx)
{
	(void)ctx;
	seen.lost++;
}

static void
gone(void *ctx, const char *why)
{
	(void)ctx;
	seen.gone++;
	snprintf(seen.why, sizeof seen.why, "%s", why);
}

static const struct agentlink_ops ops = {
	.wanted = wanted, .listed = listed, .signed_by = signed_by, .lost = lost, .gone = gone
};

/* ---- the loop, until something has happened ---- */

static const unsigned *until_what;
static unsigned until_count;

static int
look(void *ctx)
{
	(void)ctx;
	if (*until_what >= until_count)
		loop_stop(loop);
	return 0;
}

static void
give_up(void *ctx)
{
	*(bool *)ctx = true;
	loop_stop(loop);
}

static bool
until(const unsigned *what, unsigned count)
{
	bool late = false;
	int timer = loop_after(loop, 60000, give_up, &late);

	until_what = what;
	until_count = count;
	loop_run(loop, look, NULL);
	loop_cancel(loop, timer);
	return !late;
}

/* ---- the agent ---- */

static void
connect_pair(void)
{
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (agent >= 0)
		close(agent);
	agent = pair[0];
	agentlink_take(&link_, pair[1], "");
}

/* The next request's type. */
static uint8_t
asked(void)
{
	uint8_t head[5], rest[AGENTLINK_REQUEST_MAX];
	struct cur c = cur_of(head, sizeof head);
	size_t len;

	if (recv(agent, head, sizeof head, MSG_WAITALL) != (ssize_t)sizeof head)
		return 0;
	len = cur_u32(&c) - 1;
	if (len > 0 && recv(agent, rest, len, MSG_WAITALL) != (ssize_t)len)
		return 0;
	return head[4];
}

static void
say(struct view bytes)
{
	CU_ASSERT_EQUAL(send(agent, bytes.data, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
}

static struct view
list_answer(unsigned count)
{
	static uint8_t buf[256];
	struct put w = put_of(buf, sizeof buf);
	size_t mark = put_mark(&w);

	put_u8(&w, 12);
	put_u32(&w, count);
	for (unsigned i = 0; i < count; i++) {
		put_cstr(&w, "blob");
		put_cstr(&w, "comment");
	}
	put_fill(&w, mark);
	return put_view(&w);
}

static struct view
sign_answer(const char *algorithm)
{
	static uint8_t buf[256];
	struct put w = put_of(buf, sizeof buf);
	size_t mark = put_mark(&w), inner;

	put_u8(&w, 14);
	inner = put_mark(&w);
	put_cstr(&w, algorithm);
	put_cstr(&w, "signature");
	put_fill(&w, inner);
	put_fill(&w, mark);
	return put_view(&w);
}

static const uint8_t refusal[] = { 0, 0, 0, 1, 5 };

static void
begin_link(void)
{
	memset(&seen, 0, sizeof seen);
	loop = loop_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(loop);
	CU_ASSERT_EQUAL(agentlink_start(&link_, loop, &ops, NULL), 0);
	CU_ASSERT_EQUAL(seen.wanted, 1);
}

static void
end_link(void)
{
	agentlink_end(&link_);
	loop_free(loop);
	if (agent >= 0)
		close(agent);
	agent = -1;
}

static bool
sign(void)
{
	return agentlink_sign(&link_, view_str("blob"), "ssh-ed25519", view_str("data"));
}

/* Connected, and its list read. */
static void
up(void)
{
	begin_link();
	connect_pair();
	CU_ASSERT_EQUAL(asked(), 11);
	CU_ASSERT_FALSE(sign());
	say(list_answer(2));
	CU_ASSERT_TRUE(until(&seen.listed, 1));
	CU_ASSERT_EQUAL(seen.keys, 2);
}

static void
test_sign(void)
{
	up();
	for (unsigned i = 1; i <= 3; i++) {
		CU_ASSERT_TRUE(sign());
		CU_ASSERT_FALSE(sign()); /* one at a time */
		CU_ASSERT_EQUAL(asked(), 13);
		say(sign_answer("ssh-ed25519"));
		CU_ASSERT_TRUE(until(&seen.signed_by, i));
		CU_ASSERT(seen.sig_len > 0);
	}
	end_link();
}

/* In pieces of one byte. */
static void
test_pieces(void)
{
	struct view a;

	up();
	CU_ASSERT_TRUE(sign());
	a = sign_answer("ssh-ed25519");
	for (size_t i = 0; i < a.len; i++)
		say(view_of(a.data + i, 1));
	CU_ASSERT_TRUE(until(&seen.signed_by, 1));
	CU_ASSERT_EQUAL(seen.gone + seen.lost, 0);
	end_link();
}

/* No: the list is looked at again, before the next signature. */
static void
test_refusal(void)
{
	up();
	CU_ASSERT_TRUE(sign());
	CU_ASSERT_EQUAL(asked(), 13);
	say(view_of(refusal, sizeof refusal));
	CU_ASSERT_TRUE(until(&seen.signed_by, 1));
	CU_ASSERT_EQUAL(seen.sig_len, 0);
	CU_ASSERT_EQUAL(asked(), 11);
	CU_ASSERT_FALSE(sign());
	say(list_answer(1));
	CU_ASSERT_TRUE(until(&seen.listed, 2));
	CU_ASSERT_TRUE(sign());
	CU_ASSERT_EQUAL(asked(), 13);
	/* by another algorithm is as good as none */
	say(sign_answer("rsa-sha2-512"));
	CU_ASSERT_TRUE(until(&seen.signed_by, 2));
	CU_ASSERT_EQUAL(seen.sig_len, 0);
	end_link();
}

/* It is started anew: another connection at once, and again its list. */
static void
test_restart(void)
{
	up();
	CU_ASSERT_TRUE(sign());
	close(agent);
	agent = -1;
	CU_ASSERT_TRUE(until(&seen.lost, 1));
	CU_ASSERT_EQUAL(seen.wanted, 2);
	CU_ASSERT_EQUAL(seen.gone, 0);
	connect_pair();
	CU_ASSERT_EQUAL(asked(), 11);
	say(list_answer(2));
	CU_ASSERT_TRUE(until(&seen.listed, 2));
	CU_ASSERT_TRUE(sign());
	end_link();
}

/* It cannot be reached, or hangs up before it has said anything: later. */
static void
test_away(void)
{
	begin_link();
	agentlink_take(&link_, -1, "nobody there");
	CU_ASSERT_EQUAL(seen.gone, 1);
	CU_ASSERT_STRING_EQUAL(seen.why, "nobody there");
	CU_ASSERT_EQUAL(seen.wanted, 1);
	CU_ASSERT_TRUE(until(&seen.wanted, 2));
	connect_pair();
	close(agent);
	agent = -1;
	CU_ASSERT_TRUE(until(&seen.gone, 2));
	CU_ASSERT_EQUAL(seen.wanted, 2);
	CU_ASSERT_TRUE(until(&seen.wanted, 3));
	/* a socket that nobody asked for is closed */
	connect_pair();
	connect_pair();
	CU_ASSERT_EQUAL(asked(), 0);
	end_link();
}

static void
test_nonsense(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool sign;
	} cases[] = {
		{ "\0\0\0\0", 4, false },              /* no message */
		{ "\0\4\0\1", 4, false },              /* one that is too long */
		{ "\377\377\377\377", 4, true },
		{ "\0\0\0\5\14\0\0\0\1", 9, false },   /* a list cut short */
		{ "\0\0\0\1\5", 5, false },            /* no list */
		{ "\0\0\0\1\5\0\0\0\1\5", 10, true },  /* two answers to one question */
		{ "\0\0\0\5\16\0\0\0\11", 9, false },  /* an answer to another question */
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (cases[i].sign) {
			up();
			CU_ASSERT_TRUE(sign());
		} else {
			begin_link();
			connect_pair();
		}
		say(view_of(cases[i].bytes, cases[i].len));
		CU_ASSERT_TRUE(until(&seen.gone, 1));
		CU_ASSERT_STRING_EQUAL(seen.why, "what it says makes no sense");
		CU_ASSERT_EQUAL(seen.lost, cases[i].sign ? 1 : 0);
		CU_ASSERT_EQUAL(seen.signed_by, 0);
		end_link();
	}
}

/* Something that nobody asked for. */
static void
test_unasked(void)
{
	up();
	say(list_answer(1));
	CU_ASSERT_TRUE(until(&seen.gone, 1));
	CU_ASSERT_EQUAL(seen.listed, 1);
	end_link();
}

/* It takes the question and says nothing. */
static void
test_silent(void)
{
	up();
	CU_ASSERT_TRUE(sign());
	CU_ASSERT_TRUE(until(&seen.gone, 1));
	CU_ASSERT_EQUAL(seen.lost, 1);
	CU_ASSERT_STRING_EQUAL(seen.why, "no answer");
	end_link();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "signatures", test_sign },
		{ "answers in pieces", test_pieces },
		{ "a refusal", test_refusal },
		{ "an agent that is started anew", test_restart },
		{ "an agent that is not there", test_away },
		{ "answers that make no sense", test_nonsense },
		{ "answers that nobody asked for", test_unasked },
		{ "an agent that stays silent", test_silent },
		CU_TEST_INFO_NULL,
	};

	return suite_run("agent link", tests);
}
