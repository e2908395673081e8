/* EXT_INFO, RFC 8308: what the server says once, right after its NEWKEYS. */
#include "control/kex/kex.h"

void
kex_ext_info(struct put *w, const char *sign_names)
{
	const struct extension {
		const char *name;
		const char *value;
	} extensions[] = {
		{ "server-sig-algs", sign_names }, /* RFC 8308 section 3.1 */
		{ "ping@openssh.com", "0" },       /* OpenSSH PROTOCOL, section 1.9 */
	};
	const size_t count = sizeof(extensions) / sizeof(extensions[0]);

	put_u8(w, SSH_MSG_EXT_INFO);
	put_u32(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		put_cstr(w, extensions[i].name);
		put_cstr(w, extensions[i].value);
	}
}
