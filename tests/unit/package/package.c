/* lib/package/package: every field and default, and everything that is refused.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "elf/object-check.h"
#include "package-text.h"
#include "package/object-text.h"

#define SKEL(rest) "{\"bpf_skel\":{\"data_sections\":[]" rest "}}"
#define MAP(rest) SKEL(",\"maps\":[{\"name\":\"m\",\"ident\":\"m\"" rest "}]")
#define VAR(rest)                                                              \
	"{\"bpf_skel\":{\"data_sections\":[{\"name\":\".bss\","                \
	"\"variables\":[{\"name\":\"v\",\"type\":\"int\"" rest "}]}]}}"

static const char full[] =
    "{\"enable_multiple_export_types\":true,\"perf_buffer_pages\":8,"
    "\"perf_buffer_time_ms\":20,\"poll_timeout_ms\":50,\"debug_verbose\":true,"
    "\"print_header\":true,\"eunomia_version\":\"0.3.4\","
    "\"export_types\":[{\"name\":\"event\",\"size\":176,\"type_id\":613,"
    "\"members\":[{\"name\":\"pid\",\"type\":\"int\"},"
    "{\"name\":\"comm\",\"type\":\"char[16]\"}]}],"
    "\"bpf_skel\":{\"obj_name\":\"x_bpf\",\"doc\":{\"version\":\"1.2\","
    "\"brief\":\"b\",\"details\":\"d\",\"description\":\"e\"},"
    "\"data_sections\":[{\"name\":\".rodata\",\"variables\":["
    "{\"name\":\"pid\",\"type\":\"int\",\"value\":3,\"description\":\"D\","
    "\"cmdarg\":{\"default\":18446744073709551615,\"long\":\"l\","
    "\"short\":\"s\",\"help\":\"h\"},\"mine\":1},"
    "{\"name\":\"bare\",\"type\":\"int\",\"value\":null,\"cmdarg\":null}]}],"
    "\"maps\":[{\"name\":\"rb\",\"ident\":\"rb\"},"
    "{\"name\":\"h\",\"ident\":\"h\",\"mmaped\":true,"
    "\"sample\":{\"interval\":1000,\"type\":\"log2_hist\",\"unit\":\"usecs\","
    "\"clear_map\":true},\"export_config\":\"default\"},"
    "{\"name\":\"c\",\"ident\":\"c\",\"sample\":{\"interval\":5},"
    "\"export_config\":{\"btf_type_id\":7},\"intepreter\":"
    "{\"stack_trace\":{\"field_map\":{\"pid\":\"p\"},"
    "\"with_symbols\":false}}},"
    "{\"name\":\"d\",\"ident\":\"d\",\"intepreter\":\"default_struct\","
    "\"export_config\":{\"custom_members\":[{\"name\":\"a\",\"offset\":4,"
    "\"btf_type_id\":9}]}}],"
    "\"progs\":[{\"name\":\"on_exec\",\"attach\":\"tp/sched/x\","
    "\"link\":false},{\"name\":\"other\"}]}}";

static void
test_settings(const struct package *p)
{
	CHECK(p->bare);
	CHECK(p->multiple_export_types && p->debug_verbose);
	CHECK_NUM(p->perf_buffer_pages, 8);
	CHECK_NUM(p->poll_timeout_ms, 50);
	CHECK_STR(p->obj_name, "x_bpf");
	CHECK_STR(p->doc_version, "1.2");
	CHECK_STR(p->doc_brief, "b");
	CHECK_STR(p->doc_details, "d");
	CHECK_STR(p->doc_description, "e");
	CHECK_NUM(p->nexport_types, 1);
	CHECK_STR(p->export_types[0].name, "event");
	CHECK_NUM(p->export_types[0].size, 176);
	CHECK_NUM(p->export_types[0].type_id, 613);
	CHECK_NUM(p->export_types[0].nmembers, 2);
	CHECK_STR(p->export_types[0].members[1].type, "char[16]");
}

static void
test_variables(const struct package *p)
{
	const struct package_variable *v = p->sections[0].variables;
	uint64_t n = 0;

	CHECK_NUM(p->nsections, 1);
	CHECK_STR(p->sections[0].name, ".rodata");
	CHECK_NUM(p->sections[0].nvariables, 2);
	CHECK_STR(v[0].name, "pid");
	CHECK_STR(v[0].type, "int");
	CHECK_STR(v[0].description, "D");
	CHECK_STR(v[0].help, "h");
	CHECK_STR(v[0].long_name, "l");
	CHECK_STR(v[0].short_name, "s");
	CHECK_NUM(json_integer_value(v[0].value), 3);
	CHECK(json_doc_u64(v[0].default_value, &n) && n == UINT64_MAX);
	CHECK(v[1].value == NULL && v[1].default_value == NULL);
	CHECK(v[1].help == NULL && v[1].long_name == NULL);
}

static void
test_maps(const struct package *p)
{
	const struct package_map *m = p->maps;

	CHECK_NUM(p->nmaps, 4);
	CHECK(!m[0].sample.set && m[0].export == EXPORT_NONE);
	CHECK(m[1].sample.set && m[1].sample.clear_map);
	CHECK_NUM(m[1].sample.interval_ms, 1000);
	CHECK_NUM(m[1].sample.type, SAMPLE_LOG2_HIST);
	CHECK_STR(m[1].sample.unit, "usecs");
	CHECK_NUM(m[1].export, EXPORT_DEFAULT);
	CHECK(m[1].interpreter == NULL);
	CHECK_NUM(m[2].sample.type, SAMPLE_KV);
	CHECK_STR(m[2].sample.unit, "(unit)");
	CHECK(!m[2].sample.clear_map);
	CHECK_NUM(m[2].export, EXPORT_BTF);
	CHECK_NUM(m[2].btf_type_id, 7);
	CHECK(json_object_get(m[2].interpreter, "stack_trace") != NULL);
	CHECK_NUM(m[3].export, EXPORT_CUSTOM);
	CHECK_NUM(m[3].ncustom, 1);
	CHECK_STR(m[3].custom[0].name, "a");
	CHECK_NUM(m[3].custom[0].offset, 4);
	CHECK_NUM(m[3].custom[0].btf_type_id, 9);
	CHECK(m[3].interpreter == NULL);
	CHECK_NUM(p->nprograms, 2);
	CHECK_STR(p->programs[0].attach, "tp/sched/x");
	CHECK(!p->programs[0].link);
	CHECK_STR(p->programs[1].attach, "");
	CHECK(p->programs[1].link);
}

/* The document is written as it was read, with the values that were set. */
static void
test_write(struct package *p)
{
	struct buf out = { 0 };
	size_t same = strlen(full);

	CHECK_NUM(package_write(p, &out), 0);
	CHECK(out.len == same + 1 && memcmp(out.data, full, same) == 0);
	CHECK(out.len > 0 && out.data[out.len - 1] == '\n');
	out.len = 0;

	CHECK_NUM(package_set_value(&p->sections[0].variables[0],
		      json_doc_u64_new(UINT64_MAX - 1)),
	    0);
	CHECK_NUM(
	    package_set_value(&p->sections[0].variables[1], json_true()), 0);
	CHECK_NUM(package_write(p, &out), 0);
	buf_chr(&out, '\0');
	CHECK(strstr(out.data, "\"value\":18446744073709551614,") != NULL);
	CHECK(strstr(out.data, "\"default\":18446744073709551614,") != NULL);
	CHECK(strstr(out.data, "\"value\":true,\"cmdarg\":null") != NULL);
	CHECK(strstr(out.data, "\"mine\":1") != NULL);
	buf_free(&out);
}

