#include "control/warden/proof.h"

#include <stdio.h>

#include "abi/link/grant.h"
#include "abi/wire/ssh.h"
#include "control/kex/kex.h"
#include "control/warden/authkeys.h"
#include "drivers/pk/pk.h"

#define SIGNED_MAX (SSH_HASH_MAX + GRANT_NAME_MAX + 512u)

bool
proof_key_good(struct view algorithm, struct view blob)
{
	uint8_t pub[PK_ED25519_PUBLIC];

	return view_is(algorithm, "ssh-ed25519") && kex_ed25519_parse(blob, pub) == 0;
}

bool
proof_verify(const struct proof *p, struct view signature)
{
	uint8_t pub[PK_ED25519_PUBLIC], sig[PK_ED25519_SIGNATURE], data[SIGNED_MAX];
	struct put w = put_of(data, sizeof data);
	bool good;

	if (kex_ed25519_parse(p->blob, pub) != 0 || kex_ed25519_sig_parse(signature, sig) != 0)
		return false;
	put_sview(&w, p->session_id);
	put_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	put_sview(&w, p->user);
	put_sview(&w, p->service);
	put_cstr(&w, "publickey");
	put_bool(&w, true);
	put_sview(&w, p->algorithm);
	put_sview(&w, p->blob);
	if (w.bad)
		return false;
	good = pk_ed25519_verify(pub, sig, data, put_len(&w)) == 0;
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
