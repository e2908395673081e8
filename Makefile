# postern: one Makefile, a dir.mk per folder.
#
# A dir.mk declares; this file knows how. Variables of the command line:
#   V=1        show commands            SAN=1   ASan and UBSan
#   COV=1      coverage                 NEXT=1  the next link and note version
#   BUILD=DIR  where everything goes    WERROR= warnings are not errors
#   DESTDIR, PREFIX for install

SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:

VARIANT := $(if $(SAN),-san)$(if $(COV),-cov)$(if $(NEXT),-next)
BUILD ?= build
OUT := $(BUILD)/obj$(VARIANT)
BIN := $(BUILD)/bin$(VARIANT)
PREFIX ?= /usr
DESTDIR ?=
VERSION := 0.1

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
WERROR ?= -Werror
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes $(WERROR)
# With sanitizers as they recommend it: a third of the time to build, and truer traces.
OPTIMIZE := $(if $(SAN),-O1,-O2)
CFLAGS_ALL := -std=gnu17 $(OPTIMIZE) -g -fno-omit-frame-pointer -fstack-protector-strong -D_GNU_SOURCE \
	-DPOSTERN_VERSION='"$(VERSION)"' -fPIC -I. -MMD -MP $(WARN) $(CFLAGS)
ifeq ($(SAN),)
CFLAGS_ALL += -D_FORTIFY_SOURCE=2
else
CFLAGS_ALL += -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS_ALL += -fsanitize=address,undefined
endif
ifneq ($(COV),)
CFLAGS_ALL += --coverage
LDFLAGS_ALL += --coverage
endif
ifneq ($(NEXT),)
CFLAGS_ALL += -DPOSTERN_NEXT=1
endif
LDFLAGS_ALL += -Wl,-z,relro,-z,now $(LDFLAGS)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- what a dir.mk may say ------------------------------------------------
# $(call lib,NAME,FILES)             objects into build/obj/libNAME.a
# $(call prog,NAME,FILES,LIBS,LDLIBS) a program in build/bin
# $(call unit,NAME,FILES,LIBS,LDLIBS) a test program (CUnit) that `check` runs
# $(call fuzz,NAME,FILES,LIBS,LDLIBS) a target with LLVMFuzzerTestOneInput; its
#                                    corpus is tests/fuzz/corpus/NAME; replayed
#                                    by `check`, grown by `make fuzz`
# $(call flags,FILES,CFLAGS)         extra flags for these objects
# CHECK_SCRIPTS += script            run by `check` (no root, no device)
# ROOT_SCRIPTS += script             run by `test` as root, through the testbed
# Files are paths from the top; LIBS are names given to lib, in link order.

LIBS_ALL :=
PROGS :=
UNITS :=
FUZZERS :=
CHECK_SCRIPTS :=
ROOT_SCRIPTS :=
FULL_SCRIPTS :=
SOURCES :=

FOUT := $(BUILD)/fuzz/obj
objs = $(patsubst %.c,$(OUT)/%.o,$(1))
fobjs = $(patsubst %.c,$(FOUT)/%.o,$(1))
libs = $(foreach l,$(1),$(OUT)/lib$(l).a)

define lib
LIBS_ALL += $(1)
SOURCES += $(2)
$(OUT)/lib$(1).a: $(call objs,$(2))
$(FOUT)/lib$(1).a: $(call fobjs,$(2))
endef

define link_rule
SOURCES += $(2)
$(BIN)/$(1): $(call objs,$(2)) $(call libs,$(3))
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -o $$@ $(call objs,$(2)) -Wl,--start-group $(call libs,$(3)) -Wl,--end-group $$(LDFLAGS_ALL) $(4)
endef

define prog
PROGS += $(BIN)/$(1)
$(call link_rule,$(1),$(2),$(3),$(4))
endef

define unit
UNITS += $(BIN)/tests/$(1)
$(call link_rule,tests/$(1),$(2),$(3),-lcunit $(4))
endef

