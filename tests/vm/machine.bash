# The parts of an emulated machine, each made once and kept below $VM: a kernel
# with its modules, a disk with Debian's packages as they are installed here, a
# disk with this tree, an initramfs.
#
# The disk is there because clang, gcc and python, which tests call, are too big
# for an initramfs; with them the tests run as they are.  Guests write to none
# of the disks (snapshot=on).

# disk FILE DIRECTORY: an ext4 file system of the directory, with room to write.
disk() {
	local size
	size=$(du -sm "$2" | cut -f 1)
	rm -f "$1"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -E root_owner=0:0 -d "$2" "$1" "$((size * 5 / 4 + 64))M" >/dev/null
}

# find_archive SERIES: APT, what apt-get and apt-cache are to be called with.
# Debian 12 has no 5.10: it comes from the release before, by lists of our own,
# so that this machine's apt stays as it is.
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

# newest_package SERIES: the name of Debian's newest kernel of a series.  The
# cloud flavour has all that matters here in a third of the size.
newest_package() {
	apt-cache "${APT[@]}" search --names-only "^linux-image-${1/./\\.}\\.[0-9][^ ]*-cloud-amd64\$" |
		cut -d ' ' -f 1 | sort -V | tail -n 1
}

# make_kernel SERIES: vmlinuz, modules and a disk of them in $VM/SERIES.
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
	# depmod wants its usual paths.
	mkdir "$dir/lib" && ln -s ../modules "$dir/lib/modules"
	depmod -b "$dir" "$(ls "$dir/modules")" && disk "$dir/modules.new" "$dir/modules" &&
		mv "$dir/modules.new" "$dir/modules.disk"
}

# with_dependencies PACKAGE...: these, the essential ones, and all that they
# need, of those that are installed.
with_dependencies() {
	dpkg-query -W -f '${Package};${Status};${Essential};${Provides};${Pre-Depends},${Depends}\n' |
		awk -F';' -v wanted="$*" '
		$2 ~ / installed$/ {
			gsub(/\([^)]*\)|:any|[,|]/, " ")
			if ($3 == "yes")
				wanted = wanted " " $1
			needs[$1] = needs[$1] " " $5
			real[$1] = 1
			# What is only provided needs all that provide it.
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

# files_of PACKAGE...: their files without manuals, below /usr as they really
# are, and what is theirs without being in a package.
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

# make_base: the disk that a guest's root is on, new when a package is.
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

# make_objects FILE...: compile here what the tests are seen to compile with
# plain words for arguments, and what they load to ask for a feature.  The tests
# that run here add theirs; the rest is compiled in the guest.
make_objects() (
	PROGRAMS=$ROOT/tests/programs
	BATS_RUN_TMPDIR=$SCRATCH
	. "$ROOT/tests/helpers/load.bash"
	. "$ROOT/tests/helpers/net.bash"
	# For hook and loadable.
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

# make_tree: the disk with what the tests use of this tree, to be mounted where
# the tree is here.
make_tree() {
	local dir build=${BUILD#"${ROOT:?}"/} status
	dir=$SCRATCH/tree
	mkdir "$dir" || return 1
	{
		cd "$ROOT" && find . \( -path ./build -o -path ./.git \) -prune -o ! -type d -print
		find "$build" \( -path "$build/vm" -o -path "$build/san" -o -path "$build/tsan" \
			-o -path "$build/fuzz" -o -path "$build/bench" -o -path "$build/objects" \) -prune -o ! -type d -print
		find build/objects -type f ! -name '.*'
	} | tar -c --no-unquote -T - | tar -C "$dir" -x && disk "$VM/tree.disk" "$dir"
	status=$?
	rm -rf "$dir"
	return "$status"
}

# make_initrd DIRECTORY TEST...: what finds the disks; and the tests to run.
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
	# In the order of who needs whom; some are built in.
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

# boot DIRECTORY: the kernel's messages go to its console, one serial line;
# what the tests say comes on the other and is our standard output.  A panic
# ends the machine (panic=-1, -no-reboot).  For a subshell, since it takes the
# place of the shell; who ends the run ends the guest by $SCRATCH/SERIES.pid.
#
# norandmaps: qemu keeps translated code by its address, and has to translate a
# library anew for each process that has it elsewhere: with it the tests take
# less than half the time.
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
