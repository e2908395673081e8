/*
 * Segments in a line of a script: what the peer sends, what the stack must
 * have sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/script/run.h"

struct parsed {
	struct tcp_opts opts;
	uint8_t flags;
	bool any_seq, ack_on, win_on, ts_any, ecr_on, nots, hop_on, traffic_on;
	uint8_t hop, traffic, ecn;
	uint32_t seq, len, ack, win;
	uint16_t port;
};

uint32_t
number(const char *w)
{
	char *end;
	unsigned long v = w != NULL ? strtoul(w, &end, 0) : 0;

	if (w == NULL || *end != '\0')
		fail("number expected, not %s", w != NULL ? w : "the end");
	return (uint32_t)v;
}

static void
parse_flags(struct parsed *p, const char *w)
{
	static const char letters[] = "FSRPAUEW";

	for (; *w != '\0'; w++) {
		const char *at = strchr(letters, *w);

		if (at == NULL && *w != '.')
			fail("unknown flag %c", *w);
		else if (at != NULL)
			p->flags |= (uint8_t)(1u << (at - letters));
	}
}

static void
parse_seq(struct parsed *p, char *w)
{
	char *plus = strchr(w, '+');

	if (plus != NULL) {
		*plus = '\0';
		p->len = number(plus + 1);
	}
	p->any_seq = strcmp(w, "*") == 0;
	if (!p->any_seq)
		p->seq = number(w);
}

static int
parse_option(struct parsed *p, char **w, bool in)
{
	struct tcp_opts *o = &p->opts;
	unsigned a, b;

	if (strcmp(w[0], "sackok") == 0) {
		o->sack_ok = true;
		return 1;
	}
	if (strcmp(w[0], "ect") == 0 || strcmp(w[0], "ce") == 0) {
		p->ecn = w[0][0] == 'e' ? TCP_ECN_ECT0 : TCP_ECN_CE;
		return 1;
	}
	if (strcmp(w[0], "nots") == 0) {
		p->nots = true;
		return 1;
	}
	if (strcmp(w[0], "mss") == 0) {
		o->mss_on = true;
		if (w[1] != NULL && strcmp(w[1], "own") == 0)
			o->mss = run.v6 ? 1440 : 1460;
		else
			o->mss = (uint16_t)number(w[1]);
	} else if (strcmp(w[0], "ws") == 0) {
		o->shift_on = true;
		o->shift = (uint8_t)number(w[1]);
	} else if (strcmp(w[0], "sack") == 0 && w[1] != NULL && sscanf(w[1], "%u-%u", &a, &b) == 2) {
		o->sack[o->sack_count++] = (struct tcp_range){ PEER_ISS + a, PEER_ISS + b };
	} else if (strcmp(w[0], "sacked") == 0 && w[1] != NULL && sscanf(w[1], "%u-%u", &a, &b) == 2) {
		o->sack[o->sack_count++] = (struct tcp_range){ run.iss + a, run.iss + b };
	} else if (strcmp(w[0], "ts") == 0 && in) {
		o->ts_on = true;
		o->ts_val = number(w[1]);
		o->ts_ecr = w[2] != NULL && w[2][0] == 'e' ? run.iss_ts + number(w[2] + 1) : number(w[2]);
		return 3;
	} else if (strcmp(w[0], "ts") == 0) {
		p->ts_any = true;
		p->ecr_on = w[1] != NULL && w[1][0] >= '0' && w[1][0] <= '9';
		if (p->ecr_on)
			o->ts_ecr = number(w[1]);
		return p->ecr_on ? 2 : 1;
	} else {
		fail("what is %s?", w[0]);
	}
	return 2;
}

static void
parse_segment(struct parsed *p, char **w, bool in)
{
	memset(p, 0, sizeof(*p));
	p->win = 65535;
	p->port = 40000;
	if (w[0] == NULL || w[1] == NULL) {
		fail("flags and sequence number expected");
		return;
	}
	parse_flags(p, *w++);
	parse_seq(p, *w++);
	while (*w != NULL && !run.failed) {
		if (strcmp(*w, "ack") == 0) {
			p->ack_on = true;
			p->ack = number(w[1]);
			w += 2;
		} else if (strcmp(*w, "win") == 0) {
			p->win_on = true;
			p->win = number(w[1]);
			w += 2;
		} else if (strcmp(*w, "port") == 0) {
			p->port = (uint16_t)number(w[1]);
			w += 2;
		} else if (strcmp(*w, "hop") == 0 && !in) {
			p->hop_on = true;
			p->hop = (uint8_t)number(w[1]);
			w += 2;
		} else if (strcmp(*w, "traffic") == 0 && !in) {
			p->traffic_on = true;
			p->traffic = (uint8_t)number(w[1]);
			w += 2;
		} else {
			w += parse_option(p, w, in);
		}
	}
}

void
do_inject(char **w)
{
	struct parsed p;
	struct tcp_seg seg = { 0 };
	uint8_t *options = run.burst_options[run.burst_count];
	uint8_t *data = run.data + run.burst_count * (DATA_MAX / BURST);

	parse_segment(&p, w, true);
	if (!run.failed && p.len > DATA_MAX / (run.gathers ? BURST : 1u))
		fail("too long");
	if (run.failed)
		return;
	seg.tuple = tuple(p.port);
	seg.seq = PEER_ISS + p.seq;
	seg.ack = p.ack_on ? run.iss + p.ack : 0;
	seg.flags = p.flags;
	seg.ecn = p.ecn;
	seg.window = (uint16_t)p.win;
	seg.options = options;
	seg.options_len = tcp_opt_write(&p.opts, options);
	seg.data = data;
	seg.data_len = p.len;
	for (uint32_t i = 0; i < p.len; i++)
		data[i] = byte_at(p.seq - 1 + i);
	run.burst[run.burst_count++] = seg;
	if (!run.gathers || run.burst_count == BURST)
		arrive();
}

void
arrive(void)
{
	if (run.gathers)
		tcp_input_burst(run.stack, run.burst, run.burst_count, run.now);
	else
		tcp_input(run.stack, run.burst, run.now);
	run.burst_count = 0;
	poll_stack();
}

static void
check_options(const struct parsed *p, const struct sent *s)
{
	const struct tcp_opts *want = &p->opts, *got = &s->opts;

	if (want->mss_on && (!got->mss_on || got->mss != want->mss))
		fail("mss %u, not %u", got->mss, want->mss);
	if (want->shift_on && (!got->shift_on || got->shift != want->shift))
		fail("scale %u, not %u", got->shift, want->shift);
	if ((s->o.flags & TCP_SYN) && want->shift_on != got->shift_on)
		fail("window scale option: %d", got->shift_on);
	if ((s->o.flags & TCP_SYN) && want->sack_ok != got->sack_ok)
		fail("SACK-permitted option: %d", got->sack_ok);
	if (p->ts_any && !got->ts_on)
		fail("no timestamp");
	if (p->ecr_on && got->ts_ecr != want->ts_ecr)
		fail("timestamp echo %u, not %u", got->ts_ecr, want->ts_ecr);
	if (p->nots && got->ts_on)
		fail("a timestamp");
	if (got->sack_count != want->sack_count)
		fail("%u SACK blocks, not %u", got->sack_count, want->sack_count);
	for (uint32_t i = 0; i < want->sack_count && i < got->sack_count; i++)
		if (memcmp(&got->sack[i], &want->sack[i], sizeof(got->sack[i])) != 0)
			fail("SACK block %u is %u-%u", i, got->sack[i].start - PEER_ISS,
			    got->sack[i].end - PEER_ISS);
}

void
do_expect(char **w)
{
	struct parsed p;
	const struct sent *s;

	parse_segment(&p, w, false);
	if (run.failed)
		return;
	if (run.head == run.tail) {
		fail("nothing was sent");
		return;
	}
	s = &run.queue[run.head++ % QUEUE];
	if (s->o.flags != p.flags)
		fail("flags %02x, not %02x (seq %u+%u ack %u)", s->o.flags, p.flags, s->o.seq - run.iss,
		    s->o.len, s->o.ack - PEER_ISS);
	if (!p.any_seq && s->o.seq - run.iss != p.seq)
		fail("seq %u, not %u", s->o.seq - run.iss, p.seq);
	if (s->o.len != p.len)
		fail("%u bytes, not %u", s->o.len, p.len);
	if (p.ack_on && s->o.ack - PEER_ISS != p.ack)
		fail("ack %u, not %u", s->o.ack - PEER_ISS, p.ack);
	if (p.win_on && s->o.window != p.win)
		fail("window %u, not %u", s->o.window, p.win);
	if ((s->o.traffic & TCP_ECN_MASK) != p.ecn)
		fail("ECN field %u", s->o.traffic & TCP_ECN_MASK);
	if (s->o.tuple.remote_port != p.port)
		fail("port %u", s->o.tuple.remote_port);
	if (p.hop_on && s->o.hop_limit != p.hop)
		fail("hop limit %u", s->o.hop_limit);
	if (p.traffic_on && s->o.traffic != p.traffic)
		fail("class of traffic %u", s->o.traffic);
	check_options(&p, s);
}