static void
test_fields(void)
{
	struct package p;

	CHECK_NUM(parse(&p, full), 0);
	test_settings(&p);
	test_variables(&p);
	test_maps(&p);
	test_write(&p);
	package_close(&p);
}

static void
test_defaults(void)
{
	struct package p;

	CHECK_NUM(parse(&p, SKEL(",\"maps\":null,\"progs\":null")), 0);
	CHECK(p.bare && p.object.bytes == NULL);
	CHECK_NUM(p.perf_buffer_pages, 64);
	CHECK_NUM(p.poll_timeout_ms, 100);
	CHECK(!p.debug_verbose && !p.multiple_export_types);
	CHECK_STR(p.obj_name, "");
	CHECK(p.doc_version == NULL && p.doc_brief == NULL);
	CHECK_NUM(p.nmaps + p.nprograms + p.nexport_types + p.nsections, 0);
	package_close(&p);

	CHECK_NUM(parse(&p, "{\"poll_timeout_ms\":-1,"
			    "\"bpf_skel\":{\"data_sections\":[]}}"),
	    0);
	CHECK_NUM(p.poll_timeout_ms, INT32_MAX);
	package_close(&p);
}

/* Not even the types of such keys are checked. */
static void
keys_without_effect_are_kept(void)
{
	static const char text[] =
	    "{\"bpf_skel\":{\"data_sections\":[]},"
	    "\"perf_buffer_time_ms\":\"soon\",\"print_header\":1}\n";
	struct buf out = { 0 };
	struct package p;

	CHECK_NUM(parse(&p, text), 0);
	CHECK_NUM(package_write(&p, &out), 0);
	CHECK_NUM(out.len, strlen(text));
	CHECK(memcmp(out.data, text, strlen(text)) == 0);
	buf_free(&out);
	package_close(&p);
}

