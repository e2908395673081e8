$(eval $(call unit,tcp_sim,$(addprefix tests/sim/,tcp_sim.c tcp_goodput.c sim.c topology.c watch.c \
	reached.c life.c narrow.c path.c rng.c),tcp mem wire nic))

# The socket face and the rooms below it as one object with no names but its own, for
# programs outside.
$(eval $(call lib,sock,$(addprefix tests/sim/,sock.c sock_event.c sock_host.c sock_io.c \
	sock_option.c sock_record.c sock_tune.c rng.c)))
SIM_LIB := $(BUILD)/libpostern-sim$(VARIANT).a
SIM_PARTS := $(call libs,sock tcp net mem wire)
$(SIM_LIB): $(SIM_PARTS)
	$(call say,AR,$@)
	$(Q)ld -r -o $(OUT)/postern-sim.o --whole-archive $^
	$(Q)objcopy --wildcard --keep-global-symbol='sock_*' $(OUT)/postern-sim.o
	$(Q)rm -f $@ && ar rcs $@ $(OUT)/postern-sim.o
units: $(SIM_LIB)
$(eval $(call unit,test_sock_ecn,tests/sim/test_sock_ecn.c,sock tcp net mem wire))
$(foreach t,churn sock sock_info sock_option sock_path sock_time sock_tune,\
	$(eval $(call unit,test_$(t),tests/sim/test_$(t).c tests/sim/sock_rig.c,sock tcp net mem wire)))
CHECK_SCRIPTS += tests/sim/sock_plain.sh
