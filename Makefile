# nsisolate - isolated login sessions.  `make help` lists the targets.

VERSION = 0.1.0

# ---- where things go; all of these can be set on the command line --------------------------------
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
DATADIR    ?= $(PREFIX)/share
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
DESTDIR    ?=
BUILD      ?= build

ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
# the directory of the machine's own PAM modules
pam_places := $(foreach dir,$(if $(MULTIARCH),/usr/lib/$(MULTIARCH) /lib/$(MULTIARCH)) \
	/usr/lib64 /lib64 /usr/lib /lib,$(dir)/security)
PAMDIR ?= $(firstword $(patsubst %/pam_unix.so,%,$(wildcard $(pam_places:=/pam_unix.so))) \
	$(PREFIX)/lib/security)

PATHS = PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR) BINDIR=$(BINDIR) SBINDIR=$(SBINDIR) \
	LIBEXECDIR=$(LIBEXECDIR) MANDIR=$(MANDIR) PAMDIR=$(PAMDIR) BASHCOMPDIR=$(BASHCOMPDIR) \
	ZSHCOMPDIR=$(ZSHCOMPDIR)

# ---- how things are built ------------------------------------------------------------------------
# $(call supported,COMPILER,FLAGS): those of FLAGS that the compiler accepts
supported = $(foreach flag,$(2),$(shell echo 'int main(void) { return 0; }' | $(1) -O2 -Werror \
	$(flag) -include stdio.h -x c -o /dev/null - >/dev/null 2>&1 && echo '$(flag)'))

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
ifdef WERROR
WARNINGS += -Werror
endif
HARDENING := $(call supported,$(CC),-fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -mbranch-protection=standard)
# glibc needs an optimizing compiler for it, and not every glibc has level 3
ifneq ($(filter -O -O1 -O2 -O3 -Os -Og,$(CFLAGS)),)
FORTIFY := -U_FORTIFY_SOURCE \
	$(firstword $(call supported,$(CC),-D_FORTIFY_SOURCE=3) -D_FORTIFY_SOURCE=2)
endif
INIPARSER := $(dir $(firstword $(wildcard /usr/include/iniparser/iniparser.h /usr/include/iniparser.h)))

# On 32 bits fstat(2) fails for an inode number of more, which XFS, NFS and overlays have, and time ends in 2038.
WIDE := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
NSI_CPPFLAGS = -D_GNU_SOURCE $(WIDE) -I. $(INIPARSER:%=-I%) \
	-DNSISOLATE_VERSION='"$(VERSION)"' \
	-DNSISOLATE_CONF='"$(SYSCONFDIR)/nsisolate.conf"' \
	-DNSISOLATE_INIT='"$(LIBEXECDIR)/nsisolate/nsisolate-init"' \
	-DNSISOLATE_LOGIN='"$(LIBEXECDIR)/nsisolate/nsisolate-login"' \
	-DNSISOLATE_JUDGE='"$(LIBEXECDIR)/nsisolate/pam-judge"' \
	-DNSISOLATE_LOAD='"$(LIBEXECDIR)/nsisolate/pam-load"' \
	-DNSISOLATE_SHELL='"$(BINDIR)/nsisolate-shell"' \
	-DNSISOLATE_MODULE='"$(PAMDIR)/pam_nsisolate.so"' \
	-DNSISOLATE_DROPIN='"$(user_dropin)"' \
	-DNSISOLATE_SELINUX='"$(selinux_module)"' \
	-DNSISOLATE_PRIVACY='"$(privacy)"'
NSI_CFLAGS   = -std=gnu17 $(WARNINGS) -MMD -MP
NSI_LDFLAGS  = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
LIBRARIES    = -liniparser

# nsisolate-init is static, and with musl where there is one: it is PID 1 of every session, and its
# C library decides what a session costs.  Not PIE, which relocates itself at every start.  Measured,
# spawn to exit of --version: musl 152 us; static glibc 418 us, and as PIE 435 us.
#
# Only a musl for the processor that $(CC) compiles for: an object's first 20 bytes say which, elf(5).  What
# gcc -dumpmachine says is the same with and without -m32, and clang names the same machine differently.
machine_of = $(shell object=$$(mktemp) && { $(1) -x c -c -o $$object /dev/null 2>/dev/null && \
	od -An -tx1 -N20 $$object; rm -f $$object; })
