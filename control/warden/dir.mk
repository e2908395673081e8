$(eval $(call lib,warden,control/warden/main.c control/warden/warden.c control/warden/asks.c control/warden/course.c \
	control/warden/dialogue.c control/warden/answer.c control/warden/account.c control/warden/judge.c \
	control/warden/proof.c control/warden/authkeys.c))
