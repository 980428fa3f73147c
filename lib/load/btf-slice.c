#include <bpf/btf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load/btf-file.h"
#include "load/btf-slice.h"
#include "load/vmlinux.h"

struct slicer {
	const struct btf_file *btf; /* borrowed: the kernel's */
	struct core_relos *relos;   /* borrowed */
	uint32_t kinds;             /* of the roots, a bit for each */
	uint32_t *at;               /* owned: offset of each type; from 1 */
	uint32_t *taken;            /* owned: its id in the slice, or 0 */
	uint32_t *order;            /* owned: the types of the slice, from 1 */
	uint32_t ntypes;            /* plus one: ids are below it */
	uint32_t n;                 /* types in the slice */
	struct buf out, names;
};

/* Adds the type to the slice, if it is not in it.  Returns its id there, or
 * UINT32_MAX if there is no such type. */
static uint32_t
add_to_slice(struct slicer *s, uint32_t id)
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

/* Whether a type of this name may be the one that the root means: libbpf
 * compares it again with its flavor. */
static bool
root_matches(const char *name, const struct core_root *root)
{
	return name[0] == root->name[0] &&
	       strncmp(name, root->name, root->len) == 0 &&
	       (name[root->len] == '\0' ||
		   strncmp(name + root->len, "___", 3) == 0);
}

/* Adds the type to the slice if one of the roots names it. */
static void
add_if_root(struct slicer *s, uint32_t id, const struct btf_type *t)
{
	const char *name = s->btf->strings + t->name_off;
	uint16_t kind = core_relos_kind(t);

	for (size_t i = 0; i < s->relos->n; i++) {
		struct core_root *root = &s->relos->v[i];

		if (kind != root->kind || !root_matches(name, root))
			continue;
		add_to_slice(s, id);
		root->found = true;
	}
}

/*
 * Notes where each type starts and adds the roots to the slice.  A kernel has
 * some 100000 types, so cutting a slice spends most of its time in this loop.
 */
static bool
index_types(struct slicer *s)
{
	const struct btf_type *t;
	uint32_t at = 0, id = 1;
	size_t size;

	for (; (t = btf_file_type(s->btf, at, &size)) != NULL; id++) {
		s->at[id] = at;
		s->ntypes = id + 1;
		if (s->kinds >> btf_kind(t) & 1)
			add_if_root(s, id, t);
		at += (uint32_t)size;
	}
	return at == s->btf->types_len;
}

/* Whether all roots are in the slice.  A module may have a type that the kernel
 * lacks; then libbpf needs the whole BTF. */
static bool
has_all_roots(const struct slicer *s)
{
	for (size_t i = 0; i < s->relos->n; i++)
		if (!s->relos->v[i].found)
			return false;
	return true;
}

/* Copies the name.  Returns its offset in the slice, or UINT32_MAX if there is
 * no such name. */
static uint32_t
copy_name(struct slicer *s, uint32_t at)
{
	size_t now = s->names.len;
	const char *name;

	if (at == 0)
		return 0;
	if (at >= s->btf->strings_len)
		return UINT32_MAX;
	name = s->btf->strings + at;
	buf_add(&s->names, name, strlen(name) + 1);
	return (uint32_t)now;
}

static bool
copy_members(struct slicer *s, struct btf_type *t)
{
	struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		m[i].name_off = copy_name(s, m[i].name_off);
		m[i].type = add_to_slice(s, m[i].type);
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

/* Adds the types that t, a copy in the slice, refers to, and changes their ids
 * in t. */
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
		t->type = add_to_slice(s, t->type);
		return t->type != UINT32_MAX;
	case BTF_KIND_ARRAY:
		a = btf_array(t);
		a->type = add_to_slice(s, a->type);
		a->index_type = add_to_slice(s, a->index_type);
		return a->type != UINT32_MAX && a->index_type != UINT32_MAX;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return copy_members(s, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return copy_values(s, t);
	default:
		/* Functions and variables are no part of a value. */
		return false;
	}
}

