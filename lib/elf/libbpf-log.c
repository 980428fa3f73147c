#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "elf/libbpf-log.h"

enum {
	LINES_MAX = 6,    /* warnings that are kept, the last ones */
	LINE_BYTES = 512, /* bytes of each that are kept */
	ERRNO_MAX = 133,
};

/* Parts of the messages of libbpf 1.1 to 1.7.  Some end with an error, which is
 * a number before 1.6 ("-12") and a name since ("-ENOMEM").  The unit test has
 * all wordings. */
#define LOADING_KERNEL_BTF "loading kernel BTF"
#define NO_TARGET_BTF "failed to parse target BTF"
#define NO_KERNEL_BTF "failed to find valid kernel BTF"
/* In place of both since 1.5, where the file is there or is not. */
#define UNREAD_KERNEL_BTF "failed to read kernel BTF from '"
#define MISSING_KERNEL_BTF "kernel BTF is missing at '"
#define NO_HOOK "failed to find kernel BTF type ID"
#define NO_CODE "The address of function " /* of the verifier */
#define NO_RELOCATION "failed to resolve CO-RE relocation "
#define RETRYING "Retrying without BTF"
#define NO_MAP "': failed to create: "

static const char log_begin[] = "-- BEGIN PROG LOAD LOG --\n";

/* The messages since libbpf_log_clear(). */
static _Thread_local struct {
	char lines[LINES_MAX][LINE_BYTES]; /* a ring */
	size_t n;
	char program[128]; /* the last that libbpf named */
	char map[128];     /* that could not be created, if program is "" */
	char *log;         /* owned: the verifier's log of it, or NULL */
} captured;

/* Receives the messages of threads that do not capture them.  libbpf has one
 * print function for all threads. */
static _Atomic(libbpf_print_fn_t) previous;
static _Thread_local bool capturing;

void
libbpf_log_clear(void)
{
	free(captured.log);
	memset(&captured, 0, sizeof(captured));
}

static void
keep_warning(const char *text)
{
	const char *log = strstr(text, log_begin);

	/* A map that cannot be created is no fault of the program before. */
	if (strncmp(text, "map '", 5) == 0) {
		captured.program[0] = '\0';
		captured.map[0] = '\0';
		if (strstr(text, NO_MAP) != NULL)
			sscanf(text, "map '%127[^']'", captured.map);
	}
	if (sscanf(text, "prog '%127[^']'", captured.program) == 1 &&
	    log != NULL) {
		free(captured.log);
		captured.log = strdup(log + strlen(log_begin));
		return;
	}
	strlcpy(captured.lines[captured.n++ % LINES_MAX], text, LINE_BYTES);
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

/* Parses "-12" or "-ENOMEM".  Returns the errno, or 0 if text is neither. */
static int
parse_errno(const char *text)
{
	const char *name;
	int error = 0;
	size_t n;

	if (*text++ != '-')
		return 0;
	if (sscanf(text, "%d", &error) == 1)
		return error;
	for (error = ERRNO_MAX; error > 0; error--) {
		name = strerrorname_np(error);
		if (name == NULL)
			continue;
		n = strlen(name);
		if (strncmp(text, name, n) == 0 && strcspn(text + n, "\n") == 0)
			break;
	}
	return error;
}

/* The error in "loading kernel BTF 'FILE': ERROR", "failed to read kernel BTF
 * from 'FILE': ERROR" or "failed to parse target BTF: ERROR"; 0 if the line is
 * none of them, or there was no error. */
static int
parse_btf_error(const char *line)
{
	const char *error = NULL;

	if (strncmp(line, LOADING_KERNEL_BTF, strlen(LOADING_KERNEL_BTF)) ==
		0 ||
	    strncmp(line, UNREAD_KERNEL_BTF, strlen(UNREAD_KERNEL_BTF)) == 0)
		error = strstr(line, "': ");
	else if (strncmp(line, NO_TARGET_BTF, strlen(NO_TARGET_BTF)) == 0)
		error = strstr(line, ": ");
	return error != NULL ? parse_errno(strchr(error, ' ') + 1) : 0;
}

/* The print function: warnings are shown under -v and kept for error messages,
 * all else is shown under -vv. */
static int
capture_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char prefix[] = "libbpf: ";
	enum report_level as = REPORT_DEBUG;
	libbpf_print_fn_t other = atomic_load(&previous);
	char *text, *line;

	if (!capturing)
		return other != NULL ? other(level, fmt, ap) : 0;
	/* Most debug messages need not be formatted. */
	if (level != LIBBPF_WARN && report_get_level() < REPORT_DEBUG &&
	    strstr(fmt, LOADING_KERNEL_BTF) == NULL)
		return 0;
	if (vasprintf(&text, fmt, ap) == -1)
		return 0;
	line = text;
	if (strncmp(line, prefix, strlen(prefix)) == 0)
		line += strlen(prefix);
	if (level == LIBBPF_WARN) {
		/* A harmless warning about each map whose value type the kernel
		 * does not accept. */
		if (strstr(line, RETRYING) == NULL) {
			keep_warning(line);
			if (strstr(line, log_begin) == NULL)
				as = REPORT_INFO;
		}
	} else if (parse_btf_error(line) != 0) {
		/* Only this debug message distinguishes a file that cannot be
		 * read from one that does not exist. */
		keep_warning(line);
	}
	report_lines(as, line);
	free(text);
	return 0;
}

