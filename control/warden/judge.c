#include "control/warden/judge.h"

#include "abi/link/grant.h"
#include "control/conf.h"

static const struct {
	unsigned needs;
	enum judge_verdict yes;
	enum judge_verdict no;
} rules[JUDGE_REQUEST_COUNT] = {
	/* nothing is ever enough for "none" */
	[JUDGE_NONE] = { ~0u, JUDGE_NO_UNCOUNTED, JUDGE_NO_UNCOUNTED },
	[JUDGE_QUERY] = { JUDGE_METHOD | JUDGE_ACCOUNT | JUDGE_ALLOWED | JUDGE_KEY, JUDGE_KEY_WOULD_DO,
	    JUDGE_NO },
	[JUDGE_PROOF] = { JUDGE_METHOD | JUDGE_ACCOUNT | JUDGE_ALLOWED | JUDGE_KEY | JUDGE_SIGNED, JUDGE_YES,
	    JUDGE_NO },
	[JUDGE_PASSWORD] = { JUDGE_METHOD | JUDGE_ACCOUNT | JUDGE_ALLOWED | JUDGE_DIALOGUE, JUDGE_YES,
	    JUDGE_NO },
	[JUDGE_KBDINT] = { JUDGE_METHOD | JUDGE_ACCOUNT | JUDGE_ALLOWED | JUDGE_DIALOGUE, JUDGE_YES,
	    JUDGE_NO },
};

enum judge_verdict
judge(enum judge_request request, unsigned flags)
{
	if ((unsigned)request >= JUDGE_REQUEST_COUNT)
		return JUDGE_NO;
	return (flags & rules[request].needs) == rules[request].needs ? rules[request].yes
								      : rules[request].no;
}

const char *
judge_account(const struct judge_policy *p, const struct judge_account *a)
{
	/* No key line with a forced command is accepted yet, so that setting lets
	 * nobody in. */
	if (a->root && (p->permit_root == CONF_ROOT_NO || p->permit_root == CONF_ROOT_FORCED_ONLY))
		return "root login is refused";
	if (a->root && p->password && p->permit_root != CONF_ROOT_YES)
		return "root logs in with a key only";
	if (!a->shell_there)
		return "shell does not exist";
	if (!a->shell_runs)
		return "shell is not executable";
	if (p->use_pam)
		return NULL;
	if (a->locked)
		return "account is locked";
	if (a->expired)
		return "account has expired";
	if (a->nologin)
		return "logins are closed by the nologin file";
	return NULL;
}

bool
judge_name(struct view user)
{
	if (user.len == 0 || user.len >= GRANT_NAME_MAX || user.data[0] == '-')
		return false;
	for (size_t i = 0; i < user.len; i++)
		if (user.data[i] < 0x20 || user.data[i] == 0x7f || user.data[i] == '/' || user.data[i] == ':')
			return false;
	return true;
}
