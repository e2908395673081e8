/*
 * The client role's control side: what gate and clerk are for a server, a caller is
 * for a client. One outgoing connection, from the server's identification line to
 * its channels, as a pure state machine.
 *
 * A worker, or whoever holds the connection's records (tools/client/callend.h), hands
 * up entries as of op.def; each fills one step. The bytes of channels never come by:
 * they go from the connection to the channel's host.
 *
 *   state      what may come                     what is done
 *   IDENT      the identification line           KEXINIT
 *   FIRST      20, 30-49, NEWKEYS; 1-4 where     the first exchange; the host key is
 *              strict kex does not forbid it     asked about; SERVICE_REQUEST
 *   SERVICE    6, 7                              the method is asked about
 *   AUTH       7, 51, 52, 53, 60                 methods, until 52
 *   OPEN       20, 30-49, NEWKEYS, 80-82,        rekeys, channels up to their start,
 *              90-92, 98-100                     global requests
 *   OVER       nothing
 *
 * The exchange has a state of its own, in FIRST and in OPEN:
 *
 *   NONE --our wish--> OURS --20--> INIT --31--> TRUST --yes--> DONE --NEWKEYS--> NONE
 *     \________20, and ours with it__^
 *
 * A group exchange stays in INIT for its message 31 and ends with 33.
 *
 * A channel that the server opens is asked about by an event, where env->opens has its
 * type: caller_accept() or caller_refuse(), later and in any order. Others are refused.
 *
 * What only the user of a caller can say is asked by `wants`; the functions that
 * answer fill a step too. Nothing is asked twice, and until the answer the server
 * waits. Errors: 0 or -R_*; a caller whose function failed by what the server sent
 * has written CLOSE into the step and is OVER; one that was asked what it cannot do
 * now returns -R_LINK_STATE, or -R_LIMIT for what does not fit, and is as before.
 *
 * No clock, no I/O, no allocation; randomness from env->rng. Thread: one at a time.
 */
#ifndef POSTERN_CLIENT_CALLER_H
#define POSTERN_CLIENT_CALLER_H

#include "abi/link/layout.h"
#include "control/client/userauth.h"
#include "control/kex/cert.h"
#include "control/kex/kex.h"
#include "control/kex/sign.h"
#include "control/step.h"
#include "drivers/rng/rng.h"

#define CALLER_CHANS 32u         /* as the connection's own limit */
#define CALLER_GLOBALS_MAX 64u   /* of ours that await a reply */
#define CALLER_BANNERS_MAX 64u   /* and refusals, before the login: then the server goes */
#define CALLER_REQUEST_MAX (2u * CERT_MAX + 8192u) /* a session id and a USERAUTH_REQUEST */
#define CALLER_NAMES_MAX 1024u   /* server-sig-algs, methods that can continue */

enum caller_state {
	CALLER_IDENT,
	CALLER_FIRST,
	CALLER_SERVICE,
	CALLER_AUTH,
	CALLER_OPEN,
	CALLER_OVER,
};

enum caller_exchange {
	CALLER_EX_NONE,
	CALLER_EX_OURS,  /* our KEXINIT is out */
	CALLER_EX_INIT,  /* both are; message 30 is out, or 34, or 32 */
	CALLER_EX_TRUST, /* the reply verified; is it the right host's key? */
	CALLER_EX_DONE,  /* our NEWKEYS is out, the server's is to come */
};

enum caller_wants {
	CALLER_WANTS_NOTHING,
	CALLER_WANTS_TRUST,     /* caller_trust(): c->host_key, c->choice.host_key */
	CALLER_WANTS_METHOD,    /* caller_auth_*(): c->methods, empty at first */
	CALLER_WANTS_SIGNATURE, /* caller_signature(): over caller_signed() */
	CALLER_WANTS_RESPONSES, /* caller_responses() to the prompt that was told */
	CALLER_WANTS_PASSWORD,  /* caller_auth_new_password(): the old one has expired */
};