static void
set_print(void)
{
	atomic_store(&previous, libbpf_set_print(capture_message));
}

void
libbpf_log_capture(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	capturing = true;
	pthread_once(&once, set_print);
}

void
libbpf_log_release(void)
{
	capturing = false;
}

void
libbpf_log_report(void)
{
	size_t i = captured.n > LINES_MAX ? captured.n - LINES_MAX : 0;

	if (report_get_level() < REPORT_INFO)
		for (; i < captured.n; i++)
			report_lines(
			    REPORT_ERROR, captured.lines[i % LINES_MAX]);
}

const char *
libbpf_log_program(void)
{
	return captured.program;
}

static bool
was_warned(const char *words)
{
	for (size_t i = 0; i < LINES_MAX; i++)
		if (strstr(captured.lines[i], words) != NULL)
			return true;
	return false;
}

/* The first error that reading a BTF gave, or 0. */
static int
find_btf_error(void)
{
	int error = 0;

	for (size_t i = 0; i < LINES_MAX && error == 0; i++)
		error = parse_btf_error(captured.lines[i]);
	return error;
}

/*
 * Finds the strong extern that could not be resolved, in "extern 'x' (strong):
 * not resolved" or "extern (func ksym) 'x': not found in kernel or module
 * BTFs".  Returns its name, or NULL.
 */
static const char *
find_extern(void)
{
	static _Thread_local char name[128];

	for (size_t i = 0; i < LINES_MAX; i++) {
		const char *line = captured.lines[i];

		if (strncmp(line, "extern ", 7) == 0 &&
		    (strstr(line, "': not found in ") != NULL ||
			strstr(line, "' (strong): not resolved") != NULL) &&
		    sscanf(line, "extern %*[^']'%127[^']'", name) == 1)
			return name;
		if (sscanf(line, "extern '%127[^']' (strong)", name) == 1)
			return name;
	}
	return NULL;
}

static enum libbpf_refusal_kind
classify(const struct libbpf_refusal *r, bool relocation)
{
	bool target = was_warned(NO_TARGET_BTF);

	if (r->error == EPERM && r->log == NULL)
		return LIBBPF_REFUSED_PRIVILEGE;
	if (target || was_warned(NO_KERNEL_BTF) ||
	    was_warned(UNREAD_KERNEL_BTF) || was_warned(MISSING_KERNEL_BTF)) {
		if (report_is_shortage(r->btf_error) || r->btf_error == EIO)
			return LIBBPF_REFUSED_BTF_READ;
		return target ? LIBBPF_REFUSED_TARGET_BTF
			      : LIBBPF_REFUSED_KERNEL_BTF;
	}
	if (r->detail != NULL)
		return relocation ? LIBBPF_REFUSED_RELOCATION
				  : LIBBPF_REFUSED_EXTERN;
	if (r->program[0] != '\0' &&
	    (was_warned(NO_HOOK) ||
		(r->log != NULL && strstr(r->log, NO_CODE) != NULL)))
		return LIBBPF_REFUSED_HOOK;
	if (r->program[0] == '\0' && r->map[0] != '\0')
		return LIBBPF_REFUSED_MAP;
	/* The verifier writes its log also if a later step then fails. */
	if (r->log != NULL && !report_is_shortage(r->error))
		return LIBBPF_REFUSED_VERIFIER;
	return LIBBPF_REFUSED;
}

struct libbpf_refusal
libbpf_log_refusal(int error)
{
	struct libbpf_refusal r = {
		.error = error,
		.btf_error = find_btf_error(),
		.program = captured.program,
		.map = captured.map,
		.log = captured.log,
	};
	bool relocation;

	/* libbpf puts a failed relocation into the log of the verifier. */
	if (r.log != NULL)
		r.detail = strstr(r.log, NO_RELOCATION);
	relocation = r.detail != NULL;
	if (relocation)
		r.detail += strlen(NO_RELOCATION);
	else
		r.detail = find_extern();
	r.kind = classify(&r, relocation);
	return r;
}

const char *
libbpf_map_type_name(uint32_t type)
{
	static _Thread_local char names[2][24];
	static _Thread_local unsigned int next;
	const char *known = libbpf_bpf_map_type_str((enum bpf_map_type)type);
	char *name;

	if (known != NULL)
		return known;
	name = names[next++ % 2];
	snprintf(name, sizeof(names[0]), "type %u", type);
	return name;
}
