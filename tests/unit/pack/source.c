/* lib/pack/source-scan and source-doc: the comments of a C source. */
#include "base/buf.h"
#include "base/json-doc.h"
#include "check.h"
#include "pack/source-doc.h"
#include "pack/source-scan.h"

/* Appends "NAMES: JSON\n" for each declaration: functions have "()" and what
 * stands first in their parentheses follows; "{}" marks a body. */
static int
print_declaration(void *ctx, const struct source_declaration *d)
{
	static const char *const marks[] = { "", "()", "<" };
	struct buf *out = ctx;
	json_t *doc = source_doc_read(d->comment, d->line, "x.bpf.c");

	for (size_t i = 0; i < d->nnames; i++)
		buf_printf(out, "%s%.*s%s", i > 0 ? " " : "",
		    (int)d->names[i].span.len, d->names[i].span.text,
		    marks[d->names[i].role]);
	buf_printf(out, "%s %lu ", d->has_body ? " {}" : "", d->line);
	if (doc != NULL)
		json_doc_write(doc, out);
	buf_chr(out, '\n');
	json_decref(doc);
	return 0;
}

static void
check_source(const char *source, const char *want)
{
	struct buf out = { 0 };

	check_forget();
	source_scan(source, strlen(source), print_declaration, &out);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, want);
	buf_free(&out);
}

static int
print_span(void *ctx, struct source_span name)
{
	buf_printf(ctx, "%.*s ", (int)name.len, name.text);
	return 0;
}

static void
check_spans(const char *source, const char *includes, const char *structs)
{
	struct buf out = { 0 };

	source_scan_includes(source, strlen(source), print_span, &out);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, includes);
	out.len = 0;
	source_scan_structs(source, strlen(source), print_span, &out);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, structs);
	buf_free(&out);
}

static void
check_variables(void)
{
	check_source("/// trace this\nconst volatile int pid = 0;\n",
	    "const volatile int pid 1 {\"description\":\"trace this\"}\n");
	/* All forms of comments, and blanks between. */
	check_source("/** one\n *  two\n */\n\n/* not */ int a;\n"
		     "//! three\nint b;\n/*! four */ int c;",
	    "int a 1 {\"description\":\"one two\"}\n"
	    "int b 6 {\"description\":\"three\"}\n"
	    "int c 8 {\"description\":\"four\"}\n");
	/* Lines that belong together, and those that do not. */
	check_source("/// far\n\n/// near\n/// and nearer\nint a, b[2];",
	    "int a b 3 {\"description\":\"near and nearer\"}\n");
	/* What is between ends it; what is behind does not count. */
	check_source("/// x\n#define X\nint a; ///< y\n/// z\n; int b;\n"
		     "//// w\nint c;\n/***** w */ int d;/**/int e;",
	    "");
	/* The initial value declares nothing. */
	check_source("/// x\nint a = f(b, \"}\") + '{', c = sizeof(d);",
	    "int a c 1 {\"description\":\"x\"}\n");
}

static void
check_maps(void)
{
	check_source("/// m\nstruct {\n\t__uint(type, 1);\n\t/// no\n\tint x;\n"
		     "} hists SEC(\".maps\");",
	    "hists SEC() 1 {\"description\":\"m\"}\n");
	check_source("/// m\nstruct __attribute__((packed)) tag { int x; } m;",
	    "m 1 {\"description\":\"m\"}\n");
	check_source("/// m\nstruct tag m __attribute__((section(\"x\")));",
	    "m __attribute__() 1 {\"description\":\"m\"}\n");
}

static void
check_functions(void)
{
	check_source(
	    "/// p\nSEC(\"tc\")\nint f(struct ctx *c) { int x; }\nint y;",
	    "SEC() int f() struct< {} 1 {\"description\":\"p\"}\n");
	check_source("SEC(\"kprobe/x\")\n/// p\nint BPF_KPROBE(f, int a)\n{}",
	    "SEC() int BPF_KPROBE() f< {} 2 {\"description\":\"p\"}\n");
	check_source("/// p\nSKEL_EVENTS(rb, struct event);",
	    "SKEL_EVENTS() rb< 1 {\"description\":\"p\"}\n");
	/* Alternatives have the brackets that were open before them. */
	check_source(
	    "#if A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n}\n"
	    "/// y\nint y;",
	    "int y 7 {\"description\":\"y\"}\n");
	/* What is unbalanced is not read past its end. */
	check_source(
	    "}}))]\n/// y\nint y;", "int y 2 {\"description\":\"y\"}\n");
	check_source("/// y\nint y(", "");
	check_source("/// y", "");
	check_source("/** y", "");
}

static void
check_keys(void)
{
	/* The order of the lines does not matter. */
	check_source("/// @cmdarg {\"short\": \"p\"}\n/// text\nint a;\n"
		     "/// text\n/// @cmdarg {\"short\": \"p\"}\nint b;",
	    "int a 1 {\"cmdarg\":{\"short\":\"p\"},\"description\":\"text\"}\n"
	    "int b 4 "
	    "{\"cmdarg\":{\"short\":\"p\"},\"description\":\"text\"}\n");
	/* JSON over several lines, text with a bracket in a string. */
	check_source(
	    "/// @sample\n/// {\"unit\": \"}\",\n///  \"interval\": 5}\n"
	    "/// text\nint a;",
	    "int a 1 {\"sample\":{\"unit\":\"}\",\"interval\":5},"
	    "\"description\":\"text\"}\n");
	check_source("/// @ifindex 1\n/// @flag a word\n/// @on\n///\n"
		     "/// @export_config no_export\nint a;",
	    "int a 1 {\"ifindex\":1,\"flag\":\"a word\",\"on\":true,"
	    "\"export_config\":\"no_export\"}\n");
	/* Paragraphs keep their lines; numbers in them are text. */
	check_source(
	    "/// @brief  one\n/// two\n///\n/// plain\n/// @version 0.1\n"
	    "/// @description 7\nint a;",
	    "int a 1 {\"brief\":\"one\\n two\",\"version\":\"0.1\","
	    "\"description\":\"7\"}\n");
	/* The kernel's comments describe parameters. */
	check_source(
	    "/** f - x\n * @flags: of it\n * @param y\n */\nint f(void);",
	    "int f() void< 1 {\"description\":\"f - x\"}\n");
	check_source("/// @interpreter {\"a\":1}\n/// @odd [x\nint a;",
	    "int a 1 {\"intepreter\":{\"a\":1},\"odd\":\"[x\"}\n");
}

static void
check_errors(void)
{
	check_source("\n/// text\n/// @cmdarg {\"a\":\nint a;", "int a 2 \n");
	CHECK_SAID("x.bpf.c:3: ");
	check_source("/// @sample 1000\nint a;", "int a 1 \n");
	CHECK_SAID("x.bpf.c:1: @sample: expected a JSON object");
	check_source("/// \xff\nint a;", "int a 1 \n");
	CHECK_SAID("x.bpf.c:1: @description: the comment is not UTF-8 text");
}

int
main(void)
{
	check_forget();
	check_variables();
	check_maps();
	check_functions();
	check_keys();
	check_errors();
	check_spans("#include <vmlinux.h>\n # include \"x.h\" /* y\n*/\n"
		    "// #include \"no\"\n\"#include <no>\"\n#include MACRO\n"
		    "struct a { struct b { int x; } y; };\nstruct c *f(void) { "
		    "struct d { int z; }; }\ntypedef struct e {} e_t;\n"
		    "union f {}; enum g { H }; struct {} i; struct j;",
	    "vmlinux.h x.h ", "a e ");
	return check_done();
}
