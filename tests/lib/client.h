/*
 * A scripted SSH client over a kernel TCP socket, for black-box tests.
 *
 * It does one step at a time, so that a test can stop between any two of them,
 * and sends whatever it is told whenever it is told. It knows its keys and
 * shows them. Built on control/kex in the client role and on the record layer.
 *
 * Functions return 0, or -1 with a line in `error`; when the server said
 * DISCONNECT or closed, `disconnect` and `closed` say so. Waiting ends after
 * `timeout_ms`. While it waits for something the client does what any client
 * does in between: it keeps windows open, answers global requests and PING,
 * follows EOF and CLOSE, and takes part in a key exchange that the server
 * begins. One thread. struct client is some megabytes: not for a stack.
 */
#ifndef POSTERN_TESTS_CLIENT_H
#define POSTERN_TESTS_CLIENT_H

#include <stdio.h>

#include "control/kex/kex.h"
#include "control/kex/sign.h"
#include "dataplane/ssh/record.h"
#include "dataplane/ssh/zip.h"
#include "drivers/rng/rng.h"

#define CLIENT_CHANS 256u
#define CLIENT_WINDOW (2u << 20)
#define CLIENT_EXCHANGES 256u
#define CLIENT_TAIL 65536u /* bytes of a channel's output that are kept to look at */

/* Bytes taken from the front, put at the end. */
struct client_bytes {
	uint8_t *data;
	size_t start, len, size;
};

struct client_key {
	uint8_t seed[32];
	uint8_t pub[32];
};

/* What an exchange made, for whoever looks for it elsewhere. */
struct client_secrets {
	uint8_t shared[72]; /* the number K, without leading zeros */
	size_t shared_len;
	struct kex_keys c2s, s2c;
};

struct client_chan {
	bool used;
	uint32_t peer;
	uint32_t send_window, send_max;
	uint32_t recv_window, recv_max;
	bool open, refused;
	uint32_t refusal; /* code of CHANNEL_OPEN_FAILURE */
	unsigned replies; /* CHANNEL_SUCCESS and FAILURE not looked at yet */
	bool success;     /* the last of them */
	bool eof, closed, close_sent;
	bool has_status, has_signal;
	uint32_t status;
	char signal[32];
	uint64_t received, received_ext; /* bytes of data and of stderr */
	bool hold;                       /* take data, but do not open the window again */
	uint32_t consumed;               /* bytes the window is not re-opened for yet */
	char tail[CLIENT_TAIL];
	size_t tail_len;
	FILE *out; /* data goes here too when set; the caller's */
};

struct client {
	int fd;
	int timeout_ms;
	char error[256];
	bool closed;         /* the server closed the connection */
	uint32_t disconnect; /* code of its DISCONNECT, 0: none */
	char disconnect_text[128];

	/* For the next record sent: the byte that gets a bit changed, counted from 1,
	 * from the end when negative. For all of them: bytes given to the socket at once, 0: all. */
	int flip;
	size_t chop;

	char ident_ours[256], ident_theirs[256];
	struct rng rng;
	struct record_dir in, out;
	struct cipher_ctx in_ctx, out_ctx;
	struct client_bytes inbuf, outbuf;
	struct view payload; /* the record received last */
	uint8_t *record;     /* its memory */

	/* key exchange */
	bool markers; /* offer strict kex and EXT_INFO; set by client_init */
	struct kex_offer offer; /* what else; set by client_init to all that is served */
	bool guess;   /* say that a guessed packet follows the next KEXINIT */
	bool patient; /* an exchange that the server begins waits for our steps */
	bool strict, ext_info;
	bool kexing, automatic; /* ours is out, or theirs is in; nobody steps it */
	bool kexinit_sent, kexinit_got, init_sent, reply_got, newkeys_sent, newkeys_got;
	uint8_t kexinit_ours[KEXINIT_MAX], kexinit_theirs[KEXINIT_MAX];
	size_t kexinit_ours_len, kexinit_theirs_len;
	struct kex_choice choice;
	struct kex_client_state state;
	uint8_t session_id[SSH_HASH_MAX];
	size_t session_id_len;
	bool has_session_id;
	uint8_t host_key[SIGN_KEY_MAX];
	size_t host_key_len;
	struct client_secrets secrets[CLIENT_EXCHANGES];
	unsigned exchanges;       /* completed ones */
	struct client_bytes held; /* what must wait for our NEWKEYS: u32 length, payload */

	/* login */
	char methods[256];
	bool partial;
	bool dialogue;         /* the last request was of keyboard-interactive */
	uint32_t prompt_count; /* of the last prompt */
	char server_sig_algs[256];
	unsigned banners;
	bool logged_in; /* message 52 came */

	/* compression, when offer.compression names it and the server agrees */
	struct zip_pool zip_pool;
	void *zip_mem;
	struct zip_conn zip;
	uint64_t zipped; /* bytes that were compressed */

	struct client_chan chan[CLIENT_CHANS];
	bool accept; /* channels that the server opens; else they are refused */
	unsigned global_replies;
	bool global_success;
	unsigned pongs;

	/* Told about every record received, before anything is done with it. */
	void (*watch)(struct client *, void *arg, struct view payload);
	void *watch_arg;
};

/* client_init(c, seed): cipher_start has its place here. A seed other than 0
 * makes cookies and padding repeatable. */
int client_init(struct client *c, uint64_t seed);
void client_fini(struct client *c);

