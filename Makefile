# nsisolate - isolated login sessions.  `make help` lists what can be made.

VERSION = 0.1.0

# ---- where things go; all of it can be set on the command line ----
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
BUILD      ?= build
DESTDIR    ?=

CC     ?= cc
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
# where the machine's own PAM modules are
PAMDIR ?= $(or $(patsubst %/pam_unix.so,%,$(firstword $(wildcard \
	$(foreach dir,/usr/lib/$(MULTIARCH) /lib/$(MULTIARCH) /usr/lib64 /lib64 /usr/lib /lib, \
	$(dir)/security/pam_unix.so)))),$(PREFIX)/lib/security)

# ---- how things are built ----
# $(call supported,COMPILER,FLAGS): those of FLAGS that the compiler takes
supported = $(foreach flag,$(2),$(shell echo 'int main(void) { return 0; }' | \
	$(1) -Werror $(flag) -x c -o /dev/null - 2>/dev/null && echo $(flag)))

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
ifdef WERROR
WARNINGS += -Werror
endif
HARDENING := $(call supported,$(CC),-fstack-protector-strong -fstack-clash-protection \
	-fcf-protection)
CFLAGS ?= -O2 -g
INIPARSER := $(firstword $(wildcard /usr/include/iniparser/iniparser.h /usr/include/iniparser.h))

NSI_CPPFLAGS = -D_GNU_SOURCE -Iconf -I$(dir $(INIPARSER)) \
	-DNSISOLATE_VERSION='"$(VERSION)"' \
	-DNSISOLATE_CONF='"$(SYSCONFDIR)/nsisolate.conf"' \
	-DNSISOLATE_INIT='"$(LIBEXECDIR)/nsisolate/nsisolate-init"' \
	-DNSISOLATE_SHELL='"$(BINDIR)/nsisolate-shell"'
NSI_CFLAGS   = -std=gnu17 $(WARNINGS) $(HARDENING) -MMD -MP
FORTIFY      = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
NSI_LDFLAGS  = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

# nsisolate-init is static, and with musl where there is one: it is PID 1 of every session, and its
# C library decides what a session costs.  Not PIE: that would relocate itself at every login.
MUSL_GCC := $(shell command -v musl-gcc 2>/dev/null)
ifdef MUSL_GCC
INIT_CC    ?= $(MUSL_GCC)
# the kernel's own headers come behind musl's
INIT_FLAGS ?= -idirafter /usr/include $(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH))
else
INIT_CC    ?= $(CC)
INIT_FLAGS ?=
endif
INIT_HARDENING := $(call supported,$(INIT_CC),-fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -no-pie -fno-pie)
INIT_LINK = -static -Wl,--gc-sections

