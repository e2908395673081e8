/*
 * Larger segments, tried with data that is to be sent anyway (RFC 4821 section 7):
 * first the largest that both ends would have, then from below by a table of the
 * sizes that links have. A probe that is lost is sent again in small segments, and
 * no window pays for it (section 7.6.2). What has not arrived after some tries ends
 * the search until the raise timer (RFC 8899 sections 5.1.1 and 5.2).
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

#define BEHIND 3u        /* segments that must follow: they show the loss by SACK */

/* Bytes of IP packets: tunnels and PPPoE below 1500, large frames above. */
static const uint16_t sizes[] = { 1280, 1400, 1436, 1480, 1492, 1500, 2048, 4096, 8192, 9000, 9216 };

static uint32_t
next_size(const struct tcp *t)
{
	uint32_t top = tcp_path_top(t);

	if (!t->path_top)
		return top;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i] > t->mss + tcp_path_overhead(t) && sizes[i] < top + tcp_path_overhead(t))
			return sizes[i] - tcp_path_overhead(t);
	return 0;
}

/* RFC 8899 section 5.2, SEARCH_COMPLETE. */
static void
rest(struct tcp *t, uint64_t now)
{
	t->path_at = (uint16_t)((now + t->stack->cfg.path_age_us) >> TCP_PATH_TICK_SHIFT);
	t->path_top = false;
	t->path_fails = 0;
	t->stack->path.rests++;
}

/* RFC 4821 section 7.4: nothing is lost, nothing else is being found out, and what
 * is sent now is known to arrive. */
static bool
good_moment(const struct tcp *t, struct tcp_board *b, uint64_t now)
{
	return b != NULL && b->probe_len == 0 && b->probe_lost == 0 && b->held + b->lost == 0 &&
	    tcp_board_room(b, 3) && t->dupacks == 0 && !t->cc.recovery && !t->cc.after_rto &&
	    !t->persist && t->snd_nxt == t->snd_max && t->path_good &&
	    (int16_t)((uint16_t)(now >> TCP_PATH_TICK_SHIFT) - t->path_at) >= 0;
}

enum tcp_search_step
tcp_search_send(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);
	uint32_t seq = t->snd_nxt;
	uint32_t len;

	if (!good_moment(t, b, now))
		return TCP_SEARCH_NONE;
	len = next_size(t);
	if (len == 0) {
		rest(t, now);
		return TCP_SEARCH_NONE;
	}
	if (tcp_snd_end(t) - seq < len + BEHIND * t->mss ||
	    t->cc.cwnd < len + (BEHIND + 1) * t->mss || t->snd_wnd < len + (BEHIND + 1) * t->mss)
		return TCP_SEARCH_NONE;
	if (!tcp_send_larger(t, len, now))
		return TCP_SEARCH_WAIT;
	tcp_board_probe(b, seq, (uint16_t)len);
	t->stack->path.probes++;
	return TCP_SEARCH_SENT;
}

void
tcp_search_ack(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (seq_geq(t->snd_una, b->probe_end))
		b->probe_lost = 0;
	if (b->probe_len == 0 ||
	    (seq_lt(t->snd_una, b->probe_end) &&
	    !(tcp_board_flags(b, b->probe_end - 1) & TCP_SENT_HELD)))
		return;
	t->stack->path.raised++;
	tcp_path_raise(t, b->probe_len, now);
}

static void
failed(struct tcp *t, struct tcp_board *b, uint64_t now)
{
	b->probe_len = 0;
	t->stack->path.probes_lost++;
	if (++t->path_fails < t->stack->cfg.path_probes)
		return;
	t->path_fails = 0;
	if (t->path_top) {
		rest(t, now);
		return;
	}
	t->path_top = true;
	tcp_path_remember(t, now);
}

void
tcp_search_lost(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (b->probe_len == 0 || !(tcp_board_flags(b, b->probe_end - 1) & TCP_SENT_LOST))
		return;
	b->probe_lost = b->probe_len;
	failed(t, b, now);
	t->rexmit = true;
	tcp_work_add(t);
}

/* RFC 4821 section 7.6.3 */
void
tcp_search_timeout(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (b == NULL)
		return;
	b->probe_lost = 0;
	if (b->probe_len != 0)
		failed(t, b, now);
}
