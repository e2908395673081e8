/*
 * Host keys and their certificates out of files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/wire/ssh.h"
#include "control/keeper/hostkey.h"
#include "control/keeper/keyfile.h"
#include "control/keeper/pubfile.h"
#include "control/kex/namelist.h"
#include "control/log.h"

/* What was read of a file, in one piece: it is wiped as a whole. */
struct reading {
	char text[KEYFILE_MAX + 1];
	struct keyfile file;
};

static struct reading reading;

static void
reading_wipe(void)
{
	pk_wipe(&reading, sizeof reading);
	pk_wipe_stack();
}

static size_t
read_whole(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, text + len, size - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return 0;
		len += (size_t)n;
	}
	return len;
}

/* ---- private halves ---- */

static int
open_key(const char *path, bool needed)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		if (needed)
			log_warn("host key %s: there is no such file", path);
	} else if (fd < 0 || fstat(fd, &st) != 0) {
		log_error("host key %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		log_error("host key %s: not a regular file", path);
	} else if ((st.st_mode & 077) != 0) {
		log_error("host key %s: permissions %04o are too open; the key is not used", path,
		    (unsigned)st.st_mode & 07777);
	} else if (st.st_uid != 0 && st.st_uid != geteuid()) {
		log_error("host key %s: owned by uid %u; the key is not used", path, st.st_uid);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The signer of a key in OpenSSH's format, if its halves belong together. */
static enum keyfile_result
take_own(struct pk_signer **s, const struct keyfile *file)
{
	uint8_t blob[SIGN_KEY_MAX];
	struct put w = put_of(blob, sizeof blob);

	*s = pk_signer_new(&file->key);
	if (*s == NULL)
		return KEYFILE_MISMATCH;
	sign_key_put(&w, pk_signer_public(*s));
	return view_eq(put_view(&w), file->public) ? KEYFILE_OK : KEYFILE_MISMATCH;
}

static enum keyfile_result
take_pem(struct pk_signer **s, const char *text, size_t len)
{
	bool encrypted;

	*s = pk_signer_pem(text, len, &encrypted);
	return *s != NULL ? KEYFILE_OK : encrypted ? KEYFILE_ENCRYPTED : KEYFILE_OTHER;
}

/* Every algorithm of the key, once: it shows whether the parts of the key fit
 * together, and loads what the library needs before the sandbox. */
static enum keyfile_result
try_key(struct pk_signer *s, uint32_t rsa_bits_min)
{
	static const uint8_t data[PK_HASH_MAX] = { 1 };
	const struct pk_public *public = pk_signer_public(s);
	const struct sign_algorithm *a;
	uint8_t blob[SSH_SIGNATURE_MAX];

	if (public->type == PK_RSA && pk_public_bits(public) < rsa_bits_min)
		return KEYFILE_SMALL;
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++) {
		struct put w = put_of(blob, sizeof blob);

		if (a->type == public->type && sign_make(&w, a, s, view_of(data, sizeof data)) != 0)
			return KEYFILE_FAULTY;
	}
	return KEYFILE_OK;
}

static enum keyfile_result
read_key(struct pk_signer **s, int fd, uint32_t rsa_bits_min)
{
	size_t len = read_whole(fd, reading.text, sizeof reading.text);
	enum keyfile_result result = keyfile_parse(&reading.file, reading.text, len);

	if (result == KEYFILE_OK)
		result = take_own(s, &reading.file);
	else if (result == KEYFILE_PEM)
		result = take_pem(s, reading.text, len);
	return result == KEYFILE_OK ? try_key(*s, rsa_bits_min) : result;
}

/* NULL: told why, unless it is not needed. */
static struct pk_signer *
load_private(const char *path, uint32_t rsa_bits_min, bool needed)
{
	struct pk_signer *s = NULL;
	enum keyfile_result r;
	int fd = open_key(path, needed);

	if (fd < 0)
		return NULL;
	r = read_key(&s, fd, rsa_bits_min);
	close(fd);
	reading_wipe();
	if (r == KEYFILE_OK)
		return s;
	if (needed || r != KEYFILE_ENCRYPTED)
		log_error("host key %s: %s", path, keyfile_text(r));
	pk_signer_free(s);
	return NULL;
}

/* ---- public halves and certificates ---- */

/* 0; -1: it cannot be read; -2: it is no such file. */
static int
load_public(struct put *w, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t len = 0;
	int r;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		len = read_whole(fd, reading.text, PUBFILE_MAX);
	close(fd);
	r = pubfile_parse(w, reading.text, len) == 0 ? 0 : -2;
	reading_wipe(); /* it may have been a private key */
	return r;
}

static bool
take_public(struct hostkey *k, const char *path)
{
	struct put w = put_of(k->blob, sizeof k->blob);
	struct pk_public public;

	if (load_public(&w, path) != 0 || sign_key_parse(&public, put_view(&w)) != 0)
		return false;
	k->type = public.type;
	k->blob_len = (uint32_t)put_len(&w);
	return true;
}

static bool
take_signer(struct hostkey *k, struct pk_signer *s)
{
	struct put w = put_of(k->blob, sizeof k->blob);

	if (s == NULL)
		return false;
	sign_key_put(&w, pk_signer_public(s));
	k->type = pk_signer_public(s)->type;
	k->blob_len = (uint32_t)put_len(&w);
	k->signer = s;
	return true;
}

/* ---- keys ---- */

static bool
allowed(const struct conf *c, enum pk_type type, bool cert)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (a->type == type &&
		    namelist_has(view_str(c->host_key_algorithms), cert ? a->cert_name : a->name))
			return true;
	return false;
}

