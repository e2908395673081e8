#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
key_find(void *ctx, struct view algorithm, struct view shown)
{
	(void)ctx;
	return view_is(algorithm, "ssh-ed25519") && view_is(shown, "blob") ? 0 : -1;
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
	keeper_sign(k, asker, 70 + asker, conn, gen, view_str("ssh-ed25519"), view_str("blob"), view_of(hash, 32));
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
	keeper_sign(k, 1, 1, 9, 9, view_str("ssh-rsa"), view_str("blob"), view_of(hash_a, 32));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	keeper_sign(k, 1, 1, 9, 9, view_str("ssh-ed25519"), view_str("blob"), view_of(hash_a, 31));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	keeper_sign(k, 1, 1, 9, 9, view_str("ssh-ed25519"), view_str("another"), view_of(hash_a, 32));
	CU_ASSERT_EQUAL(seen.reason, R_KEX_SIGN);
	keeper_sign(k, 1, 1, UINT32_MAX, 0, view_str("ssh-ed25519"), view_str("blob"), view_of(hash_a, 32));
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

static struct hostkeys loaded;

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
	struct hostkeys *keys = &loaded;
	uint8_t blob[128], key[128];
	struct put w = put_of(blob, sizeof blob), k = put_of(key, sizeof key);

	configure(&c);
	make_key(key_plain);
	CU_ASSERT_EQUAL_FATAL(hostkeys_load(keys, &c, 1000000000), 1);
	CU_ASSERT_STRING_EQUAL(keys->row[0].algorithm->name, "ssh-ed25519");
	k = put_of(key, sizeof key);
	put_bytes(&k, keys->row[0].shown.data, keys->row[0].shown.len);
	CU_ASSERT_EQUAL(hostkey_sign(&keys->key[0], keys->row[0].algorithm, &w, view_of(hash, sizeof hash)), 0);
	CU_ASSERT_EQUAL(
	    sign_verify(keys->row[0].algorithm, put_view(&k), put_view(&w), view_of(hash, sizeof hash)), 0);
	/* what does not verify with the key that is shown does not leave */
	((uint8_t *)pk_signer_public(keys->key[0].signer)->key.data)[5] ^= 1;
	w = put_of(blob, sizeof blob);
	CU_ASSERT_EQUAL(hostkey_sign(&keys->key[0], keys->row[0].algorithm, &w, view_of(hash, sizeof hash)), -1);
	CU_ASSERT_EQUAL(put_len(&w), 0);
	hostkeys_free(keys);
}

/* ---- keys of every kind ---- */

static int log_pair[2];

