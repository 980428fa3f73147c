/*
 * Checks for the unit programs.  Each that fails prints where and what differs;
 * main() ends with "return check_done();".
 */
#ifndef SKEL_CHECK_H
#define SKEL_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

static int check_failures;

/* The messages reported since check_forget(), one per line. */
static char check_reports[65536];

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
			    __LINE__, #cond);                                  \
			check_failures++;                                      \
		}                                                              \
	} while (0)

#define CHECK_NUM(got, want)                                                   \
	check_num((int64_t)(got), (int64_t)(want), __FILE__, __LINE__)

#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__)

/* Checks that the messages since check_forget() contain text. */
#define CHECK_SAID(text) check_said((text), __FILE__, __LINE__)

static inline void
check_num(int64_t got, int64_t want, const char *file, int line)
{
	if (got == want)
		return;
	fprintf(stderr, "%s:%d: got %" PRId64 ", want %" PRId64 "\n", file,
	    line, got, want);
	check_failures++;
}

static inline void
check_str(const char *got, const char *want, const char *file, int line)
{
	if (got != NULL && strcmp(got, want) == 0)
		return;
	fprintf(stderr, "%s:%d: got \"%s\", want \"%s\"\n", file, line,
	    got != NULL ? got : "(null)", want);
	check_failures++;
}

static inline void
check_said(const char *text, const char *file, int line)
{
	if (strstr(check_reports, text) != NULL)
		return;
	fprintf(stderr, "%s:%d: reported \"%s\", want \"%s\"\n", file, line,
	    check_reports, text);
	check_failures++;
}

static inline void
check_note(void *ctx, enum report_level level, const char *text)
{
	size_t n = strlen(check_reports);

	(void)ctx;
	(void)level;
	snprintf(check_reports + n, sizeof(check_reports) - n, "%s\n", text);
}

/* Captures messages for CHECK_SAID() from here on and forgets the earlier ones.
 */
static inline void
check_forget(void)
{
	report_set_sink(check_note, NULL);
	check_reports[0] = '\0';
}

/* Random bytes at text, fewer than size, of the n letters.  Returns how many.
 */
static inline size_t
check_noise(char *text, size_t size, const char *letters, size_t n)
{
	size_t len = (size_t)random() % size;

	for (size_t i = 0; i < len; i++)
		text[i] = letters[(size_t)random() % n];
	return len;
}

static inline int
check_done(void)
{
	return check_failures == 0 ? 0 : 1;
}

#endif
