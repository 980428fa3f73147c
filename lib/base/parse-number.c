#include <errno.h>
#include <stdlib.h>

#include "base/parse-number.h"

bool
digits_read(const char **p, int base, char behind, uint64_t *out)
{
	char *end;

	/* strtoull(3) would take blanks and signs too. */
	if (**p == ' ' || **p == '-' || **p == '+')
		return false;
	errno = 0;
	*out = strtoull(*p, &end, base);
	if (errno != 0 || end == *p || *end != behind)
		return false;
	*p = end + 1;
	return true;
}