machine := $(call machine_of,$(CC) $(CFLAGS))
musl_here = $(if $(and $(1),$(machine),$(filter $(subst $() ,,$(machine)),$(subst $() ,,$(call machine_of,$(1))))),$(1))
# Debian's musl-dev of another processor is used by way of the compiler for that one
musl_specs := $(wildcard /usr/lib/$(subst gnu,musl,$(MULTIARCH))/musl-gcc.specs)
MUSL_GCC := $(or $(call musl_here,$(shell command -v musl-gcc 2>/dev/null)),\
	$(call musl_here,$(musl_specs:%=$(CC) -specs %)))
ifdef MUSL_GCC
INIT_CC    ?= $(MUSL_GCC)
# the kernel's own headers come after musl's
INIT_FLAGS ?= -idirafter /usr/include $(MULTIARCH:%=-idirafter /usr/include/%)
else
INIT_CC    ?= $(CC)
INIT_FLAGS ?=
endif
INIT_HARDENING := $(call supported,$(INIT_CC),-fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -mbranch-protection=standard -no-pie -fno-pie)

# nsisolate-shell is static for another reason: no variable that the user sets (LD_PRELOAD, ...) may load
# code into it.  A static glibc still reads GLIBC_TUNABLES and LD_LIBRARY_PATH, but loads nothing; musl
# reads neither.
#
# `make sanitize`: code that runs in other programs (sshd) cannot have the sanitizers' runtime, and traps
# instead; so does nsisolate-shell.  nsisolate-init has the runtime, and is then linked dynamically with the
# machine's C library.
ifdef SANITIZE
NSI_CFLAGS += -fno-omit-frame-pointer
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize_bare := -fsanitize=undefined -fsanitize-undefined-trap-on-error
FORTIFY :=
endif

# `make coverage`: clang's counters, in a file that each process maps when it starts.  So the counts are
# right even for a process that is killed, calls _exit(2) or execs, or has given up its privileges or most
# system calls, without any help from the programs.  The directory exists on the stage (tests/stage.sh).
coverage_flags = -O1 -g -fprofile-instr-generate=/run/stage/profile/%m%c.profraw -fcoverage-mapping \
	-mllvm -runtime-counter-relocation

# ---- what is built from what ---------------------------------------------------------------------
# $(call rooms,FOLDER...): all sources in these folders
# sorted, since wildcard sorts by locale, and the order of linking must not depend on that
rooms = $(sort $(wildcard $(foreach depth,*.c */*.c */*/*.c */*/*/*.c,$(1:%=%/$(depth)))))
conf_sources   := $(call rooms,conf)
# used by all programs, and by all of shell/
common_sources := $(call rooms,shell/common conf/common)
init_sources   := $(call rooms,shell/init) $(common_sources)
# the first step, which is static, and the program that decides
# (the first links only what it needs: a file that uses free(3) would bring in musl's larger malloc)
shell_sources  := shell/nsisolate-shell.c $(addprefix shell/common/,environment.c real_shell.c log.c) \
	$(addprefix conf/common/,error.c session_log.c process_count.c)
login_sources  := shell/nsisolate-login.c $(call rooms,shell/common) $(conf_sources)
module_sources := $(call rooms,pam_module) $(conf_sources)
# it replaces functions that libpam calls, which no sanitizer's runtime tolerates
judge_sources  := $(call rooms,shell/judge) pam_module/module_args.c conf/common/error.c
load_sources   := shell/pam-load.c
# census opens a session as the module does
ctl_sources    := $(call rooms,shell/ctl shell/common) $(conf_sources) \
	$(addprefix pam_module/,pam_session.c caller.c spawn.c)
manuals        := $(wildcard conf/*.[1-8] pam_module/*.[1-8] shell/*.[1-8] shell/*/*.[1-8])
unit_tests     := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/check_*.c))
bench_programs := $(addprefix $(BUILD)/bench/,floor_shell floor_shell_libc floor_init pam_floor.so nothing \
	nothing_libc cpuid ready time_commands time_sessions hold_sessions bench_rules)
