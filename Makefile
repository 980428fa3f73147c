# One Makefile for the whole tree, without recursion.  It needs GNU make 4.
# "make help" prints the comments that begin with "##".

VERSION := 0.1.0
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec/skel
INCLUDEDIR ?= $(PREFIX)/include
MANDIR  ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/vendor-completions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
SHAREDIR ?= $(PREFIX)/share/skel
# Where systemd looks for services; none is installed unless this is set.
SYSTEMDDIR ?=

## CC=clang  build with another compiler; aarch64-linux-gnu-gcc finds its own linker
## LDFLAGS=-static  link the commands statically
## SAN=1  build with the address and undefined behaviour sanitizers, in build/san
## TSAN=1  build with the thread sanitizer, in build/tsan
## B=build/other  build there
## NO_DEPS=1  install nothing, whatever is missing
## NO_GUEST=1  skip the kernel's tests where this machine loads no BPF programs
## LIBS=1  fuzz with libbpf, elfutils and jansson built from Debian's sources
## V=1  show the commands as they run
CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla
B      := build
ifdef SAN
B      := build/san
WARN   += -Werror
CFLAGS := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
# gcc's runtime for addresses contains the one for undefined behaviour.  A second
# copy would be 6 MB more to search for leaks at the end of every command.  Clang
# always links one runtime and does not know the option.
LDFLAGS += $(if $(findstring clang,$(CC)),,-static-libubsan)
else ifdef TSAN
B      := build/tsan
WARN   += -Werror
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
endif

