#include "picture/script.h"

/* Names are relative to the folder where make runs. */
#define SCRIPT(name, file)                                                     \
	__asm__(".pushsection .rodata\n"                                       \
		".global " #name "\n"                                          \
		".hidden " #name "\n" #name ":\n"                              \
		".incbin \"" file "\"\n"                                       \
		".byte 0\n"                                                    \
		".popsection\n")

SCRIPT(script_flame, "lib/picture/flame.js");
SCRIPT(script_heat, "lib/picture/heat.js");
