# The public headers, and the plugins as an outsider builds them: from an
# installed copy, with nothing else of this tree.

HEADERS_PUBLIC := $(wildcard abi/postern/*.h)
HEADERS_PUBLIC_DRAFT := $(wildcard abi/postern/draft/*.h)
PLUGINS := skeleton echo exec sftp netconf forward agent x11

plugin_files_skeleton := plugins/skeleton/skeleton.c
plugin_files_echo := plugins/echo/echo.c
plugin_files_exec := plugins/exec/exec.c plugins/exec/session.c plugins/exec/output.c plugins/exec/launch.c \
	plugins/exec/modes.c plugins/exec/signals.c
plugin_files_sftp := $(addprefix plugins/sftp/,sftp.c session.c job.c order.c reply.c ops.c content.c look.c names.c copy.c request.c attrs.c longname.c \
	handles.c options.c posix.c prompt.c root.c accounts.c)
plugin_files_forward := $(addprefix plugins/forward/,forward.c rules.c connect.c listen.c pipe.c)
plugin_headers_forward := $(wildcard plugins/forward/*.h)
plugin_files_agent := plugins/agent/agent.c plugins/relay/relay.c
plugin_headers_agent := plugins/relay/relay.h
plugin_files_x11 := $(addprefix plugins/x11/,x11.c display.c xauth.c) plugins/relay/relay.c
plugin_headers_x11 := plugins/x11/x11.h plugins/relay/relay.h
plugin_headers_sftp := $(wildcard plugins/sftp/*.h)
plugin_files_netconf := $(addprefix plugins/netconf/,netconf.c session.c server.c framing.c hello.c)
plugin_headers_netconf := $(wildcard plugins/netconf/*.h)
plugin_headers_exec := plugins/exec/exec.h plugins/exec/modes.h plugins/exec/signals.h

STAGE := $(BUILD)/stage
STAGE_DONE := $(STAGE)/.done

install-headers:
	$(Q)install -d $(DESTDIR)$(PREFIX)/include/postern/draft $(DESTDIR)$(PREFIX)/share/pkgconfig
	$(Q)install -m 644 $(HEADERS_PUBLIC) $(DESTDIR)$(PREFIX)/include/postern/
	$(Q)install -m 644 $(HEADERS_PUBLIC_DRAFT) $(DESTDIR)$(PREFIX)/include/postern/draft/
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' abi/postern/postern-plugin.pc.in \
	    > $(DESTDIR)$(PREFIX)/share/pkgconfig/postern-plugin.pc

$(STAGE_DONE): $(HEADERS_PUBLIC) $(HEADERS_PUBLIC_DRAFT) abi/postern/postern-plugin.pc.in plugins/build.mk
	$(Q)$(MAKE) --no-print-directory install-headers DESTDIR=$(abspath $(STAGE)) PREFIX=/usr
	$(Q)touch $@

.PHONY: install-headers

PLUGIN_CFLAGS := -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -Wall -Wextra -Wshadow -Wstrict-prototypes -pedantic \
	-D_GNU_SOURCE $(WERROR) -I$(STAGE)/usr/include
PLUGIN_LDFLAGS := -shared -Wl,--version-script=plugins/plugin.map -Wl,-z,relro,-z,now -Wl,--no-undefined

define plugin_rule
PLUGIN_OUT += $(BIN)/plugins/$(1).so $(BIN)/plugins/$(1).conf
$(BIN)/plugins/$(1).so: $(plugin_files_$(1)) $(plugin_headers_$(1)) $(STAGE_DONE) plugins/plugin.map
	$$(call say,PLUGIN,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(PLUGIN_CFLAGS) $$(PLUGIN_LDFLAGS) -o $$@ $(plugin_files_$(1))
$(BIN)/plugins/$(1).conf: plugins/$(1)/$(1).conf
	$$(Q)mkdir -p $$(@D)
	$$(Q)install -m 644 $$< $$@
endef
PLUGIN_OUT :=
$(foreach p,$(PLUGINS),$(eval $(call plugin_rule,$(p))))
