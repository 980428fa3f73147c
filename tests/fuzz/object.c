/* An ELF object with its BTF: its calls counted, packed, opened as it would be
 * to be loaded, and the types of its records made into a header and into plans.
 */
#include "load/object.h"
#include "format/plan.h"
#include "fuzz.h"
#include "infer/count-calls.h"
#include "infer/helper-calls.h"
#include "pack/pack.h"
#include "package/args.h"
#include "session/export.h"

static void
make_header(struct object *o)
{
	const struct attachments none = { 0 };
	struct stream_header h = { 0 };
	struct buf text = { 0 };

	if (stream_header_init(&h, "x") == -1)
		fuzz_wrong("no header");
	if (export_maps(&h, o, &none, NULL, 0, NULL, 0) == -1)
		fuzz_refused();
	else if (stream_header_write(&h, &text) == -1)
		fuzz_wrong("no header was written");
	for (enum plan_form f = PLAN_JSON; f <= PLAN_TABLE; f++) {
		const struct plan_options options = { .form = f };

		plans_free(plans_new(&h, &options), h.nmaps);
	}
	buf_free(&text);
	stream_header_free(&h);
}

static void
open_package(struct package *p)
{
	struct buf text = { 0 };
	struct object o;
	struct args a;

	if (args_open(&a, p) == 0) {
		args_list(&a, &text);
		args_help(&a, "skel-load x.json", &text);
		if (!fuzz_is_safe(text.data, text.len, true))
			fuzz_wrong("help or list with control bytes");
		args_close(&a);
	}
	if (object_open(&o, p, NULL) == 0) {
		make_header(&o);
		object_close(&o);
	} else {
		fuzz_refused();
	}
	buf_free(&text);
}

/* Reads the code, whether or not a record lacks its type. */
static void
read_code(const uint8_t *data, size_t size)
{
	struct helper_write w[HELPER_WRITES_MAX];
	struct helper_calls c;
	struct bpf_elf elf;

	if (bpf_elf_open(&elf, data, size, "x.bpf.o") == -1)
		return;
	if (helper_calls_open(&c, &elf) == -1)
		fuzz_wrong("the code was not read");
	for (size_t i = 0; i < c.n; i++)
		if (helper_shape_find(c.v[i].helper) != NULL &&
		    helper_calls_writes(&c, &c.v[i], w) == 0)
			fuzz_wrong("no way to a call");
	helper_calls_close(&c);
	bpf_elf_close(&elf);
}

/* Has the calls for ring buffers counted in both ways: what comes out must be
 * an object again, and have nothing left to count. */
static void
count_object(const uint8_t *data, size_t size, bool tested)
{
	struct buf counted = { 0 }, again = { 0 };
	struct bpf_elf elf, other;

	if (bpf_elf_open(&elf, data, size, "x.bpf.o") == -1)
		return;
	if (count_calls(&elf, "x.bpf.o", tested, &counted) == -1)
		fuzz_wrong("the calls were not counted");
	if (counted.len > 0) {
		if (!count_calls_is_needed(&elf))
			fuzz_wrong("calls were counted that there are not");
		if (bpf_elf_open(&other, (const unsigned char *)counted.data,
			counted.len, "counted") == -1)
			fuzz_wrong("the object that counts is none");
		if (count_calls(&other, "counted", tested, &again) == -1 ||
		    again.len > 0)
			fuzz_wrong("calls were counted twice");
		bpf_elf_close(&other);
	}
	buf_free(&again);
	buf_free(&counted);
	bpf_elf_close(&elf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pack_options options = { 0 };
	struct buf text = { 0 };
	struct package p;

	fuzz_start();
	read_code(data, size);
	count_object(data, size, false);
	count_object(data, size, true);
	if (pack_object(data, size, "x.bpf.o", &options, &text) == -1) {
		fuzz_refused();
	} else {
		if (package_parse(&p, text.data, text.len, "x.json", NULL) ==
		    -1)
			fuzz_wrong("what was packed cannot be read");
		/* It is larger where types were added to its BTF. */
		if (p.object.size < size ||
		    (p.object.size == size &&
			memcmp(p.object.bytes, data, size) != 0))
			fuzz_wrong("another object than was packed");
		open_package(&p);
		package_close(&p);
	}
	buf_free(&text);
	return 0;
}
