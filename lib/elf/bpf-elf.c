#include <errno.h>
#include <stdint.h>

#include "base/report.h"
#include "elf/bpf-elf.h"
#include "elf/libbpf-log.h"
#include "elf/object-check.h"

/* Reads and checks the BTF in the section data.  Returns 0, or -1 after
 * reporting. */
static int
read_btf_section(
    struct bpf_elf *e, const Elf_Data *data, size_t symbols, const char *name)
{
	if (object_check_btf_header(data, name) == -1)
		return -1;
	/* Our own message says as much as libbpf's. */
	libbpf_log_capture();
	errno = 0;
	e->btf = btf__new(data->d_buf, (uint32_t)data->d_size);
	libbpf_log_clear();
	if (e->btf == NULL && errno == ENOMEM)
		return report_nomem();
	if (e->btf == NULL) {
		report_error(
		    "%s: corrupted: libbpf cannot read the section .BTF", name);
		return -1;
	}
	return object_check_btf(e->btf, symbols, name);
}

int
bpf_elf_open(struct bpf_elf *e, const unsigned char *bytes, size_t size,
    const char *name)
{
	Elf_Data *btf;
	size_t symbols;

	*e = (struct bpf_elf){ .bytes = bytes, .size = size };
	if (object_check_header(bytes, size, name) == -1)
		goto fail;
	elf_version(EV_CURRENT);
	/* libelf only reads, but elf_memory() is older than const. */
	e->elf = elf_memory((char *)(uintptr_t)bytes, size);
	if (e->elf == NULL) {
		report_error("%s: %s", name, elf_errmsg(-1));
		goto fail;
	}
	if (object_check_sections(e->elf, name, &btf, &symbols) == -1 ||
	    (btf != NULL && read_btf_section(e, btf, symbols, name) == -1))
		goto fail;
	return 0;
fail:
	bpf_elf_close(e);
	return -1;
}

void
bpf_elf_close(struct bpf_elf *e)
{
	btf__free(e->btf);
	elf_end(e->elf);
	*e = (struct bpf_elf){ 0 };
}
