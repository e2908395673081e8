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

void
reply_open(struct job *j, enum fxp type)
{
	j->out.len = 0;
	j->out.bad = 0;
	out_u32(&j->out, 0);
	out_u8(&j->out, (uint8_t)type);
	out_u32(&j->out, j->id);
}

void
reply_close(struct job *j)
{
	store_u32(j->out.buf, (uint32_t)(j->out.len - 4));
}

void
reply_status(struct job *j, enum fx code, const char *text)
{
	j->code = code;
	j->why = text != NULL ? text : texts[code];
	reply_open(j, FXP_STATUS);
	out_u32(&j->out, code);
	out_text(&j->out, j->why);
	out_text(&j->out, "");
	reply_close(j);
}

void
reply_result(struct job *j, int r)
{
	/* The code is coarse; the text says which of them it was. */
	reply_status(j, fx_of(-r), r < 0 ? strerrordesc_np(-r) : NULL);
}

void
reply_attrs(struct job *j, const struct stat *st)
{
	struct attrs a;

	attrs_of(&a, st);
	reply_open(j, FXP_ATTRS);
	attrs_put(&j->out, &a);
	reply_close(j);
}

void
reply_name(struct job *j, const char *name)
{
	reply_open(j, FXP_NAME);
	out_u32(&j->out, 1);
	out_text(&j->out, name);
	out_text(&j->out, name);
	out_u32(&j->out, 0);
	reply_close(j);
}

/* Section 4, and the extensions that are served and allowed. */
void
reply_version(struct session *s)
{
	struct out *o = &s->here.out;
	int op;

	out_u32(o, 0);
	out_u8(o, FXP_VERSION);
	out_u32(o, SFTP_VERSION);
	for (op = 0; op < OP_COUNT; op++) {
		if (request_rows[op].extension == NULL || !session_allows(s, (enum op)op))
			continue;
		out_text(o, request_rows[op].extension);
		out_text(o, request_rows[op].version);
	}
	reply_close(&s->here);
	session_reply(s);
}
