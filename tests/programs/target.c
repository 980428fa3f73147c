/* What probes.bpf.c probes: a function, and a USDT probe skel:here in it.  With
 * an argument it is called for each byte of the standard input, which is
 * written back. */
#include <unistd.h>

#define USDT_HERE                                                              \
	"990: nop\n"                                                           \
	".pushsection .note.stapsdt, \"\", \"note\"\n"                         \
	".balign 4\n"                                                          \
	".4byte 992f - 991f, 994f - 993f, 3\n"                                 \
	"991: .asciz \"stapsdt\"\n"                                            \
	"992: .balign 4\n"                                                     \
	"993: .8byte 990b, 0, 0\n"                                             \
	".asciz \"skel\"\n"                                                    \
	".asciz \"here\"\n"                                                    \
	".asciz \"\"\n"                                                        \
	"994: .balign 4\n"                                                     \
	".popsection\n"

__attribute__((noinline)) int
work(int n)
{
	__asm__ volatile(USDT_HERE);
	return n + 1;
}

int
main(int argc, char *argv[])
{
	char c;

	(void)argv;
	while (argc > 1 && read(STDIN_FILENO, &c, 1) == 1) {
		work(-1);
		if (write(STDOUT_FILENO, &c, 1) != 1)
			return 1;
	}
	return argc > 1 ? 0 : work(-1);
}
