/*
 * Whose stacks the tests look at.  Each line on standard input is a command,
 * answered by a line on standard output when it is done:
 *
 *	call N        marker() by way of outer() and inner(), N times
 *	load FILE     the same by way of plugin() of a library
 *	exec FILE     becomes another program
 *	jit           by way of code that is made here, and listed for perf(1)
 *	spin          busy for a second, in hot() and in the kernel
 *
 * OUTER is what outer() is called.  The caller of a probed function may be
 * missing in stacks (inner() here), since its frame is not set up yet there.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef OUTER
#define OUTER outer
#endif

void marker(void);

static volatile unsigned long sink;

static __attribute__((noinline)) void
inner(int n)
{
	while (n-- > 0)
		marker();
	__asm__ volatile("");
}

static inline __attribute__((always_inline)) void
inlined(int n)
{
	inner(n); /* line: inlined */
	sink++;
}

static __attribute__((noinline)) void
OUTER(int n)
{
	inlined(n); /* line: outer */
	__asm__ volatile("");
}

static __attribute__((noinline)) void
hot(void)
{
	for (int i = 0; i < 100000; i++)
		sink += sink * 3;
}

static void
spin(void)
{
	int fd = open("/dev/urandom", O_RDONLY);
	clock_t end = clock() + CLOCKS_PER_SEC;
	static char bytes[65536];

	while (clock() < end) {
		hot();
		if (read(fd, bytes, sizeof(bytes)) > 0)
			sink += bytes[0];
	}
	close(fd);
}

static void
from_code(void)
{
	OUTER(1);
	__asm__ volatile("");
}

/* On x86_64: push %rbp; mov %rsp,%rbp; mov $from_code,%rax; call *%rax; pop
 * %rbp; ret */
static void
jit(void)
{
	unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0, 0, 0, 0,
		0, 0, 0, 0, 0xff, 0xd0, 0x5d, 0xc3 };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*target)(void) = from_code;
	char path[64];
	FILE *list;

	memcpy(code + 6, &target, sizeof(target));
	memcpy(page, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	list = fopen(path, "w");
	if (list == NULL)
		return;
	fprintf(list, "nonsense\n%lx %zx generated function\n",
	    (unsigned long)page, sizeof(code));
	fclose(list);
	memcpy(&target, &page, sizeof(target));
	target();
}

static void
load(const char *file)
{
	void *lib = dlopen(file, RTLD_NOW);
	void (*plugin)(void) = NULL;

	if (lib != NULL)
		*(void **)&plugin = dlsym(lib, "plugin");
	if (plugin != NULL)
		plugin();
	else
		fprintf(stderr, "%s\n", dlerror());
}

int
main(void)
{
	char line[4096];

	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "call ", 5) == 0)
			OUTER(atoi(line + 5));
		else if (strncmp(line, "load ", 5) == 0)
			load(line + 5);
		else if (strcmp(line, "jit") == 0)
			jit();
		else if (strcmp(line, "spin") == 0)
			spin();
		else if (strncmp(line, "exec ", 5) == 0)
			execl(line + 5, line + 5, (char *)NULL);
		puts(line);
		fflush(stdout);
	}
	return 0;
}
