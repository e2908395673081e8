/* Certificates: made by ssh-keygen, and with everything that a hostile one can be. */
#include <stdlib.h>

#include "abi/wire/ssh.h"
#include "control/kex/cert.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static uint64_t
number(const struct vector *v, const char *name)
{
	struct cur c = cur_view(vector_get(v, name));

	return cur_u64(&c);
}

static void
join_principals(struct put *w, struct view list)
{
	struct view name;

	while (cert_principal(&list, &name)) {
		if (put_len(w) > 0)
			put_u8(w, ',');
		put_bytes(w, name.data, name.len);
	}
}

static unsigned kinds_seen[3], sha1_seen;

static void
check_vector(const struct vector *v)
{
	struct view blob = vector_get(v, "cert"), by = vector_get(v, "by");
	uint8_t key[SIGN_KEY_MAX], names[256];
	struct put w = put_of(key, sizeof(key)), n = put_of(names, sizeof(names));
	const struct sign_algorithm *a;
	struct cert c;

	CU_ASSERT_TRUE(cert_is(blob));
	CU_ASSERT_FALSE(cert_is(vector_get(v, "key")));
	CU_ASSERT_EQUAL_FATAL(cert_parse(&c, blob), 0);
	sign_key_put(&w, &c.key);
	CU_ASSERT_TRUE(view_eq(put_view(&w), vector_get(v, "key")));
	CU_ASSERT_TRUE(view_eq(c.ca, vector_get(v, "ca")));
	CU_ASSERT_TRUE(view_eq(c.id, vector_get(v, "id")));
	CU_ASSERT_EQUAL(c.kind, vector_get(v, "kind").data[0]);
	CU_ASSERT_EQUAL(c.serial, number(v, "serial"));
	CU_ASSERT_EQUAL(c.after, number(v, "after"));
	CU_ASSERT_EQUAL(c.before, number(v, "before"));
	join_principals(&n, c.principals);
	CU_ASSERT_TRUE(view_eq(
	    put_view(&n), vector_has(v, "principals") ? vector_get(v, "principals") : view_of(NULL, 0)));
	kinds_seen[c.kind]++;
	/* A CA may not sign with SHA-1. */
	if (view_is(by, "ssh-rsa")) {
		sha1_seen++;
		CU_ASSERT_EQUAL(cert_verify(&c, &a), -R_SHORT);
		return;
	}
	CU_ASSERT_EQUAL(cert_verify(&c, &a), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_TRUE(view_is(by, a->name));
}

static void
test_vectors(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/cert.txt", check_vector), 8);
	CU_ASSERT_EQUAL(kinds_seen[CERT_HOST], 6);
	CU_ASSERT_EQUAL(kinds_seen[CERT_USER], 2);
	CU_ASSERT_EQUAL(sha1_seen, 1);
}

/* Cut anywhere or with any byte changed, nothing is good. */
static void
check_damage(const struct vector *v)
{
	struct view blob = vector_get(v, "cert");
	uint8_t *copy = malloc(blob.len + 1);
	struct cert c;

	if (copy == NULL || view_is(vector_get(v, "by"), "ssh-rsa")) {
		free(copy);
		return;
	}
	memcpy(copy, blob.data, blob.len);
	copy[blob.len] = 0;
	CU_ASSERT_NOT_EQUAL(cert_parse(&c, view_of(copy, blob.len + 1)), 0);
	for (size_t len = 0; len < blob.len; len++)
		CU_ASSERT_EQUAL(cert_parse(&c, view_of(copy, len)), -R_SHORT);
	for (size_t i = 0; i < blob.len; i += 7) {
		copy[i] ^= 0x20;
		CU_ASSERT_TRUE(cert_parse(&c, view_of(copy, blob.len)) != 0 || cert_verify(&c, NULL) != 0);
		copy[i] ^= 0x20;
	}
	CU_ASSERT_EQUAL(cert_parse(&c, view_of(copy, blob.len)), 0);
	free(copy);
}

static void
test_damage(void)
{
	vector_each("tests/vector/cert.txt", check_damage);
}

/* ---- certificates of our own making ---- */

struct form {
	uint32_t kind;
	struct view principals, critical, extensions, ca;
	const char *type;
	struct view trailing; /* behind the signature */
};

static struct pk_signer *ca_signer, *host_signer;
static uint8_t ca_blob[64];
static struct view ca_view;

static void
put_public(struct put *w, const struct pk_signer *s)
{
	sign_key_put(w, pk_signer_public(s));
}

static struct form
good_form(void)
{
	return (struct form){ .kind = CERT_HOST, .ca = ca_view, .type = "ssh-ed25519-cert-v01@openssh.com" };
}

static struct view
make(const struct form *f, uint8_t *buf, size_t size)
{
	struct put w = put_of(buf, size);
	uint8_t sig[256];
	struct put s = put_of(sig, sizeof(sig));

	put_cstr(&w, f->type);
	put_cstr(&w, "nonce");
	put_sview(&w, pk_signer_public(host_signer)->key);
	put_u64(&w, 9);
	put_u32(&w, f->kind);
	put_cstr(&w, "id");
	put_sview(&w, f->principals);
	put_u64(&w, 10);
	put_u64(&w, 20);
	put_sview(&w, f->critical);
	put_sview(&w, f->extensions);
	put_cstr(&w, "reserved is ignored");
	put_sview(&w, f->ca);
	CU_ASSERT_EQUAL(sign_make(&s, sign_at(0), ca_signer, put_view(&w)), 0);
	put_sview(&w, put_view(&s));
	put_bytes(&w, f->trailing.data, f->trailing.len);
	CU_ASSERT_FALSE(w.bad);
	return put_view(&w);
}

static int
parse(const struct form *f)
{
	static uint8_t buf[CERT_MAX + 4096];
	struct cert c;
	int r = cert_parse(&c, make(f, buf, sizeof(buf)));

	if (r == 0)
		CU_ASSERT_EQUAL(cert_verify(&c, NULL), 0);
	return r;
}

static void
test_kinds(void)
{
	static const uint32_t bad[] = { 0, 3, 256, 0x01000000, UINT32_MAX };
	struct form f = good_form();

	CU_ASSERT_EQUAL(parse(&f), 0);
	f.kind = CERT_USER;
	CU_ASSERT_EQUAL(parse(&f), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.kind = bad[i];
		CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	}
	f = good_form();
	f.type = "ssh-ed25519";
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f.type = "ecdsa-sha2-nistp256-cert-v01@openssh.com";
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f = good_form();
	f.trailing = view_str("x");
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
}

static int
with_options(const char *const *names, size_t count, bool critical)
{
	static uint8_t list[4096];
	struct put w = put_of(list, sizeof(list));
	struct form f = good_form();

	for (size_t i = 0; i < count; i++) {
		put_cstr(&w, names[i]);
		put_cstr(&w, "data");
	}
	*(critical ? &f.critical : &f.extensions) = put_view(&w);
	return parse(&f);
}

static void
test_options(void)
{
	static const char *const in_order[] = { "a", "aa", "b", "b@example.com" };
	static const char *const twice[] = { "a", "b", "b" };
	static const char *const turned[] = { "b", "a" };
	static const char *const longer_first[] = { "aa", "a" };
	const char *many[CERT_OPTIONS_MAX + 1];
	static char text[CERT_OPTIONS_MAX + 1][4];

	for (size_t i = 0; i <= CERT_OPTIONS_MAX; i++) {
		text[i][0] = (char)('a' + i / 26);
		text[i][1] = (char)('a' + i % 26);
		many[i] = text[i];
	}
	for (int critical = 0; critical < 2; critical++) {
		CU_ASSERT_EQUAL(with_options(in_order, 4, critical), 0);
		CU_ASSERT_EQUAL(with_options(twice, 3, critical), -R_SHORT);
		CU_ASSERT_EQUAL(with_options(turned, 2, critical), -R_SHORT);
		CU_ASSERT_EQUAL(with_options(longer_first, 2, critical), -R_SHORT);
		CU_ASSERT_EQUAL(with_options(many, CERT_OPTIONS_MAX, critical), 0);
		CU_ASSERT_EQUAL(with_options(many, CERT_OPTIONS_MAX + 1, critical), -R_SHORT);
	}
}

static void
test_lists(void)
{
	static uint8_t list[CERT_MAX + 64];
	static const uint8_t cut[] = { 0, 0, 0, 2, 'a' };
	struct put w = put_of(list, sizeof(list));
	struct form f = good_form();

	for (unsigned i = 0; i < CERT_PRINCIPALS_MAX; i++)
		put_cstr(&w, "a");
	f.principals = put_view(&w);
	CU_ASSERT_EQUAL(parse(&f), 0);
	put_cstr(&w, "a");
	f.principals = put_view(&w);
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f = good_form();
	f.principals = view_of(cut, sizeof(cut));
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f = good_form();
	f.critical = view_of(cut, sizeof(cut));
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	/* too long as a whole */
	f = good_form();
	w = put_of(list, sizeof(list));
	put_u32(&w, CERT_MAX);
	CU_ASSERT_PTR_NOT_NULL(put_room(&w, CERT_MAX));
	f.principals = put_view(&w);
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
}

/* A CA is a key and no certificate; it signed itself, with its own key. */
static void
test_ca(void)
{
	static uint8_t inner[1024], other[64];
	static uint8_t outer[2048];
	struct form f = good_form();
	struct put w = put_of(other, sizeof(other));
	struct cert c;

	f.ca = make(&f, inner, sizeof(inner));
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f = good_form();
	f.ca = view_str("no key");
	CU_ASSERT_EQUAL(parse(&f), -R_SHORT);
	f = good_form();
	put_public(&w, host_signer);
	f.ca = put_view(&w);
	CU_ASSERT_EQUAL(cert_parse(&c, make(&f, outer, sizeof(outer))), 0);
	CU_ASSERT_EQUAL(cert_verify(&c, NULL), -R_KEX_VERIFY);
}

/* ---- what a host signs ---- */

static void
test_host(void)
{
	static const char plain[] = "ssh-ed25519", certified[] = "ssh-ed25519-cert-v01@openssh.com";
	static uint8_t buf[1024], key[64], sig[256];
	struct put k = put_of(key, sizeof(key)), s = put_of(sig, sizeof(sig));
	const struct view data = view_str("exchange hash"), other = view_str("another hash!");
	struct form f = good_form();
	struct view cert, signature;

	put_public(&k, host_signer);
	CU_ASSERT_EQUAL(sign_make(&s, sign_at(0), host_signer, data), 0);
	signature = put_view(&s);
	cert = make(&f, buf, sizeof(buf));
	CU_ASSERT_EQUAL(cert_host_verify(view_str(plain), put_view(&k), signature, data), 0);
	CU_ASSERT_EQUAL(cert_host_verify(view_str(certified), cert, signature, data), 0);
	CU_ASSERT_EQUAL(cert_host_verify(view_str(certified), cert, signature, other), -R_KEX_VERIFY);
	/* one shown where the other was agreed on */
	CU_ASSERT_EQUAL(cert_host_verify(view_str(plain), cert, signature, data), -R_SHORT);
	CU_ASSERT_EQUAL(cert_host_verify(view_str(certified), put_view(&k), signature, data), -R_SHORT);
	CU_ASSERT_EQUAL(cert_host_verify(view_str("rsa-sha2-512-cert-v01@openssh.com"), cert, signature, data),
	    -R_SHORT);
	CU_ASSERT_EQUAL(cert_host_verify(view_str("ssh-rsa"), put_view(&k), signature, data), -R_SHORT);
	/* a user's */
	f.kind = CERT_USER;
	cert = make(&f, buf, sizeof(buf));
	CU_ASSERT_EQUAL(cert_host_verify(view_str(certified), cert, signature, data), -R_SHORT);
	/* a CA's signature that is none */
	f = good_form();
	cert = make(&f, buf, sizeof(buf));
	buf[cert.len - 1] ^= 1;
	CU_ASSERT_EQUAL(cert_host_verify(view_str(certified), cert, signature, data), -R_KEX_VERIFY);
}

static void
test_names(void)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++) {
		CU_ASSERT_PTR_EQUAL(cert_find(view_str(a->cert_name)), a);
		CU_ASSERT_PTR_EQUAL(cert_host_sign(view_str(a->cert_name)), a);
		CU_ASSERT_PTR_EQUAL(cert_host_sign(view_str(a->name)), a);
		CU_ASSERT_PTR_NULL(cert_find(view_str(a->name)));
		CU_ASSERT_PTR_NULL(sign_find(view_str(a->cert_name)));
	}
	CU_ASSERT_PTR_NULL(cert_host_sign(view_str("ssh-rsa-cert-v01@openssh.com")));
	CU_ASSERT_PTR_NULL(cert_host_sign(view_of(NULL, 0)));
}

static int
begin(void)
{
	static const uint8_t ca_seed[PK_ED25519_SIZE] = { 1 }, host_seed[PK_ED25519_SIZE] = { 2 };
	struct put w = put_of(ca_blob, sizeof(ca_blob));

	ca_signer = pk_signer_ed25519(ca_seed);
	host_signer = pk_signer_ed25519(host_seed);
	if (ca_signer == NULL || host_signer == NULL)
		return -1;
	put_public(&w, ca_signer);
	ca_view = put_view(&w);
	return 0;
}

static int
finish(void)
{
	pk_signer_free(ca_signer);
	pk_signer_free(host_signer);
	return 0;
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "certificates of ssh-keygen", test_vectors },
		{ "cut and changed", test_damage },
		{ "kinds and types", test_kinds },
		{ "options in order, each once", test_options },
		{ "lists", test_lists },
		{ "the CA", test_ca },
		{ "a host's signature", test_host },
		{ "names of algorithms", test_names },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("cert", begin, finish, tests);
}
