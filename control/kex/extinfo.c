/* EXT_INFO, RFC 8308: what the server says once, right after its NEWKEYS. */
#include "control/kex/kex.h"

struct extension {
	const char *name;
	const char *value;
};

static const struct extension extensions[] = {
	{ "server-sig-algs", "ssh-ed25519" }, /* RFC 8308 section 3.1 */
	{ "ping@openssh.com", "0" },          /* OpenSSH PROTOCOL, section 1.9 */
};

#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

void
kex_ext_info(struct put *w)
{
	put_u8(w, SSH_MSG_EXT_INFO);
	put_u32(w, EXTENSION_COUNT);
	for (size_t i = 0; i < EXTENSION_COUNT; i++) {
		put_cstr(w, extensions[i].name);
		put_cstr(w, extensions[i].value);
	}
}
