/* The note and the grant: round trips, cut at every length, flipped bytes. */
#include <string.h>

#include "abi/link/grant.h"
#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"

static void
full_note(struct note *n)
{
	memset(n, 0, sizeof(*n));
	n->ident_peer = view_str("SSH-2.0-OpenSSH_9.2p1");
	n->ident_ours = view_str("SSH-2.0-postern_0.1");
	n->session_id = view_str("0123456789abcdef0123456789abcdef");
	n->host_key = view_str("fedcba9876543210fedcba9876543210");
	n->names = view_str("names");
	n->kexinit_peer = view_str("kexinit of the peer");
	n->kexinit_ours = view_str("kexinit of ours");
	n->flags = NOTE_F_STRICT | NOTE_F_EXT_INFO;
	n->kex_state = 2;
	n->kex_skip_guess = 1;
	n->auth_requests = 3;
	n->auth_failures = 2;
	n->auth_queries = 1;
	n->auth_user = view_str("tester");
	n->auth_service = view_str("ssh-connection");
	n->chan_count = 2;
	n->chan[0] = (struct note_chan){ .ours = 0, .state = view_str("pty") };
	n->chan[1] = (struct note_chan){ .ours = 7, .state = view_str("") };
}

static void
test_note_round_trip(void)
{
	struct note a, b;
	uint8_t buf[4096];
	struct put w = put_of(buf, sizeof(buf));

	full_note(&a);
	CU_ASSERT_EQUAL(note_encode(&a, &w), 0);
	CU_ASSERT_EQUAL(note_decode(&b, put_view(&w)), 0);
	CU_ASSERT_TRUE(view_eq(a.ident_peer, b.ident_peer));
	CU_ASSERT_TRUE(view_eq(a.ident_ours, b.ident_ours));
	CU_ASSERT_TRUE(view_eq(a.session_id, b.session_id));
	CU_ASSERT_TRUE(view_eq(a.host_key, b.host_key) && b.host_key.len == 32);
	CU_ASSERT_TRUE(view_eq(a.names, b.names));
	CU_ASSERT_TRUE(view_eq(a.kexinit_peer, b.kexinit_peer));
	CU_ASSERT_TRUE(view_eq(a.kexinit_ours, b.kexinit_ours));
	CU_ASSERT_TRUE(view_eq(a.auth_user, b.auth_user));
	CU_ASSERT_TRUE(view_eq(a.auth_service, b.auth_service));
	CU_ASSERT_EQUAL(a.flags, b.flags);
	CU_ASSERT_EQUAL(b.kex_state, 2);
	CU_ASSERT_EQUAL(b.kex_skip_guess, 1);
	CU_ASSERT_EQUAL(b.auth_requests, 3);
	CU_ASSERT_EQUAL(b.auth_failures, 2);
	CU_ASSERT_EQUAL(b.auth_queries, 1);
	CU_ASSERT_EQUAL(b.chan_count, 2);
	CU_ASSERT_EQUAL(b.chan[1].ours, 7);
	CU_ASSERT_TRUE(view_is(b.chan[0].state, "pty"));
}

static void
test_note_cut_anywhere(void)
{
	struct note n;
	uint8_t buf[4096];
	struct put w = put_of(buf, sizeof(buf));
	int refused = 0;

	full_note(&n);
	CU_ASSERT_EQUAL_FATAL(note_encode(&n, &w), 0);
	for (size_t len = 1; len < put_len(&w); len++)
		refused += note_decode(&n, view_of(buf, len)) != 0;
	/* a cut between two fields is a shorter note; every other one is refused */
	CU_ASSERT_TRUE(refused > (int)put_len(&w) - 16);
	CU_ASSERT_EQUAL(note_decode(&n, view_of(buf, 0)), 0);
	for (size_t size = 0; size < put_len(&w); size++) {
		struct put small = put_of(buf, size);
		struct note again;

		full_note(&again);
		CU_ASSERT_EQUAL(note_encode(&again, &small), -R_LINK_NOTE);
	}
}

static void
test_note_later_version(void)
{
	struct note n;
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_u16(&w, NOTE_VERSION + 1);
	note_put(&w, 200, view_str("what is this"));
	note_put(&w, NOTE_SESSION_ID, view_str("id"));
	CU_ASSERT_EQUAL(note_decode(&n, put_view(&w)), 0);
	CU_ASSERT_TRUE(view_is(n.session_id, "id"));
}

