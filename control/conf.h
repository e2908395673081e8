/*
 * postern.conf: sshd_config syntax and keywords, plus our own.
 *
 * conf_parse reads a whole text into a struct; nothing is half applied. Errors
 * name file, line, what was found and what was expected, and for an unknown
 * word the nearest known one. Keywords are rows of one table (conf_table.c).
 */
#ifndef POSTERN_CONTROL_CONF_H
#define POSTERN_CONTROL_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_PATH "/etc/postern/postern.conf"
#define CONF_LIST_MAX 16
#define CONF_SUBSYSTEMS_MAX 64
#define CONF_NAME_MAX 256
#define CONF_XAUTH "/usr/bin/xauth"
#define CONF_X11_DISPLAY_MAX 59000 /* port 6000 above it is still one */
#define CONF_AGENT_ENV "SSH_AUTH_SOCK" /* the socket that this variable names */
#define CONF_ALGORITHMS_MAX 1024 /* a list of algorithms */

struct conf_subsystem {
	char name[64];
	char plugin[64];          /* plugin id: "echo", "sftp" */
	char command[CONF_NAME_MAX]; /* run through exec instead, or "" */
	char arguments[CONF_NAME_MAX]; /* of internal-sftp, one blank between them, or "" */
};

struct conf_address {
	uint8_t family;           /* 4 or 6 */
	uint8_t prefix;
	uint8_t b[16];
};

struct conf_route {
	struct conf_address to;
	uint8_t gateway[16];      /* of the same family */
};

#define CONF_VRRP_MAX 8
#define CONF_VRRP_ADDRS 8

struct conf_vrrp {
	uint8_t family;           /* 4 or 6 */
	uint8_t vrid;
	uint8_t priority;
	uint8_t addr_count;
	uint16_t interval;        /* centiseconds */
	bool preempt;
	bool accept;
	uint8_t addr[CONF_VRRP_ADDRS][16];
};

#define CONF_QOS_NONE 64u /* beyond the six bits of a DSCP */

struct conf {
	/* dataplane */
	char nic[CONF_NAME_MAX];          /* Nic: "af_packet:IFACE" */
	struct conf_address address[CONF_LIST_MAX]; /* Address a.b.c.d/len, repeated */
	uint32_t address_count;
	struct conf_address gateway[CONF_LIST_MAX]; /* Gateway */
	uint32_t gateway_count;
	struct conf_route route[CONF_LIST_MAX]; /* Route a.b.c.d/len gateway, repeated */
	uint32_t route_count;
	struct conf_address listen[CONF_LIST_MAX]; /* ListenAddress; none: every Address */
	uint32_t listen_count;
	uint32_t vlan;                    /* Vlan; 0: frames without tags */
	bool reply_to_sender;             /* ReplyToSender yes|no */
	struct conf_vrrp vrrp[CONF_VRRP_MAX]; /* VirtualRouter, a line each */
	uint32_t vrrp_count;
	bool address_probe;               /* AddressProbe yes|no: IPv4 */
	int address_detection;            /* DuplicateAddressDetection: enum conf_dad */
	uint32_t workers;
	char worker_cpus[CONF_NAME_MAX];  /* "0,2"; empty: those there are */
	uint32_t gates;                   /* GateProcesses */
	uint32_t clerks;                  /* ClerkProcesses */
	uint32_t memory_mb;               /* DataplaneMemory */
	bool huge_pages;                  /* HugePages yes|no */
	uint32_t conn_max;                /* MaxConnections */
	uint32_t time_wait_s;             /* TCPTimeWait */
	bool tcp_pacing;
	/* sshd's */
	uint16_t port;
	char host_key[CONF_LIST_MAX][CONF_NAME_MAX];
	uint32_t host_key_count;
	char host_certificate[CONF_LIST_MAX][CONF_NAME_MAX];
	uint32_t host_certificate_count;
	char host_key_agent[108];         /* HostKeyAgent: socket, or CONF_AGENT_ENV; "": none */
	char authorized_keys[CONF_LIST_MAX][CONF_NAME_MAX]; /* patterns with %h %u %% */
	uint32_t authorized_keys_count;
	int profile;                      /* AlgorithmProfile: enum conf_profile */
	/* comma separated names that are served, in order; never empty */
	char kex_algorithms[CONF_ALGORITHMS_MAX];
	char host_key_algorithms[CONF_ALGORITHMS_MAX];
	char pubkey_algorithms[CONF_ALGORITHMS_MAX];
	char ciphers[CONF_ALGORITHMS_MAX];
	char macs[CONF_ALGORITHMS_MAX];
	char moduli_file[CONF_NAME_MAX]; /* ModuliFile; "": no group exchange */
	int compression;            /* enum conf_compression; Compression */
	uint32_t required_rsa_size; /* bits, of host and user keys */
	bool pubkey_authentication;
	bool strict_modes;
	bool password_authentication;     /* PAM's: in effect with use_pam only */
	bool kbd_interactive;             /* the same */
	bool permit_empty_passwords;
	bool use_pam;
	int permit_root_login;            /* enum conf_root */
	uint32_t login_grace_s;
	uint32_t max_auth_tries;
	uint32_t max_sessions;
	uint32_t max_channels;   /* sessions and others */
	uint64_t rekey_bytes;
	uint32_t rekey_s;
	uint32_t alive_interval_s;
	uint32_t alive_count_max;
	uint32_t chaff_ms;        /* ChaffInterval; 0: none */
	bool tcp_keepalive;
	uint32_t startups_begin;          /* MaxStartups: connections before login; full 0: none */
	uint32_t startups_rate;           /* percent refused from begin on */
	uint32_t startups_full;
	uint32_t startups_source;         /* PerSourceMaxStartups; 0: none */
	uint32_t net_block4, net_block6;  /* PerSourceNetBlockSize: bits that make a source */
	uint32_t qos_interactive;         /* IPQoS: a DSCP, or CONF_QOS_NONE */
	uint32_t qos_bulk;
	char version_addendum[128];
	char accept_env[CONF_LIST_MAX][64];
	uint32_t accept_env_count;
	int log_level;
	bool print_motd;
	bool print_last_log;
	bool permit_tty;
	bool permit_user_rc;
	/* sshd's: forwarding */
	bool disable_forwarding;          /* of every kind, agent and X11 too */
	int allow_tcp;                    /* enum conf_forward; AllowTcpForwarding */
	int allow_streamlocal;            /* AllowStreamLocalForwarding */
	int gateway_ports;                /* enum conf_gateway */
	char permit_open[CONF_LIST_MAX][128]; /* PermitOpen; none: any; "none" */
	uint32_t permit_open_count;
	char permit_listen[CONF_LIST_MAX][128]; /* the same */
	uint32_t permit_listen_count;
	bool allow_agent;                 /* AllowAgentForwarding */
	bool x11_forwarding;
	bool x11_localhost;               /* X11UseLocalhost */
	uint32_t x11_offset;              /* X11DisplayOffset: the lowest display */
	char xauth[256];                  /* XAuthLocation; "none": there is none */
	uint32_t streamlocal_mask;        /* StreamLocalBindMask */
	bool streamlocal_unlink;          /* StreamLocalBindUnlink */
	char pam_service[64];
	/* ours: PAM's dialogues */
	uint32_t answer_s;                /* PluginAnswerTime, of one request of a peer */
	uint32_t dialogue_s;              /* PAMDialogueTime, of one from start to end */
	uint32_t dialogues_max;           /* PAMMaxDialogues, at one time */
	uint32_t dialogues_per_source;    /* PAMMaxDialoguesPerSource */
	/* plugins */
	char plugin_dir[CONF_NAME_MAX];
	struct conf_subsystem subsystem[CONF_SUBSYSTEMS_MAX];
	uint32_t subsystem_count;
	/* paths */
	char dataplane_socket[CONF_NAME_MAX];
	char control_socket[CONF_NAME_MAX];
	char control_group[64];           /* ControlGroup: may use it, beside root; "": nobody */
	char log_file[CONF_NAME_MAX];     /* "" : stderr */
};

