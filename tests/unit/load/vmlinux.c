/* lib/load/vmlinux: which files of BTF are refused before libbpf reads them. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "load/vmlinux.h"

/* Chooses a file with these bytes.  It is chosen if said is NULL, or refused
 * with this message. */
static void
choose(const void *bytes, size_t len, const char *said)
{
	int fd = memfd_create("btf", MFD_CLOEXEC);
	char name[64], *path;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_NUM(write(fd, bytes, len), (ssize_t)len);
	check_forget();
	CHECK_NUM(vmlinux_choose(name, &path), said == NULL ? 0 : -1);
	if (said != NULL) {
		CHECK_SAID(said);
	} else {
		CHECK_STR(path, name);
		CHECK_STR(check_reports, "");
	}
	free(path);
	close(fd);
}

/* BTF with a struct whose member has this type; 1 is int, and 2 the struct. */
static void
choose_member(int type, const char *said)
{
	struct btf *btf = btf__new_empty();
	const void *raw;
	uint32_t size;

	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_struct(btf, "task_struct", 4);
	btf__add_field(btf, "pid", type, 0, 0);
	raw = btf__raw_data(btf, &size);
	choose(raw, size, said);
	btf__free(btf);
}

static void
types_refer_to_types(void)
{
	/* libbpf 1.3 looks at this, too. */
	const char *said = libbpf_minor_version() >= 3
			       ? "corrupted: libbpf refuses its BTF"
			       : "corrupted: BTF type 2 refers to a type";

	choose_member(1, NULL);
	choose_member(3, said);
	choose_member(INT32_MAX, said);
}

/* It may be named to no purpose, so this is said when it is used. */
static void
what_is_no_btf_is_chosen(void)
{
	choose("text", 4, NULL);
}

static void
empty_files_are_refused(void)
{
	choose("", 0, "an empty file");
}

int
main(void)
{
	types_refer_to_types();
	what_is_no_btf_is_chosen();
	empty_files_are_refused();
	return check_done();
}
