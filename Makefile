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
CFLAGS_ALL := -std=gnu17 -O2 -g -fno-omit-frame-pointer -fstack-protector-strong -D_GNU_SOURCE \
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

objs = $(patsubst %.c,$(OUT)/%.o,$(1))
libs = $(foreach l,$(1),$(OUT)/lib$(l).a)

define lib
LIBS_ALL += $(1)
SOURCES += $(2)
$(OUT)/lib$(1).a: $(call objs,$(2))
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
$(foreach f,$(call objs,$(1)),$(eval $(f): CFLAGS_OBJ += $(2)))
endef

all: build

include abi/dir.mk drivers/dir.mk dataplane/dir.mk control/dir.mk plugins/dir.mk tools/dir.mk tests/dir.mk

$(OUT)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS_OBJ) -c -o $@ $<

$(OUT)/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

FUZZ_BINS := $(addprefix $(BIN)/fuzz/,$(FUZZERS))

.PHONY: all build check test test-full run fuzz bench install format clean deps includes abi-check units
build: $(PROGS) $(PLUGIN_OUT)
units: $(UNITS) $(FUZZ_BINS)

-include $(patsubst %.c,$(OUT)/%.d,$(sort $(SOURCES)))
