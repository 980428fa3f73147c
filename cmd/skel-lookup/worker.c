#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/util.h"
#include "host/confine.h"
#include "host/kallsyms.h"
#include "host/kernel-build-id.h"
#include "host/mappings.h"
#include "host/open-in-root.h"
#include "lookup/demangle.h"
#include "lookup/image.h"
#include "lookup/jit-map.h"
#include "lookup/message.h"
#include "worker.h"

/* The least time between two reads of /proc/kallsyms, and of the list of a
 * process's generated functions. */
#define KALLSYMS_PERIOD (10 * CLOCK_SECOND)
#define GENERATED_PERIOD CLOCK_SECOND

enum {
	/* When the heap has more than one part in HEAP_SHARE of the memory,
	 * files are closed. */
	HEAP_SHARE = 2,
	/* A small worker opens no file larger than one part in SMALL_SHARE. */
	SMALL_SHARE = 4,
	IMAGES_MAX = 256,               /* that are open */
	GENERATED_BYTES_MAX = 32 << 20, /* the lists of all processes */
};

struct worker_file {
	struct hash_key key;      /* the number, 0 */
	struct lookup_file *told; /* owned: without the end of path */
	int fd, root;             /* owned; O_PATH, or -1 */
	bool opened;
	struct image *image; /* owned; NULL: not opened, or not an image */
	struct jit_map generated;
	uint64_t generated_read; /* when; 0: never */
	uint64_t used;           /* the count of uses at the last one */
};

struct worker {
	int fd;
	uint64_t bytes;
	uint64_t file_bytes; /* of a file, or of its debug information */
	int kallsyms, kallsyms_error;
	struct kallsyms kernel;
	uint64_t kernel_read; /* when; 0: never */
	bool kernel_told;     /* why its functions are not known */
	bool kernel_noted;    /* its build ID was read */
	unsigned char kernel_id[LOOKUP_BUILD_ID_MAX];
	size_t kernel_id_len;
	struct hash files; /* of struct worker_file */
	size_t nimages;
	uint64_t uses;
	struct image *vdso; /* owned: that of this process, or NULL */
	size_t vdso_size;   /* 0: not opened yet */
	struct lookup_packet packet, reply;
	struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	char names[SYMBOL_STORE_INLINES_MAX][SYMBOL_STORE_TEXT_MAX + 1];
};

/* For libdw, which cannot go on without memory, and for files that another
 * worker has to read.  To clang the attribute is part of the function's type,
 * and _Noreturn is not. */
__attribute__((noreturn)) static void
leave_without_memory(void)
{
	_exit(WORKER_NO_MEMORY);
}

/* The supervisor has gone, or cannot be understood. */
static void
send_or_leave(struct worker *w, const void *message, size_t len)
{
	if (lookup_send(w->fd, message, len, NULL, false) == -1)
		_exit(EXIT_SUCCESS);
}

static void
close_image(struct worker *w, struct worker_file *f)
{
	if (f->image != NULL) {
		image_close(f->image);
		w->nimages--;
	}
	f->image = NULL;
	f->opened = false;
}

/* Closes the image, or the list of generated functions, that was not used for
 * the longest time.  Returns whether there was one. */
static bool
close_oldest(struct worker *w, const struct worker_file *keep, bool generated)
{
	struct worker_file *oldest = NULL;

	for (size_t i = 0; i < w->files.n; i++) {
		struct worker_file *f = hash_at(&w->files, i);
		bool has = generated ? f->generated.text.data != NULL
				     : f->image != NULL;

		if (has && f != keep &&
		    (oldest == NULL || f->used < oldest->used))
			oldest = f;
	}
	if (oldest == NULL)
		return false;
	if (generated)
		jit_map_free(&oldest->generated);
	else
		close_image(w, oldest);
	return true;
}

static uint64_t
heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void
close_what_is_too_much(struct worker *w, const struct worker_file *keep)
{
	while (w->nimages > IMAGES_MAX || heap_bytes() > w->bytes / HEAP_SHARE)
		if (!close_oldest(w, keep, false))
			break;
}

