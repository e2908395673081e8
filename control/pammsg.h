/*
 * What messages about passwords and PAM dialogues mean, and their bounds.
 *
 * A dialogue is one run of PAM's authentication and account stages in a child
 * of its own. What the peer typed goes gate -> warden -> child; prompts go back
 * the same way. The supervisor only makes the child.
 */
#ifndef POSTERN_CONTROL_PAMMSG_H
#define POSTERN_CONTROL_PAMMSG_H

#define PAM_STAGE_ACCOUNT 1u  /* the account stage alone: after a public key */
#define PAM_STAGE_DIALOGUE 2u /* authentication, then the account stage */

#define PAM_KIND_PASSWORD 1u /* one password, given before it is asked for */
#define PAM_KIND_KBDINT 2u   /* prompts and responses, RFC 4256 */

#define PAM_F_NO_EMPTY 1u /* an empty password opens nothing (PermitEmptyPasswords no) */

#define AUTH_F_CHANGE 1u /* a request to change the password: not part of it here */
#define AUTH_F_UNFIT 2u  /* what was typed is too long or has a NUL: left out here */

/* Bounds. libpam's own are 32 messages a round, 512 bytes each. */
#define PAM_PASSWORD_MAX 1024u   /* of a password or a response, bytes */
#define PAM_PROMPTS_MAX 32u      /* of one round */
#define PAM_PROMPT_MAX 512u      /* of one prompt, bytes */
#define PAM_TEXT_MAX 2048u       /* of one round's instruction, bytes */
#define PAM_ROUNDS_MAX 32u       /* of one dialogue */
#define PAM_DELAY_MAX_MS 30000u  /* after a failure; a module may want more */
#define PAM_USER_NOBODY "NOUSER" /* who is asked for when there is no such account */

#endif
