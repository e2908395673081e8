/* KEXINIT and negotiation, with everything that a hostile list can hold. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/kex/kex.h"
#include "control/kex/method.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"
#include "control/kex/sign.h"
#include "tests/lib/suite.h"

#define LISTS 10

static const uint8_t cookie[16] = "0123456789abcdef";

/* A KEXINIT whose lists a test can set one by one. */
struct lists {
	const char *list[LISTS];
	bool follows;
};

static struct lists
usual(void)
{
	struct lists l = { .list = { "curve25519-sha256", "ssh-ed25519", "aes128-gcm@openssh.com",
			       "aes128-gcm@openssh.com", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "",
			       "" } };

	return l;
}

static struct view
write_lists(uint8_t *buf, size_t size, const struct lists *l)
{
	struct put w = put_of(buf, size);

	put_u8(&w, SSH_MSG_KEXINIT);
	put_bytes(&w, cookie, sizeof(cookie));
	for (int i = 0; i < LISTS; i++)
		put_cstr(&w, l->list[i]);
	put_bool(&w, l->follows);
	put_u32(&w, 0);
	CU_ASSERT_FALSE(w.bad);
	return put_view(&w);
}

static int
parse(struct kexinit *k, uint8_t *buf, size_t size, const struct lists *l, bool from_client)
{
	return kexinit_parse(k, write_lists(buf, size, l), from_client);
}

static struct view
ours(uint8_t buf[KEXINIT_MAX], bool server, bool first)
{
	struct put w = put_of(buf, KEXINIT_MAX);

	kexinit_build(&w, kex_offer_default(true), server, first, cookie);
	CU_ASSERT_FALSE(w.bad);
	return put_view(&w);
}

/* What we would choose with a client that sends these lists. */
static int
negotiate(struct kex_choice *c, const struct lists *l)
{
	static uint8_t theirs[KEXINIT_MAX], mine[KEXINIT_MAX];
	struct kexinit client, server;

	CU_ASSERT_EQUAL_FATAL(parse(&client, theirs, sizeof(theirs), l, true), 0);
	CU_ASSERT_EQUAL_FATAL(kexinit_parse(&server, ours(mine, true, true), false), 0);
	return kex_negotiate(c, &client, &server);
}

static void
test_build(void)
{
	uint8_t buf[KEXINIT_MAX];
	struct kexinit k;
	struct view v = ours(buf, true, true);

	CU_ASSERT_EQUAL(kexinit_parse(&k, v, false), 0);
	CU_ASSERT(view_eq(k.cookie, view_of(cookie, 16)));
	CU_ASSERT(k.strict && k.ext_info && !k.follows);
	CU_ASSERT(view_is(k.lists[0], "mlkem768x25519-sha256,sntrup761x25519-sha512,"
				      "sntrup761x25519-sha512@openssh.com,"
				      "curve25519-sha256,curve25519-sha256@libssh.org,"
				      "mlkem768nistp256-sha256,mlkem1024nistp384-sha384,"
				      "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
				      "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
				      "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,"
				      "ext-info-s,kex-strict-s-v00@openssh.com"));
	CU_ASSERT(view_is(k.lists[1], "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
				      "ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256"));
	CU_ASSERT(view_is(k.lists[2], "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,"
				      "aes256-ctr"));
	CU_ASSERT(view_eq(k.lists[2], k.lists[3]));
	CU_ASSERT(view_is(k.lists[4], "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
				      "umac-128-etm@openssh.com,umac-64-etm@openssh.com,"
				      "hmac-sha2-256,hmac-sha2-512,umac-128@openssh.com,umac-64@openssh.com"));
	CU_ASSERT(view_eq(k.lists[4], k.lists[5]));
	CU_ASSERT(view_is(k.lists[6], "none") && view_is(k.lists[7], "none"));
	CU_ASSERT(k.lists[8].len == 0 && k.lists[9].len == 0);
}

