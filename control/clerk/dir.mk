CLERK_STEP := $(addprefix control/clerk/,clerk_step.c clerk_chan.c clerk_open.c clerk_request.c clerk_pty.c \
	clerk_prove.c clerk_start.c clerk_policy.c clerk_ask.c clerk_query.c)
$(eval $(call lib,clerk,control/clerk/clerk.c $(CLERK_STEP)))
# with what plugins serve, for who has not the messages besides
$(eval $(call lib,clerkstep,$(CLERK_STEP) control/serves.c))
