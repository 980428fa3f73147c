#include <bpf/btf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load/btf-slice.h"
#include "load/vmlinux.h"

enum { BTF_MAX = 256 << 20 };

struct slicer {
	const unsigned char *types; /* borrowed */
	uint32_t types_len;
	const char *strings; /* borrowed; ends with a NUL */
	uint32_t strings_len;
	uint32_t *at;    /* owned: where each type starts; from 1 */
	uint32_t *taken; /* owned: its number in the slice, or 0 */
	uint32_t *order; /* owned: the types of the slice, from 1 */
	uint32_t ntypes; /* and one: numbers are below */
	uint32_t n;      /* taken */
	struct buf out, names;
};

/* The bytes behind the head of a type; -1: of a kind that nobody knows. */
static int64_t
tail_size(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_ENUM:
		return (int64_t)sizeof(struct btf_enum) * btf_vlen(t);
	case BTF_KIND_ENUM64:
		return (int64_t)sizeof(struct btf_enum64) * btf_vlen(t);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (int64_t)sizeof(struct btf_member) * btf_vlen(t);
	case BTF_KIND_FUNC_PROTO:
		return (int64_t)sizeof(struct btf_param) * btf_vlen(t);
	case BTF_KIND_DATASEC:
		return (int64_t)sizeof(struct btf_var_secinfo) * btf_vlen(t);
	default:
		return -1;
	}
}

static const struct btf_type *
get_type(const struct slicer *s, uint32_t id)
{
	return (const struct btf_type *)(s->types + s->at[id]);
}

/* Note where each type starts. */
static bool
index_types(struct slicer *s)
{
	const struct btf_type *t;
	uint32_t at = 0;
	int64_t tail;

	s->ntypes = 1;
	while (s->types_len - at >= sizeof(*t)) {
		t = (const struct btf_type *)(s->types + at);
		tail = tail_size(t);
		if (tail == -1 ||
		    (uint64_t)tail > s->types_len - at - sizeof(*t) ||
		    t->name_off >= s->strings_len)
			return false;
		s->at[s->ntypes++] = at;
		at += (uint32_t)(sizeof(*t) + (size_t)tail);
	}
	return at == s->types_len;
}

/* Have the type in the slice.  Returns its number there; UINT32_MAX: there is
 * no such type. */
static uint32_t
take_type(struct slicer *s, uint32_t id)
{
	if (id == 0)
		return 0;
	if (id >= s->ntypes)
		return UINT32_MAX;
	if (s->taken[id] == 0) {
		s->taken[id] = ++s->n;
		s->order[s->n] = id;
	}
	return s->taken[id];
}

/* Whether a type of this name may be what the root means: libbpf looks at its
 * flavour again. */
static bool
is_named(const char *name, const struct core_root *root)
{
	return name[0] == root->name[0] &&
	       strncmp(name, root->name, root->len) == 0 &&
	       (name[root->len] == '\0' ||
		   strncmp(name + root->len, "___", 3) == 0);
}

static bool
take_roots(struct slicer *s, struct core_relos *c)
{
	const struct btf_type *t;

	for (uint32_t id = 1; id < s->ntypes; id++) {
		t = get_type(s, id);
		for (size_t i = 0; i < c->n; i++) {
			if (core_kind(t) != c->v[i].kind ||
			    !is_named(s->strings + t->name_off, &c->v[i]))
				continue;
			take_type(s, id);
			c->v[i].found = true;
		}
	}
	/* Modules may have what the kernel has not: libbpf knows. */
	for (size_t i = 0; i < c->n; i++)
		if (!c->v[i].found)
			return false;
	return true;
}

/* Copy the name.  Returns where it is now; UINT32_MAX: there is none. */
static uint32_t
copy_name(struct slicer *s, uint32_t at)
{
	size_t now = s->names.len;
	const char *name;

	if (at == 0)
		return 0;
	if (at >= s->strings_len)
		return UINT32_MAX;
	name = s->strings + at;
	buf_add(&s->names, name, strlen(name) + 1);
	return (uint32_t)now;
}

static bool
copy_members(struct slicer *s, struct btf_type *t)
{
	struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		m[i].name_off = copy_name(s, m[i].name_off);
		m[i].type = take_type(s, m[i].type);
		if (m[i].name_off == UINT32_MAX || m[i].type == UINT32_MAX)
			return false;
	}
	return true;
}

static bool
copy_values(struct slicer *s, struct btf_type *t)
{
	bool wide = btf_kind(t) == BTF_KIND_ENUM64;
	uint32_t *name;

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		name = wide ? &btf_enum64(t)[i].name_off
			    : &btf_enum(t)[i].name_off;
		*name = copy_name(s, *name);
		if (*name == UINT32_MAX)
			return false;
	}
	return true;
}

