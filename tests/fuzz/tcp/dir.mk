$(eval $(call fuzz,tcpseg,tests/fuzz/tcp/tcpseg.c,tcp mem))
$(eval $(call fuzz,frame,tests/fuzz/tcp/frame.c,net tcp mem))
$(eval $(call fuzz,tcpboard,tests/fuzz/tcp/tcpboard.c,tcp mem))
$(eval $(call fuzz,tcpburst,tests/fuzz/tcp/tcpburst.c,tcp mem))
