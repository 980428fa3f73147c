/*
 * A process to be probed, which does what each byte of its standard input says:
 * w calls work(), d wander(), t work() in another thread, p getppid(), f makes
 * page faults.  Each done byte is written to standard output.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FAULTS = 64, PAGE = 4096 };

__attribute__((noinline)) int
work(int n)
{
	__asm__ volatile("");
	return n + 1;
}

__attribute__((noinline)) int
wander(int n)
{
	__asm__ volatile("");
	return n - 1;
}

static void *
work_apart(void *arg)
{
	work(1);
	return arg;
}

static void
fault(void)
{
	char *p = mmap(NULL, FAULTS * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	for (int i = 0; i < FAULTS; i++)
		p[i * PAGE] = 1;
	munmap(p, FAULTS * PAGE);
}

static void
obey(char c)
{
	pthread_t thread;

	switch (c) {
	case 'w':
		work(1);
		break;
	case 'd':
		wander(1);
		break;
	case 't':
		if (pthread_create(&thread, NULL, work_apart, NULL) == 0)
			pthread_join(thread, NULL);
		break;
	case 'p':
		getppid();
		break;
	case 'f':
		fault();
		break;
	}
}

int
main(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		obey(c);
		if (write(STDOUT_FILENO, &c, 1) != 1)
			return 1;
	}
	return 0;
}
