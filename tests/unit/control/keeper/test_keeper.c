#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/keeper/hostkey.h"
#include "control/keeper/keeper.h"
#include "control/keeper/keyfile.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/keeper/keys.h"

/* ---- the decision, every cell ---- */

/* Written from the rules, not from the code: may this be signed? */
static enum keeper_act
expected(enum keeper_event event, const struct keeper_facts *f)
{
	bool len_good = f->hash_len == 32 || f->hash_len == 48 || f->hash_len == 64;

	if (!f->key || !f->conn || !len_good)
		return KEEPER_REFUSE;
	if (event == KEEPER_REQUEST)
		return KEEPER_ASK;
	if (!f->waiting)
		return KEEPER_REFUSE;
	if (f->reason == 0)
		return KEEPER_SIGN_FIRST;
	return f->reason == R_LINK_STATE && f->first_known ? KEEPER_SIGN_REKEY : KEEPER_REFUSE;
}

static void
test_every_cell(void)
{
	static const size_t lens[] = { 0, 16, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 4096 };
	static const uint32_t reasons[] = { 0, R_LINK_STATE, R_LINK_CONN, R_NOMEM, 0xffffffff };
	unsigned signs = 0;

	for (unsigned bits = 0; bits < 32; bits++) {
		for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
			for (size_t r = 0; r < sizeof reasons / sizeof reasons[0]; r++) {
				enum keeper_event event = bits & 16 ? KEEPER_VERDICT : KEEPER_REQUEST;
				struct keeper_facts f = { .key = bits & 1,
					.conn = bits & 2,
					.waiting = bits & 4,
					.first_known = bits & 8,
					.hash_len = lens[l],
					.reason = reasons[r] };
				uint32_t why = 0;
				enum keeper_act act = keeper_judge(event, &f, &why);

				CU_ASSERT_EQUAL(act, expected(event, &f));
				CU_ASSERT_EQUAL(act == KEEPER_REFUSE, why != 0);
				signs += act == KEEPER_SIGN_FIRST || act == KEEPER_SIGN_REKEY;
			}
		}
	}
	CU_ASSERT_EQUAL(signs, 3 * (2 + 1));
}

/* ---- the table ---- */

static struct {
	unsigned stored, answered, signed_count;
	uint32_t tag, asker, asker_tag, conn, gen, reason;
	uint8_t hash[64];
	size_t hash_len;
	bool store_fails;
} seen;

static int
key_find(void *ctx, struct view algorithm)
{
	(void)ctx;
	return view_is(algorithm, "ssh-ed25519") ? 0 : -1;
}

static int
store(void *ctx, uint32_t conn, uint32_t gen, uint32_t tag, struct view hash)
{
	(void)ctx;
	(void)conn;
	(void)gen;
	(void)hash;
	seen.stored++;
	seen.tag = tag;
	return seen.store_fails ? -1 : 0;
}

static void
answer(void *ctx, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen, uint32_t reason, int key,
    struct view hash)
{
	(void)ctx;
	seen.answered++;
	seen.asker = asker;
	seen.asker_tag = tag;
	seen.conn = conn;
	seen.gen = gen;
	seen.reason = reason;
	if (reason != 0)
		return;
	CU_ASSERT_EQUAL(key, 0);
	seen.signed_count++;
	memcpy(seen.hash, hash.data, hash.len);
	seen.hash_len = hash.len;
}

static const struct keeper_ops ops = { .key_find = key_find, .store = store, .answer = answer };
static const uint8_t hash_a[64] = { 1 }, hash_b[64] = { 2 };

static void
sign(struct keeper *k, uint32_t asker, uint32_t conn, uint32_t gen, const uint8_t *hash)
{
	keeper_sign(k, asker, 70 + asker, conn, gen, view_str("ssh-ed25519"), view_of(hash, 32));
}

static struct keeper *
fresh(uint32_t conns)
{
	static struct keeper k;

	memset(&seen, 0, sizeof seen);
	CU_ASSERT_EQUAL_FATAL(keeper_init(&k, conns, &ops, NULL), 0);
	return &k;
}

