/*
 * What is said to an ssh-agent (RFC 9987; before it, OpenSSH PROTOCOL.agent): the
 * client's requests, and its reading of the answers. A message is a u32 length, a type
 * and what belongs to it; an agent answers each request with one message, in order.
 *
 * Pure. Errors: -R_SHORT for what is malformed, -R_KEX_SIGN: the agent said no, or
 * something else.
 */
#ifndef POSTERN_KEX_AGENT_H
#define POSTERN_KEX_AGENT_H

#include <stdbool.h>

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"

#define AGENT_MESSAGE_MAX (256u * 1024u) /* of an answer, as OpenSSH's agent */
#define AGENT_KEYS_MAX 256u

void agent_put_list(struct put *w);
/* agent_put_sign(w, key, algorithm, data): RSA keys sign with the hash that the
 * algorithm's name says. */
void agent_put_sign(struct put *w, struct view key, const char *algorithm, struct view data);

/* agent_whole(bytes, message): 1: the first message is all there, *message is it
 * without its length; 0: not yet; -R_SHORT: no message. */
int agent_whole(struct view bytes, struct view *message);

/* agent_list(message, keys): the answer to a list: walk *keys with agent_key. 0 or -R_*. */
int agent_list(struct view message, struct view *keys);
/* The next key's blob and comment; false: there are no more. */
bool agent_key(struct view *keys, struct view *blob, struct view *comment);

/* agent_signature(message, algorithm, signature): the answer to a request for one: a
 * signature blob of exactly this algorithm. Whether it verifies is the caller's to see. */
int agent_signature(struct view message, const char *algorithm, struct view *signature);

#endif