/* ---- bytes and records ---- */
int client_connect(struct client *c, const char *host, const char *port);
int client_ident_send(struct client *c);
int client_ident_recv(struct client *c);
int client_raw(struct client *c, const void *data, size_t len); /* onto the wire as it is */
int client_send(struct client *c, struct view payload);         /* sealed, at once */
/* Like client_send, but after our NEWKEYS when an exchange is running. */
int client_say(struct client *c, struct view payload);
/* The server's TCP has acknowledged all that was sent, and for `ms` no byte comes. */
int client_quiet(struct client *c, int ms);
/* The next record into c->payload, with nothing done about it. */
int client_recv(struct client *c);
/* The next record, and what it asks for. */
int client_step(struct client *c);
/* Step until a record with that message number came; it is in c->payload. */
int client_expect(struct client *c, uint8_t number);
/* The server closes, with or without DISCONNECT. */
int client_expect_close(struct client *c);
int client_disconnect(struct client *c);
/* client_fail(c, text): sets error; -1. */
int client_fail(struct client *c, const char *text);

/* ---- key exchange, step by step and whole ---- */
int client_kexinit_send(struct client *c);
int client_kexinit_recv(struct client *c);
int client_kexdh_send(struct client *c);
int client_kexdh_recv(struct client *c); /* verifies the signature */
int client_newkeys_send(struct client *c);
int client_newkeys_recv(struct client *c);
int client_kex(struct client *c);                     /* what is left of an exchange, or a new one */
int client_rekeyed(struct client *c, unsigned count); /* until so many were completed */
int client_kex_in(struct client *c, uint8_t number);  /* a record of the exchange came */

/* ---- login ---- */
enum client_auth {
	CLIENT_AUTH_SUCCESS = 0,
	CLIENT_AUTH_FAILURE = 1,
	CLIENT_AUTH_PK_OK = 2,
	CLIENT_AUTH_PROMPT = 3, /* message 60 after a request of keyboard-interactive */
};

int client_service_send(struct client *c, const char *name);
int client_service_recv(struct client *c);
int client_auth_none_send(struct client *c, const char *user);
int client_auth_key_send(struct client *c, const char *user, const struct client_key *key, bool sign);
int client_auth_password_send(struct client *c, const char *user, const char *password);
int client_auth_kbdint_send(struct client *c, const char *user);
/* The same response to every one of `count` prompts. */
int client_auth_response_send(struct client *c, uint32_t count, const char *text);
/* enum client_auth, or -1. */
int client_auth_recv(struct client *c);

/* An unencrypted Ed25519 key in OpenSSH's format. */
int client_key_load(struct client_key *key, const char *path, const char **why);

/* client_login(c, host, port, user, key): everything up to USERAUTH_SUCCESS. */
int client_login(
    struct client *c, const char *host, const char *port, const char *user, const struct client_key *key);

/* ---- channels; `chan` is our number ---- */
int client_open_send(struct client *c, const char *type); /* our number, or -1 */
/* The same with a window and a maximum packet of our choice, and type specific bytes. */
int client_open_as(struct client *c, const char *type, uint32_t window, uint32_t max, struct view body);
int client_open_recv(struct client *c, int chan);         /* 0 open, 1 refused */
/* A request with its type specific bytes. */
int client_request(struct client *c, int chan, const char *name, struct view rest, bool want_reply);
int client_pty(struct client *c, int chan, const char *term, uint32_t cols, uint32_t rows);
int client_shell(struct client *c, int chan);
int client_exec(struct client *c, int chan, const char *command);
int client_subsystem(struct client *c, int chan, const char *name);
int client_env(struct client *c, int chan, const char *name, const char *value);
int client_window_change(struct client *c, int chan, uint32_t cols, uint32_t rows);
int client_signal(struct client *c, int chan, const char *name);
int client_reply(struct client *c, int chan); /* 0 success, 1 failure */
int client_write(struct client *c, int chan, const void *data, size_t len);
/* One message of data, or of another stream, whatever the window is. */
int client_data(struct client *c, int chan, uint32_t stream, struct view data);
/* Let the server send `count` bytes more; nothing is believed about the result. */
int client_adjust(struct client *c, int chan, uint32_t count);
int client_eof(struct client *c, int chan);
int client_close(struct client *c, int chan);
int client_release(struct client *c, int chan); /* hold off: open the window again */
int client_wait_text(struct client *c, int chan, const char *text);
int client_wait_bytes(struct client *c, int chan, uint64_t count);
int client_wait_eof(struct client *c, int chan);
int client_wait_exit(struct client *c, int chan); /* status or signal, or CLOSE */
int client_wait_close(struct client *c, int chan);
int client_chan_in(struct client *c, uint8_t number); /* a record of channels came */

int client_global(struct client *c, const char *name, bool want_reply);
int client_global_reply(struct client *c); /* 0 success, 1 failure */

/* ---- used between the files ---- */
int client_bytes_put(struct client_bytes *b, const void *data, size_t len);
void client_bytes_take(struct client_bytes *b, size_t len);
int client_fill(struct client *c);  /* wait for bytes and read them */
int client_flush(struct client *c); /* write all, reading meanwhile */
/* client_zip.c: a direction begins anew, or not; a payload to send, the one received */
int client_zip_out(struct client *c);
int client_zip_in(struct client *c);
int client_zip_seal(struct client *c, struct view *payload);
int client_zip_open(struct client *c);

#endif
