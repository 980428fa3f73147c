/* emit without SSE2, as on other machines: the same tests. */
#undef __SSE2__
#include "base/text-emit.c"

#include "text-emit.c"
