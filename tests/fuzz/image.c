/* Resolves the addresses of a program by its symbol tables and DWARF, as a file
 * and as memory of a process. */
#include "lookup/image.h"
#include "fuzz.h"

static void __attribute__((noreturn)) leave_without_memory(void)
{
	_exit(0);
}

enum { STEP = 8, LOOKS = 1024 }; /* bytes; at most */

static void
look(struct image *m, size_t size)
{
	struct symbol_frame f[SYMBOL_STORE_INLINES_MAX];
	size_t n;

	for (uint64_t i = 0; m != NULL && i < LOOKS && i * STEP < size; i++) {
		n = image_find(
		    m, i * STEP, i % 2 == 0, f, SYMBOL_STORE_INLINES_MAX);
		for (size_t k = 0; k < n; k++)
			if (strlen(f[k].symbol) > size)
				fuzz_wrong("a name longer than all");
	}
	image_close(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1);

	if (bytes == NULL)
		fuzz_wrong("no memory");
	memcpy(bytes, data, size);
	fuzz_start();
	look(image_open_memory(bytes, size), size);
	look(image_open(fuzz_file(data, size), NULL, -1, UINT64_MAX,
		 leave_without_memory),
	    size);
	free(bytes);
	return 0;
}