/* Opens a file by its path in our root directory, or in that of the process, if
 * it is the one that is mapped.  Some file systems show another device in the
 * mappings than in fstat(2). */
static int
open_by_path(const struct worker_file *f)
{
	struct stat st;

	for (int own = 1; own >= 0; own--) {
		int fd = own             ? open_in_root_own(f->told->path)
			 : f->root != -1 ? open_in_root(f->root, f->told->path)
					 : -1;

		if (fd == -1)
			continue;
		if (fstat(fd, &st) == 0 && st.st_ino == f->told->inode &&
		    (!own || st.st_dev == f->told->device))
			return fd;
		close(fd);
	}
	return -1;
}

static struct image *
get_image(struct worker *w, struct worker_file *f)
{
	struct stat st;
	int fd;

	if (f->opened)
		return f->image;
	f->opened = true;
	fd = f->fd != -1 ? open_in_root_again(f->fd) : open_by_path(f);
	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > w->file_bytes)
		leave_without_memory();
	f->image = image_open(
	    fd, f->told->path, f->root, w->file_bytes, leave_without_memory);
	if (f->image != NULL)
		w->nimages++;
	close_what_is_too_much(w, f);
	return f->image;
}

/* Opens the vdso of this process. */
static void
open_vdso(struct worker *w)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	struct mappings own = { 0 };
	const struct mapping *vdso;

	w->vdso_size = SIZE_MAX;
	if (mappings_read(&own, getpid()) == 0 &&
	    (vdso = mappings_find(&own, start)) != NULL &&
	    vdso->kind == MAPPING_VDSO && vdso->start == start) {
		w->vdso_size = (size_t)(vdso->end - start);
		w->vdso =
		    image_open_memory((char *)(uintptr_t)start, w->vdso_size);
	}
	mappings_free(&own);
}

/* The vdso, if it can be that of the process. */
static struct image *
get_vdso(struct worker *w, const struct worker_file *f)
{
	if (w->vdso_size == 0)
		open_vdso(w);
	return w->vdso_size == f->told->size ? w->vdso : NULL;
}

static size_t
find_in_vdso(struct worker *w, const struct worker_file *f,
    const struct lookup_offset *o)
{
	struct image *vdso = get_vdso(w, f);

	if (vdso == NULL)
		return 0;
	return image_find(
	    vdso, o->at, o->is_return != 0, w->frames, nitems(w->frames));
}

static size_t
count_generated_bytes(struct worker *w)
{
	size_t sum = 0;

	for (size_t i = 0; i < w->files.n; i++) {
		struct worker_file *f = hash_at(&w->files, i);

		sum += jit_map_bytes(&f->generated);
	}
	return sum;
}

static void
read_generated(struct worker *w, struct worker_file *f, uint64_t now)
{
	f->generated_read = now;
	if (jit_map_read(&f->generated, f->root, (pid_t)f->told->inner_pid,
		(uid_t)f->told->uid, w->file_bytes) == -1)
		leave_without_memory();
	while (count_generated_bytes(w) > GENERATED_BYTES_MAX &&
	       close_oldest(w, f, true))
		;
}

/* Sets the only frame to a name and the offset of the address in it. */
static size_t
set_frame(struct worker *w, const char *name, uint64_t offset)
{
	w->frames[0] = (struct symbol_frame){
		.symbol = name, .has_offset = true, .offset = offset
	};
	return 1;
}

/* Finds the function of code without a file in the list of its process. */
static size_t
find_generated(struct worker *w, struct worker_file *f,
    const struct lookup_offset *o, bool *settled)
{
	uint64_t at = o->at - (o->is_return != 0), now = clock_elapsed();
	const struct jit_symbol *s = jit_map_find(&f->generated, at);

	if (s == NULL && (f->generated_read == 0 ||
			     now - f->generated_read >= GENERATED_PERIOD)) {
		read_generated(w, f, now);
		s = jit_map_find(&f->generated, at);
	}
	*settled = s != NULL;
	return s != NULL ? set_frame(w, s->name, o->at - s->start) : 0;
}

