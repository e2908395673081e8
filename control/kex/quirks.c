/* The versions are those that OpenSSH's compat.c knows, as of 10.0. */
#include "control/kex/quirks.h"

struct quirk_row {
	const char *software; /* what follows "SSH-2.0-"; with * at the end: what begins so */
	unsigned quirks;
};

/* The first row that fits counts. */
static const struct quirk_row rows[] = {
	{ "OpenSSH_6.6.1*", 0 },
	{ "OpenSSH_6.5*", QUIRK_CURVE25519_PAD },
	{ "OpenSSH_6.6*", QUIRK_CURVE25519_PAD },
	{ "Cisco-1.*", QUIRK_NO_HOSTKEYS },
	{ "PuTTY_Local:*", QUIRK_DHGEX_OLD },
	{ "PuTTY-Release-0.5*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.5*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.60*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.61*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.62*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.63*", QUIRK_DHGEX_OLD },
	{ "PuTTY_Release_0.64*", QUIRK_DHGEX_OLD },
	{ "FuTTY*", QUIRK_DHGEX_OLD },
	{ "TeraTerm SSH*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/1.5.*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.1*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.2*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.3*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.4*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.5*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.6*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.70*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.71*", QUIRK_NO_HOSTKEYS },
	{ "TTSSH/2.72*", QUIRK_NO_HOSTKEYS },
	{ "WinSCP_release_4*", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.0*", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.1", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.1.*", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.5", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.5.*", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.6", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.6.*", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.7", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.7.1", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.7.2", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.7.3", QUIRK_DHGEX_OLD },
	{ "WinSCP_release_5.7.4", QUIRK_DHGEX_OLD },
};

static bool
fits(const char *pattern, struct view software)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] != '*')
		return view_is(software, pattern);
	return software.len >= len - 1 && memcmp(software.data, pattern, len - 1) == 0;
}

/* Behind "SSH-" and the version of the protocol. */
static struct view
software_of(struct view ident)
{
	const uint8_t *dash = ident.len > 4 ? memchr(ident.data + 4, '-', ident.len - 4) : NULL;

	if (dash == NULL)
		return view_of(NULL, 0);
	return view_of(dash + 1, (size_t)(ident.data + ident.len - dash - 1));
}

unsigned
quirks_of(struct view ident)
{
	struct view software = software_of(ident);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (software.len > 0 && fits(rows[i].software, software))
			return rows[i].quirks;
	return 0;
}

bool
quirks_withhold(unsigned quirks, struct view method)
{
	if ((quirks & QUIRK_CURVE25519_PAD) != 0 &&
	    (view_is(method, "curve25519-sha256@libssh.org") || view_is(method, "curve25519-sha256")))
		return true;
	return (quirks & QUIRK_DHGEX_OLD) != 0 && fits("diffie-hellman-group-exchange-*", method);
}
