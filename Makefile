# One Makefile, no recursion: it sees the whole graph.  GNU make.
#
#	make            build the commands into build/bin
#	make demo       install what is missing, build, show a few seconds of events
#	make check      install what is missing, build, run all tests that can run here
#	make test T=NAME  build and run one file of tests or one unit program: T=skel-fmt, T=cobs, T=unit/stream/cobs
#	make check SAN=1  the same under the address and undefined sanitizers
#	make check-vm   install what is missing, build, run the kernel's tests on 6.1 and 6.12 in guests
#	make bench      time the commands against what people use instead (BENCH_RECORDS=10000000)
#	make bench-live   the part of it that polls live records
#	make bench-check  fail when skel-fmt needs 3 % more instructions a record than committed;
#			bench-count writes what is committed
#	make fuzz       fuzz every reader of what comes from outside, FUZZ_SECONDS=60 each
#	make soak       10^8 events replayed, 10^7 live, with flat memory; minutes
#	make lib        build the C library alone; make lib TSAN=1: for the thread sanitizer
#	make V=1 ...    show the compiler's command lines
#	make deps, make lint, make format, make assets, make install, make clean

VERSION := 0.1.0
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR  ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
SHAREDIR ?= $(PREFIX)/share/skel

# What each command links.  This table is the architecture: only skel-load and
# skel-poll touch the kernel, and look at processes with libdw; skel-args and
# skel-pack use libbpf's readers of ELF and BTF and nothing else of it, skel-fmt
# does without.  The commands confine themselves with libseccomp; the C library,
# which must not confine its host, does without.
CMDS := skel-args skel-fmt skel-load skel-pack skel-poll
LIBS_skel-args := libbpf libelf jansson zlib libseccomp libbsd-overlay
LIBS_skel-fmt  := jansson libseccomp libbsd-overlay
LIBS_skel-load := libbpf libdw libelf libiberty jansson zlib libseccomp libbsd-overlay
LIBS_skel-pack := libbpf libelf jansson zlib libseccomp libbsd-overlay
LIBS_skel-poll := libbpf libdw libelf libiberty jansson zlib libseccomp libbsd-overlay
LIBS_eunomia   := libbpf libdw libelf libiberty jansson zlib libbsd-overlay
LIBS_unit      := libbpf libdw libelf libiberty jansson zlib libseccomp libbsd-overlay
# A package's object is base64 of zlib; libresolv has no file for pkg-config,
# nor has libiberty, which knows the names of C++ and Rust.
libs = $(shell $(PKG_CONFIG) --libs $(filter-out libiberty,$1)) \
	$(if $(filter zlib,$1),-lresolv) $(if $(filter libiberty,$1),-liberty)

# Debian's packages: to build and run; to test, lint and rebuild the assets.
# libdw.a needs libbz2.a, but libdw-dev does not depend on it.
DEPS_BUILD := gcc pkg-config libbpf-dev libdw-dev libelf-dev libiberty-dev libjansson-dev libbsd-dev libseccomp-dev zlib1g-dev
DEPS_CHECK := $(DEPS_BUILD) bats bpftool clang clang-format cppcheck g++ git iproute2 jq \
	libbz2-dev llvm locales mandoc procps python3 shellcheck strace time tzdata util-linux
DEPS_BENCH := $(DEPS_BUILD) bpftrace clang python3 valgrind
# Clang's sanitizers and libFuzzer are in a package of their own.
DEPS_FUZZ := $(DEPS_CHECK) libclang-rt-14-dev
# For guests: what makes one, and which of the above its disk has.
DEPS_VM := $(DEPS_CHECK) busybox-static cpio e2fsprogs kmod qemu-system-x86 xz-utils
GUEST   := $(filter-out clang-format cppcheck git llvm locales shellcheck,$(DEPS_CHECK)) kmod make mount

CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla
PKG_CONFIG ?= pkg-config
OBJCOPY ?= objcopy
B      := build
ifdef SAN
B      := build/san
WARN   += -Werror
CFLAGS := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
# In gcc the other's runtime has all of it; a second one is 6 MB, searched for
# leaks at the end of each command.  Clang has one anyway.
LDFLAGS += $(if $(findstring clang,$(CC)),,-static-libubsan)
else ifdef TSAN
B      := build/tsan
WARN   += -Werror
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
endif
# Recursive on purpose: pkg-config may come to the machine by "make deps".
CPP     = -std=c11 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -DVERSION='"$(VERSION)"' -iquote lib -iquote cmd \
	$(shell $(PKG_CONFIG) --cflags $(filter-out libiberty,$(LIBS_unit)))

# The rooms of lib/, each of which may use only those before it: "make lint"
# fails where a header or a symbol of a later one is used, and on circles.
ROOMS    := base types stream record format host elf package symbolize load attach \
	poll session eunomia

LIB      := $(B)/libskel.a
# The C library on top of it: lib/eunomia/eunomia.h.  The number behind .so changes with
# what programs that were linked before could not live with.
SONAME   := libeunomia.so.0
EUNOMIA  := $(B)/libeunomia.a $(B)/libeunomia.so.$(VERSION)
LIB_SRC  := $(foreach r,$(ROOMS),$(wildcard lib/$r/*.c))
CMD_SRC  := $(wildcard cmd/*.c cmd/*/*.c)
BATS_SRC := $(wildcard tests/offline/*.bats tests/kernel/*.bats)
UNIT_SRC := $(wildcard tests/unit/*/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
BENCH_SRC := $(filter-out %.bpf.c,$(wildcard tests/bench/*.c))
SRC      := $(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(BENCH_SRC)
HDR      := $(wildcard lib/*/*.h cmd/*.h cmd/*/*.h tests/unit/*.h tests/fuzz/*.h tests/bench/*.h)
OBJ       = $(patsubst %.c,$(B)/%.o,$1)
BIN      := $(foreach c,$(CMDS),$(if $(wildcard cmd/$c/main.c),$(B)/bin/$c))
UNIT     := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
FUZZ_TARGETS := $(filter-out replay,$(FUZZ_SRC:tests/fuzz/%.c=%))
REPLAY   := $(FUZZ_TARGETS:%=$(B)/replay-%)
# What commands do beside their main(), which a fuzz target may call.
PART_SRC := $(filter-out %/main.c,$(wildcard cmd/*/*.c))
BPF_SRC  := $(wildcard assets/*.bpf.[ch] tests/bench/*.bpf.c tests/programs/*.bpf.c)
MAN      := $(wildcard cmd/*.7 cmd/*/*.1 lib/*/*.3 lib/*/*.5)
# Programs that the tests compile and run.
TEST_SRC := $(filter-out %.bpf.c,$(wildcard tests/programs/*.c tests/programs/*.cc tests/eunomia/* tests/faults/*.c))
# A guest's init is for busybox, without bash.
INIT_SRC := tests/vm/init
SHELL_SRC := .ci/run $(filter-out $(INIT_SRC) tests/vm/list,$(BATS_SRC) $(wildcard tests/helpers/*.bash tests/run tests/demo tests/soak \
	tests/helpers/has-bpf tests/vm/* tests/fuzz/run tests/fuzz/seeds \
	completions/*.bash))

# Goals that set up the machine first; everything built waits for that.
ifneq ($(filter demo check check-vm fuzz bench%,$(MAKECMDGOALS)),)
SETUP := $(or $(patsubst check%,deps-check%,$(filter check check-vm,$(MAKECMDGOALS))), \
	$(patsubst %,deps-%,$(filter fuzz,$(MAKECMDGOALS))), \
	$(if $(filter bench%,$(MAKECMDGOALS)),deps-bench),deps-build)
endif

# One short line a step; V=1 shows the commands themselves.
ifndef V
Q    := @
step  = @printf '  %-6s %s\n' $1 $2
endif

all: $(BIN) lib
lib: $(EUNOMIA)

$(LIB): $(call OBJ,$(LIB_SRC))
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

define command
$(B)/bin/$1: $(call OBJ,$(wildcard cmd/*.c cmd/$1/*.c)) $(LIB)
	@mkdir -p $$(@D)
	$$(call step,LINK,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(call libs,$(LIBS_$1))
endef
$(foreach c,$(CMDS),$(eval $(call command,$c)))

# What the C library needs, in one object, where only the names of its version
# script are still global: whoever links it statically may have a report() too.
# libiberty goes in as well: Debian has no shared one.
$(B)/libeunomia.o: $(B)/lib/eunomia/eunomia.o $(LIB) lib/eunomia/eunomia.map
	$(call step,LD,$@)
	$(Q)sed -n 's/^\t\([a-z_]*\);$$/\1/p' lib/eunomia/eunomia.map >$(B)/eunomia.names
	$(Q)$(LD) -r -o $@ $(B)/lib/eunomia/eunomia.o $(LIB) \
		$(shell $(CC) -print-file-name=libiberty.a)
	$(Q)$(OBJCOPY) --keep-global-symbols=$(B)/eunomia.names $@

$(B)/libeunomia.a: $(B)/libeunomia.o
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

# nodelete: libbpf keeps the address of a function of ours.
$(B)/libeunomia.so.$(VERSION): $(B)/libeunomia.o lib/eunomia/eunomia.map
	$(call step,LINK,$@)
	$(Q)$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,-z,nodelete \
		-Wl,--version-script=lib/eunomia/eunomia.map -o $@ $< $(call libs,$(LIBS_eunomia)) -pthread

$(B)/lib/%.o: PIC := -fPIC -fvisibility=hidden
# A handler in C++ may throw through us, and this is to clean up then.
$(B)/lib/eunomia/skeleton.o: PIC := -fPIC -fvisibility=hidden -fexceptions

$(B)/tests/unit/%.o: CPP += -iquote tests/unit

# Earlier builds have a program where there is a folder now.
$(B)/unit/%: $(B)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D) 2>/dev/null || { rm -f $(@D) && mkdir -p $(@D); }
	$(call step,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(LIBS_unit))

$(B)/%.o: %.c Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CC,$<)
	$(Q)$(CC) $(CPP) $(CPPFLAGS) $(WARN) $(CFLAGS) $(PIC) -MMD -MP -c -o $@ $<

# apt-get only for what dpkg does not have; sudo only when it must be.  $2, if
# given, is a command by whose success nothing is needed.
define install_debian
	@$(if $2,! { $2; } || exit 0;) missing=; for p in $1; do \
		dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || \
		missing="$$missing $$p"; done; \
	[ -n "$$missing" ] || exit 0; \
	echo "installing:$$missing"; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	$$sudo apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
endef

deps: deps-check
deps-build:
	$(call install_debian,$(DEPS_BUILD))
deps-check:
	$(call install_debian,$(DEPS_CHECK))
deps-fuzz:
	$(call install_debian,$(DEPS_FUZZ))
deps-check-vm:
	$(call install_debian,$(DEPS_VM))
deps-bench:
	$(call install_debian,$(DEPS_BENCH))

# A machine without BPF runs the kernel's tests in a guest, if it can have one.
FOR_GUEST = BUILD="$(CURDIR)/$(B)" GUEST_PACKAGES="$(GUEST)" $(if $(SAN),SAN=1)

# What is built for the tests.
check-build: all $(UNIT) $(REPLAY)

check: check-build
	-$(call install_debian,$(DEPS_VM),[ -n "$(SAN)$(NO_GUEST)" ] || tests/helpers/has-bpf >/dev/null)
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" UNIT="$(UNIT)" $(FOR_GUEST) tests/run $(TESTS)

# One file of tests or one unit program, by its name or by any part of its path
# that ends with the name; where both have the name, both run.
T_NAME  := $(patsubst unit/%,%,$(patsubst tests/%,%,$(basename $(T))))
T_UNIT  := $(if $(T),$(filter %/$(T_NAME),$(UNIT)))
T_BATS  := $(if $(filter unit/% tests/unit/%,$(T)),,$(filter %/$(T_NAME).bats,$(BATS_SRC)))
T_BUILD := $(T_UNIT) $(if $(T_BATS),all) $(if $(filter %/fuzz.bats,$(T_BATS)),$(REPLAY)) \
	$(if $(filter %/guests.bats,$(T_BATS)),$(UNIT))

test: $(T_BUILD)
ifeq ($(strip $(T_UNIT) $(T_BATS)),)
	@echo '$(if $(T),no test is called "$(T)",name the test: make test T=NAME); there are:'
	@printf '  %-26s%-26s%s\n' $(patsubst tests/%.bats,%,$(BATS_SRC)) $(UNIT:$(B)/%=%)
	@exit 1
else
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" NO_GUEST=1 $(FOR_GUEST) tests/run $(T_UNIT) $(T_BATS)
endif

check-vm: all $(UNIT)
	@$(FOR_GUEST) tests/vm/run $(TESTS)

# Fuzzing: the library and the targets again, by clang and with libFuzzer.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZ_CFLAGS  := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
F            := build/fuzz
FUZZ         := $(FUZZ_TARGETS:%=$(F)/%)

fuzz: all $(FUZZ)
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" tests/fuzz/seeds $(F)/seeds
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(F) $(FUZZ_TARGETS)

$(F)/libskel.a: $(patsubst %.c,$(F)/%.o,$(LIB_SRC) $(PART_SRC))
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

$(FUZZ): $(F)/%: $(F)/tests/fuzz/%.o $(F)/libskel.a
	$(call step,LINK,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(call libs,$(LIBS_unit))

$(F)/%.o: %.c Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CC,$<)
	$(Q)$(FUZZ_CC) $(CPP) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

# The same targets in the ordinary build, which take their inputs from files.
$(REPLAY): $(B)/replay-%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(call OBJ,$(PART_SRC)) $(LIB)
	$(call step,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(LIBS_unit))

# An hour's worth of events, with flat memory: not part of "make check".
soak: all
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" tests/soak

# A few seconds of real events: every command typed anywhere shows up.
demo: all
	@tests/demo $(CURDIR)/$(B)/bin

# What the commands are measured against, and with what: tests/bench/run.py.
BENCH     := $(BENCH_SRC:tests/bench/%.c=$(B)/bench/%.bin)
BENCH_LIVE := $(foreach v,ring ring64 perf,$(B)/bench/$v.bpf.o)
BENCH_RECORDS ?= 1000000
BENCH_RUN  = SKEL_FMT=$(CURDIR)/$(B)/bin/skel-fmt tests/bench/run.py

$(B)/bench/%.bin: $(B)/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call step,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(LIBS_unit))

bench: all $(BENCH) $(BENCH_LIVE)
	@$(BENCH_RUN) $(B)/bench $(BENCH_RECORDS)
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" tests/bench/live.py $(B)/bench

# Records as they come: needs root and a kernel with BPF.
bench-live: all $(BENCH) $(BENCH_LIVE)
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" tests/bench/live.py $(B)/bench $(LIVE)

$(B)/bench/ring64.bpf.o: LIVE_FLAGS := -DRING=67108864
$(B)/bench/perf.bpf.o: LIVE_FLAGS := -DPERF
$(BENCH_LIVE): tests/bench/live.bpf.c tests/bench/live.h assets/skel.bpf.h Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CLANG,$@)
	$(Q)$(CLANG) -g -O2 -Wall -target bpf $(LIVE_FLAGS) -iquote assets \
		-idirafter /usr/include/$$($(CC) -dumpmachine) -c -o $@ $<

bench-count: all $(BENCH)
	@$(BENCH_RUN) --count $(B)/bench >tests/bench/instructions.new
	@mv tests/bench/instructions.new tests/bench/instructions

bench-check: all $(BENCH)
	@$(BENCH_RUN) --check $(B)/bench tests/bench/instructions

# The example programs.  The packages are committed, so that nobody needs clang
# to run them; the objects are not.  -ffile-prefix-map and llvm-strip keep this
# machine's paths out of them: the same compiler gives the same bytes anywhere.
CLANG      ?= clang
LLVM_STRIP ?= llvm-strip
ASSETS := $(patsubst assets/%.bpf.c,$(B)/assets/%.json,$(wildcard assets/*.bpf.c))

assets: $(ASSETS)
	cp $^ assets/

assets-check: $(ASSETS)
	@for p in $^; do cmp $$p assets/$${p##*/} || exit 1; done

$(B)/assets/%.json: $(B)/assets/%.bpf.o $(B)/bin/skel-pack
	$(call step,PACK,$@)
	$(Q)$(B)/bin/skel-pack $< >$@

$(B)/assets/%.bpf.o: assets/%.bpf.c assets/skel.bpf.h Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CLANG,$<)
	$(Q)$(CLANG) -g -O2 -Wall -target bpf -idirafter /usr/include/$$($(CC) -dumpmachine) \
		-ffile-prefix-map=$(CURDIR)=. -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

lint:
	clang-format --dry-run -Werror $(SRC) $(HDR) $(BPF_SRC) $(TEST_SRC)
	cppcheck -q --std=c11 --error-exitcode=1 --enable=warning,portability \
		--inline-suppr --suppress=missingIncludeSystem -D__GNUC__ -Ilib -Icmd -Itests/unit \
		'-DLIBBPF_OPTS(type,name,...)=struct type name = {0}' \
		'-DDECLARE_LIBBPF_OPTS(type,name,...)=struct type name = {0}' \
		--max-configs=1 lib cmd tests/unit tests/fuzz $(BENCH_SRC) $(filter-out %.h,$(TEST_SRC))
	shellcheck -s bash -x -e SC2016,SC2030,SC2031,SC2153,SC2154,SC2164 $(SHELL_SRC)
	shellcheck -s dash $(INIT_SRC)
	@for m in $(MAN); do mandoc -Tlint -Wwarning $$m || exit 1; done
	@! grep -nE '(^|[^_[:alnum:]])(err|errx|errc|exit|_exit|abort)\(' $(LIB_SRC) || \
		{ echo 'lib/ returns; only cmd/ decides to die'; exit 1; }
	@$(MAKE) -s $(LIB) && tests/helpers/rooms.py $(B) $(ROOMS)

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(COMPDIR) \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(MANDIR)/man3 \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
		$(DESTDIR)$(SHAREDIR)
	install -m 0755 $(BIN) $(DESTDIR)$(BINDIR)
	install -m 0644 $(filter %.1,$(MAN)) $(DESTDIR)$(MANDIR)/man1
	install -m 0644 $(filter %.3,$(MAN)) $(DESTDIR)$(MANDIR)/man3
	install -m 0644 $(filter %.5,$(MAN)) $(DESTDIR)$(MANDIR)/man5
	install -m 0644 $(filter %.7,$(MAN)) $(DESTDIR)$(MANDIR)/man7
	install -m 0644 $(wildcard assets/*.json) assets/skel.bpf.h $(DESTDIR)$(SHAREDIR)
	install -m 0644 lib/eunomia/eunomia.h $(DESTDIR)$(INCLUDEDIR)
	install -m 0644 $(EUNOMIA) $(DESTDIR)$(LIBDIR)
	ln -sf libeunomia.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libeunomia.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' lib/eunomia/eunomia.pc.in >$(B)/eunomia.pc
	install -m 0644 $(B)/eunomia.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	@for c in $(CMDS); do \
		install -m 0644 completions/$$c.bash $(DESTDIR)$(COMPDIR)/$$c || exit 1; done

format:
	clang-format -i $(SRC) $(HDR) $(BPF_SRC) $(TEST_SRC)

clean:
	rm -rf build

-include $(patsubst %.o,%.d,$(call OBJ,$(SRC)))
-include $(patsubst %.c,$(F)/%.d,$(LIB_SRC) $(PART_SRC) $(FUZZ_SRC))

.PHONY: all lib deps deps-build deps-check deps-check-vm deps-fuzz deps-bench demo test check check-build check-vm fuzz \
	soak bench bench-live bench-count bench-check lint assets assets-check install format clean
.DELETE_ON_ERROR:
.SECONDARY:
