#include <linux/bpf.h>
#include <string.h>

#include "infer/program-functions.h"

bool
program_functions_have(
    const struct program_functions *p, struct code_place start)
{
	for (size_t i = 0; i < p->n; i++)
		if (code_place_compare(p->starts[i], start) == 0)
			return true;
	return false;
}

static void
add_program_function(struct program_functions *p, struct code_place start)
{
	if (p->n < PROGRAM_FUNCTIONS_MAX && !program_functions_have(p, start))
		p->starts[p->n++] = start;
}

void
program_functions_find(struct program_functions *p,
    const struct helper_calls *c, const char *program, uint64_t *work)
{
	size_t before;

	for (size_t i = 0; i < c->n && p->n == 0; i++)
		if (strcmp(c->v[i].function, program) == 0)
			add_program_function(p, c->v[i].start);
	for (size_t i = 0; i < c->nfunctions && p->n == 0; i++)
		if (strcmp(c->functions[i].function, program) == 0)
			add_program_function(p, c->functions[i].start);
	do {
		before = p->n;
		for (size_t i = 0; i < c->nfunctions; i++)
			if (program_functions_have(p, c->functions[i].start))
				add_program_function(p, c->functions[i].callee);
		*work -=
		    *work > c->n + c->nfunctions ? c->n + c->nfunctions : *work;
	} while (p->n != before && *work != 0);
}

bool
program_functions_print(
    const struct program_functions *p, const struct helper_calls *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct helper_call *call = &c->v[i];

		if ((call->helper == BPF_FUNC_seq_printf ||
			call->helper == BPF_FUNC_seq_printf_btf) &&
		    program_functions_have(p, call->start))
			return true;
	}
	return false;
}
