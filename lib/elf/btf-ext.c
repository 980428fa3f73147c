#include <string.h>

#include "elf/btf-ext.h"

enum {
	FUNCTION_BYTES = 8, /* struct bpf_func_info */
	LINE_BYTES = 16,    /* struct bpf_line_info */
	RECORD_BYTES_MAX = 1024,
	ONE_LINE = 1 << 10, /* line 1 of a file, column 0 */
	REGIONS = 3,
};

/* The header, with the offset and the length of each region.  The first
 * versions ended after the second region. */
struct btf_ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t length;
	struct {
		uint32_t offset, length; /* offset: from the header's end */
	} region[REGIONS]; /* functions, lines, CO-RE relocations */
};

/* The head of the records of one section. */
struct btf_ext_block {
	uint32_t name, n;
};

/* One region, and the records to add to it. */
struct btf_ext_region {
	const unsigned char *bytes;
	size_t len;
	const struct btf *btf;
	const struct btf_ext_functions *f;
	bool lines;
	uint32_t record; /* bytes of each */
};

static void
add_ext_records(const struct btf_ext_region *r, struct buf *out)
{
	unsigned char record[RECORD_BYTES_MAX] = { 0 };
	const struct btf_ext_functions *f = r->f;

	for (size_t i = 0; i < f->n; i++) {
		const uint32_t words[] = { f->offsets[i],
			r->lines ? f->file : f->type, f->text, ONE_LINE };

		memcpy(record, words, r->lines ? LINE_BYTES : FUNCTION_BYTES);
		buf_add(out, record, r->record);
	}
}

/* Copies the block at *at, with the new records if it is of their section.
 * Returns false if it does not lie within the region. */
static bool
copy_ext_block(
    const struct btf_ext_region *r, size_t *at, bool *added, struct buf *out)
{
	struct btf_ext_block b;
	const char *name;
	uint64_t len;

	if (r->len - *at < sizeof(b))
		return false;
	memcpy(&b, r->bytes + *at, sizeof(b));
	len = (uint64_t)b.n * r->record;
	if (b.n > UINT32_MAX - r->f->n || len > r->len - *at - sizeof(b))
		return false;
	name = btf__name_by_offset(r->btf, b.name);
	if (name == NULL)
		return false;
	if (!*added && strcmp(name, r->f->section) == 0) {
		b.n += (uint32_t)r->f->n;
		*added = true;
		buf_add(out, &b, sizeof(b));
		buf_add(out, r->bytes + *at + sizeof(b), len);
		add_ext_records(r, out);
	} else {
		buf_add(out, r->bytes + *at, sizeof(b) + len);
	}
	*at += sizeof(b) + len;
	return true;
}

static bool
copy_ext_region(struct btf_ext_region *r, struct buf *out)
{
	const struct btf_ext_block b = { .name = r->f->section_name,
		.n = (uint32_t)r->f->n };
	uint32_t least = r->lines ? LINE_BYTES : FUNCTION_BYTES;
	size_t at = sizeof(r->record);
	bool added = false;

	if (r->len == 0)
		return true;
	if (r->len < at)
		return false;
	memcpy(&r->record, r->bytes, sizeof(r->record));
	if (r->record < least || r->record > RECORD_BYTES_MAX ||
	    r->record % sizeof(uint32_t) != 0)
		return false;
	buf_add(out, r->bytes, at);
	while (at < r->len)
		if (!copy_ext_block(r, &at, &added, out))
			return false;
	if (!added) {
		buf_add(out, &b, sizeof(b));
		add_ext_records(r, out);
	}
	return true;
}

/* Reads the header; regions that an old one lacks are empty.  Returns false if
 * a region lies outside the section. */
static bool
read_ext_header(const void *ext, size_t size, struct btf_ext_header *h)
{
	uint32_t length;

	*h = (struct btf_ext_header){ 0 };
	if (size < offsetof(struct btf_ext_header, region[2]))
		return false;
	memcpy(&length,
	    (const char *)ext + offsetof(struct btf_ext_header, length),
	    sizeof(length));
	if (length < offsetof(struct btf_ext_header, region[2]) ||
	    length > size)
		return false;
	memcpy(h, ext, length < sizeof(*h) ? length : sizeof(*h));
	for (int i = 0; i < REGIONS; i++)
		if (h->region[i].offset > size - length ||
		    h->region[i].length > size - length - h->region[i].offset)
			return false;
	return true;
}

bool
btf_ext_add_functions(const void *ext, size_t size, const struct btf *btf,
    const struct btf_ext_functions *f, struct buf *out)
{
	const unsigned char *bytes = ext;
	size_t start = out->len, body;
	struct btf_ext_header h;

	if (!read_ext_header(ext, size, &h))
		return false;
	buf_add(out, ext, h.length);
	body = out->len;
	for (int i = 0; i < REGIONS; i++) {
		struct btf_ext_region r = {
			.bytes = bytes + h.length + h.region[i].offset,
			.len = h.region[i].length,
			.btf = btf,
			.f = f,
			.lines = i == 1,
		};

		h.region[i].offset = (uint32_t)(out->len - body);
		if (i == REGIONS - 1)
			buf_add(out, r.bytes, r.len);
		else if (!copy_ext_region(&r, out))
			return false;
		h.region[i].length =
		    (uint32_t)(out->len - body) - h.region[i].offset;
	}
	if (!out->failed)
		memcpy(out->data + start, &h,
		    h.length < sizeof(h) ? h.length : sizeof(h));
	return true;
}
