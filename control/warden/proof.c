#include "control/warden/proof.h"

#include <stdio.h>

#include "abi/link/grant.h"
#include "abi/wire/ssh.h"
#include "control/kex/namelist.h"
#include "control/warden/authkeys.h"

#define SIGNED_MAX (SSH_HASH_MAX + GRANT_NAME_MAX + 2 * SIGN_KEY_MAX + 512u)

const struct sign_algorithm *
proof_algorithm(const struct proof_policy *p, struct view algorithm, struct view blob)
{
	const struct sign_algorithm *a = sign_find(algorithm);

	if (a == NULL || !namelist_has(view_str(p->algorithms), a->name))
		return NULL;
	return sign_key_fits(a, blob, p->rsa_bits_min) ? a : NULL;
}

bool
proof_verify(const struct proof *p, struct view signature)
{
	const struct sign_algorithm *a = sign_find(p->algorithm);
	uint8_t data[SIGNED_MAX];
	struct put w = put_of(data, sizeof data);
	bool good;

	if (a == NULL)
		return false;
	put_sview(&w, p->session_id);
	put_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	put_sview(&w, p->user);
	put_sview(&w, p->service);
	put_cstr(&w, p->host_key.len > 0 ? "publickey-hostbound-v00@openssh.com" : "publickey");
	put_bool(&w, true);
	put_sview(&w, p->algorithm);
	put_sview(&w, p->blob);
	if (p->host_key.len > 0)
		put_sview(&w, p->host_key);
	if (w.bad)
		return false;
	good = sign_verify(a, p->blob, signature, put_view(&w)) == 0;
	return good && p->session_id.len > 0;
}

void
proof_fingerprint(char out[PROOF_FINGERPRINT_MAX], struct view blob)
{
	char text[AUTHKEYS_KEY_TEXT_MAX];
	uint8_t hash[32];
	size_t len;

	if (pk_sha256(hash, blob.data, blob.len) != 0) {
		snprintf(out, PROOF_FINGERPRINT_MAX, "SHA256:?");
		return;
	}
	len = authkeys_text(text, view_of(hash, sizeof hash));
	while (len > 0 && text[len - 1] == '=')
		len--;
	snprintf(out, PROOF_FINGERPRINT_MAX, "SHA256:%.*s", (int)len, text);
}
