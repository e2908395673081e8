#include "control/keeper/hostkey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/keeper/keyfile.h"
#include "control/kex/kex.h"
#include "control/log.h"

static int
open_key(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
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

/* The signer of a parsed key, if its halves belong together. */
static enum keyfile_result
take(struct hostkey *key, const uint8_t seed[PK_ED25519_SEED], const uint8_t pub[PK_ED25519_PUBLIC])
{
	struct put w = put_of(key->blob, sizeof key->blob);

	key->signer = pk_signer_new(seed);
	if (key->signer == NULL)
		return KEYFILE_FORM;
	pk_signer_public(key->signer, key->pub);
	if (memcmp(key->pub, pub, sizeof key->pub) != 0) {
		pk_signer_free(key->signer);
		key->signer = NULL;
		return KEYFILE_MISMATCH;
	}
	key->algorithm = "ssh-ed25519";
	kex_ed25519_blob(&w, key->pub);
	key->blob_len = put_len(&w);
	return w.bad ? KEYFILE_FORM : KEYFILE_OK;
}

static int
load(struct hostkey *key, const char *path)
{
	char text[KEYFILE_MAX + 1];
	uint8_t seed[PK_ED25519_SEED] = { 0 }, pub[PK_ED25519_PUBLIC] = { 0 };
	enum keyfile_result r;
	int fd = open_key(path);

	if (fd < 0)
		return -1;
	r = keyfile_parse(seed, pub, text, read_whole(fd, text, sizeof text));
	close(fd);
	if (r == KEYFILE_OK)
		r = take(key, seed, pub);
	pk_wipe(text, sizeof text);
	pk_wipe(seed, sizeof seed);
	pk_wipe_stack();
	if (r != KEYFILE_OK)
		log_error("host key %s: %s", path, keyfile_text(r));
	return r == KEYFILE_OK ? 0 : -1;
}

/* One key an algorithm is used, the first, as sshd does. */
uint32_t
hostkeys_load(struct hostkeys *k, const struct conf *c)
{
	k->count = 0;
	for (uint32_t i = 0; i < c->host_key_count; i++) {
		struct hostkey *key = &k->key[k->count];

		*key = (struct hostkey){ 0 };
		if (load(key, c->host_key[i]) != 0)
			continue;
		if (k->count > 0) {
			log_warn("host key %s: there is one of its type already", c->host_key[i]);
			pk_signer_free(key->signer);
			continue;
		}
		k->count++;
	}
	return k->count;
}

void
hostkeys_free(struct hostkeys *k)
{
	for (uint32_t i = 0; i < k->count; i++)
		pk_signer_free(k->key[i].signer);
	k->count = 0;
}

/* A faulty signature could give the key away: none leaves unverified. */
int
hostkey_sign(const struct hostkey *k, struct put *w, struct view data)
{
	uint8_t sig[PK_ED25519_SIGNATURE];

	if (pk_signer_sign(k->signer, sig, data.data, data.len) != 0 ||
	    pk_ed25519_verify(k->pub, sig, data.data, data.len) != 0) {
		pk_wipe(sig, sizeof sig);
		return -1;
	}
	kex_ed25519_sig_blob(w, sig);
	return w->bad ? -1 : 0;
}