define fuzz
FUZZERS += $(1)
FUZZ_SRC_$(1) := $(2)
FUZZ_LIBS_$(1) := $(3)
FUZZ_LD_$(1) := $(4)
$(call link_rule,fuzz/$(1),$(2) tests/fuzz/replay.c,$(3),$(4))
endef

define flags
$(foreach f,$(call objs,$(1)) $(call fobjs,$(1)),$(eval $(f): CFLAGS_OBJ += $(2)))
endef

all: build

include abi/dir.mk drivers/dir.mk dataplane/dir.mk control/dir.mk plugins/dir.mk tools/dir.mk tests/dir.mk

# Their flags are in this file.
$(OUT)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS_OBJ) -c -o $@ $<

$(OUT)/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

FUZZ_BINS := $(addprefix $(BIN)/fuzz/,$(FUZZERS))

print-%:
	@echo $($*)

.PHONY: fuzz-deps all build check test test-full run fuzz bench bench-kex bench-sftp bench-tcp install format clean deps includes abi-check units
build: $(PROGS) $(PLUGIN_OUT)
units: $(UNITS) $(FUZZ_BINS)

-include $(patsubst %.c,$(OUT)/%.d,$(sort $(SOURCES)))
-include $(patsubst %.c,$(FOUT)/%.d,$(sort $(SOURCES)))

# ---- checks ---------------------------------------------------------------
RESULTS := $(BUILD)/results$(VARIANT)

includes:
	$(Q)tools/includes.sh

# Everything that needs no root, no device and no network. LANES: programs at a time.
LANES ?= $(shell nproc)
check: build units includes
	$(Q)rm -f $(RESULTS)
	$(Q)LANES=$(LANES) tests/run.sh unit $(RESULTS) $(UNITS)
	$(Q)LANES=$(LANES) tests/run.sh replay $(RESULTS) tests/fuzz/corpus $(FUZZ_BINS)
	$(Q)BIN=$(BIN) OUT=$(OUT) BUILD=$(BUILD) tests/run.sh script $(RESULTS) $(CHECK_SCRIPTS)
	$(Q)tests/run.sh summary $(RESULTS)

abi-check: build
	$(Q)BIN=$(BIN) OUT=$(OUT) BUILD=$(BUILD) tests/abi/check.sh

# Everything. Root: makes network namespaces, installs what is missing.
test: deps
	$(Q)tests/all.sh short

test-full: deps
	$(Q)tests/all.sh full

# Packages that a build and a test need on a fresh Debian.
DEPS := gcc g++ libc6-dev make pkg-config libdpdk-dev libipsec-mb-dev libssl-dev nettle-dev libcunit1-dev \
	libseccomp-dev zlib1g-dev libjansson-dev libpam0g-dev iproute2 ethtool iputils-ping tcpdump openssh-client \
	expect sudo procps util-linux debootstrap abigail-tools perl tar xz-utils dropbear-bin putty-tools sshfs \
	keepalived nmap valgrind openssl
deps:
	$(Q)tools/deps.sh $(DEPS)

run: deps
	$(Q)$(MAKE) --no-print-directory build
	$(Q)exec tools/run.sh

# ---- fuzzing: libFuzzer, one target each, FUZZ_TIME seconds -----------------
FUZZ_TIME ?= 30
FUZZ_CFLAGS = -std=gnu17 -O1 -g -D_GNU_SOURCE -DPOSTERN_VERSION='"$(VERSION)"' -I. -MMD -MP \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -Wno-everything
fuzz: fuzz-deps $(addprefix fuzz-,$(FUZZERS))
fuzz-deps:
	$(Q)tools/deps.sh clang libclang-rt-dev
$(FOUT)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(CFLAGS_OBJ) -c -o $@ $<
$(FOUT)/%.a:
	$(Q)rm -f $@ && ar rcs $@ $^
