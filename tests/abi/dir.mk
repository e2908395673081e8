# The plugin ABI: layout, headers alone, symbols, baseline; plugins that a host must
# refuse, and plugins of other versions of these headers, built as any other.
GUESTS := $(patsubst tests/abi/guests/%.c,$(BIN)/tests/guests/%.so,$(wildcard tests/abi/guests/*.c))

$(BIN)/tests/guests/%.so: tests/abi/guests/%.c $(STAGE_DONE)
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -shared -o $@ $<

# The plugin that tests/interop/conform.sh talks to.
PROGS += $(BIN)/tests/conform.so
$(BIN)/tests/conform.so: $(wildcard tests/abi/conform/*.c) tests/abi/conform/conform.h $(STAGE_DONE)
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PLUGIN_CFLAGS) $(PLUGIN_LDFLAGS) -o $@ $(filter %.c,$^)

# One source, compiled with each version that is kept and with the next one.
ABI_KEPT := $(notdir $(wildcard tests/abi/headers/draft-* tests/abi/headers/v*))
ABI_LATER := $(BUILD)/abi-later
VERSION_PLUGINS := $(foreach v,$(ABI_KEPT) later,$(BIN)/tests/versions/$(v).so)
VERSION_CFLAGS := -std=c11 -g -fPIC -fvisibility=hidden -Wall -Wextra -pedantic $(WERROR) -shared

$(ABI_LATER)/.done: $(STAGE_DONE) tests/abi/later.sh tests/abi/headers.sh
	$(Q)tests/abi/later.sh $(STAGE)/usr/include $(ABI_LATER)
	$(Q)touch $@

$(BIN)/tests/versions/later.so: tests/abi/versions/guest.c $(ABI_LATER)/.done
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VERSION_CFLAGS) -DLATER -I$(ABI_LATER) -o $@ $<

$(BIN)/tests/versions/%.so: tests/abi/versions/guest.c $(wildcard tests/abi/headers/*/postern/*.h tests/abi/headers/*/postern/draft/*.h)
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VERSION_CFLAGS) -Itests/abi/headers/$* -o $@ $<

$(call flags,tests/abi/versions/test_versions.c,-DABI_KEPT='"$(ABI_KEPT)"')
$(eval $(call unit,test_abi_versions,tests/abi/versions/test_versions.c,hostbench host linkend ctl confine link wire,-lseccomp -ldl))
$(BIN)/tests/test_abi_versions: | $(VERSION_PLUGINS)

CHECK_SCRIPTS += tests/abi/check.sh

.PHONY: abi-baseline
abi-baseline: $(STAGE_DONE)
	$(Q)BIN=$(BIN) BUILD=$(BUILD) tests/abi/check.sh --update
