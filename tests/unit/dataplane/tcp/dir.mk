TCP_UNIT := tests/unit/dataplane/tcp

$(eval $(call unit,test_tcp_board,$(TCP_UNIT)/test_board.c,tcp mem))
$(eval $(call unit,test_tcp_cc,$(TCP_UNIT)/test_cc.c,tcp mem))
$(eval $(call unit,test_tcp_fsm,$(TCP_UNIT)/test_fsm.c,tcp mem))
$(eval $(call unit,test_tcp_opt,$(TCP_UNIT)/test_opt.c,tcp mem))
$(eval $(call unit,test_tcp_own,$(TCP_UNIT)/test_own.c,tcp mem))
$(eval $(call unit,test_tcp_path,$(TCP_UNIT)/test_path.c,tcp mem))
$(eval $(call unit,test_tcp_reasm,$(TCP_UNIT)/test_reasm.c,tcp mem))
$(eval $(call unit,test_tcp_rto,$(TCP_UNIT)/test_rto.c,tcp mem))
$(eval $(call unit,test_tcp_stack,$(TCP_UNIT)/test_stack.c,tcp mem))
$(eval $(call unit,test_tcp_burst,$(TCP_UNIT)/test_burst.c tests/fuzz/tcp/tcpburst.c,tcp mem))
