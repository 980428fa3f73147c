/* lib/lookup/account-names: files of users, also ones that change and invalid
 * ones. */
#include <unistd.h>

#include "check.h"
#include "lookup/account-names.h"

static char path[] = "/tmp/account-names-XXXXXX";
static struct account_names a = ACCOUNT_NAMES(path);

/* Replaces the file as programs do, so that it is another one. */
static void
put(const char *text, size_t n)
{
	char next[64];
	FILE *out;

	snprintf(next, sizeof(next), "%s.new", path);
	out = fopen(next, "w");
	if (out == NULL || fwrite(text, 1, n, out) != n || fclose(out) != 0 ||
	    rename(next, path) == -1)
		exit(1);
}

static const char *
name(uint64_t id)
{
	const char *s = account_names_find(&a, id);

	return s != NULL ? s : "";
}

static void
check_lines(void)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "toor:x:0:0::/:/bin/sh\n"
				   "with blank:*:1000:1000\n"
				   "+nis::1001:\n"
				   "#no:x:1002:\n"
				   ":x:1003:\n"
				   "short:x:1004\n"
				   "bad:x:1005x:\n"
				   "minus:x:-1:\n"
				   "huge:x:4294967295:\n"
				   "more:x:18446744073709551616:\n"
				   "\n"
				   "alone\n"
				   "last:x:4294967294:";

	put(text, sizeof(text) - 1);
	CHECK_STR(name(0), "root");
	CHECK_STR(name(1000), "with blank");
	for (uint64_t id = 1001; id < 1006; id++)
		CHECK_STR(name(id), "");
	CHECK_STR(name(UINT32_MAX), "");
	CHECK_STR(name(UINT64_MAX), "");
	CHECK_STR(name(UINT32_MAX - 1), "last");
	CHECK_NUM(a.v.n, 3);
}

static void
check_changes(void)
{
	put("one:x:1:\n", 9);
	CHECK_STR(name(1), "one");
	CHECK_STR(name(0), "");
	/* As long as the one before. */
	put("two:x:2:\n", 9);
	CHECK_STR(name(2), "two");
	CHECK_STR(name(1), "");
	/* It goes for a moment. */
	unlink(path);
	CHECK_STR(name(2), "two");
	put("\0a:x:1:\nb:x:2:\n", 15);
	CHECK_STR(name(2), "b");
	put("", 0);
	CHECK_STR(name(2), "");
}

static void
check_random(void)
{
	char text[512] = "";

	srandom(1);
	for (int round = 0; round < 2000; round++) {
		put(text, check_noise(text, sizeof(text), "a:1\n0+x", 7));
		for (uint64_t id = 0; id < 12; id++)
			CHECK(strlen(name(id)) < sizeof(text));
	}
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd == -1)
		return 1;
	close(fd);
	check_lines();
	check_changes();
	check_random();
	/* What is no file is not read. */
	unlink(path);
	if (symlink("/dev/zero", path) == -1)
		return 1;
	CHECK_STR(name(1), "");
	unlink(path);
	account_names_free(&a);
	CHECK_NUM(a.v.n, 0);
	return check_done();
}
