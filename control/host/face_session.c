#include "control/host/face.h"
#include "control/host/host.h"

#include "abi/link/grant.h"
#include "abi/link/op.h"

/* The facts stay encoded: an idle channel costs its strings, not its limits. */
static bool
fact(const struct host_conn *c, uint8_t number, struct view *body)
{
	return conns_fact(view_of(c->facts, c->facts_len), number, body);
}

struct fact_peer {
	struct view peer;
	struct view local;
	uint16_t peer_port;
	uint16_t local_port;
};

static void
fact_peer(const struct host_conn *c, struct fact_peer *p)
{
	struct view body;
	struct cur in;

	memset(p, 0, sizeof(*p));
	if (!fact(c, GRANT_PEER, &body))
		return;
	in = cur_view(body);
	p->peer = cur_string(&in);
	p->peer_port = cur_u16(&in);
	p->local = cur_string(&in);
	p->local_port = cur_u16(&in);
}

static int32_t
find(struct host *h, struct postern_channel channel, struct chan **c)
{
	if (!face_thread(h))
		return POSTERN_E_THREAD;
	*c = chans_by_handle(&h->chans, channel.handle);
	return *c == NULL ? POSTERN_E_CLOSED : POSTERN_OK;
}

/* The name at this place of FACT_NAMES (link/note.h, NOTE_NAMES). */
static struct view
fact_name(const struct host_conn *c, uint32_t place)
{
	struct view body, name = view_of(NULL, 0);
	struct cur in;

	if (!fact(c, FACT_NAMES, &body))
		return name;
	in = cur_view(body);
	for (uint32_t i = 0; i <= place; i++)
		name = cur_string(&in);
	return in.bad ? view_of(NULL, 0) : name;
}

static bool
has_cipher(const struct host_conn *c, uint32_t what)
{
	struct view name = fact_name(c, what - POSTERN_SESSION_KEX);

	return name.len > 0 && !view_is(name, "none");
}

/* No cipher is served that neither verifies by itself nor goes with a MAC. */
static uint64_t
directions(const struct host_conn *c)
{
	return (has_cipher(c, POSTERN_SESSION_CIPHER_IN) ? POSTERN_DIRECTION_IN : 0) |
	    (has_cipher(c, POSTERN_SESSION_CIPHER_OUT) ? POSTERN_DIRECTION_OUT : 0);
}

/* str id, u64 serial, str CA. */
struct fact_cert {
	struct view id;
	uint64_t serial;
	struct view ca;
};

static bool
fact_cert(const struct host_conn *c, struct fact_cert *cert)
{
	struct view body;
	struct cur in;

	memset(cert, 0, sizeof(*cert));
	if (!fact(c, GRANT_CERT, &body))
		return false;
	in = cur_view(body);
	cert->id = cur_string(&in);
	cert->serial = cur_u64(&in);
	cert->ca = cur_string(&in);
	return !in.bad;
}

static int32_t
fact_group(const struct host_conn *c, uint32_t what, uint64_t *out)
{
	struct view body;
	uint32_t at = what - POSTERN_SESSION_GROUP_0;
	struct cur in;

	fact(c, GRANT_GROUPS, &body);
	*out = body.len / 4;
	if (what == POSTERN_SESSION_GROUP_COUNT)
		return POSTERN_OK;
	if (at >= *out)
		return POSTERN_E_NOSUCH;
	in = cur_of(body.data + (size_t)at * 4, 4);
	*out = cur_u32(&in);
	return POSTERN_OK;
}

