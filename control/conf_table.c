/*
 * Every keyword: our own, sshd's that are served, and all others of
 * sshd_config(5) as of OpenSSH 10 with what becomes of them.
 *
 * A keyword that is not served is CONF_K_WARN where ignoring it can only close
 * something (a method, a forwarding, a source of keys that is not there), and
 * CONF_K_REFUSE where somebody whom the administrator meant to keep out or to
 * confine would be let in. Values in `fine` ask for what we do anyway.
 */
#include "control/conf_row.h"

#include <strings.h>

#include "control/kex/names.h"
#include "control/log.h"

#define OFF(field) .off = offsetof(struct conf, field)
#define SIZE(field) .size = sizeof((struct conf *)NULL)->field
#define ELEMENT(field) .size = sizeof((struct conf *)NULL)->field[0]
#define LISTED(field) OFF(field), .count_off = offsetof(struct conf, field##_count), ELEMENT(field)

#define FLAG(NAME, field) { .name = NAME, .kind = CONF_K_FLAG, OFF(field) }
#define NUMBER(NAME, field, lo, hi) \
	{ .name = NAME, .kind = CONF_K_NUMBER, OFF(field), .min = lo, .max = hi }
#define TIME(NAME, field) { .name = NAME, .kind = CONF_K_TIME, OFF(field), .max = INT32_MAX }
#define TEXT(NAME, field) { .name = NAME, .kind = CONF_K_TEXT, OFF(field), SIZE(field) }
#define PATH(NAME, field, need) \
	{ .name = NAME, .kind = CONF_K_PATH, OFF(field), SIZE(field), .min = need }
/* what fits into a socket's address */
#define SOCKET(NAME, field) \
	{ .name = NAME, .kind = CONF_K_PATH, OFF(field), .size = 108, .min = 1 }
#define WARN(NAME, FINE, WHY) { .name = NAME, .kind = CONF_K_WARN, .fine = FINE, .why = WHY }
#define REFUSE(NAME, FINE, WHY) { .name = NAME, .kind = CONF_K_REFUSE, .fine = FINE, .why = WHY }
#define ALGORITHMS(NAME, field, LIST, SERVED, FOREIGN, PROFILES) \
	{ .name = NAME, .kind = CONF_K_ALGORITHMS, OFF(field), SIZE(field), .fine = SERVED, \
	    .foreign = FOREIGN, .profiles = PROFILES, .list = LIST }
#define ALIAS(NAME, REAL) { .name = NAME, .kind = CONF_K_ALIAS, .why = REAL }

static const struct conf_word root_words[] = {
	{ "no", CONF_ROOT_NO },
	{ "prohibit-password", CONF_ROOT_PROHIBIT_PASSWORD },
	{ "without-password", CONF_ROOT_PROHIBIT_PASSWORD },
	{ "forced-commands-only", CONF_ROOT_FORCED_ONLY },
	{ "yes", CONF_ROOT_YES },
	{ NULL, 0 },
};

static const struct conf_word compression_words[] = {
	{ "no", CONF_COMPRESSION_NO },
	{ "yes", CONF_COMPRESSION_YES },
	{ "delayed", CONF_COMPRESSION_DELAYED },
	{ NULL, 0 },
};

static const struct conf_word dad_words[] = {
	{ "no", CONF_DAD_NO },
	{ "optimistic", CONF_DAD_OPTIMISTIC },
	{ "yes", CONF_DAD_YES },
	{ NULL, 0 },
};

/* sshd's finer levels fall on ours; the dump writes the first name of a value. */
static const struct conf_word level_words[] = {
	{ "ERROR", LOG_L_ERROR },
	{ "QUIET", LOG_L_ERROR },
	{ "FATAL", LOG_L_ERROR },
	{ "INFO", LOG_L_INFO },
	{ "VERBOSE", LOG_L_INFO },
	{ "DEBUG", LOG_L_DEBUG },
	{ "DEBUG1", LOG_L_DEBUG },
	{ "DEBUG2", LOG_L_DEBUG },
	{ "DEBUG3", LOG_L_DEBUG },
	{ NULL, 0 },
};

