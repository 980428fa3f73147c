/*
 * Demangling: what a function of C++ or Rust is called by those who wrote it,
 * from the symbol that its compiler made of that.
 */
#ifndef SKEL_SYMBOLIZE_DEMANGLE_H
#define SKEL_SYMBOLIZE_DEMANGLE_H

#include <stddef.h>

/*
 * The name that symbol stands for, without parameters, written to text of size
 * bytes and cut where it is longer; or symbol itself, where it stands for
 * none.  Whatever the symbol is, this takes little time and memory.
 */
const char *demangle(const char *symbol, char *text, size_t size);

#endif
