#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "elf/libbpf-log.h"

enum {
	HEARD_MAX = 6,    /* warnings kept, the last ones */
	HEARD_LINE = 512, /* bytes kept of each */
};

#define HEARD_KERNEL_BTF "loading kernel BTF"
#define HEARD_TARGET_BTF "failed to parse target BTF"

static const char log_begin[] = "-- BEGIN PROG LOAD LOG --\n";

/* What libbpf said since libbpf_log_clear(). */
static _Thread_local struct {
	char lines[HEARD_MAX][HEARD_LINE]; /* a ring */
	size_t n;
	char program[128]; /* that libbpf named last */
	char *log;         /* owned: what the verifier said of it */
} heard;

/* Who had libbpf's lines before; one for all threads, as libbpf has it. */
static _Atomic(libbpf_print_fn_t) before;
static _Thread_local bool listening;

void
libbpf_log_clear(void)
{
	free(heard.log);
	memset(&heard, 0, sizeof(heard));
}

/* Keep one of libbpf's warnings. */
static void
remember(const char *text)
{
	const char *log = strstr(text, log_begin);

	/* What it says of a map is no program's fault. */
	if (strncmp(text, "map '", 5) == 0)
		heard.program[0] = '\0';
	if (sscanf(text, "prog '%127[^']'", heard.program) == 1 &&
	    log != NULL) {
		free(heard.log);
		heard.log = strdup(log + strlen(log_begin));
		return;
	}
	strlcpy(heard.lines[heard.n++ % HEARD_MAX], text, HEARD_LINE);
}

static void
report_lines(enum report_level level, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		report(level, "libbpf: %.*s", (int)n, text);
	}
}

/* What it says of the kernel's BTF is no warning, and the only place where it
 * tells an error from a file that is not there. */
static bool
is_refused_btf(enum libbpf_print_level level, const char *line)
{
	int error;

	return level == LIBBPF_DEBUG &&
	       sscanf(line, HEARD_KERNEL_BTF " '%*[^']': %d", &error) == 1 &&
	       error < 0;
}

/* libbpf's lines: its warnings are for -v and for the report of a failure. */
static int
hear(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char prefix[] = "libbpf: ";
	enum report_level as = REPORT_DEBUG;
	libbpf_print_fn_t other = atomic_load(&before);
	char *text, *line;

	if (!listening)
		return other != NULL ? other(level, fmt, ap) : 0;
	if (level != LIBBPF_WARN && report_get_level() < REPORT_DEBUG &&
	    strstr(fmt, HEARD_KERNEL_BTF) == NULL)
		return 0;
	if (vasprintf(&text, fmt, ap) == -1)
		return 0;
	line = text;
	if (strncmp(line, prefix, strlen(prefix)) == 0)
		line += strlen(prefix);
	/* Said of every map whose value type the kernel does not want, and of
	 * no use to anybody: libbpf goes on. */
	if (level == LIBBPF_WARN &&
	    strstr(line, "Retrying without BTF") == NULL) {
		remember(line);
		if (strstr(line, log_begin) == NULL)
			as = REPORT_INFO;
	}
	if (is_refused_btf(level, line))
		remember(line);
	report_lines(as, line);
	free(text);
	return 0;
}

static void
take_over(void)
{
	atomic_store(&before, libbpf_set_print(hear));
}

void
libbpf_log_capture(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	listening = true;
	pthread_once(&once, take_over);
}

void
libbpf_log_release(void)
{
	listening = false;
}

void
libbpf_log_report(void)
{
	size_t i = heard.n > HEARD_MAX ? heard.n - HEARD_MAX : 0;

	if (report_get_level() < REPORT_INFO)
		for (; i < heard.n; i++)
			report_lines(REPORT_ERROR, heard.lines[i % HEARD_MAX]);
}

bool
libbpf_log_mentions(const char *what)
{
	for (size_t i = 0; i < HEARD_MAX; i++)
		if (strstr(heard.lines[i], what) != NULL)
			return true;
	return false;
}

int
libbpf_log_btf_error(void)
{
	int error = 0;

	for (size_t i = 0; i < HEARD_MAX && error == 0; i++)
		if (sscanf(heard.lines[i], HEARD_KERNEL_BTF " '%*[^']': %d",
			&error) != 1 &&
		    sscanf(heard.lines[i], HEARD_TARGET_BTF ": %d", &error) !=
			1)
			error = 0;
	return -error;
}

const char *
libbpf_log_program(void)
{
	return heard.program;
}

char *
libbpf_log_verifier(void)
{
	char *log = heard.log;

	heard.log = NULL;
	return log;
}
