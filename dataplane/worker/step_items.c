#include "dataplane/worker/step.h"

#include <string.h>

#include "drivers/cipher/select.h"
#include "drivers/clock/clock.h"

/* ---- RECORD, HOLD, PHASE ---- */

static int
check_record(struct worker *w, struct step_plan *p, struct view body)
{
	uint8_t msg = step_first_byte(body);

	(void)w;
	if (body.len == 0 || body.len > SSH_PAYLOAD_MAX)
		return -R_LINK_ITEM;
	if (!link_record_allowed(msg, p->link->role, (int)p->phase))
		return -R_LINK_DENIED;
	if (msg == SSH_MSG_USERAUTH_SUCCESS && !p->conn->ssh.granted)
		p->no_grant = true;
	return 0;
}

static int
apply_record(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	return ssh_do_record(&p->conn->ssh, body);
}

static int
check_hold(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	return body.len == 0 && p->item == LINK_ITEM_RECORD && p->msg == SSH_MSG_KEXINIT ?
	    0 : -R_LINK_ITEM;
}

static int
apply_hold(struct worker *w, struct step_plan *p, struct view body)
{
	(void)body;
	return ssh_do_hold(&p->conn->ssh, w->now);
}

static int
check_phase(struct worker *w, struct step_plan *p, struct view body)
{
	uint8_t to = step_first_byte(body);

	(void)w;
	if (body.len != 1)
		return -R_LINK_ITEM;
	if (p->phase == SSH_PHASE_SERVICE && to == SSH_PHASE_AUTH) {
		p->phase = SSH_PHASE_AUTH;
		return 0;
	}
	if (p->phase != SSH_PHASE_AUTH || to != SSH_PHASE_OPEN)
		return -R_LINK_DENIED;
	if (p->item != LINK_ITEM_RECORD || p->msg != SSH_MSG_USERAUTH_SUCCESS)
		return -R_LINK_ITEM;
	p->phase = SSH_PHASE_OPEN;
	return 0;
}

/* The gate is done with this connection: nothing of the time before the login
 * may reach the clerk. */
static void
logged_in(struct worker *w, struct conn *c)
{
	c->login = true;
	guest_leave(w, c);
	c->tell_conn = true;
	up_clear(w, c);
	meter_add(w->meter, METER_LOGIN_TOTAL, 1);
	conn_list_add(w, c, LIST_UP);
}

static int
apply_phase(struct worker *w, struct step_plan *p, struct view body)
{
	int r = ssh_do_phase(&p->conn->ssh, (enum ssh_phase)body.data[0]);

	if (r == 0 && body.data[0] == SSH_PHASE_OPEN)
		logged_in(w, p->conn);
	return r;
}

/* ---- NEWKEYS ---- */

static bool
keys_fit(const struct link_keys *k)
{
	const struct cipher_engine *e = cipher_engine_for(k->suite);

	return e != NULL && k->key_len == e->key_len && k->iv_len == e->iv_len &&
	    k->mac_len == e->mac_len;
}

/* The slot is copied and wiped here: it is not looked at again. */
static int
check_newkeys(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t slot = cur_u32(&c);

	(void)w;
	if (!cur_done(&c) || p->keyed)
		return -R_LINK_ITEM;
	if (slot_take(p->link->slots, slot, p->entry->conn, p->entry->gen, &p->keys) != 0)
		return -R_LINK_SLOT;
	p->keyed = true;
	return keys_fit(&p->keys.in) && keys_fit(&p->keys.out) ? 0 : -R_LINK_SLOT;
}

static int
apply_newkeys(struct worker *w, struct step_plan *p, struct view body)
{
	const struct link_slot *k = &p->keys;
	struct ssh_new_keys keys = {
		.suite_in = k->in.suite, .suite_out = k->out.suite, .reset_seq = k->strict != 0,
		.zip_in = k->zip_in == LINK_ZIP_DELAYED, .zip_out = k->zip_out == LINK_ZIP_DELAYED,
		.key_in = k->in.key, .iv_in = k->in.iv, .mac_in = k->in.mac,
		.key_out = k->out.key, .iv_out = k->out.iv, .mac_out = k->out.mac,
	};
	int r = ssh_do_newkeys(&p->conn->ssh, &keys, w->now);

	(void)body;
	if (r != 0)
		return r;
	if (p->conn->keyed)
		meter_add(w->meter, METER_REKEYS, 1);
	p->conn->keyed = true;
	return 0;
}

/* ---- NOTE, CLOSE ---- */

static int
check_note(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	(void)p;
	return body.len <= NOTE_MAX ? 0 : -R_LINK_NOTE;
}

static int
apply_note(struct worker *w, struct step_plan *p, struct view body)
{
	struct fifo fresh;

	fifo_init(&fresh, true);
	if (!fifo_put(&fresh, &w->pool, body.data, body.len))
		return -R_NOMEM;
	fifo_clear(&p->conn->note, &w->pool);
	p->conn->note = fresh;
	return 0;
}

static int
check_close(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t reason = cur_u32(&c);

	(void)w;
	(void)p;
	(void)cur_string(&c);
	return cur_done(&c) && reason > 0 && reason < REASON_MAX ? 0 : -R_LINK_ITEM;
}

