#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "symbolize/demangle.h"

enum { SYMBOL_MAX = 4096 }; /* bytes of a symbol that is looked into */

struct demangled {
	char *text;
	size_t len, size;
	jmp_buf full;
};

/*
 * Take a part of the name.  A short symbol can stand for a name of petabytes,
 * and nothing but a jump ends its printing.  The printer has no memory of the
 * heap then, except in the middle of an identifier in Punycode, which comes
 * character by character; all that can repeat itself has separators of more.
 */
static void
take(const char *part, size_t n, void *ctx)
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
print(print_fn *fn, const char *symbol, struct demangled *o)
{
	bool done = true;

	o->len = 0;
	if (setjmp(o->full) == 0)
		done = fn(symbol, DMGL_NO_OPTS, take, o) != 0;
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
	/* An older symbol of Rust is one of C++ too, with a hash behind. */
	if (print(rust_demangle_callback, symbol, &o) ||
	    print(cplus_demangle_v3_callback, symbol, &o))
		return text;
	return symbol;
}
