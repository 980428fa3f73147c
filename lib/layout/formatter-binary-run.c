/* The steps that only binary forms have: formatter-binary.c adds them. */
#include "base/varint.h"
#include "layout/formatter-steps.h"

static char *
step_string(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;
	size_t n = strnlen((const char *)at, s->count);

	(void)r;
	p = write_varint(write_text(p, s), n);
	memcpy(p, at, n);
	return p + n;
}

static char *
chain_string(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_string(p, s, base, r), s, base, r);
}

static char *
step_time_ns(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)base;
	p = write_text(p, s);
	memcpy(p, &r->time_ns, 8);
	return p + 8;
}

static char *
chain_time_ns(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_time_ns(p, s, base, r), s, base, r);
}

static char *
step_copy(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)r;
	p = write_text(p, s);
	memcpy(p, base + s->offset, s->count);
	return p + s->count;
}

static char *
chain_copy(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_copy(p, s, base, r), s, base, r);
}

/* The sizes of most members, as moves of that size. */
#define CHAIN_COPY(name, size)                                                 \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct formatter_run *r)          \
	{                                                                      \
		p = write_text(p, s);                                          \
		memcpy(p, base + s->offset, size);                             \
		return go_on(p + (size), s, base, r);                          \
	}

CHAIN_COPY(chain_copy_1, 1)
CHAIN_COPY(chain_copy_2, 2)
CHAIN_COPY(chain_copy_4, 4)
CHAIN_COPY(chain_copy_8, 8)

static char *
step_number(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;
	unsigned __int128 v = s->sums ? load_sum(s, at, r) : load_any(s, at);

	p = write_text(p, s);
	memcpy(p, &v, s->count);
	return p + s->count;
}

static char *
chain_number(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_number(p, s, base, r), s, base, r);
}

static char *
step_truth(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)r;
	p = write_text(p, s);
	*p = load_any(s, base + s->offset) != 0;
	return p + 1;
}

static char *
chain_truth(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_truth(p, s, base, r), s, base, r);
}

static char *
write_elements(char *p, const struct step *s, size_t n,
    const unsigned char *base, const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;

	for (size_t i = 0; i < n; i++, at += s->stride)
		p = s[1].chain(p, s + 1, at, r);
	return p;
}

static char *
step_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return write_elements(write_text(p, s), s, s->count, base, r);
}

static char *
chain_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_array(p, s, base, r), s, base, r);
}

static char *
step_last_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	size_t n = count_last_elements(s, r);

	p = write_varint(write_text(p, s), n);
	return write_elements(p, s, n, base, r);
}

static char *
chain_last_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_last_array(p, s, base, r), s, base, r);
}

static char *
step_counted(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	char *start = write_text(p, s);
	/* Nearly always the length is one byte. */
	char *end = s[1].chain(start + 1, s + 1, base, r);
	size_t n = (size_t)(end - start) - 1;

	if (n < 0x80) {
		*start = (char)n;
		return end;
	}
	memmove(start, start + 1, n);
	return insert_varint(start, start + n);
}

static char *
chain_counted(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_counted(p, s, base, r), s, base, r);
}

struct step_functions
formatter_binary_step(const struct step *s)
{
	static const struct step_functions copies[] = {
		[1] = { step_copy, chain_copy_1 },
		[2] = { step_copy, chain_copy_2 },
		[4] = { step_copy, chain_copy_4 },
		[8] = { step_copy, chain_copy_8 },
	};
	const struct step_functions none = { 0 };

	switch (s->op) {
	case STEP_STRING:
		return s->style == STYLE_RAW
			   ? (struct step_functions){ step_string,
				     chain_string }
			   : none;
	case STEP_TIME_NS:
		return (struct step_functions){ step_time_ns, chain_time_ns };
	case STEP_COPY:
		if (s->count < sizeof(copies) / sizeof(copies[0]) &&
		    copies[s->count].write != NULL)
			return copies[s->count];
		return (struct step_functions){ step_copy, chain_copy };
	case STEP_NUMBER:
		return (struct step_functions){ step_number, chain_number };
	case STEP_TRUTH:
		return (struct step_functions){ step_truth, chain_truth };
	case STEP_ARRAY:
		return (struct step_functions){ step_array, chain_array };
	case STEP_LAST_ARRAY:
		return (
		    struct step_functions){ step_last_array, chain_last_array };
	case STEP_COUNTED:
		return (struct step_functions){ step_counted, chain_counted };
	default:
		return none;
	}
}
