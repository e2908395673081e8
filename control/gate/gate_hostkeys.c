/*
 * hostkeys-00@openssh.com (draft-miller-sshm-hostkey-update section 3.1): the client is
 * told all host keys, so that it knows the next one before the old one goes. Once in a
 * connection: it goes out in the very entry that makes the login, and so never again.
 */
#include "control/gate/gate.h"
#include "control/kex/quirks.h"

void
gate_hostkeys(const struct gate_env *env, struct turn *t)
{
	const struct hostkey_list *l = &env->exchange.keys.list;
	struct put *w = &t->act->step.w;
	size_t mark;

	if (l->all_count == 0 || (quirks_of(t->note.ident_peer) & QUIRK_NO_HOSTKEYS) != 0)
		return;
	mark = step_record_open(&t->act->step, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(w, "hostkeys-00@openssh.com");
	put_bool(w, false);
	for (uint32_t i = 0; i < l->all_count; i++)
		put_sview(w, l->all[i]);
	step_record_close(&t->act->step, mark);
}
