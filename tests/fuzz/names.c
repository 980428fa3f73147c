/* The parsers of symbol names, and of types by their names.  The first byte
 * selects one: k(allsyms), p (a JIT map), m(appings), d(emangle), t(ype). */
#include "base/buf.h"
#include "fuzz.h"
#include "host/kallsyms.h"
#include "host/mappings.h"
#include "lookup/demangle.h"
#include "lookup/jit-map.h"
#include "types/c-names.h"
#include "types/types.h"

/* Addresses spread over the whole address space. */
#define EACH_ADDRESS(a)                                                        \
	uint64_t a = 1;                                                        \
	a != 0;                                                                \
	a <<= 1

static void
take_kallsyms(const char *text, size_t len)
{
	struct kallsyms k = { 0 };
	uint64_t offset;

	if (kallsyms_parse(&k, text, len) == -1)
		fuzz_wrong("no memory");
	for (EACH_ADDRESS(a))
		kallsyms_find(&k, a, &offset);
	for (size_t i = 0; i < k.n; i++)
		kallsyms_find(&k, k.v[i].addr, &offset);
	kallsyms_free(&k);
}

static void
take_perf_map(const char *text, size_t len)
{
	struct jit_map m = { 0 };
	struct buf b = { 0 };

	buf_add(&b, text, len);
	jit_map_parse(&m, &b);
	for (EACH_ADDRESS(a))
		jit_map_find(&m, a);
	for (size_t i = 0; i < m.n; i++)
		if (strlen(jit_map_find(&m, m.v[i].start)->name) > len)
			fuzz_wrong("a name longer than the file");
	jit_map_free(&m);
}

static void
take_mappings(const char *text, size_t len)
{
	struct mappings m = { 0 };

	if (mappings_parse(&m, text, len) == -1)
		fuzz_wrong("no memory");
	for (EACH_ADDRESS(a))
		mappings_find(&m, a);
	for (size_t i = 1; i < m.n; i++)
		if (m.v[i].start < m.v[i - 1].end)
			fuzz_wrong("mappings that overlap");
	mappings_free(&m);
}

static void
take_symbol(const char *symbol)
{
	char text[256];

	demangle(symbol, text, sizeof(text));
}

static void
take_type(const char *name)
{
	struct types t = { 0 };
	uint32_t i = c_names_find(&t, name);

	if (i != TYPE_NONE && i >= t.n)
		fuzz_wrong("a type that is not there");
	types_free(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || strchr("kpmdt", data[0]) == NULL || data[0] == '\0')
		return 0;
	if ((text = malloc(size)) == NULL)
		fuzz_wrong("no memory");
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	fuzz_start();
	switch (data[0]) {
	case 'k':
		take_kallsyms(text, size - 1);
		break;
	case 'p':
		take_perf_map(text, size - 1);
		break;
	case 'm':
		take_mappings(text, size - 1);
		break;
	case 'd':
		take_symbol(text);
		break;
	default:
		take_type(text);
		break;
	}
	free(text);
	return 0;
}
