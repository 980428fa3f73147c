#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "lookup/demangle.h"

enum { SYMBOL_MAX = 4096 }; /* bytes; a longer symbol is not demangled */

struct demangled {
	char *text;
	size_t len, size;
	jmp_buf full;
};

/*
 * Append a part of the name; a callback of libiberty.  A short symbol can
 * expand to petabytes, and only a jump ends the printing.  The printer holds no
 * heap memory then, except within an identifier in Punycode, which comes as
 * single characters; so the jump waits for a longer part, and every repetition
 * has one.
 */
static void
append_part(const char *part, size_t n, void *ctx)
{
	struct demangled *o = ctx;
	size_t room = o->size - 1 - o->len;
	bool fits = n <= room;

	if (n == 0)
		return;
	memcpy(o->text + o->len, part, fits ? n : room);
	o->len += fits ? n : room;
	if (!fits && n > 1 && !((unsigned char)part[0] & 0x80))
		longjmp(o->full, 1);
}

typedef int print_fn(
    const char *symbol, int options, demangle_callbackref fn, void *ctx);

static bool
print_demangled(print_fn *fn, const char *symbol, struct demangled *o)
{
	bool done = true;

	o->len = 0;
	if (setjmp(o->full) == 0)
		done = fn(symbol, DMGL_NO_OPTS, append_part, o) != 0;
	o->text[o->len] = '\0';
	return done && o->len > 0;
}

const char *
demangle(const char *symbol, char *text, size_t size)
{
	struct demangled o = { .text = text, .size = size };

	if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R') ||
	    strnlen(symbol, SYMBOL_MAX) == SYMBOL_MAX)
		return symbol;
	/* An old Rust symbol is a valid C++ symbol with a hash at its end, so
	 * Rust is tried first. */
	if (print_demangled(rust_demangle_callback, symbol, &o) ||
	    print_demangled(cplus_demangle_v3_callback, symbol, &o))
		return text;
	return symbol;
}
