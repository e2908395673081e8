$(eval $(call fuzz,wardenmsg,tests/fuzz/pam/wardenmsg.c,warden peers conf kex pk ctl confine link wire,$(PK_LD) -lseccomp))
$(eval $(call fuzz,pamchild,tests/fuzz/pam/pamchild.c,pam conf ctl confine link wire,-lseccomp))
