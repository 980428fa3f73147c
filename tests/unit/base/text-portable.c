/* Runs the tests of text.c with the code for machines without SSE2. */
#undef __SSE2__
#include "base/text.c"

#include "text.c"
