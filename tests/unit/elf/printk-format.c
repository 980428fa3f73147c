/* lib/elf/printk-format: whether a printf format can have produced a text. */
#include <stdlib.h>

#include "check.h"
#include "elf/printk-format.h"

static bool
makes(const char *format, const char *text)
{
	char *v[] = { (char *)(uintptr_t)format };
	const struct printk_formats f = { .v = v, .n = 1 };

	return printk_formats_match(&f, text, strlen(text));
}

static void
literal_text_is_itself_and_no_more(void)
{
	CHECK(makes("hello", "hello"));
	CHECK(!makes("hello", "hell"));
	CHECK(!makes("hello", "hello "));
	CHECK(!makes("hello", ""));
	CHECK(makes("100%%", "100%"));
	CHECK(!makes("100%%", "100%%"));
	CHECK(!makes("%%d", "5"));
}

static void
numbers_take_no_words(void)
{
	CHECK(makes("pid %d", "pid 42"));
	CHECK(makes("pid %d", "pid -42"));
	CHECK(makes("%08llx|%-5lu|%#x", "0000beef|7    |0xff"));
	CHECK(!makes("pid %d", "pid of mine"));
	CHECK(!makes("%d", "text"));
}

static void
text_takes_anything(void)
{
	CHECK(makes("open %s end", "open a b end end"));
	CHECK(makes("%s", ""));
	CHECK(makes("%s%s%s", "x"));
	CHECK(makes("at %pI4 of %pks", "at 127.0.0.1 of name"));
	CHECK(makes("%.*s", "text"));
	CHECK(makes("%c!", "x!"));
	CHECK(!makes("open %s end", "open a b"));
	CHECK(makes("trailing %", "trailing %") ||
	      makes("trailing %", "trailing "));
}

/* Formats for which backtracking would never end. */
static void
repeated_text_takes_no_time(void)
{
	char format[1000], text[1000];

	for (size_t i = 0; i < sizeof(format) - 2; i += 3)
		memcpy(format + i, "%sa", 3);
	format[sizeof(format) - 1] = '\0';
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(makes(format, text));
	text[sizeof(text) - 2] = 'b';
	CHECK(!makes(format, text));
}

static void
what_the_kernel_cut_is_known_by_its_start(void)
{
	char text[1024];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(makes("%s and more", text));
	text[sizeof(text) - 2] = '\0';
	CHECK(!makes("%s and more", text));
}

static void
what_is_no_object_has_no_formats(void)
{
	static const unsigned char junk[64] = "\177ELF";
	struct bpf_elf e = { 0 };
	struct printk_formats f = { 0 };

	check_forget();
	CHECK_NUM(bpf_elf_open(&e, junk, sizeof(junk), "x"), -1);
	CHECK_SAID("x: ");
	CHECK(e.elf == NULL && e.btf == NULL);
	printk_formats_close(&f);
	CHECK(f.v == NULL && f.n == 0);
}

int
main(void)
{
	literal_text_is_itself_and_no_more();
	numbers_take_no_words();
	text_takes_anything();
	repeated_text_takes_no_time();
	what_the_kernel_cut_is_known_by_its_start();
	what_is_no_object_has_no_formats();
	return check_done();
}