#define CONF_DIALOGUES_MAX 256 /* warden has a socket to each (peers.h) */

/* Which algorithms are in effect where no list says otherwise (control/kex/names.h). */
enum conf_profile { CONF_PROFILE_MODERN = 0, CONF_PROFILE_LINE_RATE, CONF_PROFILE_CNSA, CONF_PROFILE_COUNT };

/* As ATTACH_CONF_DAD has them. */
enum conf_dad { CONF_DAD_NO = 0, CONF_DAD_OPTIMISTIC, CONF_DAD_YES };

/* Both last mean the same: packets are compressed after the login, never before. */
enum conf_compression { CONF_COMPRESSION_NO = 0, CONF_COMPRESSION_YES, CONF_COMPRESSION_DELAYED };

/* Which side may open what is forwarded. */
enum conf_forward { CONF_FORWARD_NO = 0, CONF_FORWARD_LOCAL = 1, CONF_FORWARD_REMOTE = 2, CONF_FORWARD_YES = 3 };

enum conf_gateway { CONF_GATEWAY_NO = 0, CONF_GATEWAY_YES, CONF_GATEWAY_CLIENT };

enum conf_root { CONF_ROOT_NO = 0, CONF_ROOT_PROHIBIT_PASSWORD, CONF_ROOT_FORCED_ONLY, CONF_ROOT_YES };

/* What to do with each error or warning line. */
typedef void conf_report_fn(void *ctx, bool fatal, const char *line);

void conf_default(struct conf *c);

/* conf_parse(c, text, len, file, report, ctx): defaults first. 0, or -1 after
 * at least one fatal report; *c is then not to be used. */
int conf_parse(struct conf *c, const char *text, size_t len, const char *file,
    conf_report_fn *report, void *ctx);

/* conf_load(c, path, ...): read a file and its Includes, then conf_parse. */
int conf_load(struct conf *c, const char *path, conf_report_fn *report, void *ctx);

/* conf_dump(c, put): what is in effect, one keyword a line, sshd -T style; the
 * dump parses back to the same struct. NULL: out of memory. Caller frees. */
char *conf_dump(const struct conf *c);

/* conf_methods(c): the authentication methods in effect, as message 51 lists them.
 * A constant text. */
const char *conf_methods(const struct conf *c);

#endif
