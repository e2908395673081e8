#include "dataplane/worker/worker.h"

#include <string.h>


#define SNAPSHOT_BUDGET 8u

struct cmd *
event_slot(struct worker *w)
{
	return cmd_slot(w->events);
}

void
event_push(struct worker *w)
{
	cmd_push(w->events);
	w->event_pushed = true;
}

/* ---- commands ---- */

static void
answer(struct worker *w, const struct cmd *c, uint32_t type, int reason)
{
	struct cmd *e = event_slot(w);

	e->type = type;
	e->tag = c->tag;
	e->conn = c->conn;
	e->gen = c->gen;
	e->l = c->l;
	e->capture = c->capture;
	e->link = c->l != NULL ? c->l->id : c->link;
	e->reason = (uint32_t)(reason < 0 ? -reason : reason);
	event_push(w);
}

/* Until the step with the first NEWKEYS took effect another exchange hash may
 * replace it: a gate that died before that computes a new one. */
static int
store_hash(struct worker *w, const struct cmd *c)
{
	struct conn *n = conn_find(w, c->conn, c->gen);

	if (n == NULL)
		return -R_LINK_CONN;
	if (c->len == 0 || c->len > sizeof(n->first_hash))
		return -R_LINK_NOTE;
	if (n->keyed)
		return -R_LINK_STATE;
	memcpy(n->first_hash, c->data, c->len);
	n->first_hash_len = (uint8_t)c->len;
	/* From here on the supervisor has this connection in its table: its
	 * addresses come from nobody else. */
	n->tell_conn = true;
	conn_list_add(w, n, LIST_UP);
	return 0;
}

static int
store_grant(struct worker *w, const struct cmd *c)
{
	struct conn *n = conn_find(w, c->conn, c->gen);
	int r;

	if (n == NULL || n->close_us != 0)
		return -R_LINK_CONN;
	if (n->ssh.phase != SSH_PHASE_AUTH && n->ssh.phase != SSH_PHASE_SERVICE)
		return -R_LINK_STATE;
	r = image_grant(w, n, view_of(c->data, c->len));
	if (r == 0)
		n->ssh.granted = true;
	return r;
}

static void
run_stop(struct worker *w)
{
	w->stopping = true;
	net_shutdown(w->net, w->now);
	w->stop_us = w->now + WORKER_CLOSE_US / 6;
	if (w->listen_port != 0)
		tcp_unlisten(w->tcp, w->listen_port);
	w->listen_port = 0;
	for (uint32_t i = 0; i < w->used_slots; i++)
		if (w->conns[i].state == CONN_LIVE)
			conn_end(w, &w->conns[i], R_DRAIN, NULL);
}

static void
run_link(struct worker *w, const struct cmd *c)
{
	struct link *l = link_find(w, c->link);

	if (l == NULL)
		return;
	if (c->type == CMD_LINK_DROP) {
		link_drop(w, l, R_PEER_GONE);
		return;
	}
	l->end_wanted = true;
	link_stall(w, l); /* told by the stage that serves those who wait */
}

static void
run_kill(struct worker *w, const struct cmd *c)
{
	struct conn *n = conn_find(w, c->conn, c->gen);

	if (n != NULL)
		conn_end(w, n, c->reason > 0 && c->reason < REASON_MAX ? (int)c->reason : R_KILLED, NULL);
}

static void
run_rekey(struct worker *w, const struct cmd *c)
{
	struct conn *n = conn_find(w, c->conn, c->gen);
	int r;

	if (n == NULL || n->close_us != 0)
		return;
	r = ssh_rekey(&n->ssh, w->now);
	if (r < 0 && r != -R_LINK_STATE)
		conn_end(w, n, r, NULL);
	else
		conn_touch(w, n); /* it may wait for control: its deadline is another now */
}

static void
run(struct worker *w, const struct cmd *c)
{
	switch (c->type) {
	case CMD_CONF:
		worker_conf(w, view_of(c->data, c->len));
		break;
	case CMD_LINK_ADD:
		answer(w, c, EV_LINK_ADDED, link_add(w, c->l));
		break;
	case CMD_LINK_DROP:
	case CMD_LINK_END:
		run_link(w, c);
		break;
	case CMD_FIRST_HASH:
		answer(w, c, EV_FIRST_HASH_STORED, store_hash(w, c));
		break;
	case CMD_GRANT:
		answer(w, c, EV_GRANT_STORED, store_grant(w, c));
		break;
	case CMD_KILL:
		run_kill(w, c);
		break;
	case CMD_REKEY:
		run_rekey(w, c);
		break;
	case CMD_SNAPSHOT:
		w->snapshot = true;
		w->snapshot_tag = c->tag;
		w->snapshot_at = 0;
		break;
	case CMD_STOP:
		run_stop(w);
		break;
	case CMD_LIST:
		list_start(w, c->tag);
		break;
	case CMD_CAPTURE:
		answer(w, c, EV_CAPTURE_ADDED, capture_start(w, c->capture));
		break;
	case CMD_CAPTURE_STOP:
		capture_stop(w, c->tag);
		break;
	case CMD_LIST_TCP:
		list_tcp_start(w, c->tag, view_of(c->data, c->len));
		break;
	default:
		break;
	}
}

static void
snapshot_conn(struct worker *w, struct conn *c)
{
	struct cmd *e;

	if (c->state != CONN_LIVE || (c->first_hash_len == 0 && c->grant.len == 0))
		return;
	e = event_slot(w);
	e->type = EV_CONN;
	e->len = (uint32_t)image_conn(w, c, e->data, sizeof(e->data));
	event_push(w);
	c->tell_conn = false;
}

static uint32_t
snapshot_run(struct worker *w)
{
	uint32_t done = 0;

	while (w->snapshot && event_slot(w) != NULL && done < SNAPSHOT_BUDGET) {
		if (w->snapshot_at < w->used_slots) {
			snapshot_conn(w, &w->conns[w->snapshot_at++]);
		} else {
			struct cmd *e = event_slot(w);

			e->type = EV_SNAPSHOT_END;
			e->tag = w->snapshot_tag;
			event_push(w);
			w->snapshot = false;
		}
		done++;
	}
	return done;
}

/* A command is taken only when there is room for its answer. */
uint32_t
command_stage(struct worker *w)
{
	uint32_t done = snapshot_run(w);
	struct cmd *c;

	while (event_slot(w) != NULL && (c = cmd_peek(w->commands)) != NULL) {
		run(w, c);
		cmd_pop(w->commands);
		done++;
	}
	return done;
}
