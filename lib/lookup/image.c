#include <elfutils/libdwelf.h>
#include <stdlib.h>

#include "elf/elf-handle.h"
#include "elf/elf-symbols.h"
#include "lookup/debug-file.h"
#include "lookup/dwarf-index.h"
#include "lookup/image.h"

enum { SEGMENTS_MAX = 128 };

/* A part of the file, and the address for which it is linked. */
struct segment {
	uint64_t offset, size, addr;
	bool executable;
};

struct image {
	struct elf_handle program;
	struct elf_handle debug;   /* separate debug file, or closed */
	struct elf_handle shared;  /* by dwz(1), of several; or closed */
	Dwarf *dw, *shared_dw;     /* owned, or NULL */
	struct dwarf_index *index; /* owned, or NULL */
	struct elf_symbols symbols;
	struct segment segments[SEGMENTS_MAX];
	size_t nsegments;
};

void
image_close(struct image *m)
{
	if (m == NULL)
		return;
	dwarf_index_free(m->index);
	dwarf_end(m->dw);
	dwarf_end(m->shared_dw);
	elf_symbols_free(&m->symbols);
	elf_handle_close(&m->shared);
	elf_handle_close(&m->debug);
	elf_handle_close(&m->program);
	free(m);
}

static void
read_segments(struct image *m)
{
	GElf_Phdr p;
	size_t n;

	if (elf_getphdrnum(m->program.elf, &n) == -1)
		return;
	for (size_t i = 0; i < n && m->nsegments < SEGMENTS_MAX; i++)
		if (gelf_getphdr(m->program.elf, (int)i, &p) != NULL &&
		    p.p_type == PT_LOAD)
			m->segments[m->nsegments++] =
			    (struct segment){ .offset = p.p_offset,
				    .size = p.p_filesz,
				    .addr = p.p_vaddr,
				    .executable = p.p_flags & PF_X };
}

/* Read the largest symbol table that program and debug file have. */
static void
read_symbols(struct image *m)
{
	if (elf_symbols_read(&m->symbols, m->program.elf, SHT_SYMTAB) > 0 ||
	    (m->debug.elf != NULL &&
		elf_symbols_read(&m->symbols, m->debug.elf, SHT_SYMTAB) > 0))
		return;
	elf_symbols_read(&m->symbols, m->program.elf, SHT_DYNSYM);
}

/* Whether the debug information of the file can be read. */
static bool
is_sound(const struct elf_handle *h, uint64_t bytes_max, Dwarf_OOM no_memory)
{
	if (bytes_max < IMAGE_DEBUG_BYTES_MAX) {
		if (elf_handle_is_sound(h, bytes_max))
			return true;
		if (elf_handle_is_sound(h, IMAGE_DEBUG_BYTES_MAX))
			no_memory();
		return false;
	}
	return elf_handle_is_sound(h, IMAGE_DEBUG_BYTES_MAX);
}

/*
 * Open the shared part of the debug information and give it to libdw, which
 * would otherwise open the path that the file names.  Returns 0 or -1.
 */
static int
open_shared(struct image *m, const char *path, int root, uint64_t bytes_max,
    Dwarf_OOM no_memory)
{
	if (debug_file_shared(&m->shared, m->dw, path, root) == -1)
		return -1;
	if (is_sound(&m->shared, bytes_max, no_memory) &&
	    !elf_handle_has_section(&m->shared, ".gnu_debugaltlink"))
		m->shared_dw =
		    dwarf_begin_elf(m->shared.elf, DWARF_C_READ, NULL);
	if (m->shared_dw == NULL)
		return -1;
	dwarf_new_oom_handler(m->shared_dw, no_memory);
	dwarf_setalt(m->dw, m->shared_dw);
	return 0;
}

/* Open the debug information of the program or of its debug file. */
static void
read_debug(struct image *m, const char *path, int root, uint64_t bytes_max,
    Dwarf_OOM no_memory)
{
	struct elf_handle *h = &m->program;

	if (!elf_handle_has_section(h, ".debug_info") &&
	    !elf_handle_has_section(h, ".zdebug_info"))
		h = &m->debug;
	if (h->elf == NULL || !is_sound(h, bytes_max, no_memory))
		return;
	m->dw = dwarf_begin_elf(h->elf, DWARF_C_READ, NULL);
	if (m->dw == NULL)
		return;
	dwarf_new_oom_handler(m->dw, no_memory);
	if (!elf_handle_has_section(h, ".gnu_debugaltlink") ||
	    open_shared(m, path, root, bytes_max, no_memory) == 0)
		m->index = dwarf_index_new(m->dw);
}

struct image *
image_open(
    int fd, const char *path, int root, uint64_t bytes_max, Dwarf_OOM no_memory)
{
	struct image *m = calloc(1, sizeof(*m));
	struct elf_handle program;

	if (elf_handle_open(&program, fd) == -1 || m == NULL) {
		elf_handle_close(&program);
		free(m);
		return NULL;
	}
	m->program = program;
	read_segments(m);
	if (!elf_handle_has_section(&m->program, ".debug_info"))
		debug_file_open(&m->debug, &m->program, path, root);
	read_symbols(m);
	read_debug(m, path, root, bytes_max, no_memory);
	return m;
}

struct image *
image_open_memory(char *bytes, size_t size)
{
	struct image *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	elf_version(EV_CURRENT);
	m->program.fd = -1;
	m->program.elf = elf_memory(bytes, size);
	if (elf_kind(m->program.elf) != ELF_K_ELF) {
		elf_end(m->program.elf);
		free(m);
		return NULL;
	}
	read_segments(m);
	read_symbols(m);
	return m;
}

size_t
image_build_id(const struct image *m, const unsigned char **id)
{
	const void *found;
	ssize_t n = dwelf_elf_gnu_build_id(m->program.elf, &found);

	*id = n > 0 ? found : NULL;
	return n > 0 ? (size_t)n : 0;
}

/* Find the address for which the byte at offset is linked. */
static bool
find_address(const struct image *m, uint64_t offset, uint64_t *addr)
{
	bool found = false;

	for (size_t i = 0; i < m->nsegments; i++) {
		const struct segment *s = &m->segments[i];

		/* A page at the border of two segments is in both. */
		if (offset - s->offset >= s->size || (found && !s->executable))
			continue;
		*addr = s->addr + (offset - s->offset);
		found = true;
	}
	return found;
}

size_t
image_find(struct image *m, uint64_t offset, bool is_return,
    struct symbol_frame *frames, size_t max)
{
	const struct elf_symbol *s;
	uint64_t addr = 0, at;
	struct symbol_frame *last;
	size_t n = 0, named = 0;

	if (!find_address(m, offset, &addr))
		return 0;
	at = addr - is_return;
	if (m->index != NULL)
		n = dwarf_index_find(m->index, at, frames, max);
	if (n == 0)
		frames[n++] = (struct symbol_frame){ .symbol = NULL };
	last = &frames[n - 1];
	last->offset += is_return;
	/* Prefer the symbol that other tools show too. */
	s = elf_symbols_find(&m->symbols, at);
	if (s != NULL) {
		last->symbol = s->name;
		last->has_offset = true;
		last->offset = addr - s->addr;
	}
	for (size_t i = 0; i < n; i++)
		if (frames[i].symbol != NULL)
			frames[named++] = frames[i];
	return named;
}