static const struct conf_word forward_words[] = {
	{ "no", CONF_FORWARD_NO },
	{ "yes", CONF_FORWARD_YES },
	{ "all", CONF_FORWARD_YES },
	{ "local", CONF_FORWARD_LOCAL },
	{ "remote", CONF_FORWARD_REMOTE },
	{ NULL, 0 },
};

static const struct conf_word gateway_words[] = {
	{ "no", CONF_GATEWAY_NO },
	{ "yes", CONF_GATEWAY_YES },
	{ "clientspecified", CONF_GATEWAY_CLIENT },
	{ NULL, 0 },
};

static const struct conf_word profile_words[] = {
	{ "modern", CONF_PROFILE_MODERN },
	{ "line-rate", CONF_PROFILE_LINE_RATE },
	{ "cnsa", CONF_PROFILE_CNSA },
	{ NULL, 0 },
};

/* In the order of enum conf_profile. */
static const char *const kex_lists[] = { KEX_NAMES, KEX_NAMES, CNSA_KEX };
static const char *const host_key_lists[] = { HOST_KEY_NAMES, HOST_KEY_NAMES, CNSA_HOST_KEYS };
static const char *const sign_lists[] = { SIGN_NAMES, SIGN_NAMES, CNSA_SIGN };
static const char *const cipher_lists[] = { CIPHER_NAMES, LINE_RATE_CIPHERS, CNSA_CIPHERS };
static const char *const mac_lists[] = { MAC_NAMES, MAC_NAMES, CNSA_MACS };

static const char no_forward[] = "tunnels are not served";
static const char no_gssapi[] = "GSSAPI authentication is not served";
static const char no_hostbased[] = "host-based authentication is not served";
static const char no_kerberos[] = "Kerberos passwords are not served";
static const char no_certs[] = "certificates are not accepted yet";
static const char no_sk[] = "security keys are not accepted yet";
static const char who_may[] = "not served yet: ignoring it would let in people whom it keeps out";
static const char confine[] = "not served yet: ignoring it would leave people unconfined";
static const char limits[] = "not served yet: ignoring it would lift a limit";
static const char obsolete[] = "sshd itself ignores this keyword now";