static bool
big_enough(const struct hostkey *k, uint32_t rsa_bits_min)
{
	struct pk_public public;

	return sign_key_parse(&public, hostkey_blob(k)) == 0 &&
	       (public.type != PK_RSA || pk_public_bits(&public) >= rsa_bits_min);
}

/* With an agent, a HostKey may name the public half, or the private one of which the
 * public half stands beside it. */
static bool
take_key(struct hostkey *k, const char *path, const struct conf *c)
{
	bool agent = c->host_key_agent[0] != '\0';
	char beside[CONF_NAME_MAX + 4];
	struct hostkey other = { .path = path };

	*k = other;
	if (agent && take_public(k, path))
		return true;
	snprintf(beside, sizeof beside, "%s.pub", path);
	if (!agent || !take_public(&other, beside))
		return take_signer(k, load_private(path, c->required_rsa_size, true));
	if (!take_signer(k, load_private(path, c->required_rsa_size, false)))
		*k = other;
	return true;
}

static uint32_t
bytes_of(const struct hostkeys *k)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < k->key_count; i++)
		sum += 4 + k->key[i].blob_len;
	return sum;
}

static void
add_key(struct hostkeys *k, const char *path, const struct conf *c)
{
	struct hostkey *new = &k->key[k->key_count];
	int same;

	if (!take_key(new, path, c))
		return;
	same = hostkey_find(k, hostkey_blob(new));
	if (same >= 0) {
		log_warn("host key %s: the same key as %s", path, k->key[same].path);
	} else if (!big_enough(new, c->required_rsa_size)) {
		log_error("host key %s: %s", path, keyfile_text(KEYFILE_SMALL));
	} else if (bytes_of(k) + 4 + new->blob_len > HOSTKEYS_BYTES_MAX) {
		log_error("host key %s: the keys before it are as large as all may be", path);
	} else {
		if (!allowed(c, new->type, false))
			log_warn("host key %s: HostKeyAlgorithms has nothing for it", path);
		k->key_count++;
		return;
	}
	pk_signer_free(new->signer);
	*new = (struct hostkey){ 0 };
}

/* ---- certificates ---- */

/* Which key it belongs to, or -1 with what stands in the way. */
static int
judge_cert(const struct hostkeys *k, const struct cert *c, const char **why)
{
	uint8_t blob[SIGN_KEY_MAX];
	struct put w = put_of(blob, sizeof blob);
	int key;

	sign_key_put(&w, &c->key);
	key = hostkey_find(k, put_view(&w));
	*why = NULL;
	if (c->kind != CERT_HOST)
		*why = "it is a user's certificate";
	else if (key < 0)
		*why = "it belongs to none of the host keys";
	else if (cert_verify(c, NULL) != 0)
		*why = "its CA's signature does not verify, or is by an algorithm that is not served";
	else if (c->critical.len > 0)
		*why = "it has critical options, which no client accepts of a host";
	return *why == NULL ? key : -1;
}

static void
warn_of_cert(const struct hostkeys *k, const struct cert *cert, int key, const char *path,
    const struct conf *c, uint64_t now)
{
	if (now < cert->after)
		log_warn("host certificate %s: it is not valid yet", path);
	if (now >= cert->before)
		log_warn("host certificate %s: it has expired", path);
	if (cert->principals.len == 0)
		log_warn("host certificate %s: it names no host; clients may refuse it", path);
	if (!allowed(c, k->key[key].type, true))
		log_warn("host certificate %s: HostKeyAlgorithms has nothing for it", path);
	for (uint32_t i = 0; i < k->cert_count; i++)
		if (k->key[k->cert[i].key].type == k->key[key].type) {
			log_warn("host certificate %s: there is one of its type already", path);
			break;
		}
}

/* What they take in a message to gate: an RSA key's is shown twice. */
static size_t
cert_bytes(const struct hostkeys *k)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < k->cert_count; i++)
		sum += 2 * k->cert[i].blob_len;
	return sum;
}

static void
add_cert(struct hostkeys *k, const char *path, const struct conf *c, uint64_t now)
{
	struct hostcert *new = &k->cert[k->cert_count];
	struct put w = put_of(new->blob, sizeof new->blob);
	int key, r = load_public(&w, path);
	const char *why;
	struct cert cert;

	if (r != 0 || cert_parse(&cert, put_view(&w)) != 0) {
		log_error("host certificate %s: %s", path, r == -1 ? strerror(errno) : "not a certificate, or damaged");
		return;
	}
	key = judge_cert(k, &cert, &why);
	if (key < 0) {
		log_error("host certificate %s: %s", path, why);
		return;
	}
	if (cert_bytes(k) + 2 * put_len(&w) > HOSTKEYS_BYTES_MAX) {
		log_error("host certificate %s: those before it are as large as all may be", path);
		return;
	}
	warn_of_cert(k, &cert, key, path, c, now);
	new->key = (uint32_t)key;
	new->path = path;
	new->blob_len = (uint32_t)put_len(&w);
	k->cert_count++;
}

uint32_t
hostkeys_load(struct hostkeys *k, const struct conf *c, uint64_t now)
{
	memset(k, 0, sizeof *k);
	for (uint32_t i = 0; i < c->host_key_count; i++)
		add_key(k, c->host_key[i], c);
	for (uint32_t i = 0; i < c->host_certificate_count; i++)
		add_cert(k, c->host_certificate[i], c, now);
	hostkeys_rows(k);
	return k->key_count;
}