static void
test_first_then_rekey(void)
{
	struct keeper *k = fresh(4);

	sign(k, 1, 5, 6, hash_a);
	CU_ASSERT_EQUAL(seen.stored, 1);
	CU_ASSERT_EQUAL(seen.answered, 0);
	keeper_verdict(k, 5, 6, seen.tag, 0);
	CU_ASSERT_EQUAL(seen.signed_count, 1);
	CU_ASSERT(seen.asker == 1 && seen.asker_tag == 71 && seen.conn == 5 && seen.gen == 6);
	CU_ASSERT_EQUAL(seen.hash[0], 1);
	/* once is once */
	keeper_verdict(k, 5, 6, seen.tag, 0);
	CU_ASSERT_EQUAL(seen.answered, 1);
	sign(k, 2, 5, 6, hash_b);
	CU_ASSERT_EQUAL(seen.stored, 2);
	keeper_verdict(k, 5, 6, seen.tag, R_LINK_STATE);
	CU_ASSERT_EQUAL(seen.signed_count, 2);
	CU_ASSERT_EQUAL(seen.hash[0], 2);
	keeper_fini(k);
}

static void
test_refusals(void)
{
	struct keeper *k = fresh(4);

	/* the first exchange is over, but no session id is known */
	sign(k, 1, 5, 6, hash_a);
	keeper_verdict(k, 5, 6, seen.tag, R_LINK_STATE);
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	sign(k, 1, 5, 6, hash_a);
	keeper_verdict(k, 5, 6, seen.tag, R_LINK_CONN);
	CU_ASSERT_EQUAL(seen.reason, R_LINK_CONN);
	CU_ASSERT_EQUAL(k->tab.count, 0);
	/* not ours to answer */
	sign(k, 1, 5, 6, hash_a);
	keeper_verdict(k, 5, 7, seen.tag, 0);
	keeper_verdict(k, 5, 6, seen.tag + 1, 0);
	CU_ASSERT_EQUAL(seen.signed_count, 0);
	keeper_sign(k, 1, 1, 9, 9, view_str("ssh-rsa"), view_of(hash_a, 32));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	keeper_sign(k, 1, 1, 9, 9, view_str("ssh-ed25519"), view_of(hash_a, 31));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	keeper_sign(k, 1, 1, UINT32_MAX, 0, view_str("ssh-ed25519"), view_of(hash_a, 32));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	seen.store_fails = true;
	sign(k, 1, 8, 8, hash_a);
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	CU_ASSERT_EQUAL(k->tab.count, 1);
	CU_ASSERT_EQUAL(seen.signed_count, 0);
	keeper_fini(k);
}

static void
test_restore_and_forget(void)
{
	struct keeper *k = fresh(4);

	keeper_restore(k, 5, 6, view_of(hash_a, 32));
	sign(k, 1, 5, 6, hash_b);
	keeper_verdict(k, 5, 6, seen.tag, R_LINK_STATE);
	CU_ASSERT_EQUAL(seen.signed_count, 1);
	keeper_restore(k, 7, 7, view_of(hash_a, 31));
	CU_ASSERT_EQUAL(k->tab.count, 1);
	sign(k, 1, 5, 6, hash_b);
	keeper_forget(k, 5, 6);
	CU_ASSERT_EQUAL(seen.reason, R_PEER_GONE);
	CU_ASSERT_EQUAL(k->tab.count, 0);
	sign(k, 1, 5, 6, hash_b);
	keeper_verdict(k, 5, 6, seen.tag, R_LINK_STATE);
	CU_ASSERT_EQUAL(seen.signed_count, 1);
	keeper_fini(k);
}

/* A gate dies, its successor asks again: the older request is not answered. */
static void
test_asked_again(void)
{
	struct keeper *k = fresh(4);
	uint32_t old;

	sign(k, 1, 5, 6, hash_a);
	old = seen.tag;
	sign(k, 2, 5, 6, hash_b);
	keeper_verdict(k, 5, 6, old, 0);
	CU_ASSERT_EQUAL(seen.answered, 0);
	keeper_verdict(k, 5, 6, seen.tag, 0);
	CU_ASSERT_EQUAL(seen.answered, 1);
	CU_ASSERT_EQUAL(seen.asker, 2);
	CU_ASSERT_EQUAL(seen.hash[0], 2);
	keeper_fini(k);
}

static void
test_bounded(void)
{
	struct keeper *k = fresh(3);

	for (uint32_t i = 0; i < 3; i++)
		sign(k, 1, i, 1, hash_a);
	CU_ASSERT_EQUAL(seen.answered, 0);
	sign(k, 1, 3, 1, hash_a);
	CU_ASSERT_EQUAL(seen.reason, R_LIMIT);
	keeper_forget(k, 1, 1);
	sign(k, 1, 3, 1, hash_a);
	CU_ASSERT_EQUAL(k->tab.count, 3);
	keeper_fini(k);
}

