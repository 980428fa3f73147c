/* The scanner of C sources and the reader of their documentation comments. */
#include <jansson.h>

#include "fuzz.h"
#include "pack/source-doc.h"
#include "pack/source-scan.h"

struct bounds {
	const char *start, *end;
};

static void
check_inside(const struct bounds *b, struct source_span s)
{
	if (s.text < b->start || s.text > b->end ||
	    s.len > (size_t)(b->end - s.text))
		fuzz_wrong("a name outside the source");
}

static int
take_declaration(void *ctx, const struct source_declaration *d)
{
	json_t *doc;

	check_inside(ctx, d->comment);
	if (d->nnames == 0 || d->nnames > SOURCE_NAMES_MAX)
		fuzz_wrong("a declaration without names, or too many");
	for (size_t i = 0; i < d->nnames; i++)
		check_inside(ctx, d->names[i].span);
	doc = source_doc_read(d->comment, d->line, "x.bpf.c");
	if (doc == NULL)
		fuzz_refused();
	else if (!json_is_object(doc))
		fuzz_wrong("a comment that is no object");
	json_decref(doc);
	return 0;
}

static int
take_name(void *ctx, struct source_span name)
{
	check_inside(ctx, name);
	if (name.len == 0)
		fuzz_wrong("an empty name");
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own length, so that reading beyond it is seen. */
	char *text = malloc(size > 0 ? size : 1);
	struct bounds b;

	if (text == NULL)
		fuzz_wrong("no memory");
	memcpy(text, data, size);
	b = (struct bounds){ .start = text, .end = text + size };
	fuzz_start();
	source_scan(text, size, take_declaration, &b);
	source_scan_includes(text, size, take_name, &b);
	source_scan_structs(text, size, take_name, &b);
	free(text);
	return 0;
}