static int
apply_close(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t reason = cur_u32(&c);
	struct view said = cur_string(&c);
	char text[128];
	size_t len = said.len < sizeof(text) - 1 ? said.len : sizeof(text) - 1;

	if (len > 0)
		memcpy(text, said.data, len);
	text[len] = '\0';
	conn_end(w, p->conn, (int)reason, len > 0 ? text : NULL);
	return 0;
}

/* ---- channels ---- */

static int
check_chan_new(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	(void)p;
	return body.len == 24 ? 0 : -R_LINK_ITEM;
}

static int
apply_chan_new(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t v[6];
	int r;

	for (int i = 0; i < 6; i++)
		v[i] = cur_u32(&c);
	r = ssh_do_chan_new(&p->conn->ssh, v[0], v[1], v[2], v[3], v[4], v[5]);
	if (r == 0) {
		meter_add(w->meter, METER_CHAN_TOTAL, 1);
		ssh_chan_at(&p->conn->ssh, v[0])->opened_ms = clock_unix_ms();
		ssh_chan_at(&p->conn->ssh, v[0])->use = ++p->conn->chan_serial;
	}
	return r;
}

struct start {
	uint32_t ours;
	uint32_t link;
	bool want_reply;
	struct view open;
};

static bool
start_read(struct start *s, struct view body)
{
	struct cur c = cur_view(body);

	s->ours = cur_u32(&c);
	s->link = cur_u32(&c);
	s->want_reply = cur_bool(&c);
	s->open = cur_take(&c, cur_left(&c));
	return !c.bad;
}

/* start_form(open): u8 kind, two strings, a count and as many pairs. */
static bool
start_form(struct view open)
{
	struct cur c = cur_view(open);
	uint32_t pairs;

	(void)cur_u8(&c);
	(void)cur_string(&c);
	(void)cur_string(&c);
	pairs = cur_u32(&c);
	while (pairs > 0 && !c.bad) {
		(void)cur_string(&c);
		(void)cur_string(&c);
		pairs--;
	}
	return cur_done(&c);
}

static int
check_chan_start(struct worker *w, struct step_plan *p, struct view body)
{
	struct start s;
	const struct link *host;

	if (!start_read(&s, body) || !start_form(s.open) ||
	    s.open.len > WORKER_IMAGE_MAX - FACTS_MAX - 4)
		return -R_LINK_ITEM;
	host = link_find(w, s.link);
	if (host == NULL)
		return 0; /* it died meanwhile: the channel will end like its others */
	if (host->role != LINK_HOST || (host->conn != LINK_CONN_NONE &&
	    (host->conn != p->entry->conn || host->gen != p->entry->gen)))
		return -R_LINK_DENIED;
	return 0;
}

/* The peer may have closed the channel while clerk worked on its request. */
static int
forgive_closed(struct worker *w, int r)
{
	if (r != -R_LINK_CHAN)
		return r;
	meter_drop(w->meter, r);
	return 0;
}

static int
apply_chan_start(struct worker *w, struct step_plan *p, struct view body)
{
	struct start s;
	int r;

	(void)start_read(&s, body);
	if (step_first_byte(s.open) == LINK_START_OPEN)
		r = ssh_do_chan_open(&p->conn->ssh, s.ours, s.link, s.open);
	else
		r = ssh_do_chan_start(&p->conn->ssh, s.ours, s.link, s.want_reply, s.open);
	if (r == 0 && link_find(w, s.link) == NULL)
		ssh_host_gone(&p->conn->ssh, s.link);
	if (r == 0)
		conn_qos(w, p->conn);
	return forgive_closed(w, r);
}

static int
check_chan_close(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	(void)p;
	return body.len == 4 ? 0 : -R_LINK_ITEM;
}

static int
apply_chan_close(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);

	return forgive_closed(w, ssh_do_chan_close(&p->conn->ssh, cur_u32(&c)));
}

static const struct step_item rows[] = {
	{ LINK_ITEM_RECORD, check_record, apply_record },
	{ LINK_ITEM_HOLD, check_hold, apply_hold },
	{ LINK_ITEM_NEWKEYS, check_newkeys, apply_newkeys },
	{ LINK_ITEM_NOTE, check_note, apply_note },
	{ LINK_ITEM_PHASE, check_phase, apply_phase },
	{ LINK_ITEM_CLOSE, check_close, apply_close },
	{ LINK_ITEM_CHAN_NEW, check_chan_new, apply_chan_new },
	{ LINK_ITEM_CHAN_START, check_chan_start, apply_chan_start },
	{ LINK_ITEM_CHAN_CLOSE, check_chan_close, apply_chan_close },
	{ LINK_ITEM_CHAN_ASKED, step_check_chan_asked, step_apply_chan_asked },
	{ LINK_ITEM_GLOBAL_ASKED, step_check_global_asked, step_apply_global_asked },
	{ LINK_ITEM_REFUSE, step_check_refuse, step_apply_refuse },
	{ LINK_ITEM_QUERY, step_check_query, step_apply_query },
};

const struct step_item *
step_item_find(uint8_t item)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].item == item)
			return &rows[i];
	return NULL;
}