static void
test_missing(void)
{
	REFUSED("{\"bpf_object\":\"\"}", "x.json: package: meta is missing");
	REFUSED("{\"meta\":{}}", "x.json: meta: bpf_skel is missing");
	REFUSED("{\"bpf_skel\":{}}",
	    "x.json: meta.bpf_skel: data_sections is missing");
	REFUSED("{\"bpf_skel\":{\"data_sections\":null}}",
	    "x.json: meta.bpf_skel: data_sections is missing");
	REFUSED(SKEL(",\"maps\":[{\"ident\":\"m\"}]"),
	    "x.json: maps[0]: name is missing");
	REFUSED(SKEL(",\"maps\":[{\"name\":\"m\"}]"), "ident is missing");
	REFUSED(SKEL(",\"progs\":[{}]"), "progs[0]: name is missing");
	REFUSED(MAP(",\"sample\":{}"), "maps[0].sample: interval is missing");
	REFUSED(MAP(",\"export_config\":{\"custom_members\":[{\"name\":\"a\","
		    "\"btf_type_id\":1}]}"),
	    "custom_members[0]: offset is missing");
	REFUSED(MAP(",\"export_config\":{}"),
	    "maps[0].export_config: expected the "
	    "key btf_type_id or custom_members");
	REFUSED(MAP(",\"intepreter\":{}"),
	    "maps[0].intepreter: stack_trace is missing");
	REFUSED(MAP(",\"records\":[{}]"),
	    "maps[0].records[0]: btf_type_id is missing");
	REFUSED(MAP(",\"records_by\":\"kind\",\"records\":["
		    "{\"btf_type_id\":1,\"value\":-1},{\"btf_type_id\":2}]"),
	    "x.json: maps[0].records[1]: value is missing");
	REFUSED(MAP(",\"records\":[{\"btf_type_id\":1,\"value\":2}]"),
	    "x.json: maps[0].records[0].value: needs the key \"records_by\" in "
	    "the map");
	REFUSED("{\"export_types\":[{\"name\":\"e\",\"type_id\":1}],"
		"\"bpf_skel\":{\"data_sections\":[]}}",
	    "x.json: export_types[0]: size is missing");
	REFUSED("{\"meta\":" SKEL("") "}",
	    "x.json: package: bpf_object is missing");
	REFUSED("{\"bpf_object\":\"AAAA\",\"meta\":" SKEL("") "}",
	    "x.json: package: bpf_object_size is missing");
}