# The defences of every program.  The sanitizers do without, and the checks of
# buffers need an optimizing compiler.  "make lint" looks for them in the programs.
ifeq ($(SAN)$(TSAN),)
HARDEN := -fstack-protector-strong \
	$(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif
HARDEN_LINK := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

# The tools of a cross compiler have its prefix: aarch64-linux-gnu-gcc links with
# aarch64-linux-gnu-ld.  musl-gcc is no cross compiler.
CROSS := $(filter-out musl-,$(foreach c,$(CC),$(if $(findstring -gcc,$c),$(firstword $(subst -gcc, ,$c))-)))
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
ifeq ($(origin LD),default)
LD := $(CROSS)ld
endif
OBJCOPY ?= $(CROSS)objcopy
READELF ?= $(CROSS)readelf
# Debian has a pkg-config for each foreign architecture that dpkg knows.  Without
# it, the usual one needs to know where the target's libraries are.
ifndef PKG_CONFIG
PKG_CONFIG := $(or $(if $(CROSS),$(shell command -v $(CROSS)pkg-config)), \
	$(CROSS:%-=env PKG_CONFIG_LIBDIR=/usr/lib/$(notdir %)/pkgconfig:/usr/share/pkgconfig) pkg-config)
endif
CLANG      ?= clang
LLVM_STRIP ?= llvm-strip

# The libraries that each command links.  This table is the architecture: only
# skel-load and skel-poll use the kernel's BPF; only skel-lookup, which they start to
# find names in other processes' files, uses libdw; only skel-load checks signatures,
# with libsodium; and only skel-grep and skel-tail use PCRE2.  skel-args and skel-pack use no
# more of libbpf than its readers of ELF and BTF, and skel-fmt does without.  Whoever reads
# streams, if only to offer the names in a recording as completions, decompresses them.
# The C library must not confine the program that it is part of.
CMDS := skel-args skel-count skel-fmt skel-grep skel-load skel-merge skel-pack skel-poll skel-split skel-tail
# Started by others, never by hand.
HELPERS := skel-lookup
LIBS_skel-args := libbpf libelf jansson zlib libzstd libbsd-overlay
LIBS_skel-count := jansson zlib libzstd libbsd-overlay
LIBS_skel-fmt  := jansson zlib libzstd libbsd-overlay
LIBS_skel-grep := jansson zlib libzstd libbsd-overlay libpcre2-8
LIBS_skel-load := libbpf libelf jansson zlib libzstd libbsd-overlay libsodium
LIBS_skel-lookup := libdw libelf libiberty jansson zlib libzstd libbsd-overlay
LIBS_skel-merge := jansson zlib libzstd libbsd-overlay
LIBS_skel-pack := libbpf libelf jansson zlib libzstd libbsd-overlay
LIBS_skel-poll := libbpf libelf jansson zlib libzstd libbsd-overlay
LIBS_skel-split := jansson zlib libzstd libbsd-overlay
LIBS_skel-tail := jansson zlib libzstd libbsd-overlay libpcre2-8
LIBS_eunomia   := libbpf libelf jansson zlib libbsd-overlay
LIBS_unit      := libbpf libdw libelf libiberty jansson zlib libzstd libbsd-overlay libpcre2-8 libsodium
# pkg-config does not know libresolv and libiberty.  A package is base64, which
# libresolv decodes, of zlib.  libiberty demangles the names of C++ and Rust.
STATIC := $(filter -static -static-pie,$(LDFLAGS))
libs = $(shell $(PKG_CONFIG) $(if $(STATIC),--static) --libs $(filter-out libiberty,$1)) \
	$(if $(filter libelf,$1),-lresolv) $(if $(filter libiberty,$1),-liberty)
# This runs pkg-config only once, and not while the Makefile is read: "make deps"
# may have to install it first.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(filter-out libiberty,$(LIBS_unit)) 2>/dev/null))$(PKG_CFLAGS)
CPP     = -std=c11 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -DVERSION='"$(VERSION)"' -DLIBEXECDIR='"$(LIBEXECDIR)"' -iquote lib -iquote cmd \
	$(if $(STATIC),-DSTATIC_BUILD) $(PKG_CFLAGS)

# The commands and libraries that each goal needs, as arguments of
# tests/helpers/install-missing.  ":" precedes the name of Debian's package where it
# differs.  Names after "--" are optional: tests that lack one are skipped.  Static
# linking with libdw needs libbz2.a, on which Debian's libdw-dev does not depend.
NEED_build := $(firstword $(CC)):$(or $(CROSS:%-=gcc-%),$(filter-out cc,$(notdir $(firstword $(CC)))),gcc) pkg-config \
	libbpf.pc:libbpf-dev libdw.pc:libdw-dev libelf.pc:libelf-dev \
	libiberty.a:libiberty-dev jansson.pc:libjansson-dev libbsd-overlay.pc:libbsd-dev \
	libpcre2-8.pc:libpcre2-dev libsodium.pc:libsodium-dev libzstd.pc:libzstd-dev zlib.pc:zlib1g-dev $(if $(STATIC),libbz2.a:libbz2-dev)
NEED_demo  := $(NEED_build)
NEED_check := $(NEED_build) -- bats bpftool clang clang-format cppcheck fish g++ git ip:iproute2 jq libbz2.a:libbz2-dev \
	$(LLVM_STRIP):llvm /usr/share/i18n/locales:locales less mandoc minisign pgrep:procps python3 shellcheck signify-openbsd strace time tmux valgrind \
	/usr/share/zoneinfo/America:tzdata setpriv:util-linux zsh zstd
NEED_check-vm := $(NEED_check) busybox:busybox-static cpio mke2fs:e2fsprogs kmod \
	qemu-system-x86_64:qemu-system-x86 xz:xz-utils
NEED_check-objects := $(if $(KERNELS),$(NEED_check-vm),$(NEED_check))
NEED_check-agree := $(NEED_check-vm) opensnoop:libbpf-tools
NEED_check-connect := $(NEED_check-agree)
NEED_check-debian13 := $(NEED_build) debootstrap git
NEED_check-arm64 := $(NEED_check) aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu apt-get:apt cpio \
	qemu-aarch64:qemu-user qemu-system-aarch64:qemu-system-arm
# What the scripts of tests/engines need, each in a line of its own.  A script that
# lacks something skips.
NEED_engine-chromium   := chromium /usr/lib/python3/dist-packages/websocket:python3-websocket
NEED_engine-devtools   := nodejs npm
NEED_engine-clickhouse := '/usr/lib/python3*/ensurepip:python3-venv'
NEED_engine-duckdb     := '/usr/lib/python3*/ensurepip:python3-venv'
NEED_engine-kafka      := kcat ss:iproute2
NEED_engine-nats       := nats-server '/usr/lib/python3*/ensurepip:python3-venv'
NEED_engine-postgresql := '/usr/lib/postgresql/*/bin/initdb:postgresql' setpriv:util-linux
NEED_engine-redis      := redis-server redis-cli:redis-tools
NEED_engine-rsyslog    := rsyslogd:rsyslog systemd-cat:systemd
NEED_engine-sqlite     := sqlite3
NEED_engine-two-hosts  := clang ip:iproute2 jq socat ssh:openssh-client /usr/sbin/sshd:openssh-server unshare:util-linux
NEED_engine-speedscope := chromium nodejs npm /usr/lib/python3/dist-packages/websocket:python3-websocket
NEED_engine-prometheus := curl jq promtool:prometheus prometheus-node-exporter victoria-metrics
ENGINES := $(filter-out run,$(notdir $(wildcard tests/engines/*)))
NEED_check-engines = $(NEED_build) -- python3 $(foreach e,$(or $(ENGINE),$(ENGINES)),$(NEED_engine-$e))
NEED_check-systemd := debootstrap busybox:busybox-static cpio mke2fs:e2fsprogs kmod qemu-system-x86_64:qemu-system-x86 xz:xz-utils
NEED_check-tarball = $(NEED_build) libbz2.a:libbz2-dev $(filter-out debootstrap,$(NEED_check-systemd)) -- bpftool minisign
NEED_tarball = $(NEED_build) libbz2.a:libbz2-dev
NEED_check-units := $(NEED_build)
NEED_check-deb := debootstrap -- bpftool
NEED_deb := dh:debhelper dpkg-buildpackage:dpkg-dev $(NEED_build)
NEED_mutate := $(NEED_check)
NEED_fuzz  := $(NEED_check) $(if $(LIBS),dpkg-source:dpkg-dev) \
	'/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer*.a:libclang-rt-dev'
NEED_bench := $(NEED_build) clang jq mlr:miller -- bpftrace python3 valgrind
INSTALL_MISSING = CC="$(CC)" PKG_CONFIG="$(PKG_CONFIG)" tests/helpers/install-missing
# The needs of goal $1, or those of the part of its name before "-".
needs = $(or $(NEED_$1),$(NEED_$(firstword $(subst -, ,$1))))
# Debian's packages for the disk of a guest.
GUEST := $(filter-out -- clang-format cppcheck git llvm locales shellcheck tmux, \
	$(foreach p,$(NEED_check),$(lastword $(subst :, ,$p)))) kmod make mount

# Only these goals may install anything, before the first file is compiled.  With
# other goals the build ends, and names what is missing.
SETUP := $(patsubst %,deps-%,$(filter demo check check-% fuzz mutate bench bench-% deb tarball,$(MAKECMDGOALS)))
SETUP := $(or $(SETUP),find-missing)

# The folders of lib/, each of which may use only those before it.  "make lint"
# fails if a file uses a header or a symbol of a later one, and on circles.
ROOMS    := base types kinds stream record query segment merge count sql layout metrics picture profile format watch host trust elf dwarf infer package pack lookup symbolize load \
	attach poll session eunomia
LIB      := $(B)/libskel.a
# The C library, lib/eunomia/eunomia.h.  The number after ".so" changes when programs
# that were linked with an earlier version would no longer work.
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
BIN      := $(foreach c,$(CMDS) $(HELPERS),$(if $(wildcard cmd/$c/main.c),$(B)/bin/$c))
UNIT     := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
FUZZ_TARGETS := $(filter-out replay mutate-%,$(FUZZ_SRC:tests/fuzz/%.c=%))
REPLAY   := $(FUZZ_TARGETS:%=$(B)/replay-%)
# The sources of the commands without main(), which fuzz targets may call.
PART_SRC := $(filter-out %/main.c,$(wildcard cmd/*.c cmd/*/*.c))
BPF_SRC  := $(wildcard assets/*.bpf.[ch] tests/bench/*.bpf.c tests/programs/*.bpf.c)
MAN      := $(wildcard cmd/*.[78] cmd/*/*.[18] lib/*/*.3 lib/*/*.5)
# Programs that the tests compile and run.
TEST_SRC := $(filter-out %.bpf.c,$(wildcard tests/programs/*.c tests/programs/*.cc tests/eunomia/* tests/faults/*.c))
# The guests run these with busybox.
INIT_SRC := tests/vm/init tests/arm64-init
SHELL_SRC := .ci/run tests/debian13 tests/arm64 tests/deb tests/tarball tests/systemd/run tests/systemd/guest $(filter-out $(INIT_SRC) tests/vm/list %.md,$(BATS_SRC) $(wildcard tests/helpers/*.bash tests/helpers/hardened tests/run tests/demo tests/soak \
	tests/engines/* tests/helpers/has-bpf tests/vm/* tests/fuzz/libs tests/fuzz/run tests/fuzz/seeds \
	completions/skel.bash))

COMPILE = $(CC) $(CPP) $(HARDEN) $(CPPFLAGS) $(WARN) $(CFLAGS)
LINK    = $(CC) $(CFLAGS) $(filter-out -static,$(LDFLAGS)) $(HARDEN_LINK) \
	$(if $(STATIC),-static-pie,-pie) -o $@ $(filter %.o %.a,$^)
PIC     = -fPIE
RUN     = PATH="$(CURDIR)/$(B)/bin:$$PATH"

# One short line for each step; V=1 shows the commands themselves.
ifndef V
Q    := @
step  = @printf '  %-6s %s\n' $1 $2
endif

all: $(BIN) lib ## build the commands into build/bin, and the C library
lib: $(EUNOMIA) ## build the C library alone

help: ## print this text
	@sed -nE 's/^([a-z_.-]+):.*## (.*)/\1\t\2/p; s/^## ([^ ]+) +/\1\t/p' Makefile | \
		awk -F'\t' '{ printf "  %-28s%s\n", ($$1 ~ /=/ ? "" : "make ") $$1, $$2 }'

$(LIB): $(call OBJ,$(LIB_SRC))
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

define command
$(B)/bin/$1: $(call OBJ,$(wildcard cmd/*.c cmd/$1/*.c)) $(LIB) $(B)/link.flags
	@mkdir -p $$(@D)
	$$(call step,LINK,$$@)
	$$(Q)$$(LINK) $$(call libs,$(LIBS_$1))
endef
$(foreach c,$(CMDS) $(HELPERS),$(eval $(call command,$c)))

# The C library is one object in which only the names of its version script are
# global, because a program that links it statically may have a report() of its own.
$(B)/libeunomia.o: $(B)/lib/eunomia/eunomia.o $(LIB) lib/eunomia/eunomia.map
	$(call step,LD,$@)
	$(Q)sed -n 's/^\t\([a-z_]*\);$$/\1/p' lib/eunomia/eunomia.map >$(B)/eunomia.names
	$(Q)$(LD) -r -o $@ $(B)/lib/eunomia/eunomia.o $(LIB)
	$(Q)$(OBJCOPY) --keep-global-symbols=$(B)/eunomia.names $@

$(B)/libeunomia.a: $(B)/libeunomia.o
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

# "-static" is for the commands only.  nodelete keeps the library loaded after
# dlclose(3), because libbpf keeps the address of its log function.
$(B)/libeunomia.so.$(VERSION): private STATIC :=
$(B)/libeunomia.so.$(VERSION): $(B)/libeunomia.o lib/eunomia/eunomia.map $(B)/link.flags
	$(call step,LINK,$@)
	$(Q)$(CC) -shared $(CFLAGS) $(filter-out -static -static-pie,$(LDFLAGS)) $(HARDEN_LINK) -Wl,-soname,$(SONAME) -Wl,-z,nodelete \
		-Wl,--version-script=lib/eunomia/eunomia.map -o $@ $< $(call libs,$(LIBS_eunomia)) -pthread

$(B)/lib/%.o: PIC := -fPIC -fvisibility=hidden
# A handler written in C++ may throw through this file, which then cleans up.
$(B)/lib/eunomia/skeleton.o: PIC := -fPIC -fvisibility=hidden -fexceptions

$(B)/tests/unit/%.o: CPP += -iquote tests/unit

$(B)/unit/%: $(B)/tests/unit/%.o $(LIB) $(B)/link.flags
	@mkdir -p $(@D)
	$(call step,LINK,$@)
	$(Q)$(LINK) $(call libs,$(LIBS_unit))

# Those of cmd/ may call the sources of the commands.
$(B)/unit/cmd/%: $(B)/tests/unit/cmd/%.o $(call OBJ,$(PART_SRC)) $(LIB) $(B)/link.flags
	@mkdir -p $(@D)
	$(call step,LINK,$@)
	$(Q)$(LINK) $(call libs,$(LIBS_unit))

$(B)/%.o: %.c Makefile $(B)/compile.flags | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CC,$<)
	$(Q)$(COMPILE) $(PIC) -MMD -MP -c -o $@ $<

# If the flags differ from those of the last build, the files that depend on them
# are built again.  "sudo make install" does not compare, and installs what is there.
FORCE:
$(B)/%.flags: $(if $(filter-out install,$(or $(MAKECMDGOALS),all)),FORCE)
	@mkdir -p $(@D)
	@echo "$$FLAGS" | cmp -s - $@ || echo "$$FLAGS" >$@
$(B)/compile.flags: export FLAGS = $(CC) $(HARDEN) $(CPPFLAGS) $(CFLAGS) $(STATIC)
$(B)/link.flags: export FLAGS = $(CC) $(HARDEN_LINK) $(LDFLAGS)

deps: deps-check ## install what the build and the tests need
deps-%:
	@$(INSTALL_MISSING) $(call needs,$*)
find-missing:
	@$(INSTALL_MISSING) -n $(NEED_build)

# make knows the commands, so that nothing has to be compiled for this.
comma := ,
json   = $(subst ",\",$(subst \,\\,$1))
entry  = {"directory": "$(CURDIR)", "file": "$1", "command": "$(call json,$2 -c $1)"}
compile_commands.json: Makefile ## tell clangd and other tools how each file is compiled
	$(eval COMPILED := $(COMPILE))
	$(file >$@,[$(call entry,$(firstword $(SRC)),$(COMPILED)))
	$(foreach s,$(wordlist 2,$(words $(SRC)),$(SRC)),$(file \
		>>$@,$(comma)$(call entry,$s,$(COMPILED)$(if $(filter tests/unit/%,$s), -iquote tests/unit))))
	$(file >>$@,])

# Where this machine loads no BPF programs, the tests of the kernel run in a guest.
FOR_GUEST = BUILD="$(CURDIR)/$(B)" GUEST_PACKAGES="$(GUEST)" $(if $(SAN),SAN=1)

check-build: all $(UNIT) $(REPLAY) ## build what the tests run

check: check-build ## run all tests that can run here
	@[ -n "$(SAN)$(NO_GUEST)" ] || tests/helpers/has-bpf >/dev/null || \
		$(INSTALL_MISSING) $(NEED_check-vm) || :
	@$(RUN) UNIT="$(UNIT)" $(FOR_GUEST) tests/run $(TESTS)

# T is the name of a file of tests or of a unit program, or the end of its path.  If
# both have that name, both run.
T_NAME  := $(patsubst unit/%,%,$(patsubst tests/%,%,$(basename $(T))))
T_UNIT  := $(if $(T),$(filter %/$(T_NAME),$(UNIT)))
T_BATS  := $(if $(filter unit/% tests/unit/%,$(T)),,$(filter %/$(T_NAME).bats,$(BATS_SRC)))
T_BUILD := $(T_UNIT) $(if $(T_BATS)$(filter %/lookup/client,$(T_UNIT)),all) $(if $(filter %/fuzz.bats,$(T_BATS)),$(REPLAY)) \
	$(if $(filter %/guests.bats,$(T_BATS)),$(UNIT)) \
	$(if $(filter %/docs.bats,$(T_BATS)),$(B)/unit/host/syscalls) \
	$(if $(filter %/privilege.bats,$(T_BATS)),$(B)/unit/cmd/output-dir) \
	$(if $(filter %/docs.bats %/kind-oracles.bats,$(T_BATS)),$(B)/unit/kinds/kind-text)

test: $(T_BUILD) ## run one test: T=skel-fmt, T=unit/cobs
ifeq ($(strip $(T_UNIT) $(T_BATS)),)
	@echo '$(if $(T),no test is called "$(T)",name the test: make test T=NAME); there are:'
	@printf '  %-26s %-26s %s\n' $(patsubst tests/%.bats,%,$(BATS_SRC)) $(UNIT:$(B)/%=%)
	@exit 1
else
	@$(RUN) NO_GUEST=1 $(FOR_GUEST) tests/run $(T_UNIT) $(T_BATS)
endif

check-units: all $(UNIT) ## run the unit programs alone
	@$(RUN) NO_GUEST=1 $(FOR_GUEST) tests/run $(UNIT)

check-clang: ## run the tests with a build by clang
	@$(MAKE) check CC=clang B=build/clang

check-vm: all $(UNIT) ## run the kernel's tests on Debian's 6.1 and 6.12, in emulated machines
	@$(FOR_GUEST) tests/vm/run $(TESTS)

# What the commands make of compiled objects that were not written for them.  With
# KERNELS="6.12" it looks in guests, else here.
OBJECTS_IN_TREE := build/objects/given
check-objects: all ## say what objects of others show: OBJECTS=DIR [EXPECTED=FILE] [KERNELS=6.12]
ifeq ($(OBJECTS),)
	@echo 'name a folder of compiled objects: make check-objects OBJECTS=DIR'
	@exit 1
else ifeq ($(KERNELS),)
	@$(RUN) tests/objects/check $(if $(EXPECTED),-e $(EXPECTED)) $(OBJECTS)
else
	@rm -rf $(OBJECTS_IN_TREE) && mkdir -p $(OBJECTS_IN_TREE)
	@cp $(OBJECTS)/*.o $(OBJECTS_IN_TREE) && cp $(or $(EXPECTED),/dev/null) $(OBJECTS_IN_TREE)/expected
	@HERE=no BATS_TEST_TIMEOUT=1200 $(FOR_GUEST) KERNELS="$(KERNELS)" tests/vm/run tests/objects/guest.bats
endif

check-agree: all ## compare with Debian's libbpf-tools, in a guest: OBJECTS=DIR of the same tools
	@rm -rf $(OBJECTS_IN_TREE) && mkdir -p $(OBJECTS_IN_TREE) && cp $(OBJECTS)/*.o $(OBJECTS_IN_TREE)
	@HERE=no BUILD="$(CURDIR)/$(B)" GUEST_PACKAGES="$(GUEST) libbpf-tools coreutils" \
		KERNELS="$(or $(KERNELS),6.12)" tests/vm/run tests/objects/agree.bats

check-connect: all ## compare tcpconnect with those of Debian's libbpf-tools, in guests
	@HERE=no BUILD="$(CURDIR)/$(B)" GUEST_PACKAGES="$(GUEST) libbpf-tools coreutils" \
		KERNELS="$(or $(KERNELS),6.1 6.12)" tests/vm/run tests/kernel/tcpconnect.bats

DEBIAN13 ?= build/debian13
check-debian13: all ## build and test on Debian 13, which debootstrap makes in DEBIAN13=DIR: T=FILE
	@BUILD="$(CURDIR)/$(B)" PACKAGES="make $(filter-out --,$(foreach p,$(subst $(firstword $(CC)):,gcc:,$(NEED_check)),$(lastword $(subst :, ,$p))))" \
		tests/debian13 $(DEBIAN13) $(if $(T),$(or $(strip $(patsubst $(B)/%,build/%,$(T_UNIT)) $(T_BATS)),$(T)))

check-engines: all ## start other programs and look at what they make of our output; ENGINE=NAME
	@BUILD="$(CURDIR)/$(B)" tests/engines/run $(ENGINE)

# DEB_ROOTS has the root file systems, 1 GB, and keeps the packages.
DEB_ROOTS ?= $(B)/deb-roots
check-deb: | $(SETUP) ## build Debian's packages in clean roots of 12 and 13, install, use and purge them
	@tests/deb $(DEB_ROOTS) $(or $(SUITES),bookworm trixie)

check-systemd: | $(SETUP) ## run the service in a guest with systemd, with the packages of check-deb
	@BUILD="$(CURDIR)/$(B)" tests/systemd/run $(DEB_ROOTS)

# Built twice, at different paths.
check-tarball: tarball ## use the tarball in an empty root, and on Debian 11's kernel 5.10
	@rm -rf $(B)/again && mkdir -p $(B)/again
	@tar -c --exclude=__pycache__ Makefile README.md LICENSE .github assets cmd completions lib tests | tar -C $(B)/again -x
	$(MAKE) -C $(B)/again B=build tarball
	@BUILD="$(CURDIR)/$(B)" tests/tarball $(B)/$(TARBALL).tar.xz $(B)/again/build/$(TARBALL).tar.xz
	@rm -rf $(B)/again

# This builds in the folder itself; no package of another architecture is installed.
check-arm64: all ## build for arm64, test in qemu-user, and load the packages in a guest: T=FILE
	@BUILD="$(CURDIR)/$(B)" tests/arm64 build/arm64 $(T_BATS)

# For fuzzing, clang builds the library and the targets again, with libFuzzer.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZ_CFLAGS  := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
F            := build/fuzz
# With LIBS=1 the sources of Debian's libbpf, elfutils and jansson are built with
# the sanitizers too, once, and the targets are linked with these libraries.
FUZZ_LIBS    := build/fuzz-libs/lib
FUZZ_DIR     := $(if $(LIBS),build/fuzz-libs/,$(F)/)
FUZZ         := $(FUZZ_TARGETS:%=$(FUZZ_DIR)%)

fuzz: all $(FUZZ) ## fuzz every reader of outside data, FUZZ_SECONDS=60 each; LIBS=1
	@$(RUN) tests/fuzz/seeds $(FUZZ_DIR)seeds
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZ_DIR:%/=%) $(FUZZ_TARGETS)

$(F)/libskel.a: $(patsubst %.c,$(F)/%.o,$(LIB_SRC) $(PART_SRC))
	@rm -f $@
	$(call step,AR,$@)
	$(Q)$(AR) qcs $@ $^

$(FUZZ_LIBS)/built: tests/fuzz/libs tests/fuzz/libs.ignore | $(SETUP)
	$(call step,LIBS,$(@D))
	$(Q)CC="$(FUZZ_CC)" tests/fuzz/libs $(@D)
	@touch $@

# The targets whose inputs a mutator knows, tests/fuzz/mutate-*.c.
MUTATE_elf  := dwarf image object
MUTATE_json := arguments document formats header json package poll
$(foreach m,elf json,$(eval $(MUTATE_$m:%=$(FUZZ_DIR)%): $(F)/tests/fuzz/mutate-$m.o))

$(FUZZ): $(FUZZ_DIR)%: $(F)/tests/fuzz/%.o $(F)/libskel.a $(if $(LIBS),$(FUZZ_LIBS)/built)
	$(call step,LINK,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o %.a,$^) \
		$(if $(LIBS),-L$(FUZZ_LIBS)) $(call libs,$(LIBS_unit))

$(F)/%.o: %.c Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CC,$<)
	$(Q)$(FUZZ_CC) $(CPP) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

# The same targets in the ordinary build read their inputs from files.
$(REPLAY): $(B)/replay-%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(call OBJ,$(PART_SRC)) $(LIB) $(B)/link.flags
	$(call step,LINK,$@)
	$(Q)$(LINK) $(call libs,$(LIBS_unit))

# SEED=N repeats a run, RECORDS and EXPRESSIONS say how much is compared.
RECORDS     ?= 10000
EXPRESSIONS ?= 10000
check-query: all ## compare skel-grep with Python, DuckDB and awk on random expressions; SEED=N
	@mkdir -p $(B)/query
	@$(RUN) tests/helpers/query-oracle.py $(or $(SEED),$(shell date +%s)) $(RECORDS) $(EXPRESSIONS) $(B)/query
	@$(RUN) tests/helpers/query-rivals.py $(or $(SEED),$(shell date +%s)) $(RECORDS) $(EXPRESSIONS) $(B)/query

# SEED=N repeats a run, QUESTIONS says how many are asked, of 1000 records each.
QUESTIONS   ?= 10000
check-count: all ## compare skel-count with random groupings in Python and DuckDB, for minutes; SEED=N
	@mkdir -p $(B)/count
	@$(RUN) tests/helpers/count-oracle.py $(or $(SEED),$(shell date +%s)) 1000 $(QUESTIONS) $(B)/count

# This takes half an hour.  It builds a copy of the tree, in build/mutate.
mutate: | $(SETUP) ## make deliberate faults, and see that tests notice: M=stream, M=17
	@tests/mutate/run $(M)

# This takes minutes, and is not part of "make check".
soak: all ## send 10^8 recorded and 10^7 live events; memory must stay flat
	@$(RUN) tests/soak

demo: all ## show the processes that start and end during a few seconds
	@tests/demo $(CURDIR)/$(B)/bin

# tests/bench/README.md describes the benchmarks.
BENCH     := $(BENCH_SRC:tests/bench/%.c=$(B)/bench/%.bin)
BENCH_LIVE := $(foreach v,ring ring64 reserve perf,$(B)/bench/$v.bpf.o)
BENCH_RECORDS ?= 1000000
# The figures of a complete run replace those in the README.
KEEP       = tests/helpers/fill-section --text tests/bench/README.md
BENCH_RUN  = SKEL_FMT=$(CURDIR)/$(B)/bin/skel-fmt tests/bench/run.py

$(B)/bench/%.bin: $(B)/tests/bench/%.o $(LIB) $(B)/link.flags
	@mkdir -p $(@D)
	$(call step,LINK,$@)
	$(Q)$(LINK) $(call libs,$(LIBS_unit))

bench: all $(BENCH) $(BENCH_LIVE) ## time the commands against their rivals; REFERENCE=PATH adds one
	@$(KEEP) replay env $(BENCH_RUN) $(B)/bench $(BENCH_RECORDS)
	@$(KEEP) filters env $(BENCH_RUN) --filters $(B)/bench $(BENCH_RECORDS)
	@$(RUN) $(KEEP) live tests/bench/live.py $(B)/bench

bench-filters: all $(BENCH) ## the part of it that filters recorded ones
	@$(KEEP) filters env $(BENCH_RUN) --filters $(B)/bench $(BENCH_RECORDS)

# This needs root and a kernel with BPF.
bench-live: all $(BENCH) $(BENCH_LIVE) ## the part of it that polls live records
	@$(RUN) $(if $(LIVE),,$(KEEP) live) tests/bench/live.py $(B)/bench $(LIVE)

$(B)/bench/ring64.bpf.o: LIVE_FLAGS := -DRING=67108864
$(B)/bench/reserve.bpf.o: LIVE_FLAGS := -DRESERVE
$(B)/bench/perf.bpf.o: LIVE_FLAGS := -DPERF
$(BENCH_LIVE): tests/bench/live.bpf.c tests/bench/live.h assets/skel.bpf.h Makefile | $(SETUP)
	@mkdir -p $(@D)
	$(call step,CLANG,$@)
	$(Q)$(CLANG) -g -O2 -Wall -target bpf $(LIVE_FLAGS) -iquote assets \
		-idirafter /usr/include/$$($(CC) -dumpmachine) -c -o $@ $<

bench-count: all $(BENCH) ## write what bench-check compares with
	@$(BENCH_RUN) --count $(B)/bench >tests/bench/instructions.new
	@mv tests/bench/instructions.new tests/bench/instructions

bench-check: all $(BENCH) ## fail if skel-fmt needs 3 % more instructions for a record than committed
	@$(BENCH_RUN) --check $(B)/bench tests/bench/instructions

# The packages of the example programs are committed, so that nobody needs clang to
# run them.  -ffile-prefix-map and llvm-strip keep the paths of this machine out of
# them, so that the same compiler makes the same bytes anywhere.
ASSETS := $(patsubst assets/%.bpf.c,$(B)/assets/%.json,$(wildcard assets/*.bpf.c))

assets: $(ASSETS) ## build the example packages in assets/ from their sources
	cp $^ assets/

assets-check: $(ASSETS) ## fail if they are not what their sources compile to
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

lint: ## check the form of sources, scripts and manuals, and the order of lib/
	$(call step,LINT,clang-format)
	$(Q)clang-format --dry-run -Werror $(SRC) $(HDR) $(BPF_SRC) $(TEST_SRC)
	$(call step,LINT,cppcheck)
	$(Q)cppcheck -q --std=c11 --error-exitcode=1 --enable=warning,portability \
		--inline-suppr --suppress=missingIncludeSystem -D__GNUC__ -Ilib -Icmd -Itests/unit \
		'-DLIBBPF_OPTS(type,name,...)=struct type name = {0}' \
		'-DDECLARE_LIBBPF_OPTS(type,name,...)=struct type name = {0}' \
		--max-configs=1 lib cmd tests/unit tests/fuzz $(BENCH_SRC) $(filter-out %.h,$(TEST_SRC))
	$(call step,LINT,shellcheck)
	$(Q)shellcheck -s bash -x -e SC2016,SC2030,SC2031,SC2153,SC2154,SC2164 $(SHELL_SRC)
	$(Q)shellcheck -s dash $(INIT_SRC) tests/helpers/install-missing
	$(call step,LINT,mandoc)
	@for m in $(MAN); do mandoc -Tlint -Wwarning $$m || exit 1; done
	@! grep -nE '(^|[^_[:alnum:]])(err|errx|errc|exit|_exit|abort)\(' $(LIB_SRC) || \
		{ echo 'lib/ must return errors; only cmd/ may exit'; exit 1; }
	@! grep -nE '(^|[^_[:alnum:]])json_(is_string|string_(value|length)|set_alloc_funcs)\(' \
		$(filter-out lib/base/json-doc.c,$(LIB_SRC) $(CMD_SRC)) || \
		{ echo 'large integers are strings in trees of jansson: use base/json-doc.h'; exit 1; }
	@! grep -nE 'struct (bpf|perf)_[a-z_]+_opts [a-z]+ = \{' $(LIB_SRC) $(CMD_SRC) || \
		{ echo 'libbpf wants the padding of its options zeroed: use LIBBPF_OPTS'; exit 1; }
	$(call step,LINT,faults)
	@tests/mutate/run --check
	$(call step,LINT,rooms)
	@$(MAKE) -s $(LIB)
	@tests/helpers/rooms.py $(B) $(ROOMS)
	$(call step,LINT,defences)
	@$(MAKE) -s all
	@$(if $(HARDEN),READELF=$(READELF) tests/helpers/hardened $(BIN) $(B)/libeunomia.so.$(VERSION))

install: all ## install all of it below PREFIX=/usr/local and DESTDIR=
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(COMPDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(MANDIR)/man3 \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
		$(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(SHAREDIR) $(DESTDIR)$(LIBEXECDIR)
	install -m 0755 $(filter $(CMDS:%=$(B)/bin/%),$(BIN)) $(DESTDIR)$(BINDIR)
	install -m 0755 $(HELPERS:%=$(B)/bin/%) $(DESTDIR)$(LIBEXECDIR)
	install -m 0644 $(filter %.1,$(MAN)) $(DESTDIR)$(MANDIR)/man1
	install -m 0644 $(filter %.3,$(MAN)) $(DESTDIR)$(MANDIR)/man3
	install -m 0644 $(filter %.5,$(MAN)) $(DESTDIR)$(MANDIR)/man5
	install -m 0644 $(filter %.7,$(MAN)) $(DESTDIR)$(MANDIR)/man7
	install -m 0644 $(filter %.8,$(MAN)) $(DESTDIR)$(MANDIR)/man8
	install -m 0644 $(wildcard assets/*.json) assets/skel.bpf.h $(DESTDIR)$(SHAREDIR)
	install -m 0644 lib/eunomia/eunomia.h $(DESTDIR)$(INCLUDEDIR)
	install -m 0644 $(EUNOMIA) $(DESTDIR)$(LIBDIR)
	ln -sf libeunomia.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libeunomia.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' lib/eunomia/eunomia.pc.in >$(B)/eunomia.pc
	install -m 0644 $(B)/eunomia.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 0644 completions/skel.zsh $(DESTDIR)$(ZSHDIR)/_skel
	@for f in skel@.service skel-record; do \
		sed -e 's|@BINDIR@|$(BINDIR)|' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|' -e 's|@SHAREDIR@|$(SHAREDIR)|' \
			assets/systemd/$$f.in >$(B)/$$f || exit 1; done
	install -m 0755 $(B)/skel-record $(DESTDIR)$(LIBEXECDIR)
	$(if $(SYSTEMDDIR),install -d $(DESTDIR)$(SYSTEMDDIR))
	$(if $(SYSTEMDDIR),install -m 0644 $(B)/skel@.service $(DESTDIR)$(SYSTEMDDIR))
	@for c in $(CMDS); do \
		install -m 0644 completions/skel.bash $(DESTDIR)$(COMPDIR)/$$c && \
		install -m 0644 completions/skel.fish $(DESTDIR)$(FISHDIR)/$$c.fish || exit 1; done

# What is installed is known to that goal alone.
uninstall: all ## remove what "make install" installed, with the same variables
	@rm -rf $(B)/uninstall
	@$(MAKE) -s install DESTDIR=$(abspath $(B))/uninstall
	@cd $(B)/uninstall && find . ! -type d | while IFS= read -r f; do rm -f "$(DESTDIR)/$$f"; done
	@rmdir $(DESTDIR)$(SHAREDIR) $(DESTDIR)$(LIBEXECDIR) 2>/dev/null || :
	@rm -rf $(B)/uninstall

# The version of the packages is that of the first entry in assets/debian/changelog.
DEB := $(B)/deb
deb: | $(SETUP) ## build the packages of Debian in build/deb
	@rm -rf $(DEB)/skel $(DEB)/*.deb $(DEB)/*.changes $(DEB)/*.buildinfo && mkdir -p $(DEB)/skel
	@tar -c --exclude=__pycache__ Makefile README.md LICENSE .github assets cmd completions lib tests | tar -C $(DEB)/skel -x
	@mv $(DEB)/skel/assets/debian $(DEB)/skel/debian
	cd $(DEB)/skel && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS dpkg-buildpackage -b -us -uc
	@ls $(DEB)/*.deb

# One file for machines without these packages, or without apt.  The same sources and
# compiler make the same bytes.
TARBALL := skel-$(VERSION)-$(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
tarball: | $(SETUP) ## build the static commands, with manuals and packages, in build/skel-VERSION-x86_64.tar.xz
	@rm -rf $(B)/tarball && mkdir -p $(B)/tarball
	@echo 'int elf_end(void *elf); int main(void) { return elf_end(0); }' | \
		$(CC) -static -x c -o $(B)/tarball/elf - -x none $$($(PKG_CONFIG) --static --libs libelf) 2>/dev/null || { \
		echo 'libelf cannot be linked statically here; that of Debian 13 wants libeu, which is in no package: do it on Debian 12'; exit 1; }
	@rm $(B)/tarball/elf
	$(MAKE) B=$(B)/static LDFLAGS=-static CFLAGS="-O2 -ffile-prefix-map=$(CURDIR)=." \
		install PREFIX=/usr/local SYSTEMDDIR=/usr/local/lib/systemd/system DESTDIR=$(abspath $(B)/tarball)
	@mv $(B)/tarball/usr/local $(B)/tarball/$(TARBALL) && rmdir $(B)/tarball/usr
	@cd $(B)/tarball/$(TARBALL) && rm -rf include lib/libeunomia* lib/pkgconfig share/man/man3 && \
		$(or $(STRIP),$(CROSS)strip) bin/* $(HELPERS:%=libexec/skel/%)
	@cp LICENSE README.md .github/CHANGELOG.md assets/tarball/INSTALL $(B)/tarball/$(TARBALL)
	@tar -C $(B)/tarball --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
		--mtime="$$(sed -n 's/^ -- .*>  //p;T;q' assets/debian/changelog)" -c $(TARBALL) | xz -9 -T1 >$(B)/$(TARBALL).tar.xz
	@ls -l $(B)/$(TARBALL).tar.xz

format: ## format the sources with clang-format
	clang-format -i $(SRC) $(HDR) $(BPF_SRC) $(TEST_SRC)

clean: ## remove everything that was built
	rm -rf build

-include $(patsubst %.o,%.d,$(call OBJ,$(SRC)))
-include $(patsubst %.c,$(F)/%.d,$(LIB_SRC) $(PART_SRC) $(FUZZ_SRC))

.PHONY: all lib help deps find-missing demo test check check-build check-clang check-count check-engines check-query check-vm fuzz mutate soak \
	bench bench-live bench-filters bench-count bench-check lint assets assets-check install uninstall deb tarball check-units check-deb check-systemd check-tarball format clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
