#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "elf/elf-handle.h"

int
elf_handle_open(struct elf_handle *h, int fd)
{
	struct stat st;

	*h = (struct elf_handle){ .fd = fd };
	if (fd == -1)
		return -1;
	elf_version(EV_CURRENT);
	if (fstat(fd, &st) == 0 && st.st_size <= ELF_BYTES_MAX)
		h->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (h->elf == NULL || elf_kind(h->elf) != ELF_K_ELF) {
		elf_end(h->elf);
		close(fd);
		*h = (struct elf_handle){ 0 };
		return -1;
	}
	return 0;
}

void
elf_handle_close(struct elf_handle *h)
{
	if (h->elf != NULL) {
		elf_end(h->elf);
		if (h->fd != -1)
			close(h->fd);
	}
	*h = (struct elf_handle){ 0 };
}

static const char *
get_section_name(Elf *elf, const GElf_Shdr *header)
{
	const char *name = NULL;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings) == 0)
		name = elf_strptr(elf, strings, header->sh_name);
	return name != NULL ? name : "";
}

bool
elf_handle_has_section(const struct elf_handle *h, const char *section)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;

	while ((scn = elf_nextscn(h->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &header) != NULL &&
		    header.sh_type != SHT_NOBITS && header.sh_size > 0 &&
		    strcmp(get_section_name(h->elf, &header), section) == 0)
			return true;
	return false;
}

/* The size of a section in memory.  libelf decompresses a section to whatever
 * size its header gives. */
static uint64_t
get_memory_size(Elf *elf, Elf_Scn *scn, const GElf_Shdr *header)
{
	GElf_Chdr packed;

	if (header->sh_type == SHT_NOBITS)
		return 0;
	/* Compressed by the GNU method, whose size is not in an ELF
	 * header. */
	if (strncmp(get_section_name(elf, header), ".zdebug", 7) == 0)
		return UINT64_MAX;
	if (!(header->sh_flags & SHF_COMPRESSED))
		return header->sh_size;
	return gelf_getchdr(scn, &packed) != NULL ? packed.ch_size : UINT64_MAX;
}

/* Whether the section holds no strings or ends with a NUL.  libdw 0.188 reads
 * past the end of a section without any NUL. */
static bool
ends_strings(Elf *elf, Elf_Scn *scn, const GElf_Shdr *header)
{
	static const char *const names[] = { ".debug_str", ".debug_line_str" };
	const char *name = get_section_name(elf, header);
	const Elf_Data *data;
	bool has_strings = false;

	for (size_t i = 0; i < nitems(names); i++)
		has_strings |= strcmp(name, names[i]) == 0;
	if (!has_strings || header->sh_type == SHT_NOBITS)
		return true;
	if (header->sh_flags & SHF_COMPRESSED && elf_compress(scn, 0, 0) == -1)
		return false;
	data = elf_getdata(scn, NULL);
	return data != NULL && data->d_size > 0 &&
	       ((const char *)data->d_buf)[data->d_size - 1] == '\0';
}

bool
elf_handle_is_sound(const struct elf_handle *h, uint64_t debug_max)
{
	uint64_t sum = 0, debug = 0, size;
	Elf_Scn *scn = NULL;
	GElf_Shdr header;

	while ((scn = elf_nextscn(h->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &header) == NULL)
			return false;
		size = get_memory_size(h->elf, scn, &header);
		if (size > ELF_BYTES_MAX || (sum += size) > ELF_BYTES_MAX)
			return false;
		if (strncmp(get_section_name(h->elf, &header), ".debug_", 7) ==
		    0)
			debug += size;
	}
	if (debug > debug_max)
		return false;
	while ((scn = elf_nextscn(h->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &header) == NULL ||
		    !ends_strings(h->elf, scn, &header))
			return false;
	return true;
}