define fuzz_rule
$(BUILD)/fuzz/$(1).bin: $(call fobjs,$(FUZZ_SRC_$(1))) $(foreach l,$(FUZZ_LIBS_$(1)),$(FOUT)/lib$(l).a)
	$$(call say,FUZZ,$$@)
	$$(Q)$$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $(call fobjs,$(FUZZ_SRC_$(1))) \
	    -Wl,--start-group $(foreach l,$(FUZZ_LIBS_$(1)),$(FOUT)/lib$(l).a) -Wl,--end-group $(FUZZ_LD_$(1))
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rule,$(f))))
fuzz-%: $(BUILD)/fuzz/%.bin
	$(Q)mkdir -p $(BUILD)/fuzz/$* tests/fuzz/corpus/$*
	$(Q)$(BUILD)/fuzz/$*.bin -max_total_time=$(FUZZ_TIME) -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$*- \
	    $(BUILD)/fuzz/$* tests/fuzz/corpus/$*

bench: build
	$(Q)tests/bench/run.sh
	$(Q)tests/bench/unknown.sh
	$(Q)tests/bench/strangers.sh
	$(Q)tests/bench/length.sh
	$(Q)tests/bench/rekeys.sh
	$(Q)BIN=$(BIN) tests/bench/kex.sh

# Key exchanges of one gate's core, by method, beside the library's primitives.
bench-kex: build
	$(Q)BIN=$(BIN) tests/bench/kex.sh

# Large and small files beside sshd's internal-sftp.
bench-sftp: build
	$(Q)tests/bench/sftp.sh

bench-tcp: build
	$(Q)$(BIN)/tests/tcp-cost
	$(Q)BIN=$(BIN) BUILD=$(BUILD) tests/bench/grid.sh

# ---- installation -----------------------------------------------------------
I := $(DESTDIR)$(PREFIX)
install: build
	$(Q)install -d $(I)/bin $(I)/sbin $(I)/lib/postern/plugins $(I)/share/man/man1 $(I)/share/man/man3 $(I)/share/man/man5 \
	    $(I)/share/man/man7 $(I)/share/man/man8 $(DESTDIR)/etc/postern $(DESTDIR)/lib/systemd/system
	$(Q)install -m 755 $(BIN)/postern-dp $(BIN)/posternd $(I)/sbin/
	$(Q)install -m 755 $(BIN)/posternctl $(BIN)/postern-plugin-run $(I)/bin/
	$(Q)install -m 644 $(PLUGIN_OUT) $(I)/lib/postern/plugins/
	$(Q)$(foreach s,1 3 5 7 8,for m in tools/man/*.$(s); do [ -e "$$m" ] && install -m 644 $$m $(I)/share/man/man$(s)/ || true; done;)
	$(Q)install -m 644 tools/packaging/postern.conf $(DESTDIR)/etc/postern/postern.conf.example
	$(Q)install -d $(DESTDIR)/usr/lib/sysusers.d $(DESTDIR)/etc/pam.d
	$(Q)install -m 644 tools/packaging/postern.sysusers $(DESTDIR)/usr/lib/sysusers.d/postern.conf
	$(Q)install -m 644 tools/packaging/postern.pam $(DESTDIR)/etc/pam.d/postern
	$(Q)install -m 644 tools/packaging/*.service $(DESTDIR)/lib/systemd/system/
	$(Q)install -d $(I)/share/doc/postern/examples
	$(Q)install -m 644 plugins/skeleton/skeleton.c plugins/skeleton/skeleton.conf $(I)/share/doc/postern/examples/
	$(Q)$(MAKE) --no-print-directory install-headers DESTDIR=$(DESTDIR)

# The lines that differ from HEAD, and no others: tables are set by hand.
format:
	$(Q)git clang-format --force --quiet --extensions c,h HEAD

clean:
	$(Q)rm -rf $(BUILD)
