#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "elf/elf-edit.h"
#include "elf/strip-debug.h"

static bool
is_debug_section(const char *name)
{
	static const char *const starts[] = { ".debug_", ".rel.debug_",
		".rela.debug_" };

	for (size_t i = 0; i < nitems(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

int
strip_debug(const unsigned char *bytes, size_t size, struct buf *out)
{
	struct elf_edit e;
	int ret;

	if (!elf_edit_open(&e, bytes, size))
		return 0;
	for (size_t i = 1; i < e.n; i++)
		if (is_debug_section(elf_edit_name(&e, i)))
			elf_edit_clear(&e, i);
	ret = elf_edit_finish(&e, out);
	elf_edit_close(&e);
	return ret;
}
