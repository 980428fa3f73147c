#include <ctype.h>
#include <string.h>

#include "load/kernel-function.h"

/* fentry programs are attached by this function of the kernel. */
#define FENTRY_BASE "register_ftrace_direct"

/* Counts a function that the kernel has. */
static void
note_symbol(struct kernel_function *f, const char *symbol)
{
	size_t n = strlen(f->name);

	if (strcmp(symbol, f->name) == 0)
		f->count++;
	else if (strncmp(symbol, f->name, n) == 0 && symbol[n] == '.' &&
		 strstr(symbol, ".cold") == NULL)
		strlcpy(f->variant, symbol, sizeof(f->variant));
	if (strcmp(symbol, FENTRY_BASE) == 0)
		f->fentry = true;
}

void
kernel_function_read(struct kernel_function *f, const char *name,
    FILE *kallsyms, FILE *traceable)
{
	char line[1024], symbol[512], type;

	*f = (struct kernel_function){ .name = name };
	while (
	    kallsyms != NULL && fgets(line, sizeof(line), kallsyms) != NULL) {
		if (sscanf(line, "%*s %c %511s", &type, symbol) != 2)
			continue;
		f->symbols = true;
		if (strchr("tw", tolower((unsigned char)type)) != NULL)
			note_symbol(f, symbol);
	}
	/* The name of a module may follow. */
	while (
	    traceable != NULL && fgets(line, sizeof(line), traceable) != NULL) {
		if (sscanf(line, "%511s", symbol) != 1)
			continue;
		f->traces = true;
		f->traceable |= strcmp(symbol, name) == 0;
	}
}

void
kernel_function_find(struct kernel_function *f, const char *name)
{
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	FILE *traceable =
	    fopen("/sys/kernel/tracing/available_filter_functions", "re");

	kernel_function_read(f, name, kallsyms, traceable);
	if (kallsyms != NULL)
		fclose(kallsyms);
	if (traceable != NULL)
		fclose(traceable);
}

void
kernel_function_explain(
    const struct kernel_function *f, const char *way, struct buf *out)
{
	if (f->symbols && !f->fentry)
		buf_printf(out, "this kernel attaches no %s programs", way);
	else if (f->symbols && f->count == 0 && f->variant[0] != '\0')
		buf_printf(out,
		    "this kernel has the function %s only as %s, as the "
		    "compiler changed it; try kprobe:%s",
		    f->name, f->variant, f->variant);
	else if (f->symbols && f->count == 0 && f->in_btf)
		buf_printf(out,
		    "this kernel has the function %s only inlined in its "
		    "callers; trace one of these",
		    f->name);
	else if ((f->symbols && f->count == 0) || (!f->symbols && !f->in_btf))
		buf_printf(out, "this kernel has no function %s", f->name);
	else if (f->count > 1)
		buf_printf(out,
		    "this kernel has %zu functions %s, of which %s cannot "
		    "choose one; trace a function that calls it",
		    f->count, f->name, way);
	else if (f->traces && !f->traceable)
		buf_printf(out,
		    "this kernel does not let the function %s be traced: it "
		    "is not in available_filter_functions of tracefs",
		    f->name);
	else if (!f->in_btf)
		buf_printf(out,
		    "this kernel's BTF does not describe the function %s, "
		    "which %s needs; try kprobe:%s",
		    f->name, way, f->name);
	else
		buf_printf(out,
		    "this kernel cannot attach %s programs to the function "
		    "%s; try kprobe:%s",
		    way, f->name, f->name);
}
