/* Host keys: several of a type, certificates, public halves, and the signatures that
 * wait: proofs, and keys behind an agent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/keeper/pubfile.h"
#include "control/keeper/work.h"
#include "control/log.h"
#include "tests/lib/suite.h"

#define NOW 1750000000u /* in 2025 */

static char dir[64];
static int log_pair[2];
static char said[8192];
static struct conf conf;
static struct hostkeys keys;

/* ---- files ---- */

/* A file of the folder into ours; its path. */
static const char *
copy_file(const char *name, mode_t mode)
{
	static char path[128];
	char text[PUBFILE_MAX + 1], from[256];
	size_t len;
	FILE *f;
	int fd;

	snprintf(from, sizeof from, "tests/unit/control/keeper/keys/%s", name);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(from, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(text, 1, sizeof text, f);
	fclose(f);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, len), (ssize_t)len);
	close(fd);
	return path;
}

static void
read_log(void)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < sizeof said &&
	       (n = recv(log_pair[0], said + len, sizeof said - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	said[len] = '\0';
}

static void
configure(void)
{
	conf_default(&conf);
	conf.host_key_count = conf.host_certificate_count = 0;
}

static void
with_key(const char *name)
{
	snprintf(conf.host_key[conf.host_key_count++], CONF_NAME_MAX, "%s", copy_file(name, 0600));
}

static void
with_cert(const char *name)
{
	snprintf(conf.host_certificate[conf.host_certificate_count++], CONF_NAME_MAX, "%s", copy_file(name, 0644));
}

static uint32_t
load(void)
{
	uint32_t n;

	read_log();
	n = hostkeys_load(&keys, &conf, NOW);
	read_log();
	return n;
}

static bool
told(const char *text)
{
	return strstr(said, text) != NULL;
}

static int
row_of(const char *name)
{
	for (uint32_t i = 0; i < keys.row_count; i++)
		if (strcmp(keys.row[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool
offers(const char *name)
{
	return row_of(name) >= 0;
}

/* ---- public keys as files have them ---- */

static int
parse(const char *text, size_t *len)
{
	static uint8_t blob[CERT_MAX];
	struct put w = put_of(blob, sizeof blob);
	int r = pubfile_parse(&w, text, strlen(text));

	*len = put_len(&w);
	return r;
}

static void
test_pubfile(void)
{
	static const char line[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNdNK1HHMoiaptMSG1uzY29sw35rNJUPRq5sKfhA3ZQ";
	char text[512];
	size_t len;

	CU_ASSERT_EQUAL(parse(line, &len), 0);
	CU_ASSERT_EQUAL(len, 51);
	snprintf(text, sizeof text, "# first\n\n  \t%s a comment of words\r\nand more", line);
	CU_ASSERT_EQUAL(parse(text, &len), 0);
	CU_ASSERT_EQUAL(len, 51);
	CU_ASSERT_NOT_EQUAL(parse("", &len), 0);
	CU_ASSERT_NOT_EQUAL(parse("# nothing\n", &len), 0);
	CU_ASSERT_NOT_EQUAL(parse("ssh-ed25519", &len), 0);
	CU_ASSERT_NOT_EQUAL(parse("ssh-ed25519 ", &len), 0);
	CU_ASSERT_NOT_EQUAL(parse("ssh-ed25519 AAAA*", &len), 0);
	snprintf(text, sizeof text, "ssh-rsa %s", line + 12);
	CU_ASSERT_NOT_EQUAL(parse(text, &len), 0);
	CU_ASSERT_NOT_EQUAL(parse("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", &len), 0);
}

/* ---- several keys, and duplicates ---- */

static void
test_duplicates(void)
{
	configure();
	with_key("ed25519");
	with_key("ecdsa256");
	snprintf(conf.host_key[conf.host_key_count++], CONF_NAME_MAX, "%s", conf.host_key[0]);
	CU_ASSERT_EQUAL(load(), 2);
	CU_ASSERT_TRUE(told("ed25519: the same key as "));
	hostkeys_free(&keys);
}

static void
test_body(void)
{
	static uint8_t body[65536];
	struct put w = put_of(body, sizeof body);
	struct cur c;

	configure();
	with_key("ed25519");
	with_key("ed25519_pkcs8.pem");
	with_key("rsa2048");
	with_cert("ed25519-cert.pub");
	CU_ASSERT_EQUAL(load(), 3);
	hostkeys_put(&keys, &w);
	c = cur_view(put_view(&w));
	CU_ASSERT_EQUAL(cur_u32(&c), 3);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_TRUE(view_eq(cur_string(&c), hostkey_blob(&keys.key[i])));
	CU_ASSERT_EQUAL(cur_u32(&c), 5);
	CU_ASSERT_TRUE(view_is(cur_string(&c), "ssh-ed25519"));
	CU_ASSERT_TRUE(view_eq(cur_string(&c), hostkey_blob(&keys.key[0])));
	CU_ASSERT_TRUE(view_is(cur_string(&c), "ssh-ed25519-cert-v01@openssh.com"));
	CU_ASSERT_TRUE(cert_is(cur_string(&c)));
	for (int i = 0; i < 4; i++)
		cur_string(&c);
	/* the second one, for those who were shown it */
	CU_ASSERT_TRUE(view_is(cur_string(&c), "ssh-ed25519"));
	CU_ASSERT_TRUE(view_eq(cur_string(&c), hostkey_blob(&keys.key[1])));
	CU_ASSERT_TRUE(cur_done(&c));
	CU_ASSERT_EQUAL(keys.row_count, 4);
	CU_ASSERT_EQUAL(hostkey_row_find(&keys, view_str("ssh-ed25519"), hostkey_blob(&keys.key[1])), 4);
	CU_ASSERT_EQUAL(hostkey_row_find(&keys, view_str("ssh-ed25519"), hostkey_blob(&keys.key[2])), -1);
	hostkeys_free(&keys);
}

/* ---- certificates ---- */

static void
test_certs(void)
{
	configure();
	with_key("ed25519");
	with_key("rsa2048");
	with_cert("ed25519-cert.pub");
	with_cert("rsa2048-cert.pub");
	CU_ASSERT_EQUAL(load(), 2);
	CU_ASSERT_STRING_EQUAL(said, "");
	CU_ASSERT_EQUAL(keys.row_count, 6);
	CU_ASSERT_TRUE(offers("ssh-ed25519-cert-v01@openssh.com"));
	CU_ASSERT_TRUE(offers("rsa-sha2-512-cert-v01@openssh.com"));
	CU_ASSERT_TRUE(offers("rsa-sha2-256-cert-v01@openssh.com"));
	for (uint32_t i = 0; i < keys.row_count; i++) {
		const struct hostkey_row *r = &keys.row[i];
		const struct view data = view_str("an exchange hash");
		uint8_t sig[SSH_SIGNATURE_MAX];
		struct put s = put_of(sig, sizeof sig);

		CU_ASSERT_EQUAL(hostkey_sign(&keys.key[r->key], r->algorithm, &s, data), 0);
		CU_ASSERT_EQUAL(cert_host_verify(view_str(r->name), r->shown, put_view(&s), data), 0);
	}
	CU_ASSERT_EQUAL(keys.key[0].uses, 2);
	CU_ASSERT_EQUAL(keys.key[1].uses, 4);
	hostkeys_free(&keys);
}

static void
test_bad_certs(void)
{
	static const struct {
		const char *file, *why;
		bool used;
	} cases[] = {
		{ "ed25519_user-cert.pub", "it is a user's certificate", false },
		{ "foreign-cert.pub", "it belongs to none of the host keys", false },
		{ "ed25519_sha1-cert.pub", "its CA's signature does not verify", false },
		{ "ed25519_broken-cert.pub", "not a certificate, or damaged", false },
		{ "ed25519_critical-cert.pub", "it has critical options", false },
		{ "ed25519.pub", "not a certificate, or damaged", false },
		{ "dsa", "not a certificate, or damaged", false },
		{ "ecdsa256_expired-cert.pub", "it has expired", true },
		{ "ecdsa256_nobody-cert.pub", "it names no host", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		configure();
		with_key("ed25519");
		with_key("ecdsa256");
		with_cert(cases[i].file);
		CU_ASSERT_EQUAL(load(), 2);
		if (!told(cases[i].why))
			fprintf(stderr, "%s: %s\n", cases[i].file, said);
		CU_ASSERT_TRUE(told(cases[i].why));
		CU_ASSERT_EQUAL(keys.cert_count, cases[i].used);
		CU_ASSERT_EQUAL(keys.row_count, cases[i].used ? 3 : 2);
		hostkeys_free(&keys);
	}
	configure();
	with_key("ed25519");
	snprintf(conf.host_certificate[conf.host_certificate_count++], CONF_NAME_MAX, "/nonexistent/cert");
	CU_ASSERT_EQUAL(load(), 1);
	CU_ASSERT_TRUE(told("host certificate /nonexistent/cert: No such file"));
	hostkeys_free(&keys);
}

static void
test_cert_twice(void)
{
	configure();
	with_key("ed25519");
	with_key("ecdsa256");
	with_cert("ecdsa256_nobody-cert.pub");
	with_cert("ecdsa256_expired-cert.pub");
	snprintf(conf.host_key_algorithms, sizeof conf.host_key_algorithms, "ssh-ed25519");
	CU_ASSERT_EQUAL(load(), 2);
	CU_ASSERT_TRUE(told("expired-cert.pub: there is one of its type already"));
	CU_ASSERT_TRUE(told("nobody-cert.pub: HostKeyAlgorithms has nothing for it"));
	CU_ASSERT_EQUAL(keys.row_count, 3);
	hostkeys_free(&keys);
}

/* ---- public halves ---- */

static void
test_public(void)
{
	/* without an agent they are no keys */
	configure();
	with_key("ed25519.pub");
	CU_ASSERT_EQUAL(load(), 0);
	CU_ASSERT_TRUE(told("not a private key"));
	hostkeys_free(&keys);

	configure();
	snprintf(conf.host_key_agent, sizeof conf.host_key_agent, "/run/agent");
	with_key("ed25519.pub");
	with_key("ecdsa256");
	(void)copy_file("rsa2048.pub", 0644);
	snprintf(conf.host_key[conf.host_key_count++], CONF_NAME_MAX, "%s/rsa_gone", dir);
	snprintf(conf.host_key[conf.host_key_count++], CONF_NAME_MAX, "%s/rsa2048", dir);
	unlink(conf.host_key[3]);
	with_cert("ed25519-cert.pub");
	CU_ASSERT_EQUAL(load(), 3);
	CU_ASSERT_TRUE(told("rsa_gone: there is no such file"));
	CU_ASSERT_PTR_NULL(keys.key[0].signer);
	CU_ASSERT_PTR_NOT_NULL(keys.key[1].signer);
	CU_ASSERT_PTR_NULL(keys.key[2].signer);
	CU_ASSERT_TRUE(offers("ssh-ed25519-cert-v01@openssh.com") && offers("rsa-sha2-256"));
	/* the agent goes: what is here is offered; with nothing here all that was */
	keys.key[0].away = keys.key[2].away = true;
	hostkeys_rows(&keys);
	CU_ASSERT_EQUAL(keys.row_count, 1);
	CU_ASSERT_TRUE(offers("ecdsa-sha2-nistp256"));
	keys.key[1].away = true;
	hostkeys_rows(&keys);
	CU_ASSERT_EQUAL(keys.row_count, 5);
	hostkeys_free(&keys);

	/* the private half in the file is taken, whatever stands beside it */
	configure();
	snprintf(conf.host_key_agent, sizeof conf.host_key_agent, "/run/agent");
	with_key("ed25519");
	(void)copy_file("ed25519.pub", 0644);
	CU_ASSERT_EQUAL(load(), 1);
	CU_ASSERT_PTR_NOT_NULL(keys.key[0].signer);
	CU_ASSERT_STRING_EQUAL(said, "");
	hostkeys_free(&keys);
}

/* ---- signatures that wait ---- */

static struct {
	unsigned over, asked;
	uint32_t reason, tag;
	bool proof, deaf;
	uint8_t out[8192];
	size_t out_len;
	uint8_t data[4096];
	size_t data_len;
	const struct hostkey *key;
	const struct sign_algorithm *algorithm;
} seen;

static void
over(void *ctx, const struct work_job *j, uint32_t reason)
{
	(void)ctx;
	seen.over++;
	seen.reason = reason;
	seen.tag = j->whom.tag;
	seen.proof = j->proof;
	seen.out_len = put_len(&j->out);
	memcpy(seen.out, j->bytes, seen.out_len);
}

static bool
ask_agent(void *ctx, const struct hostkey *k, const struct sign_algorithm *a, struct view data)
{
	(void)ctx;
	if (seen.deaf)
		return false;
	seen.asked++;
	seen.key = k;
	seen.algorithm = a;
	seen.data_len = data.len;
	memcpy(seen.data, data.data, data.len);
	return true;
}

static const struct work_ops ops = { .over = over, .agent = ask_agent };
static const struct work_for whom = { 1, 2, 3, 4 };
static const uint8_t session[32] = { 8 };
static struct work work;
static struct hostkeys there; /* the same keys, as the agent has them */

static void
begin_work(bool agent)
{
	memset(&seen, 0, sizeof seen);
	configure();
	with_key("ed25519");
	with_key("rsa2048");
	with_key("ecdsa256");
	CU_ASSERT_EQUAL(load(), 3);
	memset(&there, 0, sizeof there);
	if (agent) {
		there = keys;
		keys.key[0].signer = keys.key[1].signer = NULL;
	}
	work_init(&work, &keys, &ops, NULL);
}

static void
end_work(void)
{
	CU_ASSERT_EQUAL(work.count, 0);
	work_fini(&work);
	pk_signer_free(there.key[0].signer);
	pk_signer_free(there.key[1].signer);
	hostkeys_free(&keys);
}

static struct view
list_of(const uint32_t *which, uint32_t count, uint8_t *buf, size_t size)
{
	struct put w = put_of(buf, size);

	for (uint32_t i = 0; i < count; i++)
		put_sview(&w, hostkey_blob(&keys.key[which[i]]));
	return put_view(&w);
}

static uint32_t
prove(const uint32_t *which, uint32_t count, const char *host_key)
{
	static uint8_t buf[8192];

	return work_prove(&work, &whom, view_of(session, sizeof session), view_str(host_key), count,
	    list_of(which, count, buf, sizeof buf), 1000);
}

static bool
proof_good(const uint32_t *which, uint32_t count, const char *rsa)
{
	struct cur c = cur_of(seen.out, seen.out_len);

	for (uint32_t i = 0; i < count; i++) {
		const struct hostkey *k = &keys.key[which[i]];
		const struct sign_algorithm *a = k->type == PK_RSA ? sign_find(view_str(rsa)) : NULL;
		uint8_t data[4096];
		struct put d = put_of(data, sizeof data);

		for (size_t s = 0; a == NULL; s++)
			if (sign_at(s)->type == k->type)
				a = sign_at(s);
		put_cstr(&d, "hostkeys-prove-00@openssh.com");
		put_string(&d, session, sizeof session);
		put_sview(&d, hostkey_blob(k));
		if (sign_verify(a, hostkey_blob(k), cur_string(&c), put_view(&d)) != 0)
			return false;
	}
	return cur_done(&c);
}

/* One signature a turn. */
static void
test_prove(void)
{
	static const uint32_t which[] = { 2, 1, 0 };
	static const struct {
		const char *host_key, *rsa;
	} cases[] = {
		{ "ssh-ed25519", "rsa-sha2-512" },
		{ "rsa-sha2-256", "rsa-sha2-256" },
		{ "rsa-sha2-512", "rsa-sha2-512" },
		{ "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256" },
		{ "", "rsa-sha2-512" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin_work(false);
		CU_ASSERT_EQUAL(prove(which, 3, cases[i].host_key), 0);
		for (int turn = 0; turn < 3; turn++) {
			CU_ASSERT_EQUAL(seen.over, 0);
			CU_ASSERT_TRUE(work_run(&work));
		}
		CU_ASSERT_FALSE(work_run(&work));
		CU_ASSERT_TRUE(seen.over == 1 && seen.reason == 0 && seen.proof && seen.tag == 2);
		CU_ASSERT_TRUE(proof_good(which, 3, cases[i].rsa));
		end_work();
	}
}

static void
test_prove_refused(void)
{
	static const uint32_t twice[] = { 0, 0 }, good[] = { 0 };
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof buf);
	struct view id = view_of(session, sizeof session), ed = view_str("ssh-ed25519"), list;

	begin_work(false);
	CU_ASSERT_EQUAL(prove(twice, 2, "ssh-ed25519"), R_KEX_SIGN);
	CU_ASSERT_EQUAL(prove(good, 0, "ssh-ed25519"), R_KEX_SIGN);
	list = list_of(good, 1, buf, sizeof buf);
	CU_ASSERT_EQUAL(work_prove(&work, &whom, id, ed, 2, list, 0), R_KEX_SIGN);
	CU_ASSERT_EQUAL(work_prove(&work, &whom, id, ed, HOSTKEYS_MAX + 1, list, 0), R_KEX_SIGN);
	CU_ASSERT_EQUAL(work_prove(&work, &whom, id, ed, 1, view_of(list.data, list.len - 1), 0), R_KEX_SIGN);
	/* a session id that keeper does not know, a key that is none of ours */
	CU_ASSERT_EQUAL(work_prove(&work, &whom, view_of(NULL, 0), ed, 1, list, 0), R_KEX_SIGN);
	buf[20] ^= 1;
	CU_ASSERT_EQUAL(work_prove(&work, &whom, id, ed, 1, list, 0), R_KEX_SIGN);
	w = put_of(buf, sizeof buf);
	put_cstr(&w, "key");
	CU_ASSERT_EQUAL(work_prove(&work, &whom, id, ed, 1, put_view(&w), 0), R_KEX_SIGN);
	end_work();
}

/* What the agent says to the last question. */
static void
agent_says(bool good)
{
	uint8_t sig[SSH_SIGNATURE_MAX];
	struct put s = put_of(sig, sizeof sig);
	struct hostkey *k = &there.key[seen.key - keys.key];

	CU_ASSERT_EQUAL(hostkey_sign(k, seen.algorithm, &s, view_of(seen.data, seen.data_len)), 0);
	if (!good)
		sig[put_len(&s) - 1] ^= 1;
	work_agent(&work, put_view(&s));
}

static void
sign_by(const char *name, uint32_t tag, uint64_t now)
{
	struct work_for who = { 1, tag, 3, tag };

	CU_ASSERT_EQUAL(
	    work_sign(&work, &who, row_of(name), view_of(session, 32), now), 0);
}

/* One question at a time; keys that are here do not wait for it. */
static void
test_agent(void)
{
	static const uint32_t mixed[] = { 0, 2, 1 }, here[] = { 2 };

	begin_work(true);
	sign_by("ssh-ed25519", 7, 1000);
	CU_ASSERT_EQUAL(prove(mixed, 3, "ssh-ed25519"), 0);
	CU_ASSERT_FALSE(work_run(&work));
	CU_ASSERT_FALSE(work_run(&work));
	CU_ASSERT_EQUAL(seen.asked, 1);
	CU_ASSERT_EQUAL(prove(here, 1, "ssh-ed25519"), 0);
	CU_ASSERT_TRUE(work_run(&work));
	CU_ASSERT_TRUE(seen.over == 1 && proof_good(here, 1, ""));
	agent_says(true);
	CU_ASSERT_TRUE(seen.over == 2 && seen.reason == 0 && !seen.proof && seen.tag == 7);
	CU_ASSERT_EQUAL(sign_verify(sign_at(0), hostkey_blob(&keys.key[0]), view_of(seen.out, seen.out_len),
			    view_of(session, 32)),
	    0);
	CU_ASSERT_FALSE(work_run(&work));
	agent_says(true);
	CU_ASSERT_TRUE(work_run(&work));
	CU_ASSERT_FALSE(work_run(&work));
	CU_ASSERT_EQUAL(seen.asked, 3);
	CU_ASSERT_EQUAL(seen.over, 2);
	agent_says(true);
	CU_ASSERT_TRUE(seen.over == 3 && seen.reason == 0 && proof_good(mixed, 3, "rsa-sha2-512"));
	end_work();
}

static void
test_agent_lies(void)
{
	begin_work(true);
	sign_by("ssh-ed25519", 1, 1000);
	work_run(&work);
	agent_says(false);
	CU_ASSERT_TRUE(seen.over == 1 && seen.reason == R_KEX_SIGN);
	sign_by("rsa-sha2-512", 2, 1000);
	work_run(&work);
	seen.algorithm = sign_find(view_str("rsa-sha2-256"));
	agent_says(true); /* a good signature, by another algorithm */
	CU_ASSERT_TRUE(seen.over == 2 && seen.reason == R_KEX_SIGN);
	sign_by("ssh-ed25519", 3, 1000);
	work_run(&work);
	work_agent(&work, view_of(NULL, 0)); /* it refuses */
	CU_ASSERT_TRUE(seen.over == 3 && seen.reason == R_KEX_SIGN);
	work_agent(&work, view_str("nobody asked"));
	CU_ASSERT_EQUAL(seen.over, 3);
	CU_ASSERT_EQUAL(keys.key[0].uses + keys.key[1].uses, 0);
	end_work();
}

/* The agent goes with a question: the next one is asked it. It stays silent: what
 * waited ends. */
static void
test_agent_lost(void)
{
	begin_work(true);
	sign_by("ssh-ed25519", 1, 1000);
	work_run(&work);
	work_agent_lost(&work);
	seen.deaf = true;
	CU_ASSERT_FALSE(work_run(&work));
	CU_ASSERT_EQUAL(seen.asked, 1);
	seen.deaf = false;
	CU_ASSERT_FALSE(work_run(&work));
	CU_ASSERT_EQUAL(seen.asked, 2);
	sign_by("rsa-sha2-256", 2, 2000);
	CU_ASSERT_EQUAL(work_next(&work), 1000 + WORK_MS);
	work_expire(&work, 1000 + WORK_MS - 1);
	CU_ASSERT_EQUAL(seen.over, 0);
	work_expire(&work, 1000 + WORK_MS);
	CU_ASSERT_TRUE(seen.over == 1 && seen.reason == R_KEX_SIGN && seen.tag == 1);
	work_agent(&work, view_of(NULL, 0)); /* too late: for nobody */
	CU_ASSERT_EQUAL(seen.over, 1);
	work_expire(&work, 2000 + WORK_MS);
	CU_ASSERT_TRUE(seen.over == 2 && seen.tag == 2);
	CU_ASSERT_EQUAL(work_next(&work), UINT64_MAX);
	end_work();
}

static void
test_forget(void)
{
	begin_work(true);
	sign_by("ssh-ed25519", 1, 1000);
	sign_by("ssh-ed25519", 2, 1000);
	work_run(&work);
	work_forget(&work, 3, 1);
	work_forget(&work, 3, 2);
	CU_ASSERT_EQUAL(work.count, 1); /* the agent is at it */
	agent_says(true);
	CU_ASSERT_EQUAL(seen.over, 0);
	sign_by("ssh-ed25519", 3, 1000);
	work_run(&work);
	work_forget(&work, 3, 3);
	work_agent_lost(&work);
	CU_ASSERT_EQUAL(seen.over, 0);
	end_work();
}

static void
test_bounded(void)
{
	struct work_for who = whom;

	begin_work(true);
	for (uint32_t i = 0; i < WORK_JOBS_MAX; i++)
		sign_by("ssh-ed25519", i, 1000);
	CU_ASSERT_EQUAL(work_sign(&work, &who, 0, view_of(session, 32), 1000), R_LIMIT);
	work_expire(&work, UINT64_MAX);
	CU_ASSERT_EQUAL(seen.over, WORK_JOBS_MAX);
	end_work();
}

static int
begin(void)
{
	snprintf(dir, sizeof dir, "/tmp/postern-hostkey-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
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
		{ "public keys in files", test_pubfile },
		{ "the same key twice", test_duplicates },
		{ "what gate and clerk are told", test_body },
		{ "certificates", test_certs },
		{ "certificates that are not fit", test_bad_certs },
		{ "two certificates of a type", test_cert_twice },
		{ "public halves with an agent", test_public },
		{ "proofs", test_prove },
		{ "proofs that are refused", test_prove_refused },
		{ "keys behind an agent", test_agent },
		{ "an agent that lies", test_agent_lies },
		{ "an agent that goes or stays silent", test_agent_lost },
		{ "connections that go", test_forget },
		{ "so much waits and no more", test_bounded },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("host keys", begin, finish, tests);
}
