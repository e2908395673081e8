/* Choosing algorithms, RFC 4253 section 7.1: the client's order decides. */
#include "control/kex/kex.h"
#include "control/kex/marker.h"
#include "control/kex/namelist.h"

/* Positions in struct kexinit's lists. */
enum { KEX, HOST_KEY, CIPHER_C2S, CIPHER_S2C, MAC_C2S, MAC_S2C, COMP_C2S, COMP_S2C };

struct suite_name {
	const char *cipher;
	const char *mac; /* empty: the cipher has its own tag */
	uint16_t suite;
};

static const struct suite_name suites[] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) { cipher, macname, number },
	SUITE_LIST(SUITE)
#undef SUITE
};

#define SUITE_NAMES (sizeof(suites) / sizeof(suites[0]))

static bool
is_marker(struct view name)
{
	return view_is(name, MARKER_EXT_INFO_C) || view_is(name, MARKER_EXT_INFO_S) ||
	       view_is(name, MARKER_STRICT_C) || view_is(name, MARKER_STRICT_S);
}

/* The first name of the client's list that the server's has too. */
static bool
choose(char out[KEX_NAME_MAX], const struct kexinit *client, const struct kexinit *server, unsigned list)
{
	struct view names = client->lists[list];
	struct view name;

	while (namelist_next(&names, &name)) {
		if (name.len >= KEX_NAME_MAX || is_marker(name))
			continue;
		if (!namelist_has_view(server->lists[list], name))
			continue;
		memcpy(out, name.data, name.len);
		out[name.len] = '\0';
		return true;
	}
	return false;
}

/* A cipher with its own tag needs no common MAC, and the names are left out of
 * the choice, as in OpenSSH. */
static bool
choose_suite(uint16_t *suite, const char *cipher, char mac[KEX_NAME_MAX], const struct kexinit *client,
    const struct kexinit *server, unsigned mac_list)
{
	bool alone = false;

	for (size_t i = 0; i < SUITE_NAMES; i++)
		if (suites[i].mac[0] == '\0' && strcmp(suites[i].cipher, cipher) == 0)
			alone = true;
	if (!alone && !choose(mac, client, server, mac_list))
		return false;
	for (size_t i = 0; i < SUITE_NAMES; i++) {
		if (suites[i].suite == SUITE_NONE || strcmp(suites[i].cipher, cipher) != 0 ||
		    strcmp(suites[i].mac, mac) != 0)
			continue;
		*suite = suites[i].suite;
		return true;
	}
	return false;
}

/* A guess is wrong when the preferred method or the preferred host key
 * algorithm differ (RFC 4253 section 7). */
static bool
guess_wrong(const struct kexinit *client, const struct kexinit *server)
{
	for (unsigned list = KEX; list <= HOST_KEY; list++) {
		struct view ours = server->lists[list], theirs = client->lists[list];
		struct view a = { NULL, 0 }, b = { NULL, 0 };

		namelist_next(&ours, &a);
		namelist_next(&theirs, &b);
		if (!view_eq(a, b))
			return true;
	}
	return false;
}

int
kex_negotiate(struct kex_choice *c, const struct kexinit *client, const struct kexinit *server)
{
	memset(c, 0, sizeof(*c));
	if (!choose(c->kex, client, server, KEX) || !choose(c->host_key, client, server, HOST_KEY) ||
	    !choose(c->cipher_c2s, client, server, CIPHER_C2S) ||
	    !choose(c->cipher_s2c, client, server, CIPHER_S2C) ||
	    !choose(c->comp_c2s, client, server, COMP_C2S) || !choose(c->comp_s2c, client, server, COMP_S2C))
		return -R_KEX_NO_MATCH;
	if (!choose_suite(&c->suite_c2s, c->cipher_c2s, c->mac_c2s, client, server, MAC_C2S) ||
	    !choose_suite(&c->suite_s2c, c->cipher_s2c, c->mac_s2c, client, server, MAC_S2C))
		return -R_KEX_NO_MATCH;
	c->skip_guess = client->follows && guess_wrong(client, server);
	return 0;
}

const char *
kex_missing(const struct kexinit *client, const struct kexinit *server, struct view *theirs)
{
	static const struct {
		unsigned list;
		const char *what;
	} lists[] = {
		{ KEX, "key exchange method" },
		{ HOST_KEY, "host key type" },
		{ CIPHER_C2S, "cipher" },
		{ CIPHER_S2C, "cipher" },
		{ COMP_C2S, "compression method" },
		{ COMP_S2C, "compression method" },
		{ MAC_C2S, "MAC" },
	};
	const size_t count = sizeof(lists) / sizeof(lists[0]);
	char name[KEX_NAME_MAX];
	size_t i = 0;

	/* MACs last: they count with some ciphers only. */
	while (i + 1 < count && choose(name, client, server, lists[i].list))
		i++;
	*theirs = client->lists[lists[i].list];
	return lists[i].what;
}
