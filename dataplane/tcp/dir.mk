$(eval $(call lib,tcp,$(addprefix dataplane/tcp/, \
	cc_cubic.c cc_hystart.c cc_newreno.c tcp_again.c tcp_board.c tcp_buf.c tcp_burst.c tcp_cc.c tcp_challenge.c tcp_conn.c tcp_cookie.c tcp_ecn.c \
	tcp_emit.c tcp_fsm.c tcp_half.c tcp_icmp.c tcp_info.c tcp_in.c tcp_in_ack.c tcp_in_text.c tcp_isn.c tcp_life.c \
	tcp_listen.c tcp_opt.c tcp_orphan.c tcp_out.c tcp_own.c tcp_path.c tcp_pace.c tcp_persist.c tcp_prr.c tcp_rack.c tcp_reasm.c tcp_reset.c tcp_rto.c tcp_rtx.c tcp_search.c tcp_shed.c \
	tcp_stack.c tcp_syn.c tcp_tail.c tcp_table.c tcp_timer.c tcp_timewait.c tcp_undo.c tcp_user.c tcp_window.c \
	tcp_wire.c)))
