#include <stdio.h>
#include <time.h>

#include "base/json-doc.h"
#include "stream/stream-clock.h"

enum {
	TRIES = 8,
	ERROR_MIN_NS = 1000, /* less is no step but a measurement */
};

int
stream_clock_parse(
    struct clock_offsets *o, const json_t *json, const char *where)
{
	struct clock_offsets parsed = { .known = true };

	if (json_doc_require(json_doc_get_u64(json, "boottime", INT64_MAX,
				 &parsed.boottime, where),
		"boottime", where) == -1 ||
	    json_doc_require(json_doc_get_u64(json, "monotonic", INT64_MAX,
				 &parsed.monotonic, where),
		"monotonic", where) == -1)
		return -1;
	*o = parsed;
	return 0;
}

json_t *
stream_clock_to_json(const struct clock_offsets *o)
{
	return json_pack("{soso}", "boottime", json_doc_u64_new(o->boottime),
	    "monotonic", json_doc_u64_new(o->monotonic));
}

static bool
differ(uint64_t a, uint64_t b, uint64_t error_ns)
{
	return (a > b ? a - b : b - a) > error_ns;
}

bool
stream_clock_has_stepped(const struct clock_offsets *a,
    const struct clock_offsets *b, uint64_t error_ns)
{
	return a->known && b->known &&
	       (differ(a->boottime, b->boottime, error_ns) ||
		   differ(a->monotonic, b->monotonic, error_ns));
}

/* Reads what the namespace adds.  A kernel without time namespaces has no such
 * file, and adds nothing. */
static void
read_namespace(struct stream_clock *c)
{
	FILE *f = fopen("/proc/self/timens_offsets", "re");
	long long seconds;
	long ns;
	char name[32];

	while (
	    f != NULL && fscanf(f, "%31s %lld %ld", name, &seconds, &ns) == 3) {
		int64_t added = (int64_t)seconds * (int64_t)CLOCK_SECOND + ns;

		if (name[0] == 'b')
			c->boottime_added = added;
		else
			c->monotonic_added = added;
	}
	if (f != NULL)
		fclose(f);
}

static int64_t
read_ns(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * (int64_t)CLOCK_SECOND + t.tv_nsec;
}

/*
 * Measures the offset of a clock: between two readings of the time of day, for
 * which the middle is the best guess, and again for the narrowest such pair of
 * several.  A pair between which the time was set back is not used.  Returns
 * -1 if there is no offset that a stream can have.
 */
static int64_t
measure(clockid_t id, int64_t added, uint64_t *error_ns)
{
	int64_t least = INT64_MAX, offset = -1;

	for (int i = 0; i < TRIES; i++) {
		int64_t before = read_ns(CLOCK_REALTIME), other = read_ns(id);
		int64_t width = read_ns(CLOCK_REALTIME) - before;

		if (width < 0 || width >= least)
			continue;
		least = width;
		offset = before + width / 2 - (other - added);
	}
	if ((uint64_t)least > *error_ns)
		*error_ns = (uint64_t)least;
	return offset;
}

static struct clock_offsets
measure_offsets(const struct stream_clock *c, uint64_t *error_ns)
{
	int64_t boottime, monotonic;

	*error_ns = ERROR_MIN_NS;
	boottime = measure(CLOCK_BOOTTIME, c->boottime_added, error_ns);
	monotonic = measure(CLOCK_MONOTONIC, c->monotonic_added, error_ns);
	return (struct clock_offsets){
		.known = boottime >= 0 && monotonic >= 0,
		.boottime = (uint64_t)boottime,
		.monotonic = (uint64_t)monotonic,
	};
}

void
stream_clock_open(struct stream_clock *c)
{
	*c = (struct stream_clock){ 0 };
	read_namespace(c);
	c->offsets = measure_offsets(c, &c->error_ns);
}

bool
stream_clock_update(struct stream_clock *c)
{
	uint64_t error_ns;
	struct clock_offsets now = measure_offsets(c, &error_ns);

	if (!stream_clock_has_stepped(
		&c->offsets, &now, c->error_ns + error_ns))
		return false;
	c->offsets = now;
	c->error_ns = error_ns;
	return true;
}