int32_t
face_fact_text(const struct host_conn *c, uint32_t what, struct postern_view *out)
{
	static const uint8_t fields[] = { 0, GRANT_USER, GRANT_HOME, GRANT_SHELL, GRANT_METHODS, GRANT_KEY,
		[POSTERN_SESSION_ID] = FACT_SESSION_ID, [POSTERN_SESSION_IDENT] = FACT_IDENT_PEER };
	struct fact_cert cert;
	struct fact_peer p;
	struct view body;

	if (out == NULL)
		return POSTERN_E_INVAL;
	if (what == POSTERN_SESSION_PEER || what == POSTERN_SESSION_LOCAL) {
		fact_peer(c, &p);
		*out = view_out(what == POSTERN_SESSION_PEER ? p.peer : p.local);
		return POSTERN_OK;
	}
	if (what == POSTERN_SESSION_CERT_ID || what == POSTERN_SESSION_CERT_CA) {
		fact_cert(c, &cert);
		*out = view_out(what == POSTERN_SESSION_CERT_ID ? cert.id : cert.ca);
		return POSTERN_OK;
	}
	if (what >= POSTERN_SESSION_KEX && what <= POSTERN_SESSION_COMPRESSION_OUT) {
		*out = view_out(fact_name(c, what - POSTERN_SESSION_KEX));
		return POSTERN_OK;
	}
	if (what == 0 || what >= sizeof(fields))
		return POSTERN_E_NOSUCH;
	fact(c, fields[what], &body);
	*out = view_out(body);
	return POSTERN_OK;
}

int32_t
face_fact_number(const struct host_conn *c, uint32_t what, uint64_t *out)
{
	struct fact_cert cert;
	struct fact_peer p;
	struct view body;
	struct cur in;

	if (out == NULL)
		return POSTERN_E_INVAL;
	if (what == POSTERN_SESSION_GROUP_COUNT || what >= POSTERN_SESSION_GROUP_0)
		return fact_group(c, what, out);
	switch (what) {
	case POSTERN_SESSION_UID:
	case POSTERN_SESSION_GID:
		if (!fact(c, GRANT_UID, &body))
			return POSTERN_E_NOSUCH;
		in = cur_view(body);
		*out = cur_u32(&in);
		if (what == POSTERN_SESSION_GID)
			*out = cur_u32(&in);
		return in.bad ? POSTERN_E_NOSUCH : POSTERN_OK;
	case POSTERN_SESSION_RESTRICTIONS:
		fact(c, GRANT_RESTRICT, &body);
		in = cur_view(body);
		*out = cur_u32(&in);
		return POSTERN_OK;
	case POSTERN_SESSION_PEER_PORT:
	case POSTERN_SESSION_LOCAL_PORT:
		fact_peer(c, &p);
		*out = what == POSTERN_SESSION_PEER_PORT ? p.peer_port : p.local_port;
		return POSTERN_OK;
	case POSTERN_SESSION_CERT_SERIAL:
		if (!fact_cert(c, &cert))
			return POSTERN_E_NOSUCH;
		*out = cert.serial;
		return POSTERN_OK;
	case POSTERN_SESSION_ENCRYPTED:
	case POSTERN_SESSION_VERIFIED:
		*out = directions(c);
		return POSTERN_OK;
	case POSTERN_SESSION_CONNECTION:
		*out = (uint64_t)c->conn << 32 | c->gen;
		return POSTERN_OK;
	default:
		return POSTERN_E_NOSUCH;
	}
}

static int32_t
session_text(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    struct postern_view *out)
{
	struct chan *c;
	int32_t r = find(host_of(face), channel, &c);

	return r == POSTERN_OK ? face_fact_text(c->on, what, out) : r;
}

static int32_t
session_number(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    uint64_t *out)
{
	struct chan *c;
	int32_t r = find(host_of(face), channel, &c);

	return r == POSTERN_OK ? face_fact_number(c->on, what, out) : r;
}

static int32_t
session_rekey(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	struct chan *c;
	int32_t r = find(h, channel, &c);

	if (r != POSTERN_OK)
		return r;
	if (!host_link(h, c->conn)->up || !host_out(h, c, LINK_DOWN_CHAN_REKEY, 0, view_of(NULL, 0)))
		return POSTERN_E_NOMEM;
	return POSTERN_OK;
}

const struct postern_if_session face_session = { .text = session_text,
	.number = session_number,
	.rekey = session_rekey };
