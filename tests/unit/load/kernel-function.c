/* lib/load/kernel-function: why a function of the kernel cannot be traced. */
#include "load/kernel-function.h"
#include "base/util.h"
#include "check.h"

static char symbols[] = "0000000000000000 T register_ftrace_direct\n"
			"0000000000000000 t ordinary\n"
			"0000000000000000 t twice\n"
			"0000000000000000 t twice\t[some_module]\n"
			"0000000000000000 t changed.isra.0\n"
			"0000000000000000 t changed.isra.0.cold\n"
			"0000000000000000 t plain\n"
			"0000000000000000 t plain.cold\n"
			"0000000000000000 D variable\n"
			"0000000000000000 T untraced\n";
static char traceable[] = "ordinary\ntwice\nplain [some_module]\n";
static char without_fentry[] = "0000000000000000 t ordinary\n";

static const struct {
	const char *name;
	char *kallsyms, *traceable;
	bool in_btf;
	const char *want;
} cases[] = {
	{ "ordinary", symbols, traceable, true,
	    "this kernel cannot attach fexit programs to the function "
	    "ordinary; try kprobe:ordinary" },
	{ "ordinary", symbols, NULL, false,
	    "this kernel's BTF does not describe the function ordinary, which "
	    "fexit needs; try kprobe:ordinary" },
	{ "ordinary", without_fentry, traceable, true,
	    "this kernel attaches no fexit programs" },
	{ "untraced", symbols, traceable, true,
	    "this kernel does not let the function untraced be traced: it is "
	    "not in available_filter_functions of tracefs" },
	{ "untraced", symbols, NULL, true,
	    "this kernel cannot attach fexit programs to the function "
	    "untraced; try kprobe:untraced" },
	{ "plain", symbols, traceable, false,
	    "this kernel's BTF does not describe the function plain, which "
	    "fexit needs; try kprobe:plain" },
	{ "twice", symbols, traceable, false,
	    "this kernel has 2 functions twice, of which fexit cannot choose "
	    "one; trace a function that calls it" },
	{ "changed", symbols, traceable, true,
	    "this kernel has the function changed only as changed.isra.0, as "
	    "the compiler changed it; try kprobe:changed.isra.0" },
	{ "inlined", symbols, traceable, true,
	    "this kernel has the function inlined only inlined in its "
	    "callers; trace one of these" },
	{ "variable", symbols, traceable, false,
	    "this kernel has no function variable" },
	/* Without /proc. */
	{ "any", NULL, NULL, false, "this kernel has no function any" },
	{ "any", NULL, NULL, true,
	    "this kernel cannot attach fexit programs to the function any; "
	    "try kprobe:any" },
};

static FILE *
open_text(char *text)
{
	return text != NULL ? fmemopen(text, strlen(text), "r") : NULL;
}

int
main(void)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		FILE *kallsyms = open_text(cases[i].kallsyms);
		FILE *list = open_text(cases[i].traceable);
		struct kernel_function f;
		struct buf words = { 0 };

		kernel_function_read(&f, cases[i].name, kallsyms, list);
		f.in_btf = cases[i].in_btf;
		kernel_function_explain(&f, "fexit", &words);
		buf_chr(&words, '\0');
		CHECK_STR(words.data, cases[i].want);
		buf_free(&words);
		if (kallsyms != NULL)
			fclose(kallsyms);
		if (list != NULL)
			fclose(list);
	}
	return check_done();
}
