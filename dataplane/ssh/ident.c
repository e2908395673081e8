#include "dataplane/ssh/ident.h"

#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"

static bool
has_prefix(struct view v, const char *text)
{
	size_t len = strlen(text);

	return v.len >= len && memcmp(v.data, text, len) == 0;
}

/* Could these first bytes still become "SSH-..."? */
static bool
may_be_ident(const uint8_t *buf, size_t have)
{
	return memcmp(buf, "SSH-", have < 4 ? have : 4) == 0;
}

/* Control characters never; outside the comment US-ASCII only. */
static bool
text_ok(struct view line)
{
	bool comment = false;

	for (size_t i = 0; i < line.len; i++) {
		uint8_t b = line.data[i];

		if (b < 0x20 || b == 0x7f || (b > 0x7f && !comment))
			return false;
		if (b == ' ')
			comment = true;
	}
	return true;
}

/* "SSH-", numbers with a point between them, "-". */
static bool
has_version(struct view line)
{
	size_t i = 4;

	while (i < line.len && ((line.data[i] >= '0' && line.data[i] <= '9') || line.data[i] == '.'))
		i++;
	return i > 4 && i < line.len && line.data[i] == '-';
}

static int
line_judge(struct view line)
{
	size_t head;

	if (has_prefix(line, "SSH-2.0-"))
		head = strlen("SSH-2.0-");
	else if (has_prefix(line, "SSH-1.99-"))
		head = strlen("SSH-1.99-");
	else
		return has_version(line) && text_ok(line) ? -R_SSH_IDENT_VERSION : -R_SSH_IDENT_BAD;
	return line.len > head && line.data[head] != ' ' && text_ok(line) ? IDENT_LINE : -R_SSH_IDENT_BAD;
}

int
ident_scan(const uint8_t *buf, size_t have, bool client, size_t *used, struct view *line)
{
	bool ident = may_be_ident(buf, have);
	size_t max = ident ? SSH_IDENT_MAX : IDENT_SKIP_LINE_MAX;
	const uint8_t *lf;

	if (!ident && !client)
		return -R_SSH_IDENT_BAD;
	lf = have > 0 ? memchr(buf, '\n', have < max ? have : max) : NULL;
	if (lf == NULL)
		return have >= max ? -R_SSH_IDENT_LONG : IDENT_MORE;
	*used = (size_t)(lf - buf) + 1;
	*line = view_of(buf, *used - 1);
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	if (ident && *used > 4)
		return line_judge(*line);
	return client ? IDENT_SKIP : -R_SSH_IDENT_BAD;
}

int
ident_build(struct put *w, const char *comment)
{
	size_t start = put_len(w);
	struct view line;

	put_bytes(w, SSH_IDENT_OURS, strlen(SSH_IDENT_OURS));
	if (comment != NULL && comment[0] != '\0') {
		put_u8(w, ' ');
		put_bytes(w, comment, strlen(comment));
	}
	line = view_of(w->start + start, put_len(w) - start);
	put_bytes(w, "\r\n", 2);
	if (w->bad || line.len + 2 > SSH_IDENT_MAX || line_judge(line) != IDENT_LINE)
		return -R_SSH_IDENT_BAD;
	return 0;
}
