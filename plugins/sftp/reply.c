#include "session.h"

#include <errno.h>

static const char *const texts[] = {
	[FX_OK] = "Success",
	[FX_EOF] = "End of file",
	[FX_NO_SUCH_FILE] = "No such file",
	[FX_PERMISSION_DENIED] = "Permission denied",
	[FX_FAILURE] = "Failure",
	[FX_BAD_MESSAGE] = "Bad message",
	[FX_NO_CONNECTION] = "No connection",
	[FX_CONNECTION_LOST] = "Connection lost",
	[FX_OP_UNSUPPORTED] = "Operation unsupported",
};

/* As OpenSSH's server maps them: clients know these. */
enum fx
fx_of(int error)
{
	switch (error) {
	case 0:
		return FX_OK;
	case ENOENT:
	case ENOTDIR:
	case EBADF:
	case ELOOP:
		return FX_NO_SUCH_FILE;
	case EPERM:
	case EACCES:
	case EFAULT:
		return FX_PERMISSION_DENIED;
	case ENAMETOOLONG:
	case EINVAL:
		return FX_BAD_MESSAGE;
	case ENOSYS:
		return FX_OP_UNSUPPORTED;
	default:
		return FX_FAILURE;
	}
}

/* There is room: session_input makes it before each request. */
void
reply_open(struct session *s, struct out *o, enum fxp type, uint32_t id)
{
	*o = (struct out){ s->out + s->out_len, 0, SESSION_REPLY_MAX, 0 };
	out_u32(o, 0);
	out_u8(o, (uint8_t)type);
	out_u32(o, id);
}

void
reply_close(struct session *s, struct out *o)
{
	store_u32(o->buf, (uint32_t)(o->len - 4));
	s->out_len += o->len;
}

void
reply_status(struct session *s, uint32_t id, enum fx code, const char *text)
{
	struct out o;

	reply_open(s, &o, FXP_STATUS, id);
	out_u32(&o, code);
	out_text(&o, text != NULL ? text : texts[code]);
	out_text(&o, "");
	reply_close(s, &o);
	if (code != FX_OK && code != FX_EOF)
		session_log(
		    s, SFTP_LOG_DEBUG, "request %u: %s", (unsigned)id, text != NULL ? text : texts[code]);
}

void
reply_result(struct session *s, uint32_t id, int r)
{
	/* The code is coarse; the text says which of them it was. */
	reply_status(s, id, fx_of(-r), r < 0 ? strerrordesc_np(-r) : NULL);
}

void
reply_attrs(struct session *s, uint32_t id, const struct stat *st)
{
	struct attrs a;
	struct out o;

	attrs_of(&a, st);
	reply_open(s, &o, FXP_ATTRS, id);
	attrs_put(&o, &a);
	reply_close(s, &o);
}

void
reply_name(struct session *s, uint32_t id, const char *name)
{
	struct out o;

	reply_open(s, &o, FXP_NAME, id);
	out_u32(&o, 1);
	out_text(&o, name);
	out_text(&o, name);
	out_u32(&o, 0);
	reply_close(s, &o);
}

/* Section 4, and the extensions that are served and allowed. */
void
reply_version(struct session *s)
{
	struct out o = { s->out + s->out_len, 0, SESSION_REPLY_MAX, 0 };
	int op;

	out_u32(&o, 0);
	out_u8(&o, FXP_VERSION);
	out_u32(&o, SFTP_VERSION);
	for (op = 0; op < OP_COUNT; op++) {
		if (request_rows[op].extension == NULL || !session_allows(s, (enum op)op))
			continue;
		out_text(&o, request_rows[op].extension);
		out_text(&o, request_rows[op].version);
	}
	reply_close(s, &o);
}