static void
tell_bad_kernel(struct worker *w, enum lookup_reason reason, int error)
{
	const struct lookup_bad bad = {
		.head = { LOOKUP_BAD, LOOKUP_KERNEL },
		.reason = reason,
		.value = (uint32_t)error,
	};

	if (!w->kernel_told)
		send_or_leave(w, &bad, sizeof(bad));
	w->kernel_told = true;
}

/* Reads the list of the kernel's functions, unless that was done of late. */
static void
read_kernel(struct worker *w)
{
	uint64_t now = clock_elapsed();

	if (w->kernel_read != 0 &&
	    (w->kernel.n == 0 || now - w->kernel_read < KALLSYMS_PERIOD))
		return;
	w->kernel_read = now;
	errno = w->kallsyms_error;
	if (w->kallsyms == -1 || kallsyms_read(&w->kernel, w->kallsyms) == -1)
		tell_bad_kernel(w, LOOKUP_UNREADABLE, errno);
	else if (w->kernel.hidden)
		tell_bad_kernel(w, LOOKUP_HIDDEN, 0);
}

static size_t
find_in_kernel(struct worker *w, const struct lookup_offset *o, bool *settled)
{
	uint64_t back = o->is_return != 0, offset;
	const char *name = kallsyms_find(&w->kernel, o->at - back, &offset);

	/* It may belong to a module or a BPF program that was loaded since. */
	if (name == NULL) {
		read_kernel(w);
		name = kallsyms_find(&w->kernel, o->at - back, &offset);
	}
	*settled = name != NULL || w->kernel.n == 0;
	return name != NULL ? set_frame(w, name, offset + back) : 0;
}

static size_t
find_in_image(
    struct worker *w, struct worker_file *f, const struct lookup_offset *o)
{
	struct image *image = get_image(w, f);

	if (image == NULL)
		return 0;
	return image_find(
	    image, o->at, o->is_return != 0, w->frames, nitems(w->frames));
}

static size_t
find_once(struct worker *w, struct worker_file *f,
    const struct lookup_offset *o, bool *settled)
{
	*settled = true;
	if (f == NULL)
		return find_in_kernel(w, o, settled);
	f->used = ++w->uses;
	switch ((enum lookup_kind)f->told->kind) {
	case LOOKUP_ELF:
		return find_in_image(w, f, o);
	case LOOKUP_VDSO:
		return find_in_vdso(w, f, o);
	case LOOKUP_GENERATED:
		return find_generated(w, f, o, settled);
	}
	return 0;
}

/* Finds the frames of an offset, and sends them. */
static void
answer_offset(struct worker *w, struct worker_file *f,
    const struct lookup_find *request, uint32_t index)
{
	struct lookup_offset o = request->v[index];
	bool settled;
	size_t n = find_once(w, f, &o, &settled);

	/* The return address of a signal handler has no call before it. */
	if (n == 0 && o.is_return) {
		o.is_return = 0;
		n = find_once(w, f, &o, &settled);
	}
	for (size_t i = 0; i < n; i++)
		w->frames[i].symbol = demangle(
		    w->frames[i].symbol, w->names[i], sizeof(w->names[i]));
	send_or_leave(w, &w->reply.m,
	    lookup_found_fill(&w->reply.m, request->head.number, index,
		w->frames, n, settled));
}

static struct worker_file *
find_file(struct worker *w, uint32_t number)
{
	return hash_find(&w->files, (struct hash_key){ number, 0 });
}

/* The build ID of a file that can be read, or of the kernel. */
static size_t
get_build_id(struct worker *w, struct worker_file *f, const unsigned char **id)
{
	const struct image *image;

	if (f == NULL) {
		if (!w->kernel_noted)
			w->kernel_id_len = kernel_build_id_read(
			    w->kernel_id, sizeof(w->kernel_id));
		w->kernel_noted = true;
		*id = w->kernel_id;
		return w->kernel_id_len;
	}
	switch ((enum lookup_kind)f->told->kind) {
	case LOOKUP_ELF:
		image = get_image(w, f);
		break;
	case LOOKUP_VDSO:
		image = get_vdso(w, f);
		break;
	default:
		image = NULL;
	}
	return image != NULL ? image_build_id(image, id) : 0;
}

