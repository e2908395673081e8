/*
 * Commands from the steward to the worker, and events back: two rings in memory
 * of this process, each with one producer and one consumer. Neither side waits
 * for the other; a full ring is retried by who has something to say.
 */
#ifndef POSTERN_DATAPLANE_WORKER_CMD_H
#define POSTERN_DATAPLANE_WORKER_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/link/attach.h"

#define CMD_COUNT 32u

struct link;
struct capture;

enum cmd_type {
	/* steward -> worker */
	CMD_CONF = 1,     /* data: fields of ATTACH_CONF behind the generation */
	CMD_LINK_ADD,     /* tag, l: complete but for its id; the worker's until LINK_GONE */
	CMD_LINK_DROP,    /* link: its process died */
	CMD_LINK_END,     /* link: HOST_END */
	CMD_FIRST_HASH,   /* conn, gen, data: hash */
	CMD_GRANT,        /* conn, gen, data: grant image */
	CMD_KILL,         /* conn, gen, reason */
	CMD_REKEY,        /* conn, gen */
	CMD_SNAPSHOT,     /* tag: EV_CONN for each, then EV_SNAPSHOT_END */
	CMD_STOP,
	CMD_LIST,         /* tag: EV_ROWS until the last one */
	CMD_LIST_TCP,     /* tag, data: page (abi/link/rows.h): the same */
	CMD_CAPTURE,      /* tag, capture: the worker's until EV_CAPTURE_GONE */
	CMD_CAPTURE_STOP, /* tag */
	/* worker -> steward */
	EV_LINK_ADDED,    /* tag, l, link, reason: with a reason it was not taken */
	EV_LINK_GONE,     /* l, link, reason: the steward's again */
	EV_CONN,          /* data: what ATTACH_CONN says behind the worker */
	EV_CONN_CLOSED,   /* conn, gen, reason */
	EV_FIRST_HASH_STORED, /* conn, gen, reason */
	EV_GRANT_STORED,  /* conn, gen, reason */
	EV_SNAPSHOT_END,  /* tag */
	EV_STOPPED,
	EV_CAPTURE_ADDED, /* capture, reason: with a reason it was not taken */
	EV_CAPTURE_GONE,  /* capture: the steward's again */
	EV_ROWS,          /* tag, reason 1: the last; data: rows (abi/link/rows.h) */
};

struct cmd {
	uint32_t type;
	uint32_t tag;
	uint32_t conn;
	uint32_t gen;
	uint32_t link;
	uint32_t reason;
	struct link *l;
	struct capture *capture;
	uint32_t len;
	uint8_t data[ATTACH_MESSAGE_MAX];
};

struct cmd_queue {
	_Alignas(64) uint32_t head; /* written by the producer */
	_Alignas(64) uint32_t tail; /* written by the consumer */
	struct cmd slot[CMD_COUNT];
};

/* cmd_slot(q): the next slot to fill, cleared but for its data; NULL when full. */
struct cmd *cmd_slot(struct cmd_queue *q);
/* cmd_push(q): publish the slot that cmd_slot gave. */
void cmd_push(struct cmd_queue *q);

/* cmd_peek(q): the oldest, or NULL. cmd_pop(q): it is finished. */
struct cmd *cmd_peek(struct cmd_queue *q);
void cmd_pop(struct cmd_queue *q);

#endif
