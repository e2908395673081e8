/*
 * A step: what gate or clerk wants to happen to one connection, as the payload of
 * one DOWN(STEP) entry (op.def). All items take effect together; with a record
 * named done, effect and done are one.
 *
 * Nothing is allocated: items are written into the step's own buffer. Running out
 * of it shows in step_bad, and such a step must not be sent. Records may hold what
 * is secret (never keys: those go through a slot), so step_begin and step_wipe
 * wipe what was used.
 */
#ifndef POSTERN_CONTROL_STEP_H
#define POSTERN_CONTROL_STEP_H

#include <stdbool.h>

#include "abi/link/layout.h"
#include "abi/link/note.h"
#include "abi/link/op.h"
#include "abi/wire/cursor.h"
#include "abi/wire/ssh.h"

/* A whole note, our longest record and the small items of one step. */
#define STEP_MAX (NOTE_MAX + SSH_PAYLOAD_MAX + 4096u)

struct step {
	uint32_t conn;
	uint32_t gen;
	uint32_t serial; /* the record that is done by it, if `done` */
	bool done;
	bool used; /* there is something to send */
	struct put w;
	uint8_t buf[STEP_MAX];
};

/* step_init(s): before the first use. */
void step_init(struct step *s);

/* step_begin(s, conn, gen): an empty step for this connection. */
void step_begin(struct step *s, uint32_t conn, uint32_t gen);

void step_record(struct step *s, struct view payload);
/* step_record_open / _close: the same, written in place through the step's own
 * cursor. */
size_t step_record_open(struct step *s, uint8_t msg);
size_t step_record_begin(struct step *s); /* without a message number yet */
void step_record_close(struct step *s, size_t mark);
void step_hold(struct step *s);
void step_newkeys(struct step *s, uint32_t slot);
void step_note(struct step *s, struct view image);
void step_phase(struct step *s, enum ssh_phase phase);
void step_close(struct step *s, int reason, const char *text);

struct step_chan {
	uint32_t ours;
	uint32_t peers;
	uint32_t peer_window;
	uint32_t peer_packet;
	uint32_t window;
	uint32_t packet;
};
void step_chan_new(struct step *s, const struct step_chan *ch);

/* step_chan_start_open / _close: what is written in between is the payload of
 * UP(CHAN_OPEN) up to and without facts. */
size_t step_chan_start_open(struct step *s, uint32_t ours, uint32_t link_id, bool want_reply);
void step_chan_start_close(struct step *s, size_t mark);
void step_chan_close(struct step *s, uint32_t ours);
void step_query(struct step *s, uint32_t link_id, uint32_t id, uint32_t chan, bool want, struct view name,
    struct view body);

/* What the record that is done asked for: yes, or no. */
void step_chan_asked(struct step *s, uint32_t ours, uint32_t window, uint32_t packet);
void step_global_asked(struct step *s);
void step_refuse(struct step *s, enum ssh_open_failure code, const char *text);

/* step_done(s, serial): the record `serial` is done by this step. Serial 0 names
 * an entry that is never outstanding: nothing is done by it. */
void step_done(struct step *s, uint32_t serial);

bool step_bad(const struct step *s);
void step_wipe(struct step *s);

/* step_entry(s, e): the ring entry that carries it. */
void step_entry(const struct step *s, struct link_entry *e);

#endif
