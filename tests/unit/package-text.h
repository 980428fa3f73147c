/*
 * Parses packages given as text, for the unit programs.
 */
#ifndef SKEL_PACKAGE_TEXT_H
#define SKEL_PACKAGE_TEXT_H

#include "check.h"
#include "package/package.h"

static inline int
parse(struct package *p, const char *text)
{
	check_forget();
	return package_parse(p, text, strlen(text), "x.json", NULL);
}

/* Checks that text is refused with message. */
#define REFUSED(text, message)                                                 \
	do {                                                                   \
		struct package p_;                                             \
		CHECK_NUM(parse(&p_, (text)), -1);                             \
		CHECK_SAID(message);                                           \
		package_close(&p_);                                            \
	} while (0)

#endif
