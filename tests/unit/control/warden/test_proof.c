/* What users sign, with keys of every type, and finding such keys in their files. */
#include <stdio.h>
#include <stdlib.h>

#include "abi/wire/mpint.h"
#include "abi/wire/ssh.h"
#include "control/kex/names.h"
#include "control/warden/authkeys.h"
#include "control/warden/proof.h"
#include "tests/lib/suite.h"

static const struct proof_policy usual = { SIGN_NAMES, 2048 };

static struct pk_signer *
load(const char *name)
{
	char path[128], text[8192];
	struct pk_signer *s;
	bool encrypted;
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "tests/unit/control/keeper/keys/%s", name);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(text, 1, sizeof text, f);
	fclose(f);
	s = pk_signer_pem(text, len, &encrypted);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/* A user with a key and what it signs; session ids as every method makes them. */
struct user {
	struct pk_signer *signer;
	uint8_t key[SIGN_KEY_MAX], signature[SSH_SIGNATURE_MAX], session[SSH_HASH_MAX];
	struct view sig;
	struct proof p;
};

static struct user *
user_new(const char *file, const char *algorithm, size_t session_len)
{
	struct user *u = calloc(1, sizeof *u);
	struct put w = put_of(u->key, sizeof u->key);

	u->signer = load(file);
	sign_key_put(&w, pk_signer_public(u->signer));
	memset(u->session, 0x5e, sizeof u->session);
	u->p = (struct proof){ .session_id = view_of(u->session, session_len),
		.user = view_str("alice"),
		.service = view_str("ssh-connection"),
		.algorithm = view_str(algorithm),
		.blob = put_view(&w) };
	return u;
}

/* The blob of RFC 4252 section 7 by hand, signed with `with`. */
static void
user_sign(struct user *u, const char *with)
{
	uint8_t data[8192];
	struct put w = put_of(data, sizeof data), s = put_of(u->signature, sizeof u->signature);

	put_sview(&w, u->p.session_id);
	put_u8(&w, 50);
	put_sview(&w, u->p.user);
	put_sview(&w, u->p.service);
	put_cstr(&w, u->p.host_key.len > 0 ? "publickey-hostbound-v00@openssh.com" : "publickey");
	put_u8(&w, 1);
	put_sview(&w, u->p.algorithm);
	put_sview(&w, u->p.blob);
	if (u->p.host_key.len > 0)
		put_sview(&w, u->p.host_key);
	CU_ASSERT_EQUAL(sign_make(&s, sign_find(view_str(with)), u->signer, put_view(&w)), 0);
	u->sig = put_view(&s);
}

static void
user_free(struct user *u)
{
	pk_signer_free(u->signer);
	free(u);
}

static const struct {
	const char *file, *algorithm;
} kinds[] = {
	{ "ed25519_pkcs8.pem", "ssh-ed25519" },
	{ "ecdsa_sec1.pem", "ecdsa-sha2-nistp256" },
	{ "ecdsa_pkcs8.pem", "ecdsa-sha2-nistp384" },
	{ "rsa_pkcs1.pem", "rsa-sha2-512" },
	{ "rsa_pkcs1.pem", "rsa-sha2-256" },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void
test_every_type(void)
{
	static const size_t sessions[] = { 32, 48, 64 };

	for (size_t i = 0; i < KINDS; i++) {
		for (size_t l = 0; l < 3; l++) {
			struct user *u = user_new(kinds[i].file, kinds[i].algorithm, sessions[l]);

			user_sign(u, kinds[i].algorithm);
			CU_ASSERT_PTR_NOT_NULL(proof_algorithm(&usual, u->p.algorithm, u->p.blob));
			CU_ASSERT_TRUE(proof_verify(&u->p, u->sig));
			u->session[sessions[l] - 1] ^= 1;
			CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
			u->session[sessions[l] - 1] ^= 1;
			u->p.session_id.len = 0;
			CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
			user_free(u);
		}
	}
}

/* OpenSSH PROTOCOL, section 3.1: a signature is for one host key, or for none. */
static void
test_host_bound(void)
{
	static uint8_t long_key[SIGN_KEY_MAX + 1] = { 1 };

	for (size_t i = 0; i < KINDS; i++) {
		struct user *u = user_new(kinds[i].file, kinds[i].algorithm, 32);

		user_sign(u, kinds[i].algorithm);
		u->p.host_key = view_str("a host key");
		CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
		user_sign(u, kinds[i].algorithm);
		CU_ASSERT_TRUE(proof_verify(&u->p, u->sig));
		u->p.host_key = view_str("a host kez");
		CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
		u->p.host_key = view_of(NULL, 0);
		CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
		u->p.host_key = view_of(long_key, SIGN_KEY_MAX);
		user_sign(u, kinds[i].algorithm);
		CU_ASSERT_TRUE(proof_verify(&u->p, u->sig));
		user_free(u);
	}
}

/* The algorithm of the request, of the signature, and of the key agree. */
static void
test_algorithms_agree(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		for (size_t k = 0; k < KINDS; k++) {
			struct user *u = user_new(kinds[i].file, kinds[k].algorithm, 32);
			bool fits = strcmp(kinds[i].file, kinds[k].file) == 0;

			user_sign(u, kinds[i].algorithm);
			CU_ASSERT_EQUAL(proof_algorithm(&usual, u->p.algorithm, u->p.blob) != NULL, fits);
			CU_ASSERT_EQUAL(proof_verify(&u->p, u->sig), i == k);
			user_free(u);
		}
	}
}

