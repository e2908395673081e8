#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/posternctl/posternctl.h"

/* " key value" when there is a value. */
static void
number(const struct js *c, const char *key, const char *label)
{
	if (js_u64(c, key) != 0)
		printf(" %s %" PRIu64, label, js_u64(c, key));
}

static void
amounts(const struct js *c, const char *key, const char *label)
{
	if (js_u64(c, key) != 0)
		printf(" %s %s", label, amount(js_u64(c, key)));
}

static void
timer(const struct js *c, const char *key, const char *label)
{
	if (js_get(c, key) != NULL)
		printf(" timer %s in %.1f ms", label, (double)js_u64(c, key) / 1000);
}

static double
ms(const struct js *c, const char *key)
{
	return (double)js_u64(c, key) / 1000;
}

static void
times_line(const struct js *c)
{
	printf("    rtt %.3f/%.3f ms min %.3f rto %.0f", ms(c, "srtt_us"), ms(c, "rttvar_us"),
	    ms(c, "min_rtt_us"), ms(c, "rto_us"));
	if (js_get(c, "since_sent_ms") != NULL)
		printf(" sent %" PRIu64 " ms ago", js_u64(c, "since_sent_ms"));
	if (js_get(c, "since_data_ms") != NULL)
		printf(" received %" PRIu64 " ms ago", js_u64(c, "since_data_ms"));
	if (js_u64(c, "since_progress_ms") != 0)
		printf(" waits for %" PRIu64 " ms", js_u64(c, "since_progress_ms"));
	timer(c, "rtx_in_us", "retransmit");
	timer(c, "tail_in_us", "probe");
	timer(c, "ack_in_us", "ack");
	timer(c, "life_in_us", "close");
	number(c, "backoff", "backoff");
	putchar('\n');
}

static void
sending_line(const struct js *c)
{
	const struct js *limits = js_get(c, "limited_by");
	size_t i;

	printf("    %s %s cwnd %s", plain(js_str(c, "congestion")), plain(js_str(c, "recovery")),
	    amount(js_u64(c, "cwnd")));
	printf(" ssthresh %s", js_get(c, "ssthresh") != NULL ? amount(js_u64(c, "ssthresh")) : "-");
	amounts(c, "pacing_rate", "pacing");
	printf(" mss %" PRIu64 " pmtu %" PRIu64, js_u64(c, "mss"), js_u64(c, "pmtu"));
	printf(" window out %s in %s", amount(js_u64(c, "snd_wnd")), amount(js_u64(c, "rcv_wnd")));
	amounts(c, "in_flight", "in flight");
	amounts(c, "held", "sacked");
	amounts(c, "lost", "lost");
	amounts(c, "again", "retransmitted");
	amounts(c, "unsent", "unsent");
	amounts(c, "unread", "unread");
	amounts(c, "reassembly", "out of order");
	for (i = 0; i < js_count(limits); i++)
		printf("%s%s", i == 0 ? " limited by " : ",", plain(js_str_at(limits, i)));
	putchar('\n');
}

static void
counts_line(const struct js *c)
{
	printf("    bytes out %s in %s segments out %s in %s", amount(js_u64(c, "bytes_out")),
	    amount(js_u64(c, "bytes_in")), amount(js_u64(c, "segs_out")), amount(js_u64(c, "segs_in")));
	number(c, "retransmits", "retransmits");
	number(c, "fast_retransmits", "recoveries");
	number(c, "timeouts", "timeouts");
	number(c, "reassembled", "out-of-order");
	number(c, "dsacks_in", "dsacks");
	number(c, "zero_windows", "zero-windows");
	number(c, "reordered", "reordering");
	printf(" blocks %" PRIu64, js_u64(c, "blocks"));
	printf("%s%s%s%s\n", js_bool(c, "timestamps") ? " ts" : "", js_bool(c, "sack") ? " sack" : "",
	    js_bool(c, "window_scaling") ? " wscale" : "", js_bool(c, "ecn") ? " ecn" : "");
}

static void
ends_line(const struct js *c)
{
	char local[80], peer[80];

	snprintf(local, sizeof(local), "%s port %" PRIu64, plain(js_str(c, "local")), js_u64(c, "local_port"));
	snprintf(peer, sizeof(peer), "%s port %" PRIu64, plain(js_str(c, "peer")), js_u64(c, "port"));
	printf("%-12s %-12s %-32s %s\n", js_str(c, "id")[0] != '\0' ? plain(js_str(c, "id")) : "-",
	    plain(js_str(c, "state")), local, peer);
}

void
table_tcp_head(void)
{
	printf("%-12s %-12s %-32s %s\n", "ID", "STATE", "LOCAL", "PEER");
}

void
table_tcp(const struct js *a)
{
	const struct js *list = js_get(a, "connections");
	size_t i;

	for (i = 0; i < js_count(list); i++) {
		const struct js *c = js_at(list, i);

		ends_line(c);
		times_line(c);
		sending_line(c);
		counts_line(c);
	}
}
