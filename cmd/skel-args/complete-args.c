#include <stdlib.h>
#include <string.h>

#include "complete-args.h"
#include "package/args-words.h"

static void
offer_word(void *ctx, const char *word, const char *help)
{
	complete_offer(ctx, word, help);
}

void
complete_args(struct completion *c, const char *what, size_t before)
{
	const char *file = complete_operand(c, 0);
	char *name = NULL;
	struct package p;
	struct args a;

	(void)what;
	if (before == 0) {
		complete_offer_files(c, "");
		return;
	}
	if (!complete_may_read(file) ||
	    package_open(&p, file, complete_option(c, 'e')) == -1)
		return;
	if (args_open(&a, &p) == 0) {
		if (strncmp(complete_prefix(c), "--", 2) == 0)
			complete_skip_past(c, '=', &name);
		args_words(&a,
		    before > 1 ? complete_operand(c, before - 1) : NULL, name,
		    offer_word, c);
		args_close(&a);
		free(name);
	}
	package_close(&p);
}
