/*
 * hostkeys-00@openssh.com (draft-miller-sshm-hostkey-update section 3.1): the client is
 * told all host keys, so that it knows the next one before the old one goes. Once in a
 * connection: it goes out in the very entry that makes the login, and so never again.
 */
#include "control/gate/gate.h"

/* Software that cannot bear it, by what its identification begins with behind the
 * protocol version (OpenSSH's compat.c). */
static const char *const deaf[] = { "Cisco-1.", "TTSSH/1.5.", "TTSSH/2.1", "TTSSH/2.2", "TTSSH/2.3", "TTSSH/2.4",
	"TTSSH/2.5", "TTSSH/2.6", "TTSSH/2.70", "TTSSH/2.71", "TTSSH/2.72" };

static bool
is_deaf(struct view ident)
{
	const size_t skip = sizeof("SSH-2.0-") - 1;

	for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++) {
		size_t len = strlen(deaf[i]);

		if (ident.len >= skip + len && memcmp(ident.data + skip, deaf[i], len) == 0)
			return true;
	}
	return false;
}

void
gate_hostkeys(const struct gate_env *env, struct turn *t)
{
	const struct hostkey_list *l = &env->exchange.keys.list;
	struct put *w = &t->act->step.w;
	size_t mark;

	if (l->all_count == 0 || is_deaf(t->note.ident_peer))
		return;
	mark = step_record_open(&t->act->step, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(w, "hostkeys-00@openssh.com");
	put_bool(w, false);
	for (uint32_t i = 0; i < l->all_count; i++)
		put_sview(w, l->all[i]);
	step_record_close(&t->act->step, mark);
}