/* What is offered by name is served by a row, and the other way round. */
static void
test_names(void)
{
	struct view kex = view_str(KEX_SERVED), sign = view_str(SIGN_NAMES), name;
	char text[KEX_NAME_MAX];
	size_t i;

	for (i = 0; namelist_next(&kex, &name); i++) {
		snprintf(text, sizeof(text), "%.*s", (int)name.len, (const char *)name.data);
		CU_ASSERT_PTR_NOT_NULL(kex_method_find(text));
	}
	CU_ASSERT_PTR_NOT_NULL(kex_method_at(i - 1));
	CU_ASSERT_PTR_NULL(kex_method_at(i));
	CU_ASSERT_PTR_NULL(kex_method_find("diffie-hellman-group1-sha1"));
	for (i = 0; namelist_next(&sign, &name); i++)
		CU_ASSERT_PTR_NOT_NULL(sign_find(name));
	CU_ASSERT_PTR_NOT_NULL(sign_at(i - 1));
	CU_ASSERT_PTR_NULL(sign_at(i));
	CU_ASSERT_PTR_NULL(sign_find(view_str("ssh-rsa")));
}

/* Markers: by role, and only in a first KEXINIT. */
static void
test_markers(void)
{
	uint8_t buf[KEXINIT_MAX];
	struct kexinit k;

	for (int server = 0; server < 2; server++) {
		for (int first = 0; first < 2; first++) {
			struct view v = ours(buf, server, first);

			CU_ASSERT_EQUAL(kexinit_parse(&k, v, !server), 0);
			CU_ASSERT(k.strict == first && k.ext_info == first);
			CU_ASSERT_EQUAL(kexinit_parse(&k, v, server), 0);
			CU_ASSERT(!k.strict && !k.ext_info);
		}
	}
}

/* A marker of the wrong side, or of both, is never taken for a method. */
static void
test_markers_not_negotiated(void)
{
	static const char *const names[] = { "ext-info-s", "ext-info-c", "kex-strict-s-v00@openssh.com",
		"kex-strict-c-v00@openssh.com", "ext-info-s,kex-strict-s-v00@openssh.com" };
	struct kex_choice c;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct lists l = usual();
		char list[128];

		l.list[0] = names[i];
		CU_ASSERT_EQUAL(negotiate(&c, &l), -R_KEX_NO_MATCH);
		snprintf(list, sizeof(list), "%s,curve25519-sha256", names[i]);
		l.list[0] = list;
		CU_ASSERT_EQUAL(negotiate(&c, &l), 0);
		CU_ASSERT_STRING_EQUAL(c.kex, "curve25519-sha256");
	}
}

static void
test_choice(void)
{
	struct lists l = usual();
	struct kex_choice c;

	CU_ASSERT_EQUAL(negotiate(&c, &l), 0);
	CU_ASSERT_STRING_EQUAL(c.host_key, "ssh-ed25519");
	CU_ASSERT_STRING_EQUAL(c.cipher_c2s, "aes128-gcm@openssh.com");
	CU_ASSERT_STRING_EQUAL(c.mac_c2s, "");
	CU_ASSERT_STRING_EQUAL(c.comp_s2c, "none");
	CU_ASSERT(c.suite_c2s == SUITE_AES128_GCM && c.suite_s2c == SUITE_AES128_GCM);
	CU_ASSERT_FALSE(c.skip_guess);

	/* The client's order, across unknown names, duplicates and our own order. */
	l.list[0] =
	    "x,kex-of-tomorrow,curve25519-sha256@libssh.org,curve25519-sha256,curve25519-sha256";
	l.list[2] = "chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com";
	l.list[6] = "zlib@openssh.com,none,none";
	CU_ASSERT_EQUAL(negotiate(&c, &l), 0);
	CU_ASSERT_STRING_EQUAL(c.kex, "curve25519-sha256@libssh.org");
}

