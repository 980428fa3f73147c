/*
 * skel-merge: make one stream of several.
 *
 *	skel-merge --order web1.skel web2.skel | skel-fmt
 *	skel-merge <(ssh web1 skel-load x.json) <(ssh web2 skel-load x.json)
 *
 * Streams of several hosts, or segments of one, come in, and one stream goes
 * out, whose records know their host.  Binary records are copied but for the
 * index of their map.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "complete-stream.h"
#include "complete.h"
#include "host/confine.h"
#include "merge.h"

enum {
	OPTION_ORDER = 256,
	ORDER_MS = 50,
	ORDER_MS_MAX = 3600 * 1000,
	FILES_MORE = 64, /* descriptors beside those of the inputs */
};

static const struct command_option option_table[] = {
	{ "order", OPTION_ORDER, "[=TIME]",
	    "by the time of the records; wait TIME (50ms) for a silent input",
	    NULL },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage = "usage: skel-merge [-qv] [--order[=time]] [file ...]\n"
		 "       skel-merge -h | -V\n",
	.about = "Merge streams of several hosts, or segments of one, into one "
		 "stream.",
	.options = option_table,
	.operands = "stream",
	.complete = complete_stream,
};

/* Parse the argument of --order: milliseconds, or with a unit. */
static int
parse_order(uint64_t *ns, const char *text)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "", 1 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 } };
	size_t digits = strspn(text, "0123456789");
	unsigned long long n;

	errno = 0;
	n = strtoull(text, NULL, 10);
	for (size_t i = 0; i < nitems(units); i++)
		if (digits > 0 && errno == 0 &&
		    strcmp(text + digits, units[i].name) == 0 &&
		    n <= ORDER_MS_MAX / units[i].ms) {
			*ns = n * units[i].ms * 1000000;
			return 0;
		}
	report_error("--order: \"%s\" is no time; expected one such as 50ms or "
		     "2s, at most 1 hour",
	    text);
	return -1;
}

/* Have room for a descriptor of each input, as far as that is allowed. */
static void
raise_file_limit(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= n + FILES_MORE)
		return;
	limit.rlim_cur =
	    limit.rlim_max < n + FILES_MORE ? limit.rlim_max : n + FILES_MORE;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Report a file that is the same as one before it.  Returns 0 or -1. */
static int
check_file(const struct merge *m, size_t i)
{
	const struct merge_input *in = &m->inputs[i];

	for (size_t k = 0; k < i && !in->live; k++)
		if (!m->inputs[k].live && m->inputs[k].file == in->file &&
		    m->inputs[k].device == in->device) {
			report_error("%s: this is the same file as %s; its "
				     "records would come twice",
			    in->name, m->inputs[k].name);
			return -1;
		}
	return 0;
}

/* Open all inputs.  Returns 0, or -1 after reporting. */
static int
open_inputs(struct merge *m, char *const files[])
{
	raise_file_limit(m->n);
	for (size_t i = 0; i < m->n; i++) {
		errno = 0;
		if (merge_input_open(&m->inputs[i], files[i], i) == 0) {
			if (check_file(m, i) == 0)
				continue;
			merge_input_close(&m->inputs[i]);
		} else if (errno == EMFILE)
			report_error("%zu inputs need as many descriptors, "
				     "more than \"ulimit -Hn\" allows; merge "
				     "fewer at once",
			    m->n);
		while (i-- > 0)
			merge_input_close(&m->inputs[i]);
		return -1;
	}
	return 0;
}

/* Returns the exit status. */
static int
run(struct merge *m, char *const files[])
{
	static struct output out;
	int status;

	if (open_inputs(m, files) == -1)
		return EXIT_FAILURE;
	if (signals_catch() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	confine_filter(false);
	if (output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return EXIT_FAILURE;
	m->out = &out;
	status = merge_run(m);
	output_close(&out);
	merge_close(m);
	/* It is no failure if the reader of the output leaves. */
	if (out.failed || (status == -1 && !out.gone))
		return EXIT_FAILURE;
	return m->cut && !out.gone ? EXIT_LOST : EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
	static char only[] = "-";
	char *stdin_only[] = { only };
	struct merge m = { .ordered = false };
	char **files;
	int ch, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((ch = command_next(&command, argc, argv, NULL)) != -1) {
		if (ch != OPTION_ORDER) {
			command_option(&command, ch);
			continue;
		}
		m.ordered = true;
		m.bound_ns = ORDER_MS * UINT64_C(1000000);
		if (optarg != NULL && parse_order(&m.bound_ns, optarg) == -1)
			command_usage(&command);
	}
	m.n = argc > optind ? (size_t)(argc - optind) : 1;
	files = argc > optind ? argv + optind : stdin_only;
	m.inputs = calloc(m.n, sizeof(*m.inputs));
	if (m.inputs == NULL) {
		report_nomem();
		return EXIT_FAILURE;
	}
	status = run(&m, files);
	free(m.inputs);
	return command_status(status);
}