tools          := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
# a service for nsswitch.conf; musl has none
nss_standin    := $(if $(wildcard /usr/include/nss.h),$(BUILD)/tests/libnss_standin.so.2)
# a PAM module that returns what it is told to, and one that stands in for pam_systemd
pam_standins   := $(BUILD)/tests/pam_answer.so $(BUILD)/tests/pam_systemd.so
# libselinux as a test wants it
selinux_standin := $(BUILD)/tests/selinux_standin.so
fault_tools    := $(addprefix $(BUILD)/tests/,sweep verdict pam_mark.so fail_alloc.so)

objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
init_objects   := $(call objects,init,$(init_sources))
# the programs use the module's objects, too, except with sanitizers
module_objects := $(call objects,$(if $(SANITIZE),module,pic),$(module_sources))
shell_objects  := $(call objects,shell,$(shell_sources))
login_objects  := $(call objects,pic,$(login_sources))
judge_objects  := $(call objects,$(if $(SANITIZE),module,pic),$(judge_sources))
load_objects   := $(call objects,$(if $(SANITIZE),module,pic),$(load_sources))
ctl_objects    := $(call objects,pic,$(ctl_sources))
conf_objects   := $(call objects,pic,$(conf_sources))

PROGRAMS = $(BUILD)/pam_nsisolate.so $(BUILD)/nsisolate-init $(BUILD)/nsisolate-login \
	$(BUILD)/nsisolate-shell $(BUILD)/nsisolatectl $(BUILD)/pam-judge $(BUILD)/pam-load

.PHONY: all objects demo demo-login check soak fault check-vm check-directory check-clients check-suites check-storm bench bench-scale bench-growth bench-rules check-all check-hosts check-cross check-reproducible \
	bench-budget sanitize valgrind coverage mutate analyze fuzz deb rpm check-packages install uninstall format check-format \
	clean help local tests-tools tests-unit FORCE
.DELETE_ON_ERROR:
.SUFFIXES:

all: $(PROGRAMS) $(BUILD)/paths
# everything that is compiled, to see a compiler's warnings
objects: $(module_objects) $(shell_objects) $(login_objects) $(judge_objects) $(load_objects) $(ctl_objects) \
	$(init_objects)

# Rewritten only when they change, so that everything is rebuilt when the flags change.
define stamp
@mkdir -p $(@D)
@printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) >$@
endef
quoted = '$(subst ','\'',$(1))'
$(BUILD)/flags: FORCE
	$(call stamp,$(call quoted,$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(NSI_CPPFLAGS) \
		$(NSI_CFLAGS) $(HARDENING) $(FORTIFY) $(INIT_CC) $(INIT_FLAGS) $(INIT_HARDENING) \
		$(compile_pic) $(NSI_LDFLAGS) $(LIBRARIES)))
# for the tests, which install from here
$(BUILD)/paths: FORCE
	$(call stamp,$(foreach path,$(PATHS),$(call quoted,$(path))))

compile_pic = $(CC) $(NSI_CPPFLAGS) $(FORTIFY) $(CPPFLAGS) $(NSI_CFLAGS) $(HARDENING) -fPIC \
	-fvisibility=hidden $(1) $(CFLAGS) -c -o $@ $<
$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile_pic,$(sanitize))
$(BUILD)/module/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile_pic,$(sanitize_bare))
compile_static = $(INIT_CC) $(NSI_CPPFLAGS) $(CPPFLAGS) $(NSI_CFLAGS) $(INIT_HARDENING) $(1) \
	-ffunction-sections -fdata-sections $(CFLAGS) $(INIT_FLAGS) -c -o $@ $<
$(BUILD)/init/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile_static,$(sanitize))
$(BUILD)/shell/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile_static,$(sanitize_bare))

