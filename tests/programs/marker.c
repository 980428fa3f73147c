/* What the programs of the stack tests have in common: where probes go. */
void marker(void);

void
marker(void)
{
	__asm__ volatile("");
}
