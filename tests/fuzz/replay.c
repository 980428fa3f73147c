/*
 * Give a fuzz target the inputs of files, one after another:
 *
 *	replay-TARGET FILE...
 *
 * A crash is the file's that was named last.
 */
#include "base/buf.h"
#include "fuzz.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>

enum { INPUT_MAX = 16 << 20 };

int
main(int argc, char *argv[])
{
	int tried = 0;

	for (int i = 1; i < argc; i++) {
		struct buf b = { 0 };
		uint8_t *exact;
		int fd;

		fprintf(stderr, "%s\n", argv[i]);
		if ((fd = open(argv[i], O_RDONLY | O_CLOEXEC)) == -1 ||
		    buf_read_fd(&b, fd, INPUT_MAX) == -1)
			err(1, "%s", argv[i]);
		close(fd);
		/* No byte more, so that a sanitizer sees who reads on. */
		if ((exact = malloc(b.len)) == NULL && b.len > 0)
			err(1, "malloc");
		if (b.len > 0)
			memcpy(exact, b.data, b.len);
		LLVMFuzzerTestOneInput(exact, b.len);
		tried++;
		free(exact);
		buf_free(&b);
	}
	printf("%d inputs\n", tried);
	return 0;
}