link = $(CC) $(NSI_LDFLAGS) $(sanitize) $(CFLAGS) $(LDFLAGS)
$(BUILD)/pam_nsisolate.so: $(module_objects)
	$(CC) -shared $(NSI_LDFLAGS) -Wl,-z,defs $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpam -ldl $(LIBRARIES)

$(BUILD)/nsisolate-login: $(login_objects)
$(BUILD)/nsisolatectl: $(ctl_objects)
$(BUILD)/nsisolate-login $(BUILD)/nsisolatectl:
	$(link) -pie -o $@ $^ $(LIBRARIES)

$(BUILD)/pam-judge: $(judge_objects)
	$(CC) $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -pie -rdynamic -o $@ $^ -lpam
$(BUILD)/pam-load: $(load_objects)
	$(CC) $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ -lpam -ldl

$(BUILD)/nsisolate-init: $(init_objects) $(if $(SANITIZE),$(BUILD)/init/tests/fault/no_leaks.o)
	$(call link_static,$(if $(SANITIZE),$(sanitize),-static))
$(BUILD)/nsisolate-shell: $(shell_objects)
	$(call link_static,$(sanitize_bare) -static)
link_static = $(INIT_CC) $(INIT_HARDENING) $(1) $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections \
	-Wl,-z,noexecstack -o $@ $^

check_libraries = $(or $(shell $(PKG_CONFIG) --libs check),$(error $(PKG_CONFIG) does not find Check, which the \
	unit tests need: install its development package, or set PKG_CONFIG to the one that knows it))
# the parts of nsisolatectl that have unit tests
$(BUILD)/tests/check_ctl: $(call objects,pic,$(addprefix shell/ctl/,output/table.c output/printable.c \
	session/process.c))
$(unit_tests): $(BUILD)/tests/%: $(BUILD)/pic/tests/unit/%.o $(conf_objects)
	@mkdir -p $(@D)
	$(link) -o $@ $^ -liniparser -lpam $(check_libraries)

$(tools): $(BUILD)/tests/%: $(BUILD)/pic/tests/tools/%.o
	@mkdir -p $(@D)
	$(link) -o $@ $^ -lpam -lpthread

$(BUILD)/tests/sweep: $(call objects,pic,tests/fault/sweep.c tests/fault/calls.c)
$(BUILD)/tests/verdict: $(call objects,pic,tests/fault/verdict.c)
$(BUILD)/tests/sweep $(BUILD)/tests/verdict:
	@mkdir -p $(@D)
	$(link) -o $@ $^
# these are loaded into other programs, too
$(BUILD)/tests/%.so: $(BUILD)/module/tests/fault/%.o
	@mkdir -p $(@D)
	$(CC) -shared $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ldl