/* ---- key files ---- */

static char dir[64];
static char path[128];

static void
make_key(const char *text)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static size_t
slurp(char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t len = fread(text, 1, size, f);

	fclose(f);
	return len;
}

static enum keyfile_result
parse(void)
{
	static char text[KEYFILE_MAX + 1];
	static struct keyfile file;

	return keyfile_parse(&file, text, slurp(text, sizeof text));
}

static void
test_keyfile(void)
{
	static char text[KEYFILE_MAX + 1];
	static struct keyfile file;
	size_t len;

	make_key(key_plain);
	CU_ASSERT_EQUAL(parse(), KEYFILE_OK);
	len = slurp(text, sizeof text);
	for (size_t cut = 0; cut < len - 2; cut++)
		CU_ASSERT_NOT_EQUAL(keyfile_parse(&file, text, cut), KEYFILE_OK);
	CU_ASSERT_EQUAL(keyfile_parse(&file, "hello", 5), KEYFILE_FORM);
	make_key(key_encrypted);
	CU_ASSERT_EQUAL(parse(), KEYFILE_ENCRYPTED);
	make_key(key_ecdsa);
	CU_ASSERT_EQUAL(parse(), KEYFILE_OK);
	make_key(key_ecdsa_pem);
	CU_ASSERT_EQUAL(parse(), KEYFILE_PEM);
}

static void
configure(struct conf *c)
{
	conf_default(c);
	snprintf(c->host_key[0], CONF_NAME_MAX, "%s", path);
	c->host_key_count = 1;
}

static void
test_hostkey(void)
{
	static const uint8_t hash[32] = { 7 };
	static struct conf c;
	struct hostkeys keys;
	uint8_t blob[128], key[128];
	struct put w = put_of(blob, sizeof blob), k = put_of(key, sizeof key);

	configure(&c);
	make_key(key_plain);
	CU_ASSERT_EQUAL_FATAL(hostkeys_load(&keys, &c), 1);
	CU_ASSERT_STRING_EQUAL(keys.key[0].algorithm->name, "ssh-ed25519");
	sign_key_put(&k, pk_signer_public(keys.key[0].signer));
	CU_ASSERT_EQUAL(hostkey_sign(&keys.key[0], &w, view_of(hash, sizeof hash)), 0);
	CU_ASSERT_EQUAL(
	    sign_verify(keys.key[0].algorithm, put_view(&k), put_view(&w), view_of(hash, sizeof hash)), 0);
	/* what does not verify with the key that is shown does not leave */
	((uint8_t *)pk_signer_public(keys.key[0].signer)->key.data)[5] ^= 1;
	w = put_of(blob, sizeof blob);
	CU_ASSERT_EQUAL(hostkey_sign(&keys.key[0], &w, view_of(hash, sizeof hash)), -1);
	CU_ASSERT_EQUAL(put_len(&w), 0);
	hostkeys_free(&keys);
}

static void
test_permissions(void)
{
	static const mode_t refused[] = { 0644, 0640, 0620, 0604, 0602, 0610, 0601, 0777 };
	static struct conf c;
	struct hostkeys keys;

	configure(&c);
	make_key(key_plain);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		CU_ASSERT_EQUAL(chmod(path, refused[i]), 0);
		CU_ASSERT_EQUAL(hostkeys_load(&keys, &c), 0);
	}
	CU_ASSERT_EQUAL(chmod(path, 0400), 0);
	CU_ASSERT_EQUAL(hostkeys_load(&keys, &c), 1);
	hostkeys_free(&keys);
	make_key(key_encrypted);
	CU_ASSERT_EQUAL(hostkeys_load(&keys, &c), 0);
	unlink(path);
	CU_ASSERT_EQUAL(hostkeys_load(&keys, &c), 0);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(hostkeys_load(&keys, &c), 0);
}

static int
begin(void)
{
	log_start("test", open("/dev/null", O_WRONLY));
	snprintf(dir, sizeof dir, "/tmp/postern-keeper-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/key", dir);
	return 0;
}

static int
finish(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every cell of the decision", test_every_cell },
		{ "first exchange, then a rekey", test_first_then_rekey },
		{ "refusals", test_refusals },
		{ "restore and forget", test_restore_and_forget },
		{ "asked again by a new gate", test_asked_again },
		{ "bounded table", test_bounded },
		{ "key files", test_keyfile },
		{ "host key signs, verified", test_hostkey },
		{ "permissions of host keys", test_permissions },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("keeper", begin, finish, tests);
}
