#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "picture/origin.h"
#include "picture/svg.h"

enum {
	TEXT_COLUMNS = 48, /* of a name in the title */
	SECONDS = 19,      /* bytes of a time up to its fraction */
};

void
origin_free(struct origin *o)
{
	free(o->program);
	free(o->host);
	free(o->started);
	*o = (struct origin){ .streams = 0 };
}

/* Note a program that ran on a host from a time on. */
static void
add_run(struct origin *o, const char *program, const char *host,
    const char *started)
{
	if (o->program == NULL) {
		o->program = strdup(program);
		o->host = strdup(host);
		o->started = strdup(started);
		o->failed |=
		    o->program == NULL || o->host == NULL || o->started == NULL;
	}
	if (o->failed)
		return;
	o->other_program |= strcmp(o->program, program) != 0;
	o->other_host |= strcmp(o->host, host) != 0;
	/* Times in the form of RFC 3339 sort as text. */
	if (*started == '\0' ||
	    (*o->started != '\0' && strcmp(o->started, started) <= 0))
		return;
	free(o->started);
	o->started = strdup(started);
	o->failed |= o->started == NULL;
}

void
origin_add(struct origin *o, const struct stream_header *h)
{
	o->streams++;
	if (h->nhosts == 0)
		add_run(o, h->name, h->host, h->started);
	for (size_t i = 0; i < h->nhosts; i++)
		add_run(
		    o, h->hosts[i].name, h->hosts[i].host, h->hosts[i].started);
}

static void
write_name(const char *name, bool others, struct buf *out)
{
	svg_text(out, name, strlen(name), TEXT_COLUMNS);
	if (others)
		buf_str(out, " and others");
}

void
origin_write_title(const struct origin *o, const char *what, struct buf *out)
{
	buf_str(out, what);
	if (o->failed || o->program == NULL)
		return;
	if (*o->program != '\0') {
		buf_str(out, ": ");
		write_name(o->program, o->other_program, out);
	}
	if (*o->host == '\0')
		return;
	buf_str(out, " on ");
	write_name(o->host, o->other_host, out);
}

void
origin_write_start(const struct origin *o, struct buf *out)
{
	size_t n;

	if (o->failed || o->started == NULL || *o->started == '\0')
		return;
	n = strlen(o->started);
	buf_str(out, "since ");
	if (n > SECONDS && o->started[SECONDS] == '.' &&
	    o->started[n - 1] == 'Z') {
		svg_text(out, o->started, SECONDS, 0);
		buf_chr(out, 'Z');
	} else {
		svg_text(out, o->started, n, TEXT_COLUMNS);
	}
	if (o->streams > 1)
		buf_printf(out, ", %zu streams", o->streams);
}

/* Append a number of things, after a comma unless they are the first. */
static void
write_some(struct buf *out, size_t start, uint64_t n, const char *what,
    const char *then)
{
	if (n == 0)
		return;
	if (out->len > start)
		buf_str(out, ", ");
	svg_count(out, n);
	buf_printf(out, " %s%s %s", what, n == 1 ? "" : "s", then);
}

void
origin_write_lost(const struct origin *o, struct buf *out)
{
	size_t start = out->len;

	write_some(out, start, o->lost, "record", "lost");
	write_some(out, start, o->unread, "record", "unreadable");
	write_some(out, start, o->cut, "stream", "cut");
}
