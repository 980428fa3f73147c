#include <stdio.h>
#include <string.h>

#include "session/trace-page.h"

/* Of the page's head and of every event, since they are part of what user space
 * relies on. */
enum {
	PAGE_TIME = 0,
	PAGE_COMMIT = 8,
	EVENT_TYPE = 0,
	EVENT_PID = 4,
};

/* In the word "commit", besides the bytes of the events. */
enum {
	COMMIT_MISSED = 1U << 31,
	COMMIT_MISSED_STORED = 1U << 30, /* after the events is their number */
	COMMIT_BYTES = (1U << 20) - 1,
};

/* The field type_len of an entry (linux/ring_buffer.h).  Smaller ones are the
 * length of an event in words, 0 says that the length is a word. */
enum {
	ENTRY_PADDING = 29,
	ENTRY_TIME_EXTEND = 30,
	ENTRY_TIME_STAMP = 31,
};

enum {
	DELTA_BITS = 27,
	/* A page of more is not known to exist (buffer_subbuf_size_kb). */
	PAGE_SIZE_MAX = 1 << 20,
};

/* The bits that a time stamp lacks, which are those of the page's. */
#define TIME_HIGH_BITS (UINT64_C(0xf8) << 56)

/* Finds "NAME;\toffset:N;\tsize:N;" in a description. */
static bool
find_field(const char *text, const char *name, unsigned int *offset,
    unsigned int *size)
{
	const char *p = strstr(text, name);

	return p != NULL && sscanf(p + strlen(name), "; offset:%u; size:%u",
				offset, size) == 2;
}

bool
trace_layout_parse(
    struct trace_layout *l, const char *header_page, const char *format)
{
	const char *id = strstr(format, "\nID: ");
	unsigned int commit, size;

	if (!find_field(header_page, " commit", &commit, &l->commit_size) ||
	    commit != PAGE_COMMIT ||
	    (l->commit_size != 4 && l->commit_size != 8) ||
	    !find_field(header_page, " data", &l->data, &size) ||
	    l->data < PAGE_COMMIT + l->commit_size || l->data > 64 ||
	    size < 64 || size > PAGE_SIZE_MAX)
		return false;
	l->size = l->data + size;
	return id != NULL && sscanf(id, "\nID: %u", &l->id) == 1 &&
	       find_field(format, " bpf_string", &l->string, &size) &&
	       size == 4 && l->string >= EVENT_PID + 4 && l->string < 256;
}

static uint16_t
get16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t
get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
get_long(const unsigned char *p, size_t size)
{
	uint64_t v;

	if (size == 4)
		return get32(p);
	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
trace_page_begin(struct trace_page *p, const struct trace_layout *l,
    const unsigned char *bytes)
{
	uint64_t commit = get_long(bytes + PAGE_COMMIT, l->commit_size);

	*p = (struct trace_page){ .bytes = bytes, .at = l->data };
	p->time = get_long(bytes + PAGE_TIME, 8);
	p->end = l->data + (size_t)(commit & COMMIT_BYTES);
	if (p->end > l->size)
		p->end = l->size;
	if ((commit & COMMIT_MISSED) == 0)
		return 0;
	if ((commit & COMMIT_MISSED_STORED) == 0 ||
	    l->size - p->end < l->commit_size)
		return TRACE_LOST_UNKNOWN;
	return get_long(bytes + p->end, l->commit_size);
}

/* Sets e to an event of n bytes.  Returns false if it is not one of those
 * wanted. */
static bool
parse_event(const unsigned char *event, size_t n, const struct trace_layout *l,
    struct trace_event *e)
{
	uint32_t place;
	size_t at, len;

	if (n < l->string + 4 || get16(event + EVENT_TYPE) != l->id)
		return false;
	/* A __data_loc: the offset in the event and the length. */
	place = get32(event + l->string);
	at = place & 0xffff;
	len = place >> 16;
	if (at > n || len > n - at)
		return false;
	e->pid = (int32_t)get32(event + EVENT_PID);
	e->text = (const char *)event + at;
	e->len = strnlen(e->text, len);
	return true;
}

/* Splits the first word of an entry, a pair of bit fields. */
static void
split_head(uint32_t head, unsigned int *type_len, uint32_t *delta)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	*type_len = head & 31;
	*delta = head >> 5;
#else
	*type_len = head >> DELTA_BITS;
	*delta = head & ((1U << DELTA_BITS) - 1);
#endif
}

bool
trace_page_next(
    struct trace_page *p, const struct trace_layout *l, struct trace_event *e)
{
	while (p->end - p->at >= 8) {
		const unsigned char *entry = p->bytes + p->at;
		uint32_t delta, word = get32(entry + 4);
		size_t head = 4, n; /* bytes of the head and after it */
		unsigned int type_len;

		split_head(get32(entry), &type_len, &delta);
		switch (type_len) {
		case ENTRY_PADDING:
			n = word;
			if (delta == 0) /* up to the end */
				n = p->end - p->at - head;
			delta = 0;
			break;
		case ENTRY_TIME_EXTEND:
			p->time += (uint64_t)word << DELTA_BITS;
			n = 4;
			break;
		case ENTRY_TIME_STAMP:
			p->time = (p->time & TIME_HIGH_BITS) |
				  (uint64_t)word << DELTA_BITS;
			n = 4;
			break;
		case 0:
			head = 8;
			/* The length counts its own word. */
			n = word < 4 ? 0 : word - 4;
			break;
		default:
			n = (size_t)type_len * 4;
		}
		n = (n + 3) & ~(size_t)3;
		p->time += delta;
		if (n > p->end - p->at - head)
			break;
		p->at += head + n;
		if (type_len < ENTRY_PADDING &&
		    parse_event(entry + head, n, l, e)) {
			e->time = p->time;
			return true;
		}
	}
	p->at = p->end;
	return false;
}
