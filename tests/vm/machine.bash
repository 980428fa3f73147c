# Functions that make the parts of an emulated machine and boot it.  The parts are
# made once and kept below $VM: a kernel with its modules, a disk with Debian's
# packages as they are installed on this machine, a disk with this tree, and an
# initramfs.
#
# The packages are on a disk because clang, gcc and python, which tests call, are
# too big for an initramfs.  Guests do not change the disks (snapshot=on).

# disk FILE DIRECTORY: make an ext4 file system of the directory, with free space.
disk() {
	local size
	size=$(du -sm "$2" | cut -f 1)
	rm -f "$1"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -E root_owner=0:0 -d "$2" "$1" "$((size * 5 / 4 + 64))M" >/dev/null
}

# find_archive SERIES: set APT to the options for apt-get and apt-cache.  Debian 12
# has no kernel 5.10, so that comes from the previous release, with package lists
# of our own; the configuration of this machine's apt does not change.
find_archive() {
	local dir=$VM/$1/apt site=http://deb.debian.org
	APT=()
	[ "$1" = 5.10 ] || return 0
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" || return 1
	printf 'deb %s %s main\n' "$site/debian" bullseye "$site/debian-security" bullseye-security >"$dir/sources.list"
	APT=(-o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/nonexistent
		-o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache")
	apt-get "${APT[@]}" update -qq
}

# newest_package SERIES: print the package name of Debian's newest kernel of the
# series.  The cloud flavour has everything the tests need in a third of the size.
newest_package() {
	apt-cache "${APT[@]}" search --names-only "^linux-image-${1/./\\.}\\.[0-9][^ ]*-cloud-amd64\$" |
		cut -d ' ' -f 1 | sort -V | tail -n 1
}

# make_kernel SERIES: put vmlinuz, the modules and a disk with them into $VM/SERIES.
make_kernel() {
	local dir=$VM/$1 package
	[ ! -f "$dir/modules.disk" ] || return 0
	find_archive "$1" || return 1
	package=$(newest_package "$1")
	[ -n "$package" ] || {
		echo "check-vm: apt-cache knows no kernel $1: is bookworm-security among its sources? was there an apt-get update?" >&2
		return 1
	}
	echo "# getting $package"
	rm -rf "$dir/new" "$dir"/*.deb && mkdir -p "$dir/new" || return 1
	(cd "$dir" && apt-get "${APT[@]}" download -qq "$package") >"$dir/download.log" 2>&1 || {
		echo "check-vm: cannot download $package, the kernel $1 (KERNELS=... does without it):" >&2
		cat "$dir/download.log" >&2
		return 1
	}
	dpkg-deb -x "$dir"/*.deb "$dir/new" && rm "$dir"/*.deb || return 1
	mv "$dir"/new/boot/vmlinuz-* "$dir/vmlinuz"
	rm -rf "$dir/modules"
	mv "$dir/new/lib/modules" "$dir/modules"
	rm -r "$dir/new"
	# depmod expects the modules below lib/modules.
	mkdir "$dir/lib" && ln -s ../modules "$dir/lib/modules"
	depmod -b "$dir" "$(ls "$dir/modules")" && disk "$dir/modules.new" "$dir/modules" &&
		mv "$dir/modules.new" "$dir/modules.disk"
}

# with_dependencies PACKAGE...: print the installed packages among these, the
# essential ones, and everything they depend on.
with_dependencies() {
	dpkg-query -W -f '${Package};${Status};${Essential};${Provides};${Pre-Depends},${Depends}\n' |
		awk -F';' -v wanted="$*" '
		$2 ~ / installed$/ {
			gsub(/\([^)]*\)|:any|[,|]/, " ")
			if ($3 == "yes")
				wanted = wanted " " $1
			needs[$1] = needs[$1] " " $5
			real[$1] = 1
			# A virtual package depends on all packages that provide it.
			n = split($4, names, " ")
			for (i = 1; i <= n; i++)
				needs[names[i]] = needs[names[i]] " " $1
		}
		END {
			n = split(wanted, todo, " ")
			for (i = 1; i <= n; i++) {
				name = todo[i]
				if (!(name in needs) || seen[name]++)
					continue
				if (real[name])
					print name
				m = split(needs[name], more, " ")
				for (j = 1; j <= m; j++)
					todo[++n] = more[j]
			}
		}'
}

# files_of PACKAGE...: print the paths of the packages' files except manuals, with
# /bin and the like replaced by /usr/bin, and those of files that packages use but
# no package contains.
files_of() {
	local file
	{
		dpkg -L "$@" | grep -vE '^/usr/share/(doc|man|locale|info|lintian)(/|$)' |
			sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#; /^\/(bin|sbin|lib|lib64)$/d'
		find /usr/bin /usr/sbin /usr/lib -lname '/etc/alternatives/*'
		find /etc/alternatives /etc/ld.so.conf.d
		printf '%s\n' /etc/passwd /etc/group /etc/ld.so.cache /etc/ld.so.conf
	} | sort -u | while IFS= read -r file; do
		[ ! -r "$file" ] && [ ! -L "$file" ] || printf '%s\n' "$file"
	done
}

# make_base: make the disk with the guests' root file system, if a package has
# changed since it was made.
make_base() {
	local packages state dir link
	# shellcheck disable=SC2086
	packages=$(with_dependencies ${GUEST_PACKAGES:?})
	# shellcheck disable=SC2086
	state=$(dpkg-query -W $packages | sha256sum)
	[ "$state" != "$(cat "$VM/base.state" 2>/dev/null)" ] || [ ! -f "$VM/base.disk" ] || return 0
	echo "# making a disk of $(wc -w <<<"$packages") packages"
	dir=$SCRATCH/base
	mkdir "$dir" || return 1
	# shellcheck disable=SC2086
	files_of $packages |
		tar -C / -c --no-recursion --no-unquote --verbatim-files-from -T - 2>/dev/null | tar -C "$dir" -x
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$dir/$link"
	done
	mkdir -p "$dir"/{dev,proc,root,run,sys,tmp}
	disk "$VM/base.disk" "$dir" && echo "$state" > "$VM/base.state"
	local status=$?
	rm -rf "$dir"
	return "$status"
}

# make_objects FILE...: compile in advance what the tests compile, as far as their
# arguments are plain words, and the programs that they load to probe for a
# feature.  Tests that run on this machine first add what they compile; the guest
# compiles the rest.
make_objects() (
	PROGRAMS=$ROOT/tests/programs
	BATS_RUN_TMPDIR=$SCRATCH
	. "$ROOT/tests/helpers/load.bash"
	. "$ROOT/tests/helpers/net.bash"
	# hook and loadable call this; only the object is needed.
	# shellcheck disable=SC2317
	bpf_package() {
		bpf_object "$@"
	}
	mkdir -p "$SCRATCH/compile" && cd "$SCRATCH/compile" || return 1
	{
		(cd "$ROOT" && grep -hoE -e '\<(bpf_package|bpf_object|c_program)( [-A-Za-z0-9_=]+)+$' \
			-e '\<(hook|loadable) [a-z]+ [a-z0-9_/.]+ -?[0-9]$' "$@" tests/helpers/*.bash)
		sed -nE 's|.*takes ([a-z_]+/[a-z_]+).*|bpf_object need -DKIND="\1"|p' "$ROOT/tests/helpers/load.bash"
	} | sort -u | while read -r command arguments; do
		# shellcheck disable=SC2086
		"$command" $arguments 2>/dev/null || :
	done
)

# make_tree: make the disk with the part of this tree that the tests use.  Guests
# mount it at the path that the tree has on this machine.
make_tree() {
	local dir build=${BUILD#"${ROOT:?}"/} status
	dir=$SCRATCH/tree
	mkdir "$dir" || return 1
	{
		cd "$ROOT" && find . \( -path ./build -o -path ./.git \) -prune -o ! -type d -print
		find "$build" \( -path "$build/vm" -o -path "$build/deb*" -o -path "$build/san" -o -path "$build/tsan" \
			-o -path "$build/fuzz" -o -path "$build/fuzz-libs" -o -path "$build/bench" -o -path "$build/objects" \) -prune -o ! -type d -print
		find build/objects -type f ! -name '.*'
	} | tar -c --no-unquote -T - | tar -C "$dir" -x && disk "$VM/tree.disk" "$dir"
	status=$?
	rm -rf "$dir"
	return "$status"
}

# make_initrd DIRECTORY TEST...: make the initramfs, which mounts the disks and
# names the tests to run.
make_initrd() {
	local dir=$1 init=$1/init module
	shift
	rm -rf "$init" && mkdir -p "$init/bin" "$init/lib" || return 1
	cp "$(command -v busybox)" "$init/bin/busybox"
	cp "$here/init" "$init/init"
	{
		printf 'ROOT=%q BUILD=%q\n' "$ROOT" "$BUILD"
		printf 'export BATSFLAGS=%q\n' "${BATSFLAGS:-}"
		printf 'TESTS=('
		printf ' %q' "$@"
		printf ' )\n'
	} > "$init/tests"
	echo "$ROOT" > "$init/root"
	# In the order of their dependencies; some are built into the kernel.
	for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
		find "$dir/modules" -name "$module.ko*" | while read -r file; do
			case $file in
			*.xz) xz -dc "$file" ;;
			*) cat "$file" ;;
			esac > "$init/lib/$module.ko"
			echo "$module" >> "$init/lib/order"
		done
	done
	(cd "$init" && find . | cpio -o -H newc --quiet) | gzip -1 > "$dir/initrd"
	rm -rf "$init"
}

# boot DIRECTORY: run the guest.  The kernel's messages go to its console, the first
# serial line; the output of the tests comes from the second and goes to our
# standard output.  A panic ends the machine (panic=-1, -no-reboot).  Call this in
# a subshell, since exec replaces the shell by the guest.  $SCRATCH/SERIES.pid has
# the guest's pid.
#
# norandmaps: qemu caches translated code by its address and would translate a
# library again for each process that maps it elsewhere.  With fixed addresses the
# tests take less than half the time.
boot() {
	local name
	echo "$BASHPID" > "$SCRATCH/${1##*/}.pid"
	set -- "$1" -kernel "$1/vmlinuz" -initrd "$1/initrd"
	for name in "$VM/base.disk" "$1/modules.disk" "$VM/tree.disk"; do
		set -- "$@" -drive "file=$name,if=virtio,format=raw,snapshot=on"
	done
	exec timeout --foreground -k 5 "${VM_SECONDS:-1200}" \
		qemu-system-x86_64 -accel tcg -cpu max -smp "$VM_CPUS" -m 2G -nodefaults -no-reboot -display none \
		-serial "file:$1/console" -serial stdio "${@:2}" \
		-append "console=ttyS0 quiet panic=-1 lsm=landlock,yama,bpf mitigations=off init_on_alloc=0 norandmaps" </dev/null
}
