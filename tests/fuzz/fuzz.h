/*
 * What the fuzz targets share.  A target is a file here: it takes one input,
 * which is bytes that nobody checked, and ends by itself; what it finds wrong
 * with the code, it says with fuzz_wrong().  libFuzzer calls it (make fuzz), or
 * replay.c with the inputs of files (make check).
 */
#ifndef SKEL_FUZZ_H
#define SKEL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What libFuzzer tells as a crash, and a shell too. */
_Noreturn static inline void
fuzz_wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

/* Whether text may be shown on a terminal; newlines as told. */
static inline bool
fuzz_is_safe(const char *text, size_t len, bool lines)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t' && !(lines && c == '\n')) ||
		    c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < len &&
		    ((unsigned char)text[i + 1] & 0xe0) == 0x80)
			return false;
	}
	return true;
}

/* All reports end here: each is one line that does nothing to a terminal. */
static inline void
fuzz_report(void *ctx, enum report_level level, const char *text)
{
	(void)level;
	++*(unsigned long *)ctx;
	if (text[0] == '\0')
		fuzz_wrong("a report that says nothing");
	if (!fuzz_is_safe(text, strlen(text), false))
		fuzz_wrong("a report with control bytes");
}

static unsigned long fuzz_reports; /* since fuzz_start() */

static inline void
fuzz_start(void)
{
	fuzz_reports = 0;
	report_set_level(REPORT_INFO);
	report_set_sink(fuzz_report, &fuzz_reports);
}

/* Who refuses an input says why. */
static inline void
fuzz_refused(void)
{
	if (fuzz_reports == 0)
		fuzz_wrong("refused, and nothing was said");
}

/* A file without a name that holds the bytes, at its start. */
static inline int
fuzz_file(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) == -1)
		fuzz_wrong("no file in memory");
	return fd;
}

#endif