enum caller_told {
	CALLER_TOLD_KEYED,    /* an exchange is over in both directions; code: how many were */
	CALLER_TOLD_BANNER,   /* text: not filtered */
	CALLER_TOLD_REFUSED,  /* a method: text: those that can continue; ok: partial success */
	CALLER_TOLD_PK_OK,    /* a signature of this key would do */
	CALLER_TOLD_PROMPT,   /* data: for userauth_prompt() */
	CALLER_TOLD_EXPIRED,  /* text: the server's words for a new password */
	CALLER_TOLD_LOGIN,    /* message 52 */
	CALLER_TOLD_OPENED,   /* chan */
	CALLER_TOLD_UNOPENED, /* chan, code, text: refused; the number is free again */
	CALLER_TOLD_REPLY,    /* chan, ok: to a request that wanted one, in their order */
	CALLER_TOLD_ASKED,    /* chan, text, data: a request of the server before the start */
	CALLER_TOLD_GONE,     /* chan: closed by both, the number is free again */
	CALLER_TOLD_OPEN,     /* the server opens chan; text: type, data: for caller_origin() */
	CALLER_TOLD_GLOBAL,   /* text: name, data: of a global request of the server */
	CALLER_TOLD_ANSWER,   /* ok, data: to a global request of ours */
};

struct caller_event {
	enum caller_told told;
	uint32_t chan;
	uint32_t code;
	bool ok;
	struct view text, data;
};

struct caller;

struct caller_env {
	const char *ident; /* our identification line, without CR LF */
	const char *opens; /* types of channels that the server may open, a name-list; NULL: none */
	struct rng *rng;
	/* Put keys into a slot; its number, or < 0: then the connection ends. */
	int (*slot)(void *ctx, const struct link_slot *keys);
	/* Views live as long as the call, in which the caller is not to be called. */
	void (*told)(void *ctx, struct caller *c, const struct caller_event *e);
	void *ctx;
};

struct caller_chan {
	bool used, open, starting;
	bool theirs; /* the server's, which is not answered yet */
	uint32_t peers;
	uint32_t peer_window, peer_packet; /* of theirs */
	uint32_t asked; /* requests that wait for their reply */
	uint32_t link;  /* host that gets the channel at its start */
};

struct caller {
	const struct caller_env *env;
	const struct kex_offer *offer; /* read when a KEXINIT is built; the user's */
	uint32_t conn, gen;
	enum caller_state state;
	enum caller_exchange exchange;
	enum caller_wants wants;
	int reason; /* why it is OVER */

	/* key exchange */
	char ident_server[SSH_IDENT_MAX + 1];
	bool strict, ext_info;
	uint8_t kexinit_ours[KEXINIT_MAX], kexinit_server[KEXINIT_MAX];
	uint32_t kexinit_ours_len, kexinit_server_len;
	struct kex_choice choice;
	struct kex_client_state share;
	struct kex_secret secret; /* from the reply to our NEWKEYS */
	uint8_t session_id[SSH_HASH_MAX];
	uint32_t session_id_len;
	uint32_t exchanges; /* completed */
	uint8_t host_key[CERT_MAX]; /* or certificate */
	uint32_t host_key_len;
	bool trusted; /* host_key is the right one */

	/* login */
	const char *user;
	enum userauth_method method; /* of the request that is out */
	char sign_names[CALLER_NAMES_MAX]; /* server-sig-algs; "": not told */
	char methods[CALLER_NAMES_MAX];
	bool hostbound; /* the server knows publickey-hostbound-v00@openssh.com */
	bool partial;
	uint32_t prompts, banners;
	uint8_t request[CALLER_REQUEST_MAX]; /* str session id, request without signature */
	uint32_t request_len;

	/* connection protocol */
	struct caller_chan chan[CALLER_CHANS];
	uint32_t globals; /* replies awaited */
};

/* caller_init(c, env, offer, user, conn, gen): nothing was received yet. The strings
 * stay the user's. caller_wipe: nothing secret is left. */
void caller_init(struct caller *c, const struct caller_env *env, const struct kex_offer *offer,
    const char *user, uint32_t conn, uint32_t gen);
void caller_wipe(struct caller *c);

/* caller_up(c, e, payload, s): one entry of op.def: IDENT, RECORD, NEWKEYS, REKEY,
 * DEADLINE, CHAN_FREE, CLOSED. The step names the record as done. */
int caller_up(struct caller *c, const struct link_entry *e, struct view payload, struct step *s);

/* ---- key exchange ---- */

/* caller_trust(c, yes, s): the answer to WANTS_TRUST. No is -R_KEX_UNTRUSTED, and the
 * connection is over. A key that was trusted is not asked about again. */
int caller_trust(struct caller *c, bool yes, struct step *s);
/* caller_rekey(c, s): -R_LINK_STATE while an exchange runs, or before the login. */
int caller_rekey(struct caller *c, struct step *s);

