#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "eunomia/api-call.h"

/* Bytes of a message: the last lines of a verifier log fit.  Without a limit it
 * could grow for days, as long as a program is polled. */
enum { MESSAGE_MAX = 16384 };

/* The message of a thread: the most severe reports of its last call that made
 * any.  A notice does not stay beside an error. */
struct api_message {
	struct buf text;
	enum report_level level; /* of the lines in text */
};

static _Thread_local unsigned int depth; /* of nested calls */
static _Thread_local bool kept;          /* this call has set the message */
static _Thread_local locale_t callers_locale;

/* Made by the first call.  Messages belong to a key, so that a message is freed
 * when its thread ends. */
static locale_t c_locale;
static pthread_key_t key;
static bool has_key;

static void
free_api_message(void *m)
{
	buf_free(&((struct api_message *)m)->text);
	free(m);
}

static void
init_api_calls(void)
{
	has_key = pthread_key_create(&key, free_api_message) == 0;
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Returns this thread's message, or NULL if it has none. */
static struct api_message *
find_api_message(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_api_calls);
	return has_key ? pthread_getspecific(key) : NULL;
}

static struct api_message *
get_api_message(void)
{
	struct api_message *m = find_api_message();

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
clear_api_message(struct api_message *m, enum report_level level)
{
	m->text.len = 0;
	m->text.failed = false;
	m->level = level;
}

static void
add_report(void *ctx, enum report_level level, const char *text)
{
	struct api_message *m = get_api_message();
	size_t n = strlen(text), room;

	(void)ctx;
	if (m == NULL || level > REPORT_NOTICE || (kept && level > m->level))
		return;
	if (!kept || level < m->level)
		clear_api_message(m, level);
	kept = true;
	if (m->text.len >= MESSAGE_MAX)
		return;
	if (m->text.len > 0)
		buf_chr(&m->text, '\n');
	room = MESSAGE_MAX - m->text.len;
	buf_add(&m->text, text, n < room ? n : room);
}

void
api_call_enter(void)
{
	if (depth++ > 0)
		return;
	find_api_message();
	kept = false;
	callers_locale =
	    c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
	report_set_sink(add_report, NULL);
	libbpf_log_capture();
}

void
api_call_leave(void)
{
	if (--depth > 0)
		return;
	libbpf_log_release();
	report_set_sink(NULL, NULL);
	if (callers_locale != (locale_t)0)
		uselocale(callers_locale);
}

void
api_call_set_message(const char *text, size_t n)
{
	struct api_message *m = get_api_message();

	if (m == NULL)
		return;
	clear_api_message(m, REPORT_ERROR);
	buf_add(&m->text, text, n);
	kept = n > 0;
}

void
api_call_copy_message(char *out, size_t size)
{
	const struct api_message *m = find_api_message();
	size_t n = m == NULL ? 0 : m->text.len;

	if (n > size - 1)
		n = size - 1;
	if (n > 0)
		memcpy(out, m->text.data, n);
	out[n] = '\0';
}
