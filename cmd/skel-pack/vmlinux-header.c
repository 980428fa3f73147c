#include <bpf/btf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/report.h"
#include "base/text.h"
#include "elf/libbpf-log.h"
#include "vmlinux-header.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define HEADER_NAME "vmlinux.h"

enum { ID_MAX = 64, NOTES_MAX = 64 << 10 };

static int
notice_header(const char *what, const char *why)
{
	report_notice("cannot make " HEADER_NAME ": %s: %s", what, why);
	return -1;
}

/* The build id in the ELF notes, as hex digits; NULL if there is none. */
static const char *
find_build_id(const unsigned char *notes, size_t len, char id[ID_MAX])
{
	Elf64_Nhdr n;
	size_t at = 0;

	while (len - at >= sizeof(n)) {
		size_t name, desc;

		memcpy(&n, notes + at, sizeof(n));
		at += sizeof(n);
		name = ((size_t)n.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)n.n_descsz + 3) & ~(size_t)3;
		if (name > len - at || desc > len - at - name)
			return NULL;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    memcmp(notes + at, "GNU", 4) == 0 &&
		    (size_t)n.n_descsz * 2 < ID_MAX) {
			*text_hex(id, notes + at + name, n.n_descsz) = '\0';
			return id;
		}
		at += name + desc;
	}
	return NULL;
}

/* Identifies the running kernel, by its release if it has no build id. */
static void
kernel_id(char id[ID_MAX])
{
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	const char *found = NULL;
	struct buf notes = { 0 };
	struct utsname u;

	if (fd != -1) {
		if (buf_read_fd(&notes, fd, NOTES_MAX) == 0)
			found = find_build_id(
			    (unsigned char *)notes.data, notes.len, id);
		close(fd);
	}
	buf_free(&notes);
	if (found != NULL)
		return;
	snprintf(
	    id, ID_MAX, "%.*s", ID_MAX - 1, uname(&u) == 0 ? u.release : "-");
	for (char *c = id; *c != '\0'; c++)
		if (*c == '/')
			*c = '_';
}

/* Appends the user's cache folder.  Returns 0, or -1 if there is none. */
static int
cache_folder(struct buf *dir)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	/* The XDG base directories say that relative paths are ignored. */
	if (cache != NULL && cache[0] == '/') {
		buf_str(dir, cache);
		return 0;
	}
	/* The home of some system users is a name that must not exist. */
	if (home == NULL || home[0] != '/' || access(home, F_OK) == -1)
		return -1;
	buf_printf(dir, "%s/.cache", home);
	return 0;
}

/* Makes the folder and those above it.  Returns 0, or -1 with errno set. */
static int
make_folders(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) == -1 && errno != EEXIST) {
			*slash = '/';
			return -1;
		}
		*slash = '/';
	}
	return mkdir(path, 0700) == -1 && errno != EEXIST ? -1 : 0;
}

static void __attribute__((format(printf, 2, 0)))
print_type(void *ctx, const char *fmt, va_list args)
{
	struct buf *out = ctx;
	va_list again;
	char *room;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (room = buf_room(out, (size_t)n + 1)) == NULL)
		return;
	vsnprintf(room, (size_t)n + 1, fmt, args);
	out->len += (size_t)n;
}

/* Appends all types of the kernel.  Returns 0, or a negative errno. */
static int
dump_types(const struct btf *btf, struct buf *out)
{
	struct btf_dump *dump = btf_dump__new(btf, print_type, out, NULL);
	uint32_t n = btf__type_cnt(btf);
	int ret = 0;

	if (dump == NULL)
		return -errno;
	for (uint32_t id = 1; id < n && ret == 0; id++)
		ret = btf_dump__dump_type(dump, id);
	btf_dump__free(dump);
	return out->failed ? -ENOMEM : ret;
}

/* Appends the text of the header.  CO-RE relocates what programs read of its
 * structs. */
static int
make_header(struct buf *out)
{
	struct btf *btf;
	int ret;

	libbpf_log_capture();
	btf = btf__parse(KERNEL_BTF, NULL);
	if (btf == NULL)
		return notice_header(KERNEL_BTF, strerror(errno));
	buf_str(out,
	    "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n"
	    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	    "#pragma clang attribute push "
	    "(__attribute__((preserve_access_index)), apply_to = record)\n"
	    "#endif\n\n");
	ret = dump_types(btf, out);
	buf_str(out, "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
		     "#pragma clang attribute pop\n"
		     "#endif\n\n#endif\n");
	btf__free(btf);
	libbpf_log_clear();
	if (ret == 0 && !out->failed)
		return 0;
	return notice_header(KERNEL_BTF, strerror(ret != 0 ? -ret : ENOMEM));
}

/*
 * Writes the header to a file without a name, and names it when it is complete.
 * The file system may not know such files; then it has another name before.
 * Returns 0, or -1 with errno set.
 */
static int
write_header(const char *dir, const char *path, struct buf *text)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), ret;
	char from[64], *named = NULL;

	if (fd == -1) {
		if (asprintf(&named, "%s.%d", path, (int)getpid()) == -1)
			return -1;
		/* What a killed process left, or a link that someone put. */
		unlink(named);
		fd = open(named, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	}
	if (fd == -1) {
		free(named);
		return -1;
	}
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	ret = buf_write_fd(text, fd);
	if (ret == 0 && named != NULL)
		ret = rename(named, path);
	else if (ret == 0)
		ret = linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
	/* Another process may have made the same. */
	if (ret == -1 && errno == EEXIST)
		ret = 0;
	if (named != NULL && ret == -1)
		unlink(named);
	free(named);
	if (close(fd) == -1)
		ret = -1;
	return ret;
}

/* Makes the header and keeps it.  No signal may leave a part of it. */
static int
keep_header(char *dir, const char *path)
{
	struct buf text = { 0 };
	sigset_t all, old;
	int ret = make_header(&text);

	if (ret == 0) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &old);
		if (make_folders(dir) == -1 ||
		    write_header(dir, path, &text) == -1)
			ret = notice_header(path, strerror(errno));
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	if (ret == 0)
		report_info("made %s from " KERNEL_BTF, path);
	buf_free(&text);
	return ret;
}

int
vmlinux_header_find(struct buf *dir)
{
	char id[ID_MAX + TEXT_SLACK], *path;
	int ret = 0;

	kernel_id(id);
	if (cache_folder(dir) == -1)
		return notice_header(
		    "no cache", "set HOME or XDG_CACHE_HOME to a folder");
	buf_printf(dir, "/skel/%s", id);
	buf_chr(dir, '\0');
	if (dir->failed || asprintf(&path, "%s/" HEADER_NAME, dir->data) == -1)
		return report_nomem();
	if (access(path, R_OK) == -1)
		ret = keep_header(dir->data, path);
	free(path);
	return ret;
}