# ---- what is built from what ----
conf_sources   := $(wildcard conf/*.c)
init_sources   := $(wildcard shell/init/*.c) conf/policy.c conf/kinds.c conf/error.c
module_sources := $(wildcard pam_module/*.c) $(conf_sources)
shell_sources  := $(wildcard shell/*.c) $(conf_sources)
ctl_sources    := $(wildcard shell/ctl/*.c) $(conf_sources)
unit_tests     := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/check_*.c))
tools          := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))

objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
init_objects   := $(call objects,init,$(init_sources))
module_objects := $(call objects,pic,$(module_sources))
shell_objects  := $(call objects,pic,$(shell_sources))
ctl_objects    := $(call objects,pic,$(ctl_sources))
conf_objects   := $(call objects,pic,$(conf_sources))

PROGRAMS = $(BUILD)/pam_nsisolate.so $(BUILD)/nsisolate-init $(BUILD)/nsisolate-shell \
	$(if $(wildcard shell/ctl/*.c),$(BUILD)/nsisolatectl)

.PHONY: all demo demo-login check sanitize install uninstall format check-format clean help FORCE
.DELETE_ON_ERROR:

all: $(PROGRAMS)

# A change of flags or paths rebuilds: the stamp's time is that of the last change.
flags := $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(NSI_CFLAGS) $(NSI_CPPFLAGS) $(INIT_CC)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(flags))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(flags))' >$@

$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(NSI_CPPFLAGS) $(FORTIFY) $(CPPFLAGS) $(NSI_CFLAGS) -fPIC -fvisibility=hidden \
		$(CFLAGS) -c -o $@ $<

$(BUILD)/init/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(INIT_CC) $(NSI_CPPFLAGS) $(CPPFLAGS) -std=gnu17 $(WARNINGS) $(INIT_HARDENING) -MMD -MP \
		-ffunction-sections -fdata-sections $(CFLAGS) $(INIT_FLAGS) -c -o $@ $<

$(BUILD)/pam_nsisolate.so: $(module_objects)
	$(CC) -shared $(NSI_LDFLAGS) -Wl,-z,defs $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpam -liniparser

$(BUILD)/nsisolate-shell: $(shell_objects)
$(BUILD)/nsisolatectl: $(ctl_objects)
$(BUILD)/nsisolate-shell $(BUILD)/nsisolatectl:
	$(CC) -pie $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -liniparser

$(BUILD)/nsisolate-init: $(init_objects)
	$(INIT_CC) $(INIT_HARDENING) $(CFLAGS) $(LDFLAGS) $(INIT_LINK) -o $@ $^

$(unit_tests): $(BUILD)/tests/%: $(BUILD)/pic/tests/unit/%.o $(conf_objects)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -liniparser $(shell pkg-config --libs check)

$(tools): $(BUILD)/tests/%: $(BUILD)/pic/tests/tools/%.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpam -lpam_misc -lutil

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')

# ---- what is run ----
# Both install what they need, as root; else they say what to run.
demo:
	@packaging/install-dependencies build demo
	@$(MAKE) --no-print-directory all tests-tools
	@BUILD='$(abspath $(BUILD))' tests/login/demo.sh

demo-login:
	@packaging/install-dependencies build demo
	@$(MAKE) --no-print-directory all tests-tools
	@BUILD='$(abspath $(BUILD))' tests/login/demo.sh --login

check:
	@packaging/install-dependencies build test
	@$(MAKE) --no-print-directory all tests-tools tests-unit
	@BUILD='$(abspath $(BUILD))' tests/run $(TESTS)

.PHONY: tests-tools tests-unit
tests-tools: $(tools)
tests-unit: $(unit_tests)

install: all
	install -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) \
		$(DESTDIR)$(LIBEXECDIR)/nsisolate $(DESTDIR)$(SYSCONFDIR)
	install -m 644 $(BUILD)/pam_nsisolate.so $(DESTDIR)$(PAMDIR)/
	install -m 755 $(BUILD)/nsisolate-shell $(DESTDIR)$(BINDIR)/
	install -m 755 $(BUILD)/nsisolate-init $(DESTDIR)$(LIBEXECDIR)/nsisolate/
	$(if $(wildcard shell/ctl/*.c),install -m 755 $(BUILD)/nsisolatectl $(DESTDIR)$(SBINDIR)/)
	set -e; for page in conf/*.[1-8] pam_module/*.[1-8] shell/*.[1-8] shell/*/*.[1-8]; do \
		[ -f "$$page" ] || continue; \
		install -D -m 644 "$$page" "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}"; done
	test -e $(DESTDIR)$(SYSCONFDIR)/nsisolate.conf || \
		install -m 644 conf/nsisolate.conf $(DESTDIR)$(SYSCONFDIR)/

# The configuration stays: it is the admin's.
uninstall:
	rm -f $(DESTDIR)$(PAMDIR)/pam_nsisolate.so $(DESTDIR)$(BINDIR)/nsisolate-shell \
		$(DESTDIR)$(SBINDIR)/nsisolatectl $(DESTDIR)$(LIBEXECDIR)/nsisolate/nsisolate-init
	-rmdir $(DESTDIR)$(LIBEXECDIR)/nsisolate
	for page in conf/*.[1-8] pam_module/*.[1-8] shell/*.[1-8] shell/*/*.[1-8]; do \
		rm -f "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}"; done

FORMATTED = $(wildcard conf/*.[ch] pam_module/*.[ch] shell/*.[ch] shell/*/*.[ch] tests/*/*.[ch])
format:
	clang-format -i $(FORMATTED)
check-format:
	clang-format --dry-run -Werror $(FORMATTED)

clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	'make             build into $(BUILD)/' \
	'make demo        install what is missing, build, show it on a real sshd' \
	'make demo-login  the same, and leave you in such a session' \
	'make check       install what is missing, build, run all tests (TESTS="-k WORD": some)' \
	'make install     DESTDIR PREFIX SYSCONFDIR PAMDIR ...; keeps an existing nsisolate.conf' \
	'make uninstall   the reverse, but for nsisolate.conf' \
	'make format      clang-format the C files; check-format only looks' \
	'make clean       remove $(BUILD)/'
