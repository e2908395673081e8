$(eval $(call fuzz,rolemsg,tests/fuzz/roles/rolemsg.c,gatestep turns peers conf kex pk rng ctl confine link wire,$(PK_LD) -lseccomp))
$(eval $(call fuzz,console,tests/fuzz/roles/console.c,console peers conf json ctl confine net mem link wire,-lseccomp -ljansson))
$(eval $(call fuzz,spawn,tests/fuzz/roles/spawn.c,login host linkend peers ctl pamwrap conf confine link wire,-lpam -lseccomp -ldl))
$(eval $(call fuzz,attachup,tests/fuzz/roles/attachup.c,supervisor moduli conf json ctl confine link wire,-lseccomp -ljansson))
