#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "eunomia/api-call.h"

/* Bytes of reports; the last lines of a verifier fit.  A polling of many days
 * may report without end. */
enum { REPORTS_MAX = 16384 };

/* What one thread was told last: the worst reports of a call, errors before
 * notices. */
struct message {
	struct buf text;
	enum report_level level; /* of the lines in text */
};

static _Thread_local unsigned int depth; /* a signal handler's call: 2 */
static _Thread_local bool kept;          /* this call has kept something */
static _Thread_local locale_t outside;

/* Made by the first call.  The message is behind a key, which frees it when
 * the thread ends. */
static locale_t inside;
static pthread_key_t key;
static bool has_key;

static void
release(void *m)
{
	buf_free(&((struct message *)m)->text);
	free(m);
}

static void
prepare(void)
{
	has_key = pthread_key_create(&key, release) == 0;
	inside = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* This thread's message, or NULL if it has none. */
static struct message *
find(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare);
	return has_key ? pthread_getspecific(key) : NULL;
}

static struct message *
find_or_make(void)
{
	struct message *m = find();

	if (m != NULL || !has_key)
		return m;
	m = calloc(1, sizeof(*m));
	if (m != NULL && pthread_setspecific(key, m) != 0) {
		free(m);
		return NULL;
	}
	return m;
}

static void
start_anew(struct message *m, enum report_level level)
{
	m->text.len = 0;
	m->text.failed = false;
	m->level = level;
}

static void
keep(void *ctx, enum report_level level, const char *text)
{
	struct message *m = find_or_make();
	size_t n = strlen(text), room;

	(void)ctx;
	if (m == NULL || level > REPORT_NOTICE || (kept && level > m->level))
		return;
	if (!kept || level < m->level)
		start_anew(m, level);
	kept = true;
	if (m->text.len >= REPORTS_MAX)
		return;
	if (m->text.len > 0)
		buf_chr(&m->text, '\n');
	room = REPORTS_MAX - m->text.len;
	buf_add(&m->text, text, n < room ? n : room);
}

void
api_call_enter(void)
{
	if (depth++ > 0)
		return;
	find();
	kept = false;
	outside = inside != (locale_t)0 ? uselocale(inside) : (locale_t)0;
	report_set_sink(keep, NULL);
	libbpf_log_capture();
}

void
api_call_leave(void)
{
	if (--depth > 0)
		return;
	libbpf_log_release();
	report_set_sink(NULL, NULL);
	if (outside != (locale_t)0)
		uselocale(outside);
}

void
api_call_set_message(const char *text, size_t n)
{
	struct message *m = find_or_make();

	if (m == NULL)
		return;
	start_anew(m, REPORT_ERROR);
	buf_add(&m->text, text, n);
	kept = n > 0;
}

void
api_call_copy_message(char *out, size_t size)
{
	const struct message *m = find();
	size_t n = m == NULL ? 0 : m->text.len;

	if (n > size - 1)
		n = size - 1;
	if (n > 0)
		memcpy(out, m->text.data, n);
	out[n] = '\0';
}
