#include "control/keeper/hostkey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/wire/ssh.h"
#include "control/keeper/keyfile.h"
#include "control/kex/namelist.h"
#include "control/log.h"

static int
open_key(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
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

/* What was read of a file, in one piece: it is wiped as a whole. */
struct reading {
	char text[KEYFILE_MAX + 1];
	struct keyfile file;
};

static enum keyfile_result
read_key(struct pk_signer **s, struct reading *r, int fd, uint32_t rsa_bits_min)
{
	size_t len = read_whole(fd, r->text, sizeof r->text);
	enum keyfile_result result = keyfile_parse(&r->file, r->text, len);

	if (result == KEYFILE_OK)
		result = take_own(s, &r->file);
	else if (result == KEYFILE_PEM)
		result = take_pem(s, r->text, len);
	return result == KEYFILE_OK ? try_key(*s, rsa_bits_min) : result;
}

static struct pk_signer *
load(const char *path, uint32_t rsa_bits_min)
{
	static struct reading reading;
	struct pk_signer *s = NULL;
	enum keyfile_result r;
	int fd = open_key(path);

	if (fd < 0)
		return NULL;
	r = read_key(&s, &reading, fd, rsa_bits_min);
	close(fd);
	pk_wipe(&reading, sizeof reading);
	pk_wipe_stack();
	if (r == KEYFILE_OK)
		return s;
	log_error("host key %s: %s", path, keyfile_text(r));
	pk_signer_free(s);
	return NULL;
}

static void
add_rows(struct hostkeys *k, enum pk_type type)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (a->type == type && k->count < HOSTKEY_ROWS_MAX)
			k->key[k->count++] = (struct hostkey){ a, k->signer[type] };
}

static bool
allowed(const struct conf *c, enum pk_type type)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (a->type == type && namelist_has(view_str(c->host_key_algorithms), a->name))
			return true;
	return false;
}

/* One key a type is used, the first, as sshd does. */
uint32_t
hostkeys_load(struct hostkeys *k, const struct conf *c)
{
	*k = (struct hostkeys){ 0 };
	for (uint32_t i = 0; i < c->host_key_count; i++) {
		struct pk_signer *s = load(c->host_key[i], c->required_rsa_size);
		enum pk_type type;

		if (s == NULL)
			continue;
		type = pk_signer_public(s)->type;
		if (k->signer[type] != NULL) {
			log_warn("host key %s: there is one of its type already", c->host_key[i]);
			pk_signer_free(s);
			continue;
		}
		if (!allowed(c, type))
			log_warn("host key %s: HostKeyAlgorithms has nothing for it", c->host_key[i]);
		k->signer[type] = s;
		add_rows(k, type);
	}
	return k->count;
}

void
hostkeys_free(struct hostkeys *k)
{
	for (int i = 0; i < PK_TYPE_COUNT; i++)
		pk_signer_free(k->signer[i]);
	*k = (struct hostkeys){ 0 };
}

int
hostkey_sign(const struct hostkey *k, struct put *w, struct view data)
{
	return sign_make(w, k->algorithm, k->signer, data) == 0 ? 0 : -1;
}
