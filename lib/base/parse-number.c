#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/parse-number.h"

bool
parse_digits(const char **p, int base, char end, uint64_t *out)
{
	char *rest;

	/* strtoull(3) would skip blanks and accept a sign. */
	if (!isxdigit((unsigned char)**p))
		return false;
	errno = 0;
	*out = strtoull(*p, &rest, base);
	if (errno != 0 || rest == *p || *rest != end)
		return false;
	*p = rest + 1;
	return true;
}
