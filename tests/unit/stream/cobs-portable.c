/* Runs the tests of cobs.c with the code for machines without SSE2. */
#undef __SSE2__
#define NEWLINE LIB_NEWLINE
#include "stream/cobs.c"
#undef NEWLINE

#include "cobs.c"
