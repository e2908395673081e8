#include "control/keeper/pubfile.h"

#include "control/kex/base64.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut the next line off, without the blanks around it. */
static struct view
next_line(struct view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
	struct view line = view_of(text->data, len);

	*text = view_of(text->data + len + (end != NULL), text->len - len - (end != NULL));
	while (line.len > 0 && is_blank(line.data[0]))
		line = view_of(line.data + 1, line.len - 1);
	while (line.len > 0 && is_blank(line.data[line.len - 1]))
		line.len--;
	return line;
}

static struct view
next_word(struct view *line)
{
	struct view word = *line;

	word.len = 0;
	while (word.len < line->len && !is_blank(line->data[word.len]))
		word.len++;
	*line = view_of(line->data + word.len, line->len - word.len);
	while (line->len > 0 && is_blank(line->data[0]))
		*line = view_of(line->data + 1, line->len - 1);
	return word;
}

int
pubfile_parse(struct put *w, const char *text, size_t len)
{
	struct view rest = view_of(text, len), line, type, body;
	struct cur c;

	do {
		if (rest.len == 0)
			return -1;
		line = next_line(&rest);
	} while (line.len == 0 || line.data[0] == '#');
	type = next_word(&line);
	body = next_word(&line);
	if (body.len == 0 || !base64_decode(w, body))
		return -1;
	c = cur_view(put_view(w));
	return view_eq(cur_string(&c), type) && !c.bad ? 0 : -1;
}