static void
test_wrong_types(void)
{
	REFUSED("[1]", "x.json: not a package");
	REFUSED("7", "x.json: not a package");
	REFUSED("{\"meta\":3}",
	    "x.json: package.meta: expected an object, found a number");
	REFUSED("{\"bpf_skel\":[]}",
	    "x.json: meta.bpf_skel: expected an object, found an array");
	REFUSED("{\"bpf_skel\":{\"data_sections\":{}}}",
	    "meta.bpf_skel.data_sections: expected an array, found an object");
	REFUSED(SKEL(",\"maps\":[5]"),
	    "maps[0]: expected an object, found a number");
	REFUSED(SKEL(",\"obj_name\":5"),
	    "meta.bpf_skel.obj_name: expected a string, found a number");
	REFUSED(SKEL(",\"doc\":{\"brief\":[]}"),
	    "meta.bpf_skel.doc.brief: expected a string, found an array");
	REFUSED(VAR(",\"cmdarg\":\"x\""),
	    "data_sections[0].variables[0].cmdarg: expected an object");
	REFUSED(VAR(",\"cmdarg\":{\"short\":1}"),
	    "variables[0].cmdarg.short: expected a string, found a number");
	REFUSED(MAP(",\"sample\":{\"interval\":\"1\"}"),
	    "x.json: maps[0].sample.interval: "
	    "expected a number, found a string");
	REFUSED(MAP(",\"sample\":{\"interval\":0}"),
	    "maps[0].sample.interval: must be at least 1 ms");
	REFUSED(MAP(",\"sample\":{\"interval\":1,\"type\":\"hist\"}"),
	    "x.json: maps[0]: unknown sample type \"hist\"; "
	    "known: default_kv, log2_hist, linear_hist");
	REFUSED(MAP(",\"export_config\":\"yes\""),
	    "maps[0].export_config: unknown export \"yes\"; "
	    "known: no_export, default");
	REFUSED(MAP(",\"export_config\":3"),
	    "expected a string or an object, found a number");
	REFUSED(MAP(",\"intepreter\":\"yes\""),
	    "unknown interpreter \"yes\"; known: default_struct");
	REFUSED(MAP(",\"intepreter\":{\"stack_trace\":{\"field_map\":"
		    "{\"pid\":1}}}"),
	    "intepreter.stack_trace.field_map.pid: expected a string");
	REFUSED(MAP(",\"mmaped\":1"), "maps[0].mmaped: expected true or false");
	REFUSED("{\"perf_buffer_pages\":18446744073709551615,\"bpf_skel\":"
		"{\"data_sections\":[]}}",
	    "x.json: meta.perf_buffer_pages: 18446744073709551615 is too "
	    "large");
}

static void
test_other_documents(void)
{
	REFUSED("", "x.json: empty; expected a package");
	REFUSED(" \n", "x.json: empty; expected a package");
	REFUSED("{\"bpf_skel\":", "x.json:1: not JSON: ");
	REFUSED("\177ELF\2\1\1", "this is an ELF object; pack it first");
	REFUSED("{\"skel\":\"stream\",\"version\":1}\n=abc\n",
	    "x.json: this is a stream already; format it: skel-fmt");
	REFUSED("{ \"skel\" : \"session\" }", "poll it: skel-poll");
	REFUSED("{\"@map\":\"rb\",\"pid\":1}\n{}\n",
	    "these are records already; format them: skel-fmt");
	REFUSED("{\"bpf_skel\":{\"data_sections\":[]},"
		"\"n\":28446744073709551615}",
	    "x.json:1: too big integer");
}

/* Makes a package with this text as its object. */
static void
pack(struct buf *out, const char *object, unsigned long long size)
{
	out->len = 0;
	buf_printf(out,
	    "{\"bpf_object\":\"%s\",\"bpf_object_size\":%llu,\"meta\":%s}",
	    object, size, SKEL(""));
	buf_chr(out, '\0');
}

