/* The parser of -a PROG=WHERE. */
#include "attach/where.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct attach_where w = { 0 };

	if (text == NULL)
		fuzz_wrong("no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_start();
	if (attach_where_parse(&w, text) == -1)
		fuzz_refused();
	attach_where_free(&w);
	free(text);
	return 0;
}
