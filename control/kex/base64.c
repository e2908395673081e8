#include "control/kex/base64.h"

static int
digit_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_decode(struct put *w, struct view text)
{
	uint32_t bits = 0;
	unsigned have = 0, padding = 0;

	for (size_t i = 0; i < text.len; i++) {
		int digit;

		if (text.data[i] == '\n' || text.data[i] == '\r')
			continue;
		if (text.data[i] == '=') {
			padding++;
			continue;
		}
		digit = digit_of(text.data[i]);
		if (digit < 0 || padding > 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			put_u8(w, (uint8_t)(bits >> have));
		}
	}
	return padding <= 2 && !w->bad;
}

void
base64_encode(struct put *w, struct view bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t v = (uint32_t)bytes.data[i] << 16;

		if (n > 1)
			v |= (uint32_t)bytes.data[i + 1] << 8;
		if (n > 2)
			v |= bytes.data[i + 2];
		put_u8(w, (uint8_t)digits[v >> 18]);
		put_u8(w, (uint8_t)digits[v >> 12 & 63]);
		put_u8(w, (uint8_t)(n > 1 ? digits[v >> 6 & 63] : '='));
		put_u8(w, (uint8_t)(n > 2 ? digits[v & 63] : '='));
	}
}