static void
send_build_id(struct worker *w, struct worker_file *f, uint32_t request)
{
	struct lookup_image m = { .head = { LOOKUP_IMAGE, request } };
	const unsigned char *id;
	size_t n = get_build_id(w, f, &id);

	if (n == 0 || n > sizeof(m.build_id))
		return;
	m.n = (uint32_t)n;
	memcpy(m.build_id, id, n);
	send_or_leave(w, &m, sizeof(m));
}

static void
answer_request(struct worker *w, const struct lookup_find *request)
{
	const struct lookup_head done = { LOOKUP_DONE, request->head.number };
	struct worker_file *f = find_file(w, request->file);

	if (f != NULL && f->told == NULL)
		f = NULL;

	if (f != NULL || request->file == LOOKUP_KERNEL) {
		send_build_id(w, f, request->head.number);
		for (uint32_t i = 0; i < request->n; i++)
			answer_offset(w, f, request, i);
	}
	send_or_leave(w, &done, sizeof(done));
}

/* Forgets what is known of a file; its element stays. */
static void
forget_file(struct worker *w, struct worker_file *f)
{
	close_image(w, f);
	jit_map_free(&f->generated);
	free(f->told);
	f->told = NULL;
	if (f->fd != -1)
		close(f->fd);
	if (f->root != -1)
		close(f->root);
	f->fd = f->root = -1;
}

/* Notes a file, whose descriptors become the worker's.  Without memory its
 * functions stay unknown. */
static void
note_file(struct worker *w, struct lookup_packet *p)
{
	const struct hash_key key = { p->m.head.number, 0 };
	struct lookup_file *told = malloc(p->len);
	struct worker_file *f;

	if (told == NULL || hash_find(&w->files, key) != NULL ||
	    (f = hash_add(&w->files, key)) == NULL) {
		free(told);
		return;
	}
	memcpy(told, &p->m, p->len);
	f->told = told;
	f->fd = p->fds[0];
	f->root = p->fds[1];
	p->fds[0] = p->fds[1] = -1;
}

/* The oldest file goes: the supervisor forgets them in the order they came. */
static void
drop_file(struct worker *w, uint32_t number)
{
	struct worker_file *f = find_file(w, number);

	if (f == NULL)
		return;
	forget_file(w, f);
	while (w->files.n > 0) {
		f = hash_at(&w->files, 0);
		if (f->told != NULL)
			break;
		hash_drop_oldest(&w->files);
	}
}

/* There is no limit of the address space under the sanitizers, which reserve
 * most of it. */
void
worker_limit_memory(uint64_t bytes)
{
	const struct rlimit memory = { bytes, bytes }, none = { 0, 0 };

	if (!SANITIZED)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
}

void
worker_run(int fd, int kallsyms, int kallsyms_error, uint64_t bytes, bool small)
{
	static struct worker w;

	w.fd = fd;
	w.bytes = bytes;
	w.file_bytes = small ? bytes / SMALL_SHARE : UINT64_MAX;
	w.kallsyms = kallsyms;
	w.kallsyms_error = kallsyms_error;
	w.files.size = sizeof(struct worker_file);
	worker_limit_memory(bytes);
	confine_lookup_worker(false);
	while (lookup_receive(fd, &w.packet, false) == 1) {
		switch ((enum lookup_type)w.packet.m.head.type) {
		case LOOKUP_FILE:
			note_file(&w, &w.packet);
			break;
		case LOOKUP_FIND:
			answer_request(&w, &w.packet.m.find);
			break;
		case LOOKUP_FORGET:
			drop_file(&w, w.packet.m.head.number);
			break;
		default:
			break;
		}
		lookup_packet_close(&w.packet);
	}
	_exit(EXIT_SUCCESS);
}
