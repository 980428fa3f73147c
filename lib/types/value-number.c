#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
#include "types/value-number.h"
#include "types/value.h"

enum { NAMES_SHOWN = 12 }; /* constants listed in a report */

int
value_check_range(const struct types *t, uint32_t type, unsigned int bits,
    const struct int128 *w, const char *shown, const char *where)
{
	bool is_signed = types_get(t, type)->is_signed;
	char least[INT128_TEXT_SIZE], greatest[INT128_TEXT_SIZE];
	struct buf name = { 0 };
	struct int128 limit;

	if (int128_fits(w, bits, is_signed))
		return 0;
	limit = int128_least(bits, is_signed);
	int128_to_text(&limit, least);
	limit = int128_greatest(bits, is_signed);
	int128_to_text(&limit, greatest);
	types_write_name(t, type, &name);
	report_error("%s: %s does not fit %.*s: %s to %s", where, shown,
	    (int)name.len, name.data, least, greatest);
	buf_free(&name);
	return -1;
}

bool
value_parse_constant(
    const struct type *type, const char *text, struct int128 *out)
{
	const char *end = strchr(text, '(');
	size_t n = end != NULL ? (size_t)(end - text) : strlen(text);
	const struct type_constant *c;
	char digits[INT128_TEXT_SIZE];
	size_t len;

	if (end != NULL) {
		/* Use the number: constants may share names, or be unknown. */
		len = strlen(end + 1);
		if (len < 2 || len >= sizeof(digits) || end[len] != ')')
			return false;
		memcpy(digits, end + 1, len - 1);
		digits[len - 1] = '\0';
		return int128_parse(digits, out) == INT128_NUMBER;
	}
	c = types_find_constant_named(type, text, n);
	if (c != NULL)
		*out = int128_from_bits(c->value, 64, type->is_signed);
	return c != NULL;
}

void
value_report_constant(
    const struct type *type, const char *text, const char *where)
{
	struct buf names = { 0 };
	size_t i;

	for (i = 0; i < type->nconstants && i < NAMES_SHOWN; i++)
		buf_list(&names, 0, type->constants[i].name);
	if (i < type->nconstants)
		buf_str(&names, " ...");
	if (i > 0)
		report_error("%s: \"%s\" is none of %.*s, and not a number "
			     "(enum %s)",
		    where, text, (int)names.len, names.data, type->name);
	else
		report_error("%s: \"%s\" is not a number (enum %s)", where,
		    text, type->name);
	buf_free(&names);
}

json_t *
value_real(double d, size_t size)
{
	char text[TEXT_FLOAT_MAX + 1];

	if (!isfinite(d))
		return NULL;
	if (size == sizeof(float)) {
		*text_float(text, (float)d) = '\0';
		d = strtod(text, NULL);
	}
	return json_real(d);
}
