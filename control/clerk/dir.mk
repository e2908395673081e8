$(eval $(call lib,clerk,$(addprefix control/clerk/,clerk.c clerk_step.c clerk_chan.c clerk_open.c \
	clerk_request.c clerk_pty.c clerk_start.c)))
