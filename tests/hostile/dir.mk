# A plugin with a fault by its name, for tests/interop/hostileplugins.sh.
PROGS += $(BIN)/tests/hostile.so
$(BIN)/tests/hostile.so: tests/hostile/hostile.c abi/link/layout.h $(STAGE_DONE)
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -pedantic,$(PLUGIN_CFLAGS)) -Wno-array-bounds -Wno-infinite-recursion -I. $(PLUGIN_LDFLAGS) -pthread -o $@ $<
