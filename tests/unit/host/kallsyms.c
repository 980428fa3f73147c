/* lib/host/kallsyms: the kernel's functions, from valid and damaged text. */
#include <stdlib.h>

#include "check.h"
#include "host/kallsyms.h"

static struct kallsyms k;

static void
parse(const char *text)
{
	CHECK_NUM(kallsyms_parse(&k, text, strlen(text)), 0);
}

/* The function at addr as "name+offset", or "". */
static const char *
at(uint64_t addr)
{
	static char text[600];
	uint64_t offset;
	const char *name = kallsyms_find(&k, addr, &offset);

	text[0] = '\0';
	if (name != NULL)
		snprintf(text, sizeof(text), "%.500s+%" PRIu64, name, offset);
	return text;
}

static void
check_order(void)
{
	/* Modules and BPF programs come last, whatever their addresses. */
	parse("ffffffff81000100 T second\n"
	      "ffffffff81000000 T first\n"
	      "ffffffff81000200 D data\n"
	      "ffffffffc0000000 t in_module\t[module]\n"
	      "ffffffff81000300 t third\n");
	CHECK_STR(at(0xffffffff80ffffff), "");
	CHECK_STR(at(0xffffffff81000000), "first+0");
	CHECK_STR(at(0xffffffff810000ff), "first+255");
	CHECK_STR(at(0xffffffff81000100), "second+0");
	/* A function ends at the next symbol, even if that is data. */
	CHECK_STR(at(0xffffffff81000200), "");
	CHECK_STR(at(0xffffffff81000301), "third+1");
	CHECK_STR(at(0xffffffffc0000010), "in_module+16");
	/* The end of the last function is unknown. */
	CHECK_STR(at(0xffffffffc0000fff), "in_module+4095");
	CHECK_STR(at(0xffffffffc0001000), "");
	CHECK_STR(at(UINT64_MAX), "");
	CHECK_STR(at(0), "");
}

static void
check_names(void)
{
	parse("ffffffff81000000 t local\n"
	      "ffffffff81000000 T __global\n"
	      "ffffffff81000000 T _global\n"
	      "ffffffff81000000 W weak\n"
	      "ffffffff81000010 T before\n"
	      "ffffffff81000020 t __pfx_after\n"
	      "ffffffff81000030 t after\n"
	      "ffffffff81000040 T _etext\n");
	CHECK_STR(at(0xffffffff81000000), "_global+0");
	CHECK_NUM(k.n, 5);
	CHECK_STR(at(0xffffffff8100001f), "before+15");
	/* Padding before a function is not a function. */
	CHECK_STR(at(0xffffffff81000020), "");
	CHECK_STR(at(0xffffffff8100003f), "after+15");
	CHECK_STR(at(0xffffffff81000040), "");
}

static void
check_hidden(void)
{
	parse("0000000000000000 T first\n0000000000000000 t second\n");
	CHECK(k.hidden);
	CHECK_STR(at(0), "");
	CHECK_STR(at(1), "");
	/* Per-CPU data has address 0 on every kernel. */
	parse("0000000000000000 A per_cpu\nffffffff81000000 T first\n");
	CHECK(!k.hidden);
	CHECK_STR(at(0xffffffff81000000), "first+0");
	parse("");
	CHECK(!k.hidden);
	CHECK_STR(at(0xffffffff81000000), "");
}

static void
check_damaged(void)
{
	static const char *const lines[] = { "\n", " \n", "ffff", "ffff \n",
		"ffff T\n", "ffff T \n", "ffffffff81000000T first\n",
		"ffffffff81000000 TT first\n", "-1 T first\n", "0x1 T first\n",
		"ffffffff810000001 T first\n", "FFFF T first\n",
		"ffff T\tfirst\n", "ffff T  first\n" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i]);
		CHECK_NUM(k.n, 0);
	}
	/* A NUL in a name, and a last line that is cut off. */
	CHECK_NUM(kallsyms_parse(&k, "10 T a\0b\n20 T c", 15), 0);
	CHECK_NUM(k.n, 1);
	CHECK_STR(at(0x20), "c+0");
}

/* Random bytes and damaged lines must not cause reads beyond the text. */
static void
check_random(void)
{
	char text[512];

	srandom(1);
	for (int round = 0; round < 2000; round++) {
		size_t n = check_noise(text, sizeof(text), "0f \tTtDa\n[]", 11);

		CHECK_NUM(kallsyms_parse(&k, text, n), 0);
		for (size_t i = 1; i < k.n; i++)
			CHECK(k.v[i - 1].addr < k.v[i].addr);
		at((uint64_t)random());
	}
}

int
main(void)
{
	check_order();
	check_names();
	check_hidden();
	check_damaged();
	check_random();
	kallsyms_free(&k);
	return check_done();
}
