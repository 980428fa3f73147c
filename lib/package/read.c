#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "package/read.h"

const char *const package_stack_fields[PACKAGE_STACK_FIELDS] = { "pid",
	"cpu_id", "comm", "kstack_sz", "ustack_sz", "kstack", "ustack" };

void
package_path(char path[PACKAGE_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, PACKAGE_PATH_MAX, fmt, ap);
	va_end(ap);
}

int
package_need_string(
    const json_t *obj, const char *key, const char **out, const char *where)
{
	int got = json_doc_get_string(obj, key, out, where);

	return got == 0 ? json_doc_missing(key, where) : got;
}

int
package_need_u32(
    const json_t *obj, const char *key, uint32_t *out, const char *where)
{
	uint64_t n = 0;
	int got = json_doc_get_u64(obj, key, UINT32_MAX, &n, where);

	*out = (uint32_t)n;
	return got == 0 ? json_doc_missing(key, where) : got;
}

int
package_need_interval(uint64_t *ms, const json_t *sample, const char *where)
{
	int got = json_doc_get_u64(sample, "interval", UINT32_MAX, ms, where);

	if (got == 0)
		return json_doc_missing("interval", where);
	if (got == 1 && *ms == 0) {
		report_error("%s.interval: must be at least 1 ms; "
			     "0 would keep a CPU busy with sampling",
		    where);
		return -1;
	}
	return got;
}

int
package_find_word(const char *const *words, size_t n, const char *text,
    const char *noun, const char *where)
{
	struct buf known = { 0 };

	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	for (size_t i = 0; i < n; i++)
		buf_list(&known, 0, words[i]);
	report_error("%s: unknown %s \"%s\"; known: %.*s", where, noun, text,
	    (int)known.len, known.data);
	buf_free(&known);
	return -1;
}
