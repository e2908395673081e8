/*
 * Input: u8: bit 0 a port other than 22, bit 1 a certificate; then the file. What decides
 * is a line of the file, and a key that it says is known stands in it.
 */
#include <stdlib.h>

#include "control/client/knownhosts.h"
#include "control/kex/base64.h"
#include "control/kex/cert.h"
#include "control/kex/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key_text[] = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
/* ed25519-cert.pub of the tests of host keys: names host.example. */
static const char cert_text[] =
#include "tests/fuzz/client/cert.inc"
    ;

static unsigned
lines_of(struct view file)
{
	unsigned n = 1;

	for (size_t i = 0; i < file.len; i++)
		n += file.data[i] == '\n';
	return n;
}

static void
order(struct view file, uint16_t port)
{
	char out[sizeof(HOST_KEY_NAMES)];
	struct put w = put_of(out, sizeof(out));

	knownhosts_order(&w, HOST_KEY_NAMES, file, "host.example", port);
	if (w.bad || put_len(&w) != sizeof(HOST_KEY_NAMES) - 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[CERT_MAX];
	struct put w = put_of(bytes, sizeof(bytes));
	struct knownhosts_found f;
	struct view file;
	bool cert;

	if (size == 0)
		return 0;
	file = view_of(data + 1, size - 1);
	cert = (data[0] & 2) != 0;
	base64_decode(&w, cert ? view_str(cert_text) : view_str(key_text));
	knownhosts_find(&f, file, "host.example", data[0] & 1 ? 2222 : 22, put_view(&w), 1800000000u);
	if ((f.line == 0) != (f.verdict == KNOWNHOSTS_UNKNOWN) || f.line > lines_of(file))
		abort();
	if (!cert && f.verdict == KNOWNHOSTS_KNOWN && f.by_ca)
		abort();
	order(file, data[0] & 1 ? 2222 : 22);
	return 0;
}
