# The plugin ABI: layout, headers alone, symbols, baseline; and plugins that a
# host must refuse, built as any other.
GUESTS := $(patsubst tests/abi/guests/%.c,$(BIN)/tests/guests/%.so,$(wildcard tests/abi/guests/*.c))

$(BIN)/tests/guests/%.so: tests/abi/guests/%.c $(STAGE_DONE)
	$(call say,PLUGIN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -shared -o $@ $<

CHECK_SCRIPTS += tests/abi/check.sh
