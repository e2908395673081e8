/*
 * An ssh-agent that says anything: u8, of which bit 0 says what was asked; then the
 * agent's bytes. What is read lies inside them, and what a list names can be walked
 * to its end.
 */
#include <stdlib.h>

#include "control/kex/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(struct view v, struct view of)
{
	if (v.len > 0 && (v.data < of.data || v.data + v.len > of.data + of.len))
		abort();
}

static void
list(struct view message)
{
	struct view keys, blob, comment;
	unsigned count = 0;

	if (agent_list(message, &keys) != 0)
		return;
	while (agent_key(&keys, &blob, &comment)) {
		inside(blob, message);
		inside(comment, message);
		if (++count > AGENT_KEYS_MAX)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view message, signature;

	if (size == 0 || agent_whole(view_of(data + 1, size - 1), &message) <= 0)
		return 0;
	inside(message, view_of(data, size));
	if ((data[0] & 1) == 0)
		list(message);
	else if (agent_signature(message, data[0] & 2 ? "rsa-sha2-512" : "ssh-ed25519", &signature) == 0)
		inside(signature, message);
	return 0;
}