/* Put what t, a copy that has its name, refers to into the slice. */
static bool
copy_references(struct slicer *s, struct btf_type *t)
{
	struct btf_array *a;

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	case BTF_KIND_PTR:
		t->type = 0;
		return true;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		t->type = take_type(s, t->type);
		return t->type != UINT32_MAX;
	case BTF_KIND_ARRAY:
		a = btf_array(t);
		a->type = take_type(s, a->type);
		a->index_type = take_type(s, a->index_type);
		return a->type != UINT32_MAX && a->index_type != UINT32_MAX;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return copy_members(s, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return copy_values(s, t);
	default:
		/* No value has such a type. */
		return false;
	}
}

static bool
copy_type(struct slicer *s, uint32_t id)
{
	const struct btf_type *from = get_type(s, id);
	size_t size = sizeof(*from) + (size_t)tail_size(from);
	struct btf_type *t = (struct btf_type *)buf_room(&s->out, size);

	if (t == NULL)
		return false;
	memcpy(t, from, size);
	s->out.len += size;
	t->name_off = copy_name(s, t->name_off);
	return t->name_off != UINT32_MAX && copy_references(s, t);
}

/* Copy what is taken, and what that takes in turn. */
static bool
copy_types(struct slicer *s)
{
	buf_chr(&s->names, '\0');
	for (uint32_t i = 1; i <= s->n; i++)
		if (!copy_type(s, s->order[i]))
			return false;
	return !s->names.failed;
}

/* Where types and strings are.  Returns whether all lies in the len bytes. */
static bool
read_header(struct slicer *s, const unsigned char *btf, size_t len)
{
	struct btf_header h;
	size_t rest;

	if (len < sizeof(h))
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
	s->types = btf + h.hdr_len + h.type_off;
	s->types_len = h.type_len;
	s->strings = (const char *)btf + h.hdr_len + h.str_off;
	s->strings_len = h.str_len;
	return s->strings[h.str_len - 1] == '\0';
}

/* The slice, after its header, from what was copied. */
static bool
put_together(const struct slicer *s, struct buf *out)
{
	const struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = (uint32_t)s->out.len,
		.str_off = (uint32_t)s->out.len,
		.str_len = (uint32_t)s->names.len,
	};

	buf_add(out, &h, sizeof(h));
	buf_add(out, s->out.data, s->out.len);
	buf_add(out, s->names.data, s->names.len);
	return !out->failed;
}

bool
btf_slice_cut(
    struct buf *out, struct core_relos *c, const void *btf, size_t len)
{
	struct slicer s = { 0 };
	size_t most;
	bool ok;

	if (len > BTF_MAX || !read_header(&s, btf, len))
		return false;
	most = s.types_len / sizeof(struct btf_type) + 2;
	s.at = calloc(most, sizeof(*s.at));
	s.taken = calloc(most, sizeof(*s.taken));
	s.order = calloc(most, sizeof(*s.order));
	ok = s.at != NULL && s.taken != NULL && s.order != NULL &&
	     index_types(&s) && take_roots(&s, c) && copy_types(&s) &&
	     put_together(&s, out);
	free(s.at);
	free(s.taken);
	free(s.order);
	buf_free(&s.out);
	buf_free(&s.names);
	return ok;
}

/* Cut it out of the file at fd, in place where the kernel maps its BTF, which
 * it does since 6.16. */
static bool
cut_file(struct buf *out, struct core_relos *c, int fd)
{
	struct buf copy = { 0 };
	struct stat st;
	void *p = MAP_FAILED;
	bool ok;

	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= BTF_MAX)
		p = mmap(
		    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED) {
		ok = btf_slice_cut(out, c, p, (size_t)st.st_size);
		munmap(p, (size_t)st.st_size);
		return ok;
	}
	ok = buf_read_fd(&copy, fd, BTF_MAX) == 0 &&
	     btf_slice_cut(out, c, copy.data, copy.len);
	buf_free(&copy);
	return ok;
}

/* Put it into a file in memory that can be opened by a path.  Returns its
 * descriptor, or -1. */
static int
keep(struct buf *slice, char **path)
{
	int fd = memfd_create("skel-btf", MFD_CLOEXEC);

	if (fd == -1)
		return -1;
	if (buf_write_fd(slice, fd) == 0 &&
	    asprintf(path, "/proc/self/fd/%d", fd) != -1) {
		/* There may be no /proc. */
		if (access(*path, R_OK) == 0)
			return fd;
		free(*path);
	}
	*path = NULL;
	close(fd);
	return -1;
}

int
btf_slice_open(const unsigned char *elf, size_t size, char **path)
{
	struct core_relos c;
	struct buf slice = { 0 };
	int kernel, fd = -1;

	*path = NULL;
	if (!core_relos_open(&c, elf, size))
		return -1;
	kernel = open(vmlinux_name(NULL), O_RDONLY | O_CLOEXEC);
	if (kernel != -1) {
		if (cut_file(&slice, &c, kernel))
			fd = keep(&slice, path);
		close(kernel);
	}
	buf_free(&slice);
	core_relos_close(&c);
	return fd;
}
