/* lib/elf/btf-ext: functions are added to .BTF.ext, and a wrong one is refused.
 */
#include "elf/btf-ext.h"
#include "check.h"

enum { HEADER_WORDS = 8, BYTES_MAX = 256 };

struct ext {
	uint32_t words[BYTES_MAX / 4];
	size_t n;
};

static struct btf *btf;
static uint32_t text, other;

static void
add(struct ext *e, uint32_t word)
{
	e->words[e->n++] = word;
}

/* Makes a section with one function and one line in each of two sections. */
static void
make_ext(struct ext *e)
{
	const uint32_t sections[] = { other, text };

	*e = (struct ext){ .words = { 0, HEADER_WORDS * 4 } };
	e->words[0] = 0xeb9f | 1 << 16;
	e->n = HEADER_WORDS;
	e->words[2] = 0;
	add(e, 8);
	for (size_t i = 0; i < 2; i++) {
		add(e, sections[i]);
		add(e, 1);
		add(e, 0);
		add(e, 7);
	}
	e->words[3] = (uint32_t)(e->n - HEADER_WORDS) * 4;
	e->words[4] = e->words[3];
	add(e, 16);
	for (size_t i = 0; i < 2; i++) {
		add(e, sections[i]);
		add(e, 1);
		add(e, 0);
		add(e, 1);
		add(e, 1);
		add(e, 1 << 10);
	}
	e->words[5] = (uint32_t)(e->n - HEADER_WORDS) * 4 - e->words[4];
	e->words[6] = e->words[4] + e->words[5];
	add(e, 0x5eed);
	e->words[7] = 4;
}

static bool
add_functions(const struct ext *e, size_t size, struct buf *out)
{
	static const uint32_t offsets[] = { 64, 128 };
	const struct btf_ext_functions f = {
		.section = ".text",
		.section_name = text,
		.file = 1,
		.text = 1,
		.type = 9,
		.offsets = offsets,
		.n = 2,
	};

	return btf_ext_add_functions(e->words, size, btf, &f, out);
}

static void
functions_follow_those_of_their_section(void)
{
	struct buf out = { 0 };
	uint32_t words[BYTES_MAX / 4] = { 0 };
	struct ext e;

	make_ext(&e);
	CHECK(add_functions(&e, e.n * 4, &out));
	CHECK_NUM(out.len, e.n * 4 + 2 * (8 + 16));
	memcpy(words, out.data, out.len);
	/* The second block of functions has three now. */
	CHECK_NUM(words[3], e.words[3] + 16);
	CHECK_NUM(words[HEADER_WORDS + 2], 1);
	CHECK_NUM(words[HEADER_WORDS + 6], 3);
	CHECK_NUM(words[HEADER_WORDS + 9], 64);
	CHECK_NUM(words[HEADER_WORDS + 10], 9);
	CHECK_NUM(words[HEADER_WORDS + 11], 128);
	/* CO-RE relocations are copied. */
	CHECK_NUM(words[7], 4);
	CHECK_NUM(words[HEADER_WORDS + words[6] / 4], 0x5eed);
	buf_free(&out);
}

/* Every length that is cut off, and every word that is far too large. */
static void
what_lies_outside_is_refused(void)
{
	struct buf out = { 0 };
	struct ext e;

	make_ext(&e);
	for (size_t size = 0; size < e.n * 4; size++) {
		CHECK(!add_functions(&e, size, &out));
		out.len = 0;
	}
	for (size_t i = 1; i < e.n; i++) {
		make_ext(&e);
		e.words[i] = UINT32_MAX - 7;
		add_functions(&e, e.n * 4, &out);
		out.len = 0;
	}
	/* Counts of records, and sizes of one. */
	make_ext(&e);
	e.words[HEADER_WORDS + 2] = 1 << 28;
	CHECK(!add_functions(&e, e.n * 4, &out));
	make_ext(&e);
	e.words[HEADER_WORDS] = 4;
	CHECK(!add_functions(&e, e.n * 4, &out));
	buf_free(&out);
}

int
main(void)
{
	btf = btf__new_empty();
	other = (uint32_t)btf__add_str(btf, "xdp");
	text = (uint32_t)btf__add_str(btf, ".text");
	functions_follow_those_of_their_section();
	what_lies_outside_is_refused();
	btf__free(btf);
	return check_done();
}
