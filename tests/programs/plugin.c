/* A library that is loaded while the stack tests look. */
void marker(void);
void plugin(void);

static __attribute__((noinline)) void
plugin_inner(void)
{
	marker();
	__asm__ volatile("");
}

void
plugin(void)
{
	plugin_inner();
	__asm__ volatile("");
}