static void
test_grant(void)
{
	struct grant g = { .uid = 1000, .gid = 100, .group_count = 2, .groups = { 100, 27 },
	    .peer_port = 4022, .restrictions = GRANT_NO_PTY, .command = "backup \"a\"" };
	struct grant got;
	uint8_t buf[GRANT_MAX];
	struct put w = put_of(buf, sizeof(buf));
	size_t whole;

	strcpy(g.user, "tester");
	strcpy(g.home, "/home/tester");
	strcpy(g.shell, "/bin/bash");
	strcpy(g.methods, "publickey");
	strcpy(g.peer, "10.77.0.2");
	CU_ASSERT_EQUAL(grant_encode(&g, &w), 0);
	CU_ASSERT_EQUAL(grant_decode(&got, put_view(&w)), 0);
	CU_ASSERT_EQUAL(memcmp(&g, &got, sizeof(g)), 0);
	whole = put_len(&w);
	for (size_t len = 0; len < whole; len++)
		(void)grant_decode(&got, view_of(buf, len));
	/* no user, or no identity: not a grant */
	w = put_of(buf, sizeof(buf));
	note_begin(&w);
	note_put(&w, GRANT_USER, view_str("root"));
	CU_ASSERT_EQUAL(grant_decode(&got, put_view(&w)), -R_LINK_NOTE);
	w = put_of(buf, sizeof(buf));
	note_begin(&w);
	note_put(&w, GRANT_UID, view_of("\0\0\0\0\0\0\0\0", 8));
	CU_ASSERT_EQUAL(grant_decode(&got, put_view(&w)), -R_LINK_NOTE);
	w = put_of(buf, sizeof(buf));
	note_begin(&w);
	note_put(&w, GRANT_UID, view_of("\0\0\0\0\0\0\0\0", 8));
	note_put(&w, GRANT_USER, view_of("ro\0ot", 5));
	CU_ASSERT_EQUAL(grant_decode(&got, put_view(&w)), -R_LINK_NOTE);
}

/* Who may send which op, item and record: against a table written by hand. */
static void
test_rights(void)
{
	CU_ASSERT_TRUE(link_op_allowed(LINK_DOWN_STEP, LINK_GATE));
	CU_ASSERT_TRUE(link_op_allowed(LINK_DOWN_STEP, LINK_CLERK));
	CU_ASSERT_FALSE(link_op_allowed(LINK_DOWN_STEP, LINK_HOST));
	CU_ASSERT_FALSE(link_op_allowed(LINK_DOWN_CHAN_DATA, LINK_CLERK));
	CU_ASSERT_TRUE(link_op_allowed(LINK_DOWN_CHAN_DATA, LINK_HOST));
	CU_ASSERT_FALSE(link_op_allowed(LINK_UP_RECORD, LINK_GATE));
	CU_ASSERT_FALSE(link_op_allowed(0, LINK_GATE | LINK_CLERK | LINK_HOST));
	CU_ASSERT_TRUE(link_item_allowed(LINK_ITEM_PHASE, LINK_GATE));
	CU_ASSERT_FALSE(link_item_allowed(LINK_ITEM_PHASE, LINK_CLERK));
	CU_ASSERT_FALSE(link_item_allowed(LINK_ITEM_CHAN_START, LINK_GATE));
	CU_ASSERT_FALSE(link_item_allowed(77, LINK_GATE | LINK_CLERK));
	for (int msg = 0; msg < 256; msg++)
		for (int phase = 0; phase < SSH_PHASE_COUNT; phase++) {
			bool gate = (phase <= SSH_PHASE_KEX && msg == 20) ||
			    (phase == SSH_PHASE_KEX && (msg == 7 || (msg >= 30 && msg <= 49))) ||
			    ((phase == SSH_PHASE_KEX || phase == SSH_PHASE_SERVICE || phase == SSH_PHASE_AUTH) &&
			        msg == 3) ||
			    ((phase == SSH_PHASE_SERVICE || phase == SSH_PHASE_AUTH) && msg == 6) ||
			    (phase == SSH_PHASE_AUTH && (msg == 4 || msg == 7 || msg == 51 || msg == 52 ||
			                                    msg == 53 || msg == 60)) ||
			    (phase == SSH_PHASE_OPEN && msg == 80);
			bool clerk = phase == SSH_PHASE_OPEN &&
			    (msg == 3 || msg == 20 || (msg >= 30 && msg <= 49) || (msg >= 80 && msg <= 82) ||
			        (msg >= 90 && msg <= 92) || msg == 99 || msg == 100);

			CU_ASSERT_EQUAL(link_record_allowed((uint8_t)msg, LINK_GATE, phase), gate);
			CU_ASSERT_EQUAL(link_record_allowed((uint8_t)msg, LINK_CLERK, phase), clerk);
			CU_ASSERT_FALSE(link_record_allowed((uint8_t)msg, LINK_HOST, phase));
		}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "note round trip", test_note_round_trip },
		{ "note cut anywhere", test_note_cut_anywhere },
		{ "note of a later version", test_note_later_version },
		{ "grant", test_grant },
		{ "rights", test_rights },
		CU_TEST_INFO_NULL,
	};

	return suite_run("note", tests);
}
