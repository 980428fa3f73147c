/* Calls getpgid(2) with the number that is its argument. */
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	(void)getpgid(argc > 1 ? atoi(argv[1]) : 0);
	return 0;
}
