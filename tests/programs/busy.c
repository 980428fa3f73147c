/*
 * busy: loops in hot(), which main() calls, until it is killed.
 */
static volatile unsigned long sink;

static __attribute__((noinline)) void
hot(void)
{
	for (;;)
		sink += sink * 3;
}

int
main(void)
{
	hot();
	return 0;
}