/* No common name in any one list: no match. The MAC lists do not count, because
 * the cipher has its own tag; empty or foreign, they change nothing. */
static void
test_no_match(void)
{
	static const char *const foreign[] = { "", "unknown", "none-such,none-at-all", "aes128-gcm",
		"CURVE25519-SHA256", "ssh-ed25519-cert-v01@openssh.com" };
	struct kex_choice c;

	for (int list = 0; list < LISTS; list++) {
		bool counts = list < 4 || list == 6 || list == 7;

		for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
			struct lists l = usual();

			l.list[list] = foreign[i];
			CU_ASSERT_EQUAL(negotiate(&c, &l), counts ? -R_KEX_NO_MATCH : 0);
		}
	}
}

/* RFC 4253 section 7: right only when both first names agree. */
static void
test_guess(void)
{
	static const struct {
		const char *kex, *host_key;
		bool follows, skip;
	} rows[] = {
		{ "mlkem768x25519-sha256", "ssh-ed25519", false, false },
		{ "mlkem768x25519-sha256", "ssh-ed25519", true, false },
		{ "mlkem768x25519-sha256,ext-info-c", "ssh-ed25519,ssh-rsa", true, false },
		{ "curve25519-sha256,mlkem768x25519-sha256", "ssh-ed25519", true, true },
		{ "mlkem768x25519-sha256", "ssh-rsa,ssh-ed25519", true, true },
		{ "kex-of-tomorrow,curve25519-sha256", "ssh-rsa,ssh-ed25519", true, true },
		{ "kex-of-tomorrow,curve25519-sha256", "ssh-rsa,ssh-ed25519", false, false },
		{ "ext-info-c,curve25519-sha256", "ssh-ed25519", true, true },
	};
	struct kex_choice c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lists l = usual();

		l.list[0] = rows[i].kex;
		l.list[1] = rows[i].host_key;
		l.follows = rows[i].follows;
		CU_ASSERT_EQUAL(negotiate(&c, &l), 0);
		CU_ASSERT_EQUAL(c.skip_guess, rows[i].skip);
	}
}

static void
test_bad_lists(void)
{
	static const char *const bad[] = { "a b", "a\tb", "a\n", "\x7f",
		"caf\xc3\xa9", "a,\x01", " a" };
	static uint8_t buf[2 * KEXINIT_MAX];
	struct kexinit k;

	for (int list = 0; list < LISTS; list++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			struct lists l = usual();

			l.list[list] = bad[i];
			CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), -R_KEX_NAMELIST);
		}
	}
}

/* Names that are empty are passed over, wherever they stand. */
static void
test_empty_names(void)
{
	static const char *const lists[] = { "aes,ctr,", ",aes,ctr", "aes,,,ctr", ",,aes,ctr,,," };
	static uint8_t buf[2 * KEXINIT_MAX];
	struct lists l = usual();
	struct kexinit k;
	struct view list, name;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		list = view_str(lists[i]);
		CU_ASSERT(namelist_valid(list));
		CU_ASSERT(namelist_next(&list, &name) && view_is(name, "aes"));
		CU_ASSERT(namelist_next(&list, &name) && view_is(name, "ctr"));
		CU_ASSERT_FALSE(namelist_next(&list, &name));
	}
	list = view_str(",");
	CU_ASSERT_FALSE(namelist_next(&list, &name));
	CU_ASSERT_FALSE(namelist_has(view_str("a,,b"), ""));
	l.list[2] = "nothing,,aes128-gcm@openssh.com,";
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), 0);
	l.list[2] = "";
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), 0);
}

static void
test_nul_in_list(void)
{
	static const uint8_t with_nul[] = { 'a', 0, 'b' };

	CU_ASSERT_FALSE(namelist_valid(view_of(with_nul, sizeof(with_nul))));
	CU_ASSERT(namelist_valid(view_of(NULL, 0)));
}

