/* cobs without SSE2, as on other machines: the same tests. */
#undef __SSE2__
#define NEWLINE LIB_NEWLINE
#include "stream/cobs.c"
#undef NEWLINE

#include "cobs.c"