$(pam_standins): $(BUILD)/tests/pam_%.so: $(BUILD)/module/tests/tools/pam/%.o
	$(CC) -shared $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(selinux_standin): $(BUILD)/module/tests/tools/selinux/standin.o
	$(CC) -shared $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/libnss_standin.so.2: $(BUILD)/module/tests/tools/nss/standin.o
	$(CC) -shared $(NSI_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^

# (what tests fetch from others has files of that name, too)
-include $(shell test -d $(BUILD) && find $(BUILD) '(' -name suites -o -name clients ')' -prune -o -name '*.d' -type f -print)

# ---- tests and other things to run ---------------------------------------------------------------
# As root they install what they need; an ordinary user is told how to, and gets what is possible.
depend = @packaging/install-dependencies $(1) || test "$$(id -u)" != 0
make = +@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# without a stage to install them on, the programs go into a tree of their own
local_if_no_stage = $(if $(filter yes,$(shell bash tests/stage.sh possible)),,local)

demo demo-login:
	$(call depend,build demo)
	$(make) -s all tests-tools $(local_if_no_stage)
	@BUILD='$(abspath $(BUILD))' tests/login/demo.sh $(if $(filter %-login,$@),--login)

check:
	$(call depend,build test)
	$(make) all tests-tools tests-unit $(local_if_no_stage)
	@echo 'packages are built and installed by make check-packages, which takes minutes and the network'
	@echo 'booted machines are tested by make check-vm, not here'
	@BUILD='$(abspath $(BUILD))' tests/run $(TESTS)

sanitize:
	$(make) check SANITIZE=1 BUILD='$(BUILD)/sanitize' CFLAGS='-O1 -g' MUSL_GCC=

# everything that does not run inside sshd, under valgrind, which sees uninitialised values
valgrind:
	$(call depend,build test valgrind)
	$(make) all tests-unit BUILD='$(BUILD)/valgrind' CFLAGS='-O1 -g' MUSL_GCC=
	@BUILD='$(abspath $(BUILD)/valgrind)' tests/valgrind $(NSI_CPPFLAGS)

# which lines of the engine and the module are run by the unit, login and fault tests together
coverage:
	$(call depend,build test coverage)
	$(make) all tests-tools tests-unit BUILD='$(BUILD)/coverage' CC=clang MUSL_GCC= \
		CFLAGS='$(coverage_flags)'
	@BUILD='$(abspath $(BUILD)/coverage)' tests/coverage $(TESTS)

# takes more than a quarter of an hour: 10,000 ssh logins, a third of them killed; 10,000 sessions in one
# process; 600 random PAM stacks from one seed, and 600 from another
soak:
	$(call depend,build test)
	$(make) all tests-tools
	@LIMIT=10800 LOGINS=10000 SESSIONS=10000 BUILD='$(abspath $(BUILD))' tests/run \
		-k many_ tests/login/test_volume.sh tests/login/test_giving_back.sh
	@LIMIT=3600 ROUNDS=100 BUILD='$(abspath $(BUILD))' tests/run tests/login/test_crowd.sh
	@LIMIT=3600 LOGINS=1000 BUILD='$(abspath $(BUILD))' tests/run -k by_the_hundred tests/login/test_scope.sh
	@LIMIT=3600 USERS=100 BUILD='$(abspath $(BUILD))' tests/run -k many_users tests/login/test_network.sh
	@LIMIT=3600 STACKS=600 LETTERS=abc BUILD='$(abspath $(BUILD))' tests/run -k random_stacks \
		tests/login/test_judge.sh

# each call fails in every way; in `make check` it fails in one way only: a minute
fault:
	$(call depend,build test)
	$(make) all tests-tools
	@LIMIT=3600 FAULT=whole STEPS=all BUILD='$(abspath $(BUILD))' tests/run tests/fault/test_*.sh \
		tests/login/test_steps.sh

tests-tools: $(tools) $(fault_tools) $(pam_standins) $(selinux_standin) $(nss_standin) $(BUILD)/paths
tests-unit: $(unit_tests)

here = $(abspath $(BUILD))/local
local:
	$(make) -s install BUILD='$(here)' PREFIX='$(here)/usr' SYSCONFDIR='$(here)/etc' \
		PAMDIR='$(here)/usr/lib/security'

# (ARCH=arm64: on that processor)
check-vm:
	$(call depend,vm $(if $(filter arm64,$(ARCH)),packages arm64))
	@BUILD='$(abspath $(BUILD))' ARCH='$(ARCH)' tests/vm/run $(TESTS)
# real directories (slapd, sssd, nslcd) with 20,000 users, on the stage; three minutes; needs root and apt-get
check-directory:
	$(call depend,build test)
	$(make) all tests-tools
	@BUILD='$(abspath $(BUILD))' tests/directory/run $(TESTS)
# other people's programs (FTP servers, pam_mount, ...) on the stage, plain and isolated; needs root and apt-get
check-clients:
	$(call depend,build test)
	$(make) all tests-tools
	@BUILD='$(abspath $(BUILD))' tests/clients/run $(TESTS)
# the tests of CPython, bash, coreutils and git, plain and in sessions: an hour; likewise
check-suites:
	$(call depend,build test)
	$(make) all tests-tools
	@BUILD='$(abspath $(BUILD))' tests/suites/run $(TESTS)
# a thousand logins of 500 users, with and without memory for them: two to ten minutes, 5 GB
USERS ?= 500
check-storm:
	$(call depend,build test)
	$(make) all tests-tools
	@LIMIT=7200 USERS=$(USERS) BUILD='$(abspath $(BUILD))' tests/run tests/storm/test_storm.sh

# the two commands of the README and `make deb` on other machines: half an hour; needs the network; ALL=1:
# each setting on each release
check-hosts:
	$(call depend,packages vm)
	@BUILD='$(abspath $(BUILD))' tests/hosts/run $(HOSTS)

# a few minutes each: the table of goals, and how costs grow; bench-budget: what must not grow
bench bench-scale bench-growth bench-rules bench-budget:
	$(call depend,build test bench)
	$(make) all tests-tools $(bench_programs)
	@BUILD='$(abspath $(BUILD))' tests/bench/run $(patsubst bench-%,%,$(filter-out bench,$@))

# The cost of the floors and of the sessions' programs depends on their C library: use the engine's.
bench_bare = $(INIT_CC) $(NSI_CPPFLAGS) $(NSI_CFLAGS) -O2 $(INIT_FLAGS) -static -no-pie -s
$(BUILD)/bench/%: tests/bench/%.c tests/bench/samples.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(NSI_CPPFLAGS) $(NSI_CFLAGS) -O2 -o $@ $< -lpam
$(addprefix $(BUILD)/bench/,floor_shell nothing ready): $(BUILD)/bench/%: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(bench_bare) -o $@ $<
$(BUILD)/bench/floor_shell_libc: tests/bench/floor_shell.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(NSI_CPPFLAGS) $(NSI_CFLAGS) -O2 -o $@ $<
# starts like nsisolate-shell, with everything that it is linked with
$(BUILD)/bench/nothing_libc: tests/bench/nothing.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(NSI_CPPFLAGS) $(NSI_CFLAGS) -O2 -Wl,-z,now -Wl,--no-as-needed -pie -fPIE -o $@ $< -liniparser
$(BUILD)/bench/floor_init: tests/bench/floor_init.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(bench_bare) $(if $(filter x86_64%,$(MULTIARCH)),-nostdlib -fno-stack-protector) -o $@ $<
$(BUILD)/bench/pam_floor.so: tests/bench/pam_floor.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(NSI_CPPFLAGS) $(NSI_CFLAGS) -O2 -fPIC -fvisibility=hidden -shared -o $@ $< -lpam
$(BUILD)/bench/bench_rules: $(BUILD)/pic/tests/bench/bench_rules.o $(conf_objects)
	@mkdir -p $(@D)
	$(link) -o $@ $^ -liniparser

# hours: every testing target, one after the other, and a table of the results
check-all:
	@BUILD='$(abspath $(BUILD))' tests/all $(TARGETS)

# half an hour: a build and some tests for each row of tests/mutations
mutate:
	$(call depend,build test)
	@tests/mutate

# The static analyzers that are installed; tests/analyze.known lists false remarks, with the reason.  Not
# part of `make check`, which would take half as long again (157 s of CPU time); .ci/run runs it afterwards.
analyze:
	$(call depend,build analyze)
	@tests/analyze $(NSI_CPPFLAGS)

# FUZZ_SECONDS of libFuzzer for each target: tests/fuzz/README.md
FUZZ_SECONDS ?= 600
fuzz:
	$(call depend,build fuzz)
	$(foreach target,rules init answer join shell,tests/fuzz/run $(target) $(FUZZ_SECONDS) &&) \
	$(foreach length,100 1000 20000,tests/fuzz/run rules $(FUZZ_SECONDS) -max_len=$(length) &&) :

# ---- packages ------------------------------------------------------------------------------------
deb:
	$(call depend,build deb)
	@packaging/make-deb '$(BUILD)/deb'

rpm:
	$(call depend,build rpm)
	@packaging/make-rpm '$(BUILD)/rpm'

# minutes; needs the network: fresh systems of each release of Debian
check-packages:
	$(call depend,packages)
	@BUILD='$(abspath $(BUILD))' tests/packaging/run $(RELEASES)
# the part of it that builds the package twice, in environments as different as possible: the bytes must be the same
twice := ^(debootstrap|build|build-dependencies|other-surroundings|reproducible)$$
check-reproducible:
	$(call depend,packages)
	@BUILD='$(abspath $(BUILD))' tests/packaging/run -k '$(twice)' $(or $(RELEASES),bookworm)
# the package for other processors, and its unit tests by qemu-user; likewise
check-cross:
	$(call depend,packages)
	@BUILD='$(abspath $(BUILD))' tests/cross/run $(ARCHES)

# ---- what is installed ---------------------------------------------------------------------------
# NO_BUILD=1 installs what is in $(BUILD) without building it.
install: $(if $(NO_BUILD),,all)
	install -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) \
		$(DESTDIR)$(LIBEXECDIR)/nsisolate $(DESTDIR)$(SYSCONFDIR)
	install -m 644 $(BUILD)/pam_nsisolate.so $(DESTDIR)$(PAMDIR)/
	install -m 755 $(BUILD)/nsisolate-init $(DESTDIR)$(LIBEXECDIR)/nsisolate/
	install -m 755 $(BUILD)/nsisolate-login $(BUILD)/pam-judge $(BUILD)/pam-load \
		$(DESTDIR)$(LIBEXECDIR)/nsisolate/
	install -m 755 $(BUILD)/nsisolate-shell $(DESTDIR)$(BINDIR)/
	install -m 755 $(BUILD)/nsisolatectl $(DESTDIR)$(SBINDIR)/
	install -D -m 644 packaging/systemd/user@.service.d-nsisolate.conf \
		$(DESTDIR)$(user_dropin)
	install -d $(DESTDIR)$(examples) $(DESTDIR)$(privacy)
	install -m 644 conf/examples/*.conf $(DESTDIR)$(examples)/
	install -m 644 packaging/privacy/* $(DESTDIR)$(privacy)/
	install -D -m 644 packaging/selinux/nsisolate.cil $(DESTDIR)$(selinux_module)
	$(foreach page,$(manuals),install -D -m 644 $(page) $(DESTDIR)$(call manual,$(page)) &&) :
	install -D -m 644 packaging/completion/nsisolatectl.bash $(DESTDIR)$(BASHCOMPDIR)/nsisolatectl
	install -D -m 644 packaging/completion/_nsisolatectl $(DESTDIR)$(ZSHCOMPDIR)/_nsisolatectl
	test -e $(DESTDIR)$(SYSCONFDIR)/nsisolate.conf || \
		install -m 644 conf/nsisolate.conf $(DESTDIR)$(SYSCONFDIR)/
user_dropin = $(DATADIR)/nsisolate/user@.service.d/nsisolate.conf
examples = $(DATADIR)/nsisolate/examples
privacy = $(DATADIR)/nsisolate/privacy
# nothing loads it: it is the admin's to load, nsisolate(7)
selinux_module = $(DATADIR)/nsisolate/selinux/nsisolate.cil
manual = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

# The configuration stays: it is the admin's.
uninstall:
	rm -f $(DESTDIR)$(PAMDIR)/pam_nsisolate.so $(DESTDIR)$(BINDIR)/nsisolate-shell \
		$(DESTDIR)$(SBINDIR)/nsisolatectl $(DESTDIR)$(LIBEXECDIR)/nsisolate/nsisolate-init \
		$(DESTDIR)$(LIBEXECDIR)/nsisolate/nsisolate-login $(DESTDIR)$(LIBEXECDIR)/nsisolate/pam-judge \
		$(DESTDIR)$(LIBEXECDIR)/nsisolate/pam-load \
		$(DESTDIR)$(user_dropin) $(DESTDIR)$(selinux_module) \
		$(foreach page,$(manuals),$(DESTDIR)$(call manual,$(page))) \
		$(DESTDIR)$(BASHCOMPDIR)/nsisolatectl $(DESTDIR)$(ZSHCOMPDIR)/_nsisolatectl \
		$(addprefix $(DESTDIR)$(examples)/,$(notdir $(wildcard conf/examples/*.conf))) \
		$(addprefix $(DESTDIR)$(privacy)/,$(notdir $(wildcard packaging/privacy/*)))
	for dir in $(LIBEXECDIR)/nsisolate $(dir $(user_dropin)) $(examples) $(privacy) $(dir $(selinux_module)) \
		$(DATADIR)/nsisolate; do \
		! test -d $(DESTDIR)$$dir || rmdir $(DESTDIR)$$dir || exit; \
	done

formatted := $(wildcard $(foreach depth,* */* */*/* */*/*/* */*/*/*/*,$(addsuffix /$(depth).[ch],conf pam_module shell tests)))
format:
	clang-format -i $(formatted)
