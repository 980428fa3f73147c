/* emit without SSE2, as on other machines: the same tests. */
#undef __SSE2__
#include "base/text.c"

#include "text.c"
