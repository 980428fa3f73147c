/* cobs without SSE2, as on other machines: the same tests. */
#undef __SSE2__
#define NEWLINE LIB_NEWLINE
#include "../../lib/cobs.c"
#undef NEWLINE

#include "cobs.c"
