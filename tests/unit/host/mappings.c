/* lib/host/mappings: the mappings of a process, from valid and damaged text.
 */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "host/mappings.h"

static struct mappings m;

static void
parse(const char *text)
{
	CHECK_NUM(mappings_parse(&m, text, strlen(text)), 0);
}

static void
check_kinds(void)
{
	parse("55d0a0000000-55d0a0001000 r--p 00000000 fe:01 42 /usr/bin/x\n"
	      "55d0a0001000-55d0a0003000 r-xp 00001000 fe:01 42 "
	      "                  /usr/bin/x\n"
	      "55d0a0003000-55d0a0004000 rw-p 00003000 fe:01 42 /usr/bin/x\n"
	      "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
	      "7f0000002000-7f0000003000 r-xp 00000000 00:05 7 "
	      "/memfd:jit (deleted)\n"
	      "7f0000004000-7f0000005000 r-xp 00000000 00:05 8 "
	      "/a\\012b\\c d\n"
	      "7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0 [vdso]\n"
	      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 "
	      "[vsyscall]\n");
	CHECK_NUM(m.n, 6);
	if (m.n != 6)
		return;
	CHECK_NUM(m.v[0].kind, MAPPING_FILE);
	CHECK_NUM(m.v[0].start, 0x55d0a0001000);
	CHECK_NUM(m.v[0].end, 0x55d0a0003000);
	CHECK_NUM(m.v[0].offset, 0x1000);
	CHECK_NUM(m.v[0].major, 0xfe);
	CHECK_NUM(m.v[0].minor, 1);
	CHECK_NUM(m.v[0].inode, 42);
	CHECK_STR(m.v[0].path, "/usr/bin/x");
	CHECK_NUM(m.v[1].kind, MAPPING_ANONYMOUS);
	CHECK_STR(m.v[2].path, "/memfd:jit");
	CHECK_STR(m.v[3].path, "/a\nb\\c d");
	CHECK_NUM(m.v[4].kind, MAPPING_VDSO);
	CHECK_NUM(m.v[5].kind, MAPPING_ANONYMOUS);
	CHECK(mappings_find(&m, 0x55d0a0000fff) == NULL);
	CHECK(mappings_find(&m, 0x55d0a0001000) == &m.v[0]);
	CHECK(mappings_find(&m, 0x55d0a0002fff) == &m.v[0]);
	CHECK(mappings_find(&m, 0x55d0a0003000) == NULL);
	CHECK(mappings_find(&m, 0xffffffffff600fff) == &m.v[5]);
	CHECK(mappings_find(&m, 0) == NULL);
	CHECK(mappings_find(&m, UINT64_MAX) == NULL);
}

static void
check_damaged(void)
{
	static const char *const lines[] = { "", "\n", "1000-2000\n",
		"1000-2000 r-xp\n", "1000-2000 r-x\n",
		"2000-1000 r-xp 0 0:0 0 /x\n", "1000-1000 r-xp 0 0:0 0 /x\n",
		"-1000 r-xp 0 0:0 0 /x\n", "1000-2000 r-xp 0 0:0 \n",
		"1000-2000 r-xp 0 0:0 x /x\n",
		"10000000000000000-20000000000000000 r-xp 0 0:0 0 /x\n",
		"1000- 2000 r-xp 0 0:0 0 /x\n",
		"1000-+2000 r-xp 0 0:0 0 /x\n" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i]);
		CHECK_NUM(m.n, 0);
	}
	/* A mapping that overlaps the one before is skipped. */
	parse("1000-3000 r-xp 0 0:0 1 /a\n2000-4000 r-xp 0 0:0 2 /b\n"
	      "500-600 r-xp 0 0:0 3 /c\n4000-5000 r-xp 0 0:0 4 /d\n");
	CHECK_NUM(m.n, 2);
	/* Neither "[heap]" nor a relative path is the path of a file. */
	parse("1000-2000 r-xp 0 0:0 1 [heap]\n2000-3000 r-xp 0 0:0 1 x\n");
	CHECK_NUM(m.n, 2);
	CHECK_NUM(m.v[0].kind, MAPPING_ANONYMOUS);
	CHECK_NUM(m.v[1].kind, MAPPING_ANONYMOUS);
}

static void
check_equal(void)
{
	static const char *const text = "1000-2000 r-xp 0 0:0 1 /a\n";
	/* Each differs in one thing: the file may have been replaced. */
	static const char *const others[] = { "1000-2000 r-xp 1000 0:0 1 /a\n",
		"1000-2000 r-xp 0 1:0 1 /a\n", "1000-2000 r-xp 0 0:1 1 /a\n",
		"1000-2000 r-xp 0 0:0 2 /a\n", "1001-2000 r-xp 0 0:0 1 /a\n",
		"1000-2001 r-xp 0 0:0 1 /a\n", "1000-2000 r-xp 0 0:0 1 a\n" };
	struct mappings other = { 0 };

	parse(text);
	CHECK_NUM(mappings_parse(&other, text, strlen(text)), 0);
	CHECK(mappings_equal(&m, &other));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		parse(others[i]);
		CHECK_NUM(m.n, 1);
		CHECK(!mappings_equal(&m, &other));
	}
	parse("");
	CHECK(!mappings_equal(&m, &other));
	mappings_free(&other);
}

static void
check_self(void)
{
	const struct mapping *own;

	CHECK_NUM(mappings_read(&m, getpid()), 0);
	own = mappings_find(&m, (uint64_t)(uintptr_t)check_self);
	CHECK(own != NULL && own->kind == MAPPING_FILE);
	/* There is no process -1; the mappings stay as they were. */
	CHECK_NUM(mappings_read(&m, -1), -1);
	CHECK(m.n > 0);
}

static void
check_random(void)
{
	char text[512];

	srandom(1);
	for (int round = 0; round < 5000; round++) {
		size_t n = check_noise(text, sizeof(text), "01f- x:\n/[\\", 11);

		CHECK_NUM(mappings_parse(&m, text, n), 0);
		mappings_find(&m, (uint64_t)random());
	}
}

int
main(void)
{
	check_kinds();
	check_damaged();
	check_equal();
	check_self();
	check_random();
	mappings_free(&m);
	return check_done();
}