/* Names to 64 bytes (RFC 4251 section 6), lists to 4 KiB, KEXINIT to 8 KiB. */
static void
test_long(void)
{
	static uint8_t buf[4 * KEXINIT_MAX];
	static char text[KEXINIT_MAX + 1];
	struct kexinit k;
	struct kex_choice c;
	struct lists l = usual();

	memset(text, 'n', sizeof(text));
	text[64] = '\0';
	l.list[0] = text;
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), 0);
	CU_ASSERT_EQUAL(negotiate(&c, &l), -R_KEX_NO_MATCH);
	text[64] = 'n';
	text[65] = '\0';
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), -R_KEX_NAMELIST);
	text[65] = 'n';
	text[KEXINIT_MAX] = '\0'; /* one name of 8 KiB */
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), -R_KEX_NAMELIST);

	for (size_t i = 1; i < KEX_NAMELIST_MAX; i += 2)
		text[i] = ',';
	text[KEX_NAMELIST_MAX - 1] = '\0';
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), 0);
	text[KEX_NAMELIST_MAX - 1] = 'n';
	text[KEX_NAMELIST_MAX] = 'n';
	text[KEX_NAMELIST_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), -R_KEX_NAMELIST);

	/* Three valid lists of 4000 bytes are too much together. */
	for (size_t i = 0; i < 4000; i++)
		text[i] = i % 2 == 0 ? 'n' : ',';
	text[3999] = '\0';
	l.list[2] = l.list[3] = text;
	CU_ASSERT_EQUAL(parse(&k, buf, sizeof(buf), &l, true), -R_KEX_NAMELIST);
}

static void
test_truncated(void)
{
	static uint8_t buf[KEXINIT_MAX];
	struct kexinit k;
	struct lists l = usual();
	struct view v = write_lists(buf, sizeof(buf) - 1, &l);

	for (size_t len = 0; len < v.len; len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact, buf, len);
		CU_ASSERT_NOT_EQUAL(kexinit_parse(&k, view_of(exact, len), true), 0);
		free(exact);
	}
	buf[v.len] = 0;
	CU_ASSERT_EQUAL(kexinit_parse(&k, view_of(buf, v.len + 1), true), -R_SHORT);
	buf[0] = SSH_MSG_NEWKEYS;
	CU_ASSERT_EQUAL(kexinit_parse(&k, v, true), -R_KEX_STATE);
}

static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The best of some runs: what the machine does besides only makes it longer. */
static uint64_t
cost(const struct lists *l)
{
	uint64_t best = UINT64_MAX;
	struct kex_choice c;

	for (int run = 0; run < 7; run++) {
		uint64_t start = cpu_ns();

		for (int i = 0; i < 20; i++)
			negotiate(&c, l);
		if (cpu_ns() - start < best)
			best = cpu_ns() - start;
	}
	return best;
}

/* Four times the names may cost four times as much, not sixteen. */
static void
test_linear(void)
{
	static char quarter[1024], whole[4096];
	struct lists small = usual(), large = usual();

	for (size_t i = 0; i < sizeof(whole) - 1; i++)
		whole[i] = i % 2 == 0 ? 'a' : ',';
	memcpy(quarter, whole, sizeof(quarter) - 1);
	whole[4095] = quarter[1023] = '\0';
	small.list[0] = quarter;
	large.list[0] = whole;
	CU_ASSERT(cost(&large) < 9 * cost(&small));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "what we send", test_build },
		{ "names and rows", test_names },
		{ "markers by role", test_markers },
		{ "markers are not negotiated", test_markers_not_negotiated },
		{ "the client's order", test_choice },
		{ "no match", test_no_match },
		{ "guesses", test_guess },
		{ "malformed lists", test_bad_lists },
		{ "empty names", test_empty_names },
		{ "NUL in a list", test_nul_in_list },
		{ "lengths", test_long },
		{ "truncated", test_truncated },
		{ "linear time", test_linear },
		CU_TEST_INFO_NULL,
	};

	return suite_run("kexinit", tests);
}
