#include "abi/link/op.h"

#include "abi/wire/ssh.h"

struct op_row {
	uint16_t op;
	uint32_t role;
};

static const struct op_row downs[] = {
#define UP(name, number, to, text)
#define DOWN(name, number, from, text) { (number), (from) },
#define ITEM(name, number, from, text)
#include "abi/link/op.def"
#undef UP
#undef DOWN
#undef ITEM
};

static const struct op_row items[] = {
#define UP(name, number, to, text)
#define DOWN(name, number, from, text)
#define ITEM(name, number, from, text) { (number), (from) },
#include "abi/link/op.def"
#undef UP
#undef DOWN
#undef ITEM
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct op_row *
find(const struct op_row *rows, size_t count, uint16_t op)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].op == op)
			return &rows[i];
	return NULL;
}

bool
link_op_allowed(uint16_t op, uint32_t role)
{
	const struct op_row *r = find(downs, COUNT(downs), op);

	return r != NULL && (r->role & role) != 0;
}

bool
link_item_allowed(uint8_t item, uint32_t role)
{
	const struct op_row *r = find(items, COUNT(items), item);

	return r != NULL && (r->role & role) != 0;
}

/*
 * Which records a control process may have sent, by phase. A row is a range of
 * message numbers; what no row lists is refused. NEWKEYS (21) is not here: it
 * leaves only by its item. Channel data, window adjusts, EOF and CLOSE (93-97)
 * are the worker's own.
 */
struct record_row {
	uint8_t first;
	uint8_t last;
	uint32_t role;
	uint32_t phases;
};

#define PHASE(p) (1u << SSH_PHASE_##p)

static const struct record_row records[] = {
	{ SSH_MSG_UNIMPLEMENTED, SSH_MSG_UNIMPLEMENTED, LINK_GATE, PHASE(KEX) | PHASE(SERVICE) | PHASE(AUTH) },
	{ SSH_MSG_UNIMPLEMENTED, SSH_MSG_UNIMPLEMENTED, LINK_CLERK, PHASE(OPEN) },
	{ SSH_MSG_DEBUG, SSH_MSG_DEBUG, LINK_GATE, PHASE(AUTH) },
	{ SSH_MSG_SERVICE_ACCEPT, SSH_MSG_SERVICE_ACCEPT, LINK_GATE, PHASE(SERVICE) | PHASE(AUTH) },
	/* EXT_INFO follows NEWKEYS in the step that ends the first exchange (RFC 8308
	 * section 2.4), when the peer's own NEWKEYS is still to come. */
	{ SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, LINK_GATE, PHASE(KEX) | PHASE(AUTH) },
	{ SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, LINK_GATE, PHASE(IDENT) | PHASE(KEX) },
	{ SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, LINK_CLERK, PHASE(OPEN) },
	{ SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, LINK_GATE, PHASE(KEX) },
	{ SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, LINK_CLERK, PHASE(OPEN) },
	{ SSH_MSG_USERAUTH_FAILURE, SSH_MSG_USERAUTH_BANNER, LINK_GATE, PHASE(AUTH) },
	{ SSH_MSG_USERAUTH_PK_OK, SSH_MSG_USERAUTH_PK_OK, LINK_GATE, PHASE(AUTH) },
	/* hostkeys-00@openssh.com follows 52 in the step that ends the login. */
	{ SSH_MSG_GLOBAL_REQUEST, SSH_MSG_GLOBAL_REQUEST, LINK_GATE, PHASE(OPEN) },
	{ SSH_MSG_GLOBAL_REQUEST, SSH_MSG_REQUEST_FAILURE, LINK_CLERK, PHASE(OPEN) },
	{ SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_OPEN_FAILURE, LINK_CLERK, PHASE(OPEN) },
	{ SSH_MSG_CHANNEL_SUCCESS, SSH_MSG_CHANNEL_FAILURE, LINK_CLERK, PHASE(OPEN) },
};

bool
link_record_allowed(uint8_t msg, uint32_t role, int phase)
{
	for (size_t i = 0; i < COUNT(records); i++) {
		const struct record_row *r = &records[i];

		if (msg >= r->first && msg <= r->last && (r->role & role) != 0 &&
		    phase >= 0 && phase < SSH_PHASE_COUNT && (r->phases & 1u << phase) != 0)
			return true;
	}
	return false;
}