/* A key of the folder, as a file that may be a host key. */
static void
copy_key(const char *name, const char *to)
{
	char text[KEYFILE_MAX + 1], from[256];
	size_t len;
	FILE *f;
	int fd;

	snprintf(from, sizeof from, "tests/unit/control/keeper/keys/%s", name);
	f = fopen(from, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(text, 1, sizeof text, f);
	fclose(f);
	unlink(to);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* The lines since the last look, up to what fits. */
static void
read_log(char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = recv(log_pair[0], text + len, size - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	text[len] = '\0';
}

static void
test_kinds(void)
{
	static const struct {
		const char *file;
		const char *algorithms; /* "": refused */
		enum keyfile_result why;
	} cases[] = {
		{ "ed25519", "ssh-ed25519", 0 },
		{ "ecdsa256", "ecdsa-sha2-nistp256", 0 },
		{ "ecdsa384", "ecdsa-sha2-nistp384", 0 },
		{ "ecdsa521", "ecdsa-sha2-nistp521", 0 },
		{ "rsa2048", "rsa-sha2-512 rsa-sha2-256", 0 },
		{ "rsa_pkcs1.pem", "rsa-sha2-512 rsa-sha2-256", 0 },
		{ "rsa_pkcs8.pem", "rsa-sha2-512 rsa-sha2-256", 0 },
		{ "ecdsa_sec1.pem", "ecdsa-sha2-nistp256", 0 },
		{ "ecdsa_pkcs8.pem", "ecdsa-sha2-nistp384", 0 },
		{ "ed25519_pkcs8.pem", "ssh-ed25519", 0 },
		{ "rsa1024", "", KEYFILE_SMALL },
		{ "dsa", "", KEYFILE_OTHER },
		{ "secp256k1.pem", "", KEYFILE_OTHER },
		{ "x25519.pem", "", KEYFILE_OTHER },
		{ "rsa_encrypted", "", KEYFILE_ENCRYPTED },
		{ "rsa_pkcs1_encrypted.pem", "", KEYFILE_ENCRYPTED },
		{ "rsa_pkcs8_encrypted.pem", "", KEYFILE_ENCRYPTED },
		{ "ecdsa_two_keys", "", KEYFILE_MISMATCH },
		{ "ecdsa_wrong_scalar", "", KEYFILE_MISMATCH },
		{ "rsa_wrong_p", "", KEYFILE_MISMATCH },
		{ "rsa_no_primes", "", KEYFILE_MISMATCH },
		{ "rsa_wrong_modulus", "", KEYFILE_MISMATCH },
		{ "rsa_wrong_d", "", KEYFILE_FAULTY },
	};
	static struct conf c;
	struct hostkeys *keys = &loaded;

	configure(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char names[128] = "", said[4096];

		copy_key(cases[i].file, path);
		read_log(said, sizeof said);
		hostkeys_load(keys, &c, 1000000000);
		read_log(said, sizeof said);
		for (uint32_t k = 0; k < keys->row_count; k++) {
			strcat(names, k > 0 ? " " : "");
			strcat(names, keys->row[k].algorithm->name);
		}
		if (strcmp(names, cases[i].algorithms) != 0)
			fprintf(stderr, "%s: [%s]\n", cases[i].file, names);
		CU_ASSERT_STRING_EQUAL(names, cases[i].algorithms);
		CU_ASSERT_EQUAL(keys->row_count == 0, strstr(said, keyfile_text(cases[i].why)) != NULL);
		hostkeys_free(keys);
	}
}

/* Signing with p and q from which the inverse does not come: a fault that the
 * library itself may notice, and that nobody may see. */
static void
test_fault(void)
{
	static struct keyfile file;
	static char text[KEYFILE_MAX + 1];
	static const uint8_t data[32] = { 1 };
	uint8_t blob[SSH_SIGNATURE_MAX], key[SIGN_KEY_MAX];
	struct pk_signer *s;

	copy_key("rsa_wrong_inverse", path);
	CU_ASSERT_EQUAL(keyfile_parse(&file, text, slurp(text, sizeof text)), KEYFILE_OK);
	s = pk_signer_new(&file.key);
	for (size_t i = 0; s != NULL && sign_at(i) != NULL; i++) {
		struct put w = put_of(blob, sizeof blob), k = put_of(key, sizeof key);

		if (sign_at(i)->type != PK_RSA)
			continue;
		sign_key_put(&k, pk_signer_public(s));
		if (sign_make(&w, sign_at(i), s, view_of(data, sizeof data)) != 0) {
			CU_ASSERT_EQUAL(put_len(&w), 0);
		} else {
			CU_ASSERT_EQUAL(
			    sign_verify(sign_at(i), put_view(&k), put_view(&w), view_of(data, sizeof data)),
			    0);
		}
	}
	pk_signer_free(s);
}

/* Several HostKey lines: of each type the first is offered, and all are kept; every row
 * signs as it says. */
static void
test_several(void)
{
	static const char *const files[] = { "rsa2048", "ecdsa521", "rsa_pkcs1.pem", "ed25519", "ecdsa256",
		"ed25519_pkcs8.pem" };
	static const uint8_t hashes[3][64] = { { 1 }, { 2 }, { 3 } };
	static const size_t lens[3] = { 32, 48, 64 };
	static struct conf c;
	struct hostkeys *keys = &loaded;
	char said[4096];

	conf_default(&c);
	c.host_key_count = 0;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(c.host_key[i], CONF_NAME_MAX, "%s/%s", dir, files[i]);
		copy_key(files[i], c.host_key[i]);
		c.host_key_count++;
	}
	read_log(said, sizeof said);
	CU_ASSERT_EQUAL_FATAL(hostkeys_load(keys, &c, 1000000000), 6);
	CU_ASSERT_EQUAL(keys->row_count, 5);
	read_log(said, sizeof said);
	CU_ASSERT_STRING_EQUAL(said, "");
	CU_ASSERT_PTR_NULL(strstr(said, "HostKeyAlgorithms"));
	for (uint32_t i = 0; i < keys->row_count; i++) {
		uint8_t blob[SSH_SIGNATURE_MAX], key[SIGN_KEY_MAX];
		struct put k = put_of(key, sizeof key);
		struct hostkey *own = &keys->key[keys->row[i].key];

		sign_key_put(&k, pk_signer_public(own->signer));
		CU_ASSERT_TRUE(view_eq(put_view(&k), keys->row[i].shown));
		for (int h = 0; h < 3; h++) {
			struct put w = put_of(blob, sizeof blob);

			CU_ASSERT_EQUAL(hostkey_sign(own, keys->row[i].algorithm, &w, view_of(hashes[h], lens[h])), 0);
			CU_ASSERT_EQUAL(sign_verify(keys->row[i].algorithm, put_view(&k), put_view(&w),
					    view_of(hashes[h], lens[h])),
			    0);
		}
	}
	hostkeys_free(keys);
	snprintf(c.host_key_algorithms, sizeof c.host_key_algorithms, "rsa-sha2-256,ssh-ed25519");
	CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 6);
	read_log(said, sizeof said);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "ecdsa521: HostKeyAlgorithms has nothing for it"));
	CU_ASSERT_PTR_NULL(strstr(said, "rsa2048: HostKeyAlgorithms"));
	hostkeys_free(keys);
}

static void
test_permissions(void)
{
	static const mode_t refused[] = { 0644, 0640, 0620, 0604, 0602, 0610, 0601, 0777 };
	static struct conf c;
	struct hostkeys *keys = &loaded;

	configure(&c);
	make_key(key_plain);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		CU_ASSERT_EQUAL(chmod(path, refused[i]), 0);
		CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 0);
	}
	CU_ASSERT_EQUAL(chmod(path, 0400), 0);
	CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 1);
	hostkeys_free(keys);
	make_key(key_encrypted);
	CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 0);
	unlink(path);
	CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 0);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(hostkeys_load(keys, &c, 1000000000), 0);
}

static int
begin(void)
{
	snprintf(dir, sizeof dir, "/tmp/postern-keeper-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/key", dir);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, log_pair) != 0)
		return -1;
	log_start("test", log_pair[1]);
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
		{ "keys of every kind", test_kinds },
		{ "a faulty key", test_fault },
		{ "several host keys", test_several },
		{ "permissions of host keys", test_permissions },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("keeper", begin, finish, tests);
}
