/* A package, or a bare meta: read, its arguments listed, written, read again.
 */
#include "package/package.h"
#include "fuzz.h"
#include "package/args.h"

static void
show_arguments(struct package *p)
{
	struct buf text = { 0 };
	struct args a;

	if (args_open(&a, p) == -1) {
		fuzz_refused();
		return;
	}
	args_list(&a, &text);
	args_help(&a, "skel-load x.json", &text);
	args_version(&a, &text);
	if (text.failed || !fuzz_is_safe(text.data, text.len, true))
		fuzz_wrong("help or list with control bytes");
	buf_free(&text);
	args_close(&a);
}

/* What was written is read again, and written as before. */
static void
check_written(const struct package *p)
{
	struct buf first = { 0 }, second = { 0 };
	struct package again;

	if (package_write(p, &first) == -1)
		fuzz_wrong("not written");
	if (package_parse(&again, first.data, first.len, "y.json", NULL) == -1)
		fuzz_wrong("not read again");
	if (package_write(&again, &second) == -1 || first.len != second.len ||
	    memcmp(first.data, second.data, first.len) != 0)
		fuzz_wrong("written otherwise");
	package_close(&again);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package p;

	fuzz_start();
	if (package_parse(&p, (const char *)data, size, "x.json", NULL) == 0) {
		check_written(&p);
		show_arguments(&p);
		package_close(&p);
	} else {
		fuzz_refused();
	}
	return 0;
}
