#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "heard.h"
#include "report.h"

enum { MESSAGE_MAX = 16384 }; /* bytes; the last lines of a verifier fit */

/* What one thread was told last: the worst reports of a call, errors before
 * notices. */
struct message {
	char text[MESSAGE_MAX];
	size_t len;
	enum report_level level; /* of the lines in text */
};

static _Thread_local unsigned int depth; /* a signal handler's call: 2 */
static _Thread_local bool kept;          /* this call has kept something */
static _Thread_local locale_t outside;

/* Made by the first call.  The message is behind a key, because thread-local
 * variables of its size come out of every thread's stack. */
static locale_t inside;
static pthread_key_t key;
static bool has_key;

static void
prepare(void)
{
	has_key = pthread_key_create(&key, free) == 0;
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
append(struct message *m, const char *text, size_t n)
{
	if (n > sizeof(m->text) - m->len)
		n = sizeof(m->text) - m->len;
	memcpy(m->text + m->len, text, n);
	m->len += n;
}

static void
keep(void *ctx, enum report_level level, const char *text)
{
	struct message *m = find_or_make();

	(void)ctx;
	if (m == NULL || level > REPORT_NOTICE || (kept && level > m->level))
		return;
	if (!kept || level < m->level)
		m->len = 0;
	if (m->len > 0)
		append(m, "\n", 1);
	append(m, text, strlen(text));
	m->level = level;
	kept = true;
}

void
call_enter(void)
{
	if (depth++ > 0)
		return;
	find();
	kept = false;
	outside = inside != (locale_t)0 ? uselocale(inside) : (locale_t)0;
	report_to(keep, NULL);
	heard_install();
}

void
call_leave(void)
{
	if (--depth > 0)
		return;
	heard_leave();
	report_to(NULL, NULL);
	if (outside != (locale_t)0)
		uselocale(outside);
}

void
call_say(const char *text, size_t n)
{
	struct message *m = find_or_make();

	if (m == NULL)
		return;
	m->len = 0;
	append(m, text, n);
	m->level = REPORT_ERROR;
	kept = n > 0;
}

void
call_message(char *out, size_t size)
{
	const struct message *m = find();
	size_t n = m == NULL ? 0 : m->len;

	if (n > size - 1)
		n = size - 1;
	if (n > 0)
		memcpy(out, m->text, n);
	out[n] = '\0';
}
