# a plugin's process
$(eval $(call lib,host,control/host/main.c control/host/init.c control/host/link.c control/host/chan.c \
	control/host/start.c control/host/request.c control/host/query.c control/host/chans.c control/host/conns.c control/host/ask.c control/host/inq.c control/host/outq.c \
	control/host/owed.c control/host/load.c control/host/limits.c control/host/elf.c control/host/leader.c control/host/face.c \
	control/host/face_channel.c control/host/face_session.c control/host/face_connection.c control/host/face_loop.c \
	control/host/face_task.c control/host/face_counter.c control/host/face_flow.c control/host/tasks.c))
