/*
 * jit-loop [TARGET|BYTES]: loops in code that it makes, after it has made
 * /tmp/perf-PID.map: a link to TARGET, or with a number that many bytes.
 * Without an argument it makes none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	unsigned char *code =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64], part[80];
	FILE *list;

	if (code == MAP_FAILED)
		return 2;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	if (argc == 2)
		unlink(path);
	if (argc == 2 && argv[1][0] == '/') {
		if (symlink(argv[1], path) == -1)
			return 1;
	} else if (argc == 2) {
		/* Whoever waits for the list finds all of it. */
		snprintf(part, sizeof(part), "%s.part", path);
		if ((list = fopen(part, "w")) == NULL)
			return 1;
		fprintf(list, "%lx 10 generated\n", (unsigned long)code);
		for (long n = atol(argv[1]); n > 0; n -= 6)
			fputs("1 1 a\n", list);
		if (fclose(list) == EOF || rename(part, path) == -1)
			return 1;
	}
	code[0] = 0xeb;
	code[1] = 0xfe;
	((void (*)(void))code)();
	return 0;
}
