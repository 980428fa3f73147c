/* A whole stream, or records without a header, through every format: the first
 * byte says which (j c t a p r f; in capitals without map and time). */
#include "print.h"

#include <ctype.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum plan_form form;

	if (size == 0 || !fuzz_form((char)tolower(data[0]), &form))
		return 0;
	fuzz_start();
	fuzz_print(data + 1, size - 1, form, isupper(data[0]) != 0);
	return 0;
}
