/* A command line and the package it is for: an argument a line, an empty line,
 * the package. */
#include "fuzz.h"
#include "package/args.h"
#include "package/package.h"

enum { ARGC_MAX = 64 };

static void
parse(struct package *p, int argc, char *argv[])
{
	struct buf text = { 0 };
	struct args a;

	if (args_open(&a, p) == -1) {
		fuzz_refused();
		return;
	}
	switch (args_parse(&a, argc, argv)) {
	case ARGS_SET:
		if (package_write(p, &text) == -1)
			fuzz_wrong("not written");
		break;
	case ARGS_WRONG:
	case ARGS_FAILED:
		fuzz_refused();
		break;
	default:
		break;
	}
	buf_free(&text);
	args_close(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGC_MAX + 1], *text = malloc(size + 1), *rest = text, *line;
	struct package p;
	int argc = 0;

	if (text == NULL)
		fuzz_wrong("no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
		if (argc < ARGC_MAX)
			argv[argc++] = line;
	argv[argc] = NULL;
	fuzz_start();
	if (rest != NULL &&
	    package_parse(&p, rest, strlen(rest), "x.json", NULL) == 0) {
		parse(&p, argc, argv);
		package_close(&p);
	}
	free(text);
	return 0;
}
