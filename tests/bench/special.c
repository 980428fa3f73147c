/*
 * A rival: code that can only write this one struct as JSON, made to be fast.
 * It does not use printf(3), writes numbers two digits at a time, and copies
 * strings and the text between values with known sizes.
 */
#include <string.h>
#include <unistd.h>

#include "event.h"

enum { LINE = 512, ROOM = 64 << 10 };

static char out[ROOM + LINE], *p = out;

#define TEXT(s) (memcpy(p, s, sizeof(s) - 1), p += sizeof(s) - 1)

static void
flush(void)
{
	for (char *q = out; q < p;) {
		ssize_t n = write(STDOUT_FILENO, q, (size_t)(p - q));

		if (n == -1)
			exit(EXIT_FAILURE);
		q += n;
	}
	p = out;
}

static inline void
number(uint64_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char text[20], *q = text + sizeof(text);

	for (; v >= 100; v /= 100)
		memcpy(q -= 2, pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(q -= 2, pairs + v * 2, 2);
	else
		*--q = (char)('0' + v);
	memcpy(p, q, (size_t)(text + sizeof(text) - q));
	p += text + sizeof(text) - q;
}

static inline void
signed_number(int64_t v)
{
	if (v < 0)
		*p++ = '-';
	number(v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* Does not escape anything; these names do not need it. */
static inline void
string(const char *s, size_t most)
{
	size_t n = strnlen(s, most);

	memcpy(p, s, n);
	p += n;
}

static void
put(const struct timed *t)
{
	const struct event *e = &t->e;

	TEXT("{\"pid\":");
	signed_number(e->pid);
	TEXT(",\"ppid\":");
	signed_number(e->ppid);
	TEXT(",\"exit_code\":");
	number(e->exit_code);
	TEXT(",\"duration_ns\":");
	number(e->duration_ns);
	TEXT(",\"comm\":\"");
	string(e->comm, sizeof(e->comm));
	TEXT("\",\"filename\":\"");
	string(e->filename, sizeof(e->filename));
	if (e->exit_event)
		TEXT("\",\"exit_event\":true,\"kind\":\"");
	else
		TEXT("\",\"exit_event\":false,\"kind\":\"");
	string(kinds[e->kind], 4);
	*p++ = '(';
	number(e->kind);
	TEXT(")\"}\n");
	if (p - out >= ROOM)
		flush();
}

int
main(void)
{
	int ret = rival_main(put);

	flush();
	return ret;
}