static bool
copy_type(struct slicer *s, uint32_t id)
{
	size_t size;
	const struct btf_type *from = btf_file_type(s->btf, s->at[id], &size);
	struct btf_type *t;

	if (from == NULL ||
	    (t = (struct btf_type *)buf_room(&s->out, size)) == NULL)
		return false;
	memcpy(t, from, size);
	s->out.len += size;
	t->name_off = copy_name(s, t->name_off);
	return t->name_off != UINT32_MAX && copy_references(s, t);
}

/* Copies the types of the slice, to which copying adds further ones. */
static bool
copy_types(struct slicer *s)
{
	buf_chr(&s->names, '\0');
	for (uint32_t i = 1; i <= s->n; i++)
		if (!copy_type(s, s->order[i]))
			return false;
	return !s->names.failed;
}

/* Appends the slice: header, types and strings. */
static bool
write_slice(const struct slicer *s, struct buf *out)
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

/* Cuts the slice out of a BTF that is open. */
static bool
cut_slice(struct buf *out, struct core_relos *c, const struct btf_file *btf)
{
	struct slicer s = { .btf = btf, .relos = c, .ntypes = 1 };
	size_t most;
	bool ok;

	for (size_t i = 0; i < c->n; i++)
		s.kinds |= 1U << c->v[i].kind;
	if (s.kinds >> BTF_KIND_ENUM & 1)
		s.kinds |= 1U << BTF_KIND_ENUM64;
	most = btf->types_len / sizeof(struct btf_type) + 2;
	s.at = calloc(most, sizeof(*s.at));
	s.taken = calloc(most, sizeof(*s.taken));
	s.order = calloc(most, sizeof(*s.order));
	ok = s.at != NULL && s.taken != NULL && s.order != NULL &&
	     index_types(&s) && has_all_roots(&s) && copy_types(&s) &&
	     write_slice(&s, out);
	free(s.at);
	free(s.taken);
	free(s.order);
	buf_free(&s.out);
	buf_free(&s.names);
	return ok;
}

bool
btf_slice_cut(
    struct buf *out, struct core_relos *c, const void *btf, size_t len)
{
	struct btf_file f = { 0 };

	return btf_file_parse(&f, btf, len) && cut_slice(out, c, &f);
}

/* Cuts the slice out of the file at fd. */
static bool
cut_from_file(struct buf *out, struct core_relos *c, int fd)
{
	struct btf_file f = { 0 };
	bool ok = btf_file_open(&f, fd) && cut_slice(out, c, &f);

	btf_file_close(&f);
	return ok;
}

/* Writes the slice to a file in memory.  Returns its descriptor and sets *path,
 * by which libbpf can open it, or returns -1. */
static int
write_memfd(struct buf *slice, char **path)
{
	int fd = memfd_create("skel-btf", MFD_CLOEXEC);

	if (fd == -1)
		return -1;
	if (buf_write_fd(slice, fd) == 0 &&
	    asprintf(path, "/proc/self/fd/%d", fd) != -1) {
		/* /proc may not be mounted. */
		if (access(*path, R_OK) == 0)
			return fd;
		free(*path);
	}
	*path = NULL;
	close(fd);
	return -1;
}

int
btf_slice_open(const struct bpf_elf *elf, char **path)
{
	struct core_relos c;
	struct buf slice = { 0 };
	int kernel, fd = -1;

	*path = NULL;
	if (!core_relos_open(&c, elf))
		return -1;
	kernel = open(vmlinux_name(NULL), O_RDONLY | O_CLOEXEC);
	if (kernel != -1) {
		if (cut_from_file(&slice, &c, kernel))
			fd = write_memfd(&slice, path);
		close(kernel);
	}
	buf_free(&slice);
	core_relos_close(&c);
	return fd;
}
