CLERK_STEP := $(addprefix control/clerk/,clerk_step.c clerk_chan.c clerk_open.c clerk_request.c clerk_pty.c \
	clerk_prove.c clerk_start.c)
$(eval $(call lib,clerk,control/clerk/clerk.c $(CLERK_STEP)))
$(eval $(call lib,clerkstep,$(CLERK_STEP)))
