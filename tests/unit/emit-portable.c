/* emit without SSE2, as on other machines: the same tests. */
#undef __SSE2__
#include "../../lib/base/text-emit.c"

#include "emit.c"
