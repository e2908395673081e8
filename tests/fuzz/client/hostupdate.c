/*
 * What a server says of its host keys, and its proofs: u16 length, the list of keys, the
 * answer. All keys that were asked for are new, or none.
 */
#include <stdlib.h>

#include "control/client/hostupdate.h"
#include "control/kex/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hostupdate u;
	static uint8_t asked[SSH_PAYLOAD_MAX + 4];
	static const uint8_t id[32];
	struct cur c = cur_of(data, size);
	struct view keys = cur_take(&c, cur_u16(&c)), answer = cur_take(&c, cur_left(&c));
	struct put w = put_of(asked, sizeof(asked));
	uint32_t count = 0;
	int r = hostupdate_take(&u, keys);

	if (r == 0)
		count = hostupdate_ask(&u, &w, view_str("h ssh-ed25519 AAAA\n"), "h", 22, HOST_KEY_NAMES, 2048);
	if (w.bad || (r != 0 && u.count != 0) || count > u.count)
		abort();
	r = hostupdate_proved(&u, view_of(id, sizeof(id)), answer);
	if ((put_len(&w) == 0) != (count == 0) || (hostupdate_new(&u, 0).len > 0) != (r == 0 && count > 0))
		abort();
	if (r == 0 && count > 0 && hostupdate_new(&u, count - 1).len == 0)
		abort();
	return 0;
}
