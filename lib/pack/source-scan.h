/*
 * Finds the declarations at file scope of a C source, and the documentation
 * comments right before them.  This is no parser of C: it knows comments,
 * literals, preprocessor lines and brackets, and offers every name that a
 * declaration may declare.  Who asks compares them with the names that the
 * compiler put into the object.
 *
 * The source may be any bytes.  The work is linear in their number.
 */
#ifndef SKEL_PACK_SOURCE_SCAN_H
#define SKEL_PACK_SOURCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_NAMES_MAX = 64 }; /* of one declaration; more are ignored */

/* A run of bytes of the source, borrowed. */
struct source_span {
	const char *text;
	size_t len;
};

/* The role of a name in its declaration. */
enum source_role {
	SOURCE_NAME,     /* by itself: of a variable, or of a type */
	SOURCE_FUNCTION, /* before "(" */
	SOURCE_ARGUMENT, /* first after "(": name in BPF_PROG(name, ...) { */
};

struct source_name {
	struct source_span span;
	enum source_role role;
};

struct source_declaration {
	/* Its comments with their markers, and the line of the first one. */
	struct source_span comment;
	unsigned long line;
	struct source_name names[SOURCE_NAMES_MAX];
	size_t nnames;
	bool has_body; /* a function with its statements */
};

/*
 * Calls fn for every declaration that has a documentation comment: lines that
 * begin with three slashes, or a block that begins with a slash and two stars.
 * Between comment and declaration nothing but blanks and other comments may
 * stand.  Stops if fn returns something else than 0, and returns that; else 0.
 */
typedef int source_declaration_fn(
    void *ctx, const struct source_declaration *d);
int source_scan(
    const char *text, size_t len, source_declaration_fn *fn, void *ctx);

/* Calls fn for every file that the source includes, with the name between the
 * quotes or angles.  Returns as source_scan(). */
typedef int source_include_fn(void *ctx, struct source_span name);
int source_scan_includes(
    const char *text, size_t len, source_include_fn *fn, void *ctx);

/* Calls fn for every struct that the source defines with a name, in a header at
 * file scope.  Returns as source_scan(). */
typedef int source_struct_fn(void *ctx, struct source_span name);
int source_scan_structs(
    const char *text, size_t len, source_struct_fn *fn, void *ctx);

#endif
