/*
 * Rows of the keyword table, and what parser and dump share. Not for others:
 * they read conf.h.
 */
#ifndef POSTERN_CONTROL_CONF_ROW_H
#define POSTERN_CONTROL_CONF_ROW_H

#include <stdio.h>

#include "control/conf.h"

enum conf_kind {
	CONF_K_FLAG,      /* yes or no */
	CONF_K_NUMBER,    /* u32 in min..max */
	CONF_K_TIME,      /* u32 seconds, sshd's time format */
	CONF_K_PORT,      /* u16; once */
	CONF_K_TEXT,      /* one word; "none" is the empty text */
	CONF_K_PATH,      /* the same, absolute, no blanks; "none" where min is 0; or `fine` */
	CONF_K_NIC,       /* DRIVER:DEVICE */
	CONF_K_CPUS,      /* "0,2,4" */
	CONF_K_WORD,      /* int, one of words */
	CONF_K_LIST,      /* words, repeated lines accumulate */
	CONF_K_LIST_ONCE, /* words, the first line wins; "none" is the empty list */
	CONF_K_PATHS,     /* one absolute path a line, repeated lines accumulate; "none" where min is 0 */
	CONF_K_ADDRESSES, /* address, min 1: with prefix length; lines accumulate */
	CONF_K_ROUTE,     /* network/length gateway; lines accumulate */
	CONF_K_LISTEN,    /* addresses of ours; "*" is all of them; lines accumulate */
	CONF_K_VRRP,      /* a virtual router a line */
	CONF_K_REKEY,
	CONF_K_STARTUPS,  /* START:RATE:FULL */
	CONF_K_SOURCE_STARTUPS,
	CONF_K_NET_BLOCK, /* IPv4:IPv6 prefix lengths */
	CONF_K_QOS,       /* sshd's classes of service: interactive, and bulk */
	CONF_K_PERMIT,    /* destinations, the first line wins; min 1: a port alone too */
	CONF_K_MASK,      /* u32, octal */
	CONF_K_SUBSYSTEM,
	CONF_K_INCLUDE,
	CONF_K_MATCH,
	CONF_K_ALGORITHMS, /* names out of `fine`, sshd's + - ^ forms; the first line wins */
	CONF_K_WARN,       /* sshd's, not served; leaving it out opens nothing */
	CONF_K_REFUSE,     /* sshd's, not served; leaving it out would */
	CONF_K_ALIAS,      /* another name for the keyword `why` */
	CONF_K_KIND_COUNT,
};

enum conf_list {
	CONF_LIST_CIPHERS,
	CONF_LIST_MACS,
	CONF_LIST_KEX,
	CONF_LIST_HOST_KEYS,
	CONF_LIST_SIGN,
	CONF_LIST_COUNT,
};

struct conf_word {
	const char *name;
	int value;
};

struct conf_row {
	const char *name;
	enum conf_kind kind;
	size_t off;       /* of the field in struct conf */
	size_t count_off; /* lists: of the count */
	uint32_t size;    /* text: bytes with the NUL; lists: of one element */
	uint32_t min, max;
	const struct conf_word *words; /* CONF_K_WORD; a NULL name ends */
	const char *fine;              /* path: a word that stands for one; not served: values
	                         that ask for nothing we lack,
	                         space separated; algorithms: what is served, comma separated */
	const char *foreign;           /* algorithms: what sshd knows besides */
	const char *const *profiles;   /* algorithms: the default, by enum conf_profile */
	enum conf_list list;           /* algorithms: which list it is */
	const char *why;               /* not served: the reason that people read */
};

extern const struct conf_row conf_rows[];
extern const size_t conf_row_count;

/* By name, without regard to case; aliases are followed. NULL: unknown. */
const struct conf_row *conf_row_find(const char *name);

/* The known name nearest to `name`, or NULL when none is near. */
const char *conf_row_nearest(const char *name);

/* The same of a comma separated list; false when none is near. */
#define CONF_NEAREST_MAX 64u
bool conf_nearest_of(const char *list, const char *name, char near[CONF_NEAREST_MAX]);

#define CONF_LINE_MAX 4096
#define CONF_ARGS_MAX 64
#define CONF_DEPTH_MAX 8
#define CONF_FILE_MAX (1024u * 1024u)

/* What the file says of a list of algorithms, and where; line 0: nothing. */
struct conf_wanted {
	unsigned line;
	char file[CONF_NAME_MAX];
	char text[CONF_ALGORITHMS_MAX];
};

struct conf_parser {
	struct conf *conf;
	struct conf *spare; /* where a later value of a set keyword goes */
	uint8_t *seen;      /* per row */
	struct conf_wanted *wanted; /* per enum conf_list */
	conf_report_fn *report;
	void *ctx;
	const char *dir; /* of relative Includes; NULL: no Include here */
	const char *file;
	unsigned line;
	unsigned depth;
	int errors;
	bool skipping; /* inside a Match block that was refused */
};

/* One line, cut into words. `rest` is the raw text from the second word on. */
struct conf_args {
	char *word[CONF_ARGS_MAX];
	int count;
	char rest[CONF_LINE_MAX];
};

void conf_say(struct conf_parser *p, bool fatal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The row's value into *c, errors told. conf_special.c has those that are more than
 * a value. */
typedef void conf_value_fn(
    struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a);
conf_value_fn conf_set_vrrp; /* conf_vrrp.c */
conf_value_fn conf_set_qos; /* conf_qos.c */
conf_value_fn conf_set_startups, conf_set_source_startups, conf_set_net_block; /* conf_startups.c */
conf_value_fn conf_set_permit, conf_set_mask; /* conf_permit.c */
conf_value_fn conf_set_subsystem, conf_set_include, conf_set_match, conf_set_algorithms, conf_set_unserved;

/* conf_algorithms.c: when all lines are read: one list in effect; all of them. */
void conf_finish_list(struct conf_parser *p, const struct conf_row *row);
void conf_finish_algorithms(struct conf_parser *p);

/* conf_sftp.c: check internal-sftp's arguments, from the third word on, and keep
 * them. 0, or -1 after telling what is wrong. */
#define CONF_SFTP "sftp" /* the plugin that internal-sftp means */
int conf_sftp(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a, char *to, size_t size);

/* conf_startups.c: the value, and the end of the line. */
void conf_dump_startups(FILE *f, const struct conf *c);
void conf_dump_source_startups(FILE *f, const struct conf *c);
void conf_dump_net_block(FILE *f, const struct conf *c);

/* conf_permit.c: the value, and the end of the line. */
void conf_dump_permit(FILE *f, const struct conf_row *row, const struct conf *c);
void conf_dump_mask(FILE *f, const struct conf_row *row, const struct conf *c);

/* conf_qos.c: both classes, and the end of the line. */
void conf_dump_qos(FILE *f, const struct conf *c);

/* One word, neither more nor less; told otherwise. */
bool conf_one_word(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a);
bool conf_has_control(const char *text);

/* conf_value(p, row, c, a): by its kind. */
void conf_value(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a);

/* conf_text(p, text, len, file): the lines of one file. */
void conf_text(struct conf_parser *p, const char *text, size_t len, const char *file);

/* conf_include(p, pattern): read what the pattern names. conf.c */
void conf_include(struct conf_parser *p, const char *pattern);

#endif
