$(eval $(call lib,ssh,$(addprefix dataplane/ssh/,record.c frame_in.c frame_out.c ident.c demux.c itemq.c \
	conn.c conn_in.c conn_out.c keys.c step.c deadline.c chaff.c chan.c chan_in.c chan_up.c chan_out.c chan_host.c ask.c \
	window.c mux.c zip.c)))
