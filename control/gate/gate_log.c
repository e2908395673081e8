#include "control/gate/gate.h"

/* The wording is sshd's: fail2ban and sshguard read these lines. What a peer sent
 * is passed on as it is; console escapes it. */

static int
width(struct view v)
{
	return v.len > GATE_USER_MAX ? (int)GATE_USER_MAX : (int)v.len;
}

static const char *
bytes(struct view v)
{
	return v.len > 0 ? (const char *)v.data : "";
}

static void
log_no_match(struct turn *t)
{
	struct kexinit client, server;
	struct view theirs = { NULL, 0 };
	const char *what = "algorithm";

	if (kexinit_parse(&client, t->note.kexinit_peer, true) == 0 &&
	    kexinit_parse(&server, t->note.kexinit_ours, false) == 0)
		what = kex_missing(&client, &server, &theirs);
	turn_log(t, "Unable to negotiate with %s port %u: no matching %s found. Their offer: %.*s [preauth]",
	    t->peer->address, t->peer->port, what, width(theirs), bytes(theirs));
}

void
gate_log_refused(struct turn *t)
{
	const struct conobj *p = t->peer;
	struct view user = t->note.auth_user;

	switch (t->act->reason) {
	case R_SSH_GRACE:
		turn_log(t, "Timeout before authentication for %s port %u", p->address, p->port);
		break;
	case R_KEX_NO_MATCH:
		log_no_match(t);
		break;
	case R_AUTH_TRIES:
		turn_log(t,
		    "maximum authentication attempts exceeded for %.*s from %s port %u ssh2 [preauth]",
		    width(user), bytes(user), p->address, p->port);
		break;
	default:
		turn_log(t, "Disconnecting %s port %u: %s [preauth]", p->address, p->port,
		    reason_text(t->act->reason));
	}
}

void
gate_log_disconnect(struct turn *t)
{
	struct cur c = cur_view(t->payload);
	struct view text;
	uint32_t code;

	cur_u8(&c);
	code = cur_u32(&c);
	text = cur_string(&c);
	turn_log(t, "Received disconnect from %s port %u:%u: %.*s [preauth]", t->peer->address, t->peer->port,
	    code, width(text), bytes(text));
}

void
gate_log_closed(struct turn *t, int reason)
{
	const struct conobj *p = t->peer;
	struct view user = t->note.auth_user;

	if (reason == R_SSH_GRACE)
		turn_log(t, "Timeout before authentication for %s port %u", p->address, p->port);
	else if (user.len > 0)
		turn_log(t, "Connection closed by authenticating user %.*s %s port %u [preauth]", width(user),
		    bytes(user), p->address, p->port);
	else
		turn_log(t, "Connection closed by %s port %u [preauth]", p->address, p->port);
}
