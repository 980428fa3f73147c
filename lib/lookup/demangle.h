/*
 * Demangles the symbols of C++ and Rust functions.
 */
#ifndef SKEL_LOOKUP_DEMANGLE_H
#define SKEL_LOOKUP_DEMANGLE_H

#include <stddef.h>

/*
 * Write the demangled name, without parameters, to text of size bytes; a longer
 * name is cut off.  Returns text, or symbol itself if it is not a mangled name.
 * The time and memory are bounded for any symbol.
 */
const char *demangle(const char *symbol, char *text, size_t size);

#endif