/* ---- login: answers to WANTS_METHOD ---- */
int caller_auth_none(struct caller *c, struct step *s);
int caller_auth_password(struct caller *c, const char *password, struct step *s);
int caller_auth_kbdint(struct caller *c, const char *submethods, struct step *s);
/* A key by its algorithm and blob: would it do, or with a signature. */
int caller_auth_query(struct caller *c, const char *algorithm, struct view blob, struct step *s);
int caller_auth_key(struct caller *c, const char *algorithm, struct view blob);
/* ... and to what follows. An empty signature: there is none, WANTS_METHOD again. */
struct view caller_signed(const struct caller *c);
int caller_signature(struct caller *c, struct view signature, struct step *s);
int caller_responses(struct caller *c, const struct view *responses, uint32_t count, struct step *s);
int caller_auth_new_password(struct caller *c, const char *old, const char *fresh, struct step *s);

/* ---- connection protocol ---- */

/* caller_open(c, type, window, packet, extra, s): our number, or -R_*. */
int caller_open(struct caller *c, const char *type, uint32_t window, uint32_t packet, struct view extra,
    struct step *s);
/* caller_request(c, chan, name, body, want_reply, s): before the start; later ones
 * are the host's, but for those that want a reply. */
int caller_request(struct caller *c, uint32_t chan, const char *name, struct view body, bool want_reply,
    struct step *s);
/* caller_start(c, chan, name, body, link, s): shell, exec, subsystem. When the server
 * says yes the channel goes to the host `link`, all that came before included. */
int caller_start(struct caller *c, uint32_t chan, const char *name, struct view body, uint32_t link,
    struct step *s);
/* caller_chan_close(c, chan, s): of one that was not started; others are the host's. */
int caller_chan_close(struct caller *c, uint32_t chan, struct step *s);

/* caller_accept(c, chan, window, packet, link, s): of one that the server opens: it goes to
 * the host `link`. caller_refuse: with an enum ssh_open_failure; the number is free again. */
int caller_accept(struct caller *c, uint32_t chan, uint32_t window, uint32_t packet, uint32_t link,
    struct step *s);
int caller_refuse(struct caller *c, uint32_t chan, uint32_t code, const char *text, struct step *s);

/* What a channel of the server's is for: forwarded-tcpip (RFC 4254 section 7.2), x11
 * (section 6.3.2), forwarded-streamlocal@openssh.com (OpenSSH PROTOCOL section 2.4),
 * auth-agent@openssh.com, which says nothing. Section 7.2 also has it that connections to
 * a port that was not asked for MUST be refused: who asked compares. */
struct caller_origin {
	struct view address; /* that was connected to, or the path */
	uint32_t port;
	struct view originator;
	uint32_t originator_port;
};
/* 0; -R_SHORT; -R_PROTOCOL: no port, or no type of these. */
int caller_origin(struct caller_origin *o, struct view type, struct view data);

int caller_global(struct caller *c, const char *name, struct view body, bool want_reply, struct step *s);

/* caller_end(c, reason, text, s): CLOSE; DISCONNECT goes out where the reason has a
 * code. */
void caller_end(struct caller *c, int reason, const char *text, struct step *s);

/* ---- inside the room ---- */

typedef int caller_fn(struct caller *c, struct view payload, uint32_t seq, struct step *s);

caller_fn caller_on_kexinit, caller_on_method;                         /* exchange.c */
caller_fn caller_on_accept, caller_on_ext_info, caller_on_auth;        /* login.c */
caller_fn caller_on_global, caller_on_answer, caller_on_chan;          /* channels.c */
caller_fn caller_on_open;                                              /* opens.c */

int caller_kexinit(struct caller *c, struct step *s);
int caller_on_newkeys(struct caller *c, struct step *s);
void caller_login_begin(struct caller *c, struct step *s);
void caller_chan_free(struct caller *c, uint32_t chan);
void caller_chan_start(uint32_t chan, uint32_t link, struct step *s);

static inline void
caller_tell(struct caller *c, const struct caller_event *e)
{
	if (c->env->told != NULL)
		c->env->told(c->env->ctx, c, e);
}

/* caller_asked(c, wants, s): an answer begins: false when it was not asked for. */
static inline bool
caller_asked(struct caller *c, enum caller_wants wants, struct step *s)
{
	if (c->wants != wants)
		return false;
	if (s != NULL)
		step_begin(s, c->conn, c->gen);
	return true;
}

#endif
