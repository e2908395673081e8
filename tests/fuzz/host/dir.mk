$(eval $(call fuzz,hostup,tests/fuzz/host/hostup.c,hostbench host linkend ctl confine link wire,-lseccomp -ldl))