check-format:
	clang-format --dry-run -Werror $(formatted)
	@# clang-format breaks neither comments nor texts
	@for file in $(formatted); do expand -t 8 $$file | awk -v file=$$file \
		'length > 100 { print file ":" NR ": more than 100 columns"; wide = 1 } END { exit wide }' || \
		exit; done
	@# no header includes one that includes it (tsort names the circle)
	@awk -F '"' '/^#include "/ { folder = FILENAME; sub("[^/]*$$", "", folder); \
		print FILENAME, ($$2 ~ "/" ? "" : folder) $$2 }' $(filter %.h,$(formatted)) | tsort >/dev/null

clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	'make             build into $(BUILD)/' \
	'make demo        install what is missing, build, show it on a real sshd' \
	'make demo-login  the same, and leave you in such a session' \
	'make check       install what is missing, build, run all tests' \
	'                 (TESTS="-k WORD" or TESTS=FILE: some; WERROR=1: no warnings allowed)' \
	'make check-all   every testing target, one after the other: hours (TARGETS="check fault")' \
	'make soak        10,000 logins, a third of them killed; fifty at once, 100 times; 1000 into one session;' \
	'                 100 users with networks of their own' \
	'make fault       makes each system call and allocation of a login fail, in every way' \
	'make sanitize    make check with AddressSanitizer and UBSan' \
	'make valgrind    nsisolate-init in the foreground, the shell, nsisolatectl, unit tests, corpora' \
	'make coverage    which lines of the engine and the module the tests ran' \
	'make mutate      removes each guard once: its test must fail' \
	'make analyze     gcc -fanalyzer, scan-build, clang-tidy, cppcheck; hardening of the programs' \
	'make install     DESTDIR PREFIX SYSCONFDIR BINDIR SBINDIR LIBEXECDIR PAMDIR MANDIR' \
	'                 BASHCOMPDIR ZSHCOMPDIR; an existing nsisolate.conf is kept' \
	'make uninstall   the reverse; keeps nsisolate.conf' \
	'make check-vm    boot four releases of Debian in qemu, and log in (as root; up to an hour;' \
	'                 RELEASES="bookworm trixie"; ARCH=arm64; TESTS as above)' \
	'make check-hosts make demo, make check and make deb in fresh systems: chroot, user, container,' \
	'                 booted (HOSTS="chroot trixie user bookworm"; ALL=1: each on each release)' \
	'make deb         the Debian package of the last commit, into $(BUILD)/deb' \
	'make rpm         the RPM of the last commit, into $(BUILD)/rpm' \
	'make check-directory  log in users of slapd and sssd (as root, on Debian or Ubuntu)' \
	'make check-clients    run other programs, each plain and isolated (likewise)' \
	'make check-suites     the tests of CPython, bash, coreutils and git, in sessions (likewise; an hour)' \
	'make check-storm      500 users log in at once, each twice; again with half of the memory (USERS=20)' \
	'make check-packages   build the packages and install them in fresh systems (RELEASES="bookworm trixie")' \
	'make check-reproducible   the package built twice is the same bytes (RELEASES="bookworm trixie")' \
	'make check-cross      the package for other processors, tested by qemu-user (ARCHES="arm64 armhf")' \
	'make bench       what a login costs, compared with the minimum and with other programs' \
	'                 (bench-scale: 3000 sessions, 100 at once, 50,000 in a row; bench-growth: with' \
	'                 mounts, rules, groups, sessions; bench-rules: rules alone; bench-budget)' \
	'make fuzz        libFuzzer over rules, command lines and sockets (FUZZ_SECONDS=600 each)' \
	'make format      clang-format the C files; check-format only looks' \
	'make clean       remove $(BUILD)/'