/* Makes the smallest file whose header is that of a BPF object. */
static const Elf64_Ehdr header = {
	.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
	    ELFDATA2LSB, EV_CURRENT },
	.e_type = ET_REL,
	.e_machine = EM_BPF,
};

static void
test_object(void)
{
	char *text = package_object_encode(
	    (const unsigned char *)&header, sizeof(header));
	char *again = package_object_encode(
	    (const unsigned char *)&header, sizeof(header));
	struct buf out = { 0 };
	struct package p;

	CHECK_STR(text, again);
	pack(&out, text, sizeof(header));
	CHECK_NUM(parse(&p, out.data), 0);
	CHECK(!p.bare);
	CHECK_NUM(p.object.size, sizeof(header));
	CHECK(memcmp(p.object.bytes, &header, sizeof(header)) == 0);
	package_close(&p);

	pack(&out, text, sizeof(header) - 1);
	REFUSED(out.data, "bpf_object_size says 63, the object has more bytes");
	pack(&out, text, sizeof(header) + 1);
	REFUSED(out.data, "bpf_object_size says 65, the object has 64 bytes");
	pack(&out, text, 0);
	REFUSED(out.data, "bpf_object_size: an object cannot have 0 bytes");
	pack(&out, text, OBJECT_SIZE_MAX + 1ULL);
	REFUSED(out.data, "bpf_object_size: 134217729 is too large");
	free(again);
	free(text);
	buf_free(&out);
}

/* The object does not go through the parser of the document. */
static void
the_object_is_found_wherever_it_is(void)
{
	static const char *const forms[] = {
		"{\"bpf_object\":\"%s\",\"bpf_object_size\":64,\"meta\":%s}\n",
		"{\"meta\":%2$s,\"bpf_object_size\":64,"
		"\"bpf_object\":\"%1$s\"}\n",
		"{\"x\":{\"bpf_object\":\"AAAA\"},\"bpf_object\":\"%s\","
		"\"bpf_object_size\":64,\"meta\":%s}\n",
		" { \"bpf\\u005fobject\" : \"%s\" ,\n"
		"\"bpf_object_size\" : 64 , \"meta\" : %s } ",
		"{\"bpf_object\":\"AAAA\",\"bpf_object\":\"%s\","
		"\"bpf_object_size\":64,\"meta\":%s}\n",
	};
	char *object = package_object_encode(
	    (const unsigned char *)&header, sizeof(header));

	for (size_t i = 0; i < nitems(forms); i++) {
		struct buf text = { 0 }, out = { 0 };
		struct package p;

		buf_printf(&text, forms[i], object, SKEL(""));
		buf_chr(&text, '\0');
		CHECK_NUM(parse(&p, text.data), 0);
		CHECK_NUM(p.object.size, sizeof(header));
		CHECK_NUM(package_write(&p, &out), 0);
		if (i < 3)
			CHECK(out.len == text.len - 1 &&
			      memcmp(out.data, text.data, out.len) == 0);
		package_close(&p);
		buf_free(&out);
		buf_free(&text);
	}
	free(object);
}

static void
test_bad_base64(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the base64 text is cut off after 0 characters" },
		{ "AAA", "the base64 text is cut off after 3 characters" },
		{ "A===", "the base64 text is cut off" },
		{ "AA A", "character 3 is not base64" },
		{ "AA=A", "character 4 is not base64" },
		{ "AB==", "the base64 text is padded wrongly" },
		{ "AAAA\\u00e4", "character 5 is not base64" },
		{ "AAAA", "not a zlib stream" },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		pack(&out, cases[i].text, 64);
		REFUSED(out.data, "x.json: package.bpf_object: ");
		CHECK_SAID(cases[i].message);
	}
	buf_free(&out);
}

/* The base64 of an object is refused if it is cut at any multiple of four. */
static void
test_cut_object(void)
{
	char *text = package_object_encode(
	    (const unsigned char *)&header, sizeof(header));
	struct buf out = { 0 };

	for (size_t n = strlen(text) - 4; n > 0; n -= 4) {
		text[n] = '\0';
		pack(&out, text, sizeof(header));
		REFUSED(out.data, "x.json: package.bpf_object: the zlib stream "
				  "is cut");
	}
	free(text);
	buf_free(&out);
}

