#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "load/btf-file.h"

enum { BTF_MAX = 256 << 20 }; /* bytes of a kernel's BTF */

/* The bytes after the head of a type: a fixed part and an array of vlen
 * elements. */
static const struct tail {
	bool known;
	uint8_t fixed, element; /* bytes */
} tails[NR_BTF_KINDS] = {
	[BTF_KIND_PTR] = { true, 0, 0 },
	[BTF_KIND_FWD] = { true, 0, 0 },
	[BTF_KIND_TYPEDEF] = { true, 0, 0 },
	[BTF_KIND_VOLATILE] = { true, 0, 0 },
	[BTF_KIND_CONST] = { true, 0, 0 },
	[BTF_KIND_RESTRICT] = { true, 0, 0 },
	[BTF_KIND_FUNC] = { true, 0, 0 },
	[BTF_KIND_FLOAT] = { true, 0, 0 },
	[BTF_KIND_TYPE_TAG] = { true, 0, 0 },
	[BTF_KIND_INT] = { true, sizeof(uint32_t), 0 },
	[BTF_KIND_VAR] = { true, sizeof(struct btf_var), 0 },
	[BTF_KIND_DECL_TAG] = { true, sizeof(struct btf_decl_tag), 0 },
	[BTF_KIND_ARRAY] = { true, sizeof(struct btf_array), 0 },
	[BTF_KIND_ENUM] = { true, 0, sizeof(struct btf_enum) },
	[BTF_KIND_ENUM64] = { true, 0, sizeof(struct btf_enum64) },
	[BTF_KIND_STRUCT] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_FUNC_PROTO] = { true, 0, sizeof(struct btf_param) },
	[BTF_KIND_DATASEC] = { true, 0, sizeof(struct btf_var_secinfo) },
};

static size_t
btf_tail_size(const struct btf_type *t)
{
	const struct tail *tail = &tails[btf_kind(t)];

	return tail->fixed + (size_t)tail->element * btf_vlen(t);
}

bool
btf_file_parse(struct btf_file *f, const void *btf, size_t len)
{
	const unsigned char *bytes = btf;
	struct btf_header h;
	size_t rest;

	if (len < sizeof(h) || len > BTF_MAX)
		return false;
	memcpy(&h, btf, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION ||
	    h.hdr_len < sizeof(h) || h.hdr_len > len)
		return false;
	rest = len - h.hdr_len;
	if (h.type_off > rest || h.type_len > rest - h.type_off ||
	    h.str_off > rest || h.str_len > rest - h.str_off ||
	    h.str_len == 0 || (h.hdr_len | h.type_off | h.type_len) % 4 != 0)
		return false;
	f->types = bytes + h.hdr_len + h.type_off;
	f->types_len = h.type_len;
	f->strings = (const char *)bytes + h.hdr_len + h.str_off;
	f->strings_len = h.str_len;
	return f->strings[h.str_len - 1] == '\0';
}

/* Since Linux 6.16 the kernel's BTF can be mapped; before, it is read. */
bool
btf_file_open(struct btf_file *f, int fd)
{
	struct stat st;
	void *p = MAP_FAILED;

	*f = (struct btf_file){ 0 };
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= BTF_MAX)
		p = mmap(
		    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED) {
		f->map = p;
		f->map_len = (size_t)st.st_size;
		if (btf_file_parse(f, p, f->map_len))
			return true;
	} else if (buf_read_fd(&f->copy, fd, BTF_MAX) == 0 &&
		   btf_file_parse(f, f->copy.data, f->copy.len)) {
		return true;
	}
	btf_file_close(f);
	return false;
}

void
btf_file_close(struct btf_file *f)
{
	if (f->map != NULL)
		munmap(f->map, f->map_len);
	buf_free(&f->copy);
	*f = (struct btf_file){ 0 };
}

const struct btf_type *
btf_file_type(const struct btf_file *f, uint32_t at, size_t *size)
{
	uint32_t left = f->types_len - at, kind;
	const struct btf_type *t;

	if (left < sizeof(*t))
		return NULL;
	t = (const struct btf_type *)(f->types + at);
	kind = btf_kind(t);
	if (kind >= NR_BTF_KINDS || !tails[kind].known ||
	    t->name_off >= f->strings_len)
		return NULL;
	*size = sizeof(*t) + btf_tail_size(t);
	return *size <= left ? t : NULL;
}
