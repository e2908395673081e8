/*
 * The note and the grant: what decodes, encodes again to what decodes the same.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/link/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_view(struct view a, struct view b)
{
	if (!view_eq(a, b))
		abort();
}

static void
try_note(struct view image)
{
	static uint8_t out[NOTE_MAX];
	static struct note a, b;
	struct put w = put_of(out, sizeof out);

	if (note_decode(&a, image) != 0 || note_encode(&a, &w) != 0)
		return;
	if (note_decode(&b, put_view(&w)) != 0)
		abort();
	same_view(a.ident_peer, b.ident_peer);
	same_view(a.ident_ours, b.ident_ours);
	same_view(a.session_id, b.session_id);
	same_view(a.names, b.names);
	same_view(a.kexinit_peer, b.kexinit_peer);
	same_view(a.kexinit_ours, b.kexinit_ours);
	same_view(a.auth_user, b.auth_user);
	same_view(a.auth_service, b.auth_service);
	if (a.flags != b.flags || a.auth_requests != b.auth_requests || a.auth_failures != b.auth_failures ||
	    a.auth_queries != b.auth_queries || a.kex_state != b.kex_state || a.chan_count != b.chan_count)
		abort();
	for (uint32_t i = 0; i < a.chan_count; i++) {
		if (a.chan[i].ours != b.chan[i].ours)
			abort();
		same_view(a.chan[i].state, b.chan[i].state);
	}
}

static void
try_grant(struct view image)
{
	static uint8_t out[GRANT_MAX];
	static struct grant a, b;
	struct put w = put_of(out, sizeof out);

	if (grant_decode(&a, image) != 0 || grant_encode(&a, &w) != 0)
		return;
	if (grant_decode(&b, put_view(&w)) != 0)
		abort();
	if (strcmp(a.user, b.user) != 0 || strcmp(a.home, b.home) != 0 || strcmp(a.shell, b.shell) != 0 ||
	    strcmp(a.methods, b.methods) != 0 || strcmp(a.key, b.key) != 0 || strcmp(a.peer, b.peer) != 0 ||
	    strcmp(a.local, b.local) != 0)
		abort();
	if (a.uid != b.uid || a.gid != b.gid || a.restrictions != b.restrictions ||
	    a.group_count != b.group_count ||
	    memcmp(a.groups, b.groups, a.group_count * sizeof a.groups[0]) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c;
	struct view body, image = view_of(data, size);
	uint16_t version;
	uint8_t number;

	if (note_open(&c, image, &version) == 0)
		while (note_next(&c, &number, &body) > 0)
			;
	try_note(image);
	try_grant(image);
	return 0;
}