/* ssh-rsa is the name of a key, and SHA-1 as an algorithm. */
static void
test_sha1(void)
{
	static const char *const names[] = { "ssh-rsa", "ssh-dss", "rsa-sha2-384", "RSA-SHA2-512",
		"ssh-rsa-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct user *u = user_new("rsa_pkcs1.pem", names[i], 32);

		user_sign(u, "rsa-sha2-512");
		CU_ASSERT_PTR_NULL(proof_algorithm(&usual, u->p.algorithm, u->p.blob));
		CU_ASSERT_FALSE(proof_verify(&u->p, u->sig));
		user_free(u);
	}
}

static void
test_policy(void)
{
	struct proof_policy p = usual;
	struct user *u = user_new("rsa_pkcs1.pem", "rsa-sha2-256", 32);

	p.rsa_bits_min = 2049;
	CU_ASSERT_PTR_NULL(proof_algorithm(&p, u->p.algorithm, u->p.blob));
	p.rsa_bits_min = 1024;
	CU_ASSERT_PTR_NOT_NULL(proof_algorithm(&p, u->p.algorithm, u->p.blob));
	p.algorithms = "rsa-sha2-512,ssh-ed25519";
	CU_ASSERT_PTR_NULL(proof_algorithm(&p, u->p.algorithm, u->p.blob));
	p.algorithms = "ssh-ed25519,rsa-sha2-256";
	CU_ASSERT_PTR_NOT_NULL(proof_algorithm(&p, u->p.algorithm, u->p.blob));
	user_free(u);
}

/* ---- files ---- */

static unsigned complaints;

static void
told(void *ctx, unsigned line, const char *why)
{
	(void)ctx;
	(void)line;
	(void)why;
	complaints++;
}

/* The largest key there may be, between keys of other types that begin alike. */
static void
test_files(void)
{
	static uint8_t blob[SIGN_KEY_MAX], n[PK_KEY_MAX];
	static char key[AUTHKEYS_KEY_TEXT_MAX], file[4 * AUTHKEYS_KEY_TEXT_MAX];
	static const uint8_t e[] = { 1, 0, 1 };
	const struct pk_public public = { PK_RSA, view_of(n, sizeof n), view_of(e, sizeof e) };
	struct put w = put_of(blob, sizeof blob);
	struct authkeys_match m;
	size_t len;

	memset(n, 0xff, sizeof n);
	sign_key_put(&w, &public);
	CU_ASSERT_FALSE_FATAL(w.bad);
	CU_ASSERT_TRUE(sign_key_fits(sign_find(view_str("rsa-sha2-512")), put_view(&w), 2048));
	len = authkeys_text(key, put_view(&w));
	CU_ASSERT(len > 2700);
	snprintf(file, sizeof file, "ssh-ed25519 %s\nrsa-sha2-512 %s\nno-pty ssh-rsa %s user@host\n", key,
	    key, key);
	CU_ASSERT_EQUAL(authkeys_find(&m, view_str(file), view_str("ssh-rsa"), view_str(key), told, NULL), 1);
	CU_ASSERT_EQUAL(m.line, 3);
	CU_ASSERT_EQUAL(
	    authkeys_find(&m, view_str(file), view_str("ssh-rsa"), view_of(key, len - 4), told, NULL), 0);
	CU_ASSERT_EQUAL(complaints, 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "keys of every type", test_every_type },
		{ "bound to a host key", test_host_bound },
		{ "algorithms agree", test_algorithms_agree },
		{ "no SHA-1", test_sha1 },
		{ "policy", test_policy },
		{ "the largest key in a file", test_files },
		CU_TEST_INFO_NULL,
	};

	return suite_run("proofs", tests);
}