static void
test_trailing_bytes(void)
{
	/* A zlib stream of one byte 'a', four more bytes after it. */
	struct buf out = { 0 };

	pack(&out, "eJxLBAAAYgBiAAAAAA==", 1);
	REFUSED(out.data, "x.json: package.bpf_object: 4 bytes follow");
	buf_free(&out);
}

/* 64 MiB of zeros that are declared as 4096 bytes are only inflated that far.
 */
static void
test_bomb(void)
{
	size_t size = 64 << 20;
	unsigned char *zeros = calloc(1, size);
	char *text = package_object_encode(zeros, size);
	struct buf out = { 0 };

	pack(&out, text, 4096);
	REFUSED(out.data, "bpf_object_size says 4096, the object has more");
	free(text);
	free(zeros);
	buf_free(&out);
}

static void
refuse_elf(const Elf64_Ehdr *h, const char *message)
{
	char *text =
	    package_object_encode((const unsigned char *)h, sizeof(*h));
	struct buf out = { 0 };

	pack(&out, text, sizeof(*h));
	REFUSED(out.data, "x.json: package.bpf_object: ");
	CHECK_SAID(message);
	free(text);
	buf_free(&out);
}

static void
test_other_elf(void)
{
	Elf64_Ehdr h = header;

	h.e_ident[0] = 0;
	refuse_elf(&h, "not an ELF object");
	h = header;
	h.e_ident[EI_CLASS] = ELFCLASS32;
	refuse_elf(&h, "a 32-bit ELF file");
	h = header;
	h.e_ident[EI_DATA] = ELFDATA2MSB;
	refuse_elf(&h, "a big-endian ELF file");
	h = header;
	h.e_machine = EM_X86_64;
	refuse_elf(&h, "an ELF file for another machine");
	h = header;
	h.e_type = ET_EXEC;
	refuse_elf(&h, "linked already");
}

/* -e: the object comes from a file, the document may be bare or whole. */
static void
test_elf_file(void)
{
	char file[] = "/tmp/skel-unit-XXXXXX";
	int fd = mkstemp(file);
	const char *whole = "{\"bpf_object\":\"!\",\"meta\":" SKEL("") "}";
	struct package p;

	check_forget();
	CHECK(write(fd, &header, sizeof(header)) == sizeof(header));
	CHECK_NUM(package_parse(&p, SKEL(""), strlen(SKEL("")), "m", file), 0);
	CHECK(p.bare);
	CHECK_NUM(p.object.size, sizeof(header));
	package_close(&p);
	CHECK_NUM(package_parse(&p, whole, strlen(whole), "m", file), 0);
	CHECK(!p.bare);
	package_close(&p);
	CHECK(ftruncate(fd, 10) == 0);
	CHECK_NUM(package_parse(&p, whole, strlen(whole), "m", file), -1);
	CHECK_SAID("not an ELF object");
	close(fd);
	unlink(file);
	CHECK_NUM(package_parse(&p, whole, strlen(whole), "m", file), -1);
	CHECK_SAID(": No such file or directory");
}

static void
test_open(void)
{
	struct package p;

	check_forget();
	CHECK_NUM(package_open(&p, "/nonexistent/x.json", NULL), -1);
	CHECK_SAID("/nonexistent/x.json: No such file or directory");
	CHECK_NUM(package_open(&p, "/", NULL), -1);
	CHECK_SAID("/: Is a directory");
	package_close(&p);
}

int
main(void)
{
	test_fields();
	test_defaults();
	keys_without_effect_are_kept();
	test_missing();
	test_wrong_types();
	test_other_documents();
	test_object();
	the_object_is_found_wherever_it_is();
	test_bad_base64();
	test_cut_object();
	test_trailing_bytes();
	test_bomb();
	test_other_elf();
	test_elf_file();
	test_open();
	return check_done();
}