const struct conf_row conf_rows[] = {
	/* ours: the dataplane */
	{ .name = "Nic", .kind = CONF_K_NIC, OFF(nic), SIZE(nic) },
	{ .name = "Address", .kind = CONF_K_ADDRESSES, LISTED(address), .min = 1 },
	{ .name = "Gateway", .kind = CONF_K_ADDRESSES, LISTED(gateway) },
	{ .name = "Route", .kind = CONF_K_ROUTE, LISTED(route) },
	NUMBER("Vlan", vlan, 0, 4094),
	FLAG("ReplyToSender", reply_to_sender),
	FLAG("AddressProbe", address_probe),
	{ .name = "VirtualRouter", .kind = CONF_K_VRRP, LISTED(vrrp) },
	{ .name = "DuplicateAddressDetection", .kind = CONF_K_WORD, OFF(address_detection), .words = dad_words },
	NUMBER("Workers", workers, 1, 32),
	{ .name = "WorkerCPUs", .kind = CONF_K_CPUS, OFF(worker_cpus), SIZE(worker_cpus) },
	NUMBER("GateProcesses", gates, 1, 64),
	NUMBER("ClerkProcesses", clerks, 1, 64),
	NUMBER("DataplaneMemory", memory_mb, 32, 1048576),
	FLAG("HugePages", huge_pages),
	NUMBER("MaxConnections", conn_max, 1, 1048576),
	{ .name = "TCPTimeWait", .kind = CONF_K_TIME, OFF(time_wait_s), .min = 1, .max = 240 },
	FLAG("TCPPacing", tcp_pacing),
	NUMBER("ChaffInterval", chaff_ms, 0, 1000),
	/* ours: PAM's dialogues */
	{ .name = "PAMDialogueTime", .kind = CONF_K_TIME, OFF(dialogue_s), .min = 1, .max = 3600 },
	NUMBER("PAMMaxDialogues", dialogues_max, 1, CONF_DIALOGUES_MAX),
	NUMBER("PAMMaxDialoguesPerSource", dialogues_per_source, 1, CONF_DIALOGUES_MAX),
	/* ours: plugins and paths */
	PATH("PluginDir", plugin_dir, 1),
	{ .name = "PluginAnswerTime", .kind = CONF_K_TIME, OFF(answer_s), .min = 1, .max = 3600 },
	SOCKET("DataplaneSocket", dataplane_socket),
	SOCKET("ControlSocket", control_socket),
	TEXT("ControlGroup", control_group),
	PATH("LogFile", log_file, 0),

	/* sshd's, served */
	{ .name = "Port", .kind = CONF_K_PORT, OFF(port) },
	{ .name = "ListenAddress", .kind = CONF_K_LISTEN, LISTED(listen) },
	{ .name = "HostKey", .kind = CONF_K_PATHS, LISTED(host_key), .min = 1 },
	{ .name = "HostCertificate", .kind = CONF_K_PATHS, LISTED(host_certificate) },
	{ .name = "HostKeyAgent", .kind = CONF_K_PATH, OFF(host_key_agent), SIZE(host_key_agent), .fine = CONF_AGENT_ENV },
	{ .name = "AuthorizedKeysFile", .kind = CONF_K_LIST_ONCE, LISTED(authorized_keys) },
	FLAG("PubkeyAuthentication", pubkey_authentication),
	NUMBER("RequiredRSASize", required_rsa_size, 1024, 16384),
	FLAG("PasswordAuthentication", password_authentication),
	FLAG("KbdInteractiveAuthentication", kbd_interactive),
	ALIAS("ChallengeResponseAuthentication", "KbdInteractiveAuthentication"),
	ALIAS("SkeyAuthentication", "KbdInteractiveAuthentication"),
	FLAG("PermitEmptyPasswords", permit_empty_passwords),
	FLAG("StrictModes", strict_modes),
	FLAG("UsePAM", use_pam),
	TEXT("PAMServiceName", pam_service),
	{ .name = "PermitRootLogin", .kind = CONF_K_WORD, OFF(permit_root_login), .words = root_words },
	TIME("LoginGraceTime", login_grace_s),
	NUMBER("MaxAuthTries", max_auth_tries, 1, 1000),
	NUMBER("MaxChannels", max_channels, 1, 256),
	NUMBER("MaxSessions", max_sessions, 0, 1000),
	{ .name = "RekeyLimit", .kind = CONF_K_REKEY },
	{ .name = "Compression", .kind = CONF_K_WORD, OFF(compression), .words = compression_words },
	TIME("ClientAliveInterval", alive_interval_s),
	NUMBER("ClientAliveCountMax", alive_count_max, 0, INT32_MAX),
	FLAG("TCPKeepAlive", tcp_keepalive),
	ALIAS("KeepAlive", "TCPKeepAlive"),
	{ .name = "IPQoS", .kind = CONF_K_QOS },
	{ .name = "MaxStartups", .kind = CONF_K_STARTUPS },
	{ .name = "PerSourceMaxStartups", .kind = CONF_K_SOURCE_STARTUPS },
	{ .name = "PerSourceNetBlockSize", .kind = CONF_K_NET_BLOCK },
	TEXT("VersionAddendum", version_addendum),
	{ .name = "AcceptEnv", .kind = CONF_K_LIST, LISTED(accept_env) },
	{ .name = "LogLevel", .kind = CONF_K_WORD, OFF(log_level), .words = level_words },
	FLAG("PrintLastLog", print_last_log),
	FLAG("PrintMotd", print_motd),
	FLAG("PermitTTY", permit_tty),
	FLAG("PermitUserRC", permit_user_rc),
	FLAG("DisableForwarding", disable_forwarding),
	{ .name = "AllowTcpForwarding", .kind = CONF_K_WORD, OFF(allow_tcp), .words = forward_words },
	{ .name = "AllowStreamLocalForwarding", .kind = CONF_K_WORD, OFF(allow_streamlocal),
	    .words = forward_words },
	{ .name = "GatewayPorts", .kind = CONF_K_WORD, OFF(gateway_ports), .words = gateway_words },
	{ .name = "PermitOpen", .kind = CONF_K_PERMIT, LISTED(permit_open) },
	{ .name = "PermitListen", .kind = CONF_K_PERMIT, LISTED(permit_listen), .min = 1 },
	{ .name = "StreamLocalBindMask", .kind = CONF_K_MASK, OFF(streamlocal_mask) },
	FLAG("StreamLocalBindUnlink", streamlocal_unlink),
	FLAG("AllowAgentForwarding", allow_agent),
	FLAG("X11Forwarding", x11_forwarding),
	FLAG("X11UseLocalhost", x11_localhost),
	NUMBER("X11DisplayOffset", x11_offset, 0, CONF_X11_DISPLAY_MAX),
	PATH("XAuthLocation", xauth, 0),
	{ .name = "Subsystem", .kind = CONF_K_SUBSYSTEM },
	{ .name = "Include", .kind = CONF_K_INCLUDE },
	{ .name = "Match", .kind = CONF_K_MATCH },

	/* the choice of algorithms, the first of it ours */
	{ .name = "AlgorithmProfile", .kind = CONF_K_WORD, OFF(profile), .words = profile_words },
	ALGORITHMS("Ciphers", ciphers, CONF_LIST_CIPHERS, CIPHER_SERVED, CIPHER_FOREIGN, cipher_lists),
	ALGORITHMS("MACs", macs, CONF_LIST_MACS, MAC_SERVED, MAC_FOREIGN, mac_lists),
	ALGORITHMS("KexAlgorithms", kex_algorithms, CONF_LIST_KEX, KEX_SERVED, KEX_FOREIGN, kex_lists),
	ALGORITHMS("HostKeyAlgorithms", host_key_algorithms, CONF_LIST_HOST_KEYS, HOST_KEY_SERVED, SIGN_FOREIGN,
	    host_key_lists),
	ALGORITHMS("PubkeyAcceptedAlgorithms", pubkey_algorithms, CONF_LIST_SIGN, SIGN_SERVED, SIGN_FOREIGN,
	    sign_lists),
	ALIAS("PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms"),
	PATH("ModuliFile", moduli_file, 0),

	/* who may log in, and as what */
	REFUSE("AllowUsers", NULL, who_may),
	REFUSE("DenyUsers", NULL, who_may),
	REFUSE("AllowGroups", NULL, who_may),
	REFUSE("DenyGroups", NULL, who_may),
	REFUSE("AuthenticationMethods", "any", who_may),
	REFUSE("RevokedKeys", "none", "not served yet: ignoring it would accept revoked keys"),
	REFUSE("RefuseConnection", "no", who_may),
	REFUSE("AddressFamily", "any", "say which addresses are served with Address"),
	REFUSE("RDomain", "none", "routing domains are not served"),
	REFUSE("ForceCommand", "none", confine),
	REFUSE("ChrootDirectory", "none", confine),
	REFUSE("ChannelTimeout", "none", limits),
	REFUSE("UnusedConnectionTimeout", "none 0", limits),
	REFUSE("PerSourcePenalties", "no", limits),
	WARN("PerSourcePenaltyExemptList", "none", "there are no penalties yet"),

	/* methods and sources of keys that are not there */
	ALIAS("DSAAuthentication", "PubkeyAuthentication"),
	WARN("AuthorizedKeysCommand", "none", "no command is asked for keys yet"),
	WARN("AuthorizedKeysCommandUser", "none", "no command is asked for keys yet"),
	WARN("AuthorizedPrincipalsFile", "none", no_certs),
	WARN("AuthorizedPrincipalsCommand", "none", no_certs),
	WARN("AuthorizedPrincipalsCommandUser", "none", no_certs),
	WARN("TrustedUserCAKeys", "none", no_certs),
	WARN("CASignatureAlgorithms", NULL, no_certs),
	WARN("PubkeyAuthOptions", "none", no_sk),
	WARN("SecurityKeyProvider", "internal", no_sk),
	WARN("HostbasedAuthentication", "no", no_hostbased),
	WARN("HostbasedAcceptedAlgorithms", NULL, no_hostbased),
	ALIAS("HostbasedAcceptedKeyTypes", "HostbasedAcceptedAlgorithms"),
	WARN("HostbasedUsesNameFromPacketOnly", "no", no_hostbased),
	WARN("IgnoreRhosts", "yes", no_hostbased),
	WARN("IgnoreUserKnownHosts", "no yes", no_hostbased),
	WARN("GSSAPIAuthentication", "no", no_gssapi),
	WARN("GSSAPICleanupCredentials", "yes no", no_gssapi),
	WARN("GSSAPIDelegateCredentials", "no", no_gssapi),
	WARN("GSSAPIKeyExchange", "no", no_gssapi),
	WARN("GSSAPIKexAlgorithms", NULL, no_gssapi),
	WARN("GSSAPIStoreCredentialsOnRekey", "no", no_gssapi),
	WARN("GSSAPIStrictAcceptorCheck", "yes no", no_gssapi),
	WARN("KerberosAuthentication", "no", no_kerberos),
	WARN("KerberosGetAFSToken", "no", no_kerberos),
	WARN("KerberosOrLocalPasswd", "yes no", no_kerberos),
	WARN("KerberosTicketCleanup", "yes no", no_kerberos),

	/* what a login could do, and cannot yet */
	WARN("PermitTunnel", "no", no_forward),
	WARN("PermitUserEnvironment", "no", "~/.ssh/environment is not read"),
	WARN("SetEnv", NULL, "no variables are set for logins yet"),
	WARN("ExposeAuthInfo", "no", "SSH_USER_AUTH is not set"),
	WARN("Banner", "none", "no banner is sent yet"),

	/* matters of sshd's own making */
	WARN("DebianBanner", "no", "our identification has no such suffix"),
	WARN("FingerprintHash", "sha256", "fingerprints are SHA256"),
	WARN("LogVerbose", "none", "set LogLevel instead"),
	WARN("PidFile", "none", "no process id file is written"),
	WARN("SshdAuthPath", NULL, "there is no such program here"),
	WARN("SshdSessionPath", NULL, "there is no such program here"),
	WARN("SyslogFacility", NULL, "log lines go to LogFile or standard error"),
	WARN("UseDNS", "no", "addresses are not looked up"),
	WARN("AFSTokenPassing", "no", no_kerberos),
	WARN("KerberosTgtPassing", "no", no_kerberos),
	WARN("AuthorizedKeysFile2", NULL, "name the file in AuthorizedKeysFile"),
	WARN("CheckMail", NULL, obsolete),
	WARN("KeyRegenerationInterval", NULL, obsolete),
	WARN("PAMAuthenticationViaKbdInt", NULL, obsolete),
	WARN("Protocol", "2", obsolete),
	WARN("ReverseMappingCheck", NULL, obsolete),
	WARN("RhostsAuthentication", "no", obsolete),
	WARN("RhostsRSAAuthentication", "no", obsolete),
	WARN("RSAAuthentication", NULL, obsolete),
	WARN("ServerKeyBits", NULL, obsolete),
	WARN("UseLogin", "no", obsolete),
	WARN("UsePrivilegeSeparation", NULL, obsolete),
	WARN("VerifyReverseMapping", NULL, obsolete),
};

const size_t conf_row_count = sizeof conf_rows / sizeof conf_rows[0];

const struct conf_row *
conf_row_find(const char *name)
{
	for (size_t i = 0; i < conf_row_count; i++) {
		if (strcasecmp(conf_rows[i].name, name) != 0)
			continue;
		if (conf_rows[i].kind != CONF_K_ALIAS)
			return &conf_rows[i];
		name = conf_rows[i].why;
		i = (size_t)-1;
	}
	return NULL;
}
