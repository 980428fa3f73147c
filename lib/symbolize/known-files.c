#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/report.h"
#include "base/text.h"
#include "symbolize/known-files.h"

enum { FILES_MAX = 1 << 14 }; /* that are known by number */

/* The newest number of a file. */
struct file_number {
	struct hash_key key; /* device, inode */
	uint32_t number;
};

void
known_files_init(struct known_files *k)
{
	*k = (struct known_files){ 0 };
	k->files.size = sizeof(struct known_file);
	k->numbers.size = sizeof(struct file_number);
}

void
known_files_free(struct known_files *k)
{
	for (size_t i = 0; i < k->files.n; i++)
		free(((struct known_file *)hash_at(&k->files, i))->path);
	hash_free(&k->files);
	hash_free(&k->numbers);
}

const struct known_file *
known_files_find(const struct known_files *k, uint32_t number)
{
	const struct known_file *f =
	    hash_find(&k->files, (struct hash_key){ number, 0 });

	return f != NULL && !f->forgotten ? f : NULL;
}

/* Adds a file with the next number, or returns NULL if memory ran out. */
static struct known_file *
add_known_file(struct known_files *k)
{
	struct known_file *oldest;

	if (k->files.n == FILES_MAX) {
		oldest = hash_at(&k->files, 0);
		free(oldest->path);
		hash_drop_oldest(&k->files);
	}
	return hash_add(&k->files, (struct hash_key){ ++k->last, 0 });
}

/* Tells the other process of a file.  The descriptors are closed.  Returns the
 * number, or 0. */
static uint32_t
tell_file(struct known_files *k, struct lookup_client *c,
    const struct process *p, const struct mapping *m, enum lookup_kind kind,
    const struct process_file *f)
{
	int fds[2] = { f != NULL ? f->fd : -1, -1 };
	struct known_file *known = add_known_file(k);
	struct lookup_file message = {
		.head = { LOOKUP_FILE, k->last },
		.kind = kind,
		.uid = (uint32_t)process_uid(p),
		.pid = (uint32_t)p->pid,
		.size = m->end - m->start,
	};
	if (kind != LOOKUP_VDSO)
		fds[1] = process_root(p);
	if (kind == LOOKUP_GENERATED)
		message.inner_pid = (uint32_t)process_inner_pid(p);
	if (known != NULL && f != NULL) {
		message.device = makedev(m->major, m->minor);
		message.inode = m->inode;
		snprintf(message.path, sizeof(message.path), "%s", m->path);
		known->path = strdup(m->path);
		known->device = f->device;
		known->inode = f->inode;
		known->size = f->size;
		known->mtime = f->mtime;
	}
	if (lookup_client_tell(c, &message, fds) == -1 || known == NULL)
		return 0;
	return message.head.number;
}

/* Whether f is the file that was known so.  The process may have ended before
 * its file could be noted, which then has no size; it is a known one of that
 * inode, so that a bad file does not become another one by that. */
static bool
is_known_file(const struct known_file *known, const struct process_file *f)
{
	return f->fd == -1 || (known->size == f->size &&
				  known->mtime.tv_sec == f->mtime.tv_sec &&
				  known->mtime.tv_nsec == f->mtime.tv_nsec);
}

/* The number of a file that was told before, or 0. */
static uint32_t
find_file_number(struct known_files *k, const struct process_file *f)
{
	const struct file_number *e =
	    hash_find(&k->numbers, (struct hash_key){ f->device, f->inode });
	const struct known_file *known =
	    e != NULL ? known_files_find(k, e->number) : NULL;

	return known != NULL && is_known_file(known, f) ? e->number : 0;
}

static void
set_file_number(
    struct known_files *k, const struct process_file *f, uint32_t number)
{
	const struct hash_key key = { f->device, f->inode };
	struct file_number *e = hash_find(&k->numbers, key);

	if (e == NULL) {
		if (k->numbers.n == FILES_MAX)
			hash_drop_oldest(&k->numbers);
		e = hash_add(&k->numbers, key);
	}
	if (e != NULL)
		e->number = number;
}

uint32_t
known_files_number(struct known_files *k, struct lookup_client *c,
    const struct process *p, size_t i)
{
	const struct mapping *m = &p->maps.v[i];
	struct process_file f;
	uint32_t number;

	if (m->kind != MAPPING_FILE)
		return tell_file(k, c, p, m,
		    m->kind == MAPPING_VDSO ? LOOKUP_VDSO : LOOKUP_GENERATED,
		    NULL);
	process_note_file(p, i, &f);
	number = find_file_number(k, &f);
	if (number != 0) {
		if (f.fd != -1)
			close(f.fd);
		return number;
	}
	number = tell_file(k, c, p, m, LOOKUP_ELF, &f);
	if (number != 0)
		set_file_number(k, &f, number);
	return number;
}

void
known_files_take_image(
    struct known_files *k, uint32_t number, const struct lookup_image *image)
{
	struct known_file *f =
	    hash_find(&k->files, (struct hash_key){ number, 0 });
	char *id = number == LOOKUP_KERNEL ? k->kernel_build_id
		   : f != NULL             ? f->build_id
					   : NULL;

	if (id != NULL)
		*text_hex(id, image->build_id, image->n) = '\0';
}

const char *
known_files_build_id(const struct known_files *k, uint32_t number)
{
	const struct known_file *f = known_files_find(k, number);

	if (number == LOOKUP_KERNEL)
		return k->kernel_build_id;
	return f != NULL ? f->build_id : "";
}

void
known_files_take_bad(struct known_files *k, const struct lookup_bad *bad)
{
	static const char *const words[LOOKUP_REASONS] = {
		[LOOKUP_TOOK_LONG] = "to find them takes too long",
		[LOOKUP_SLEPT] = "its file system does not answer",
		[LOOKUP_MEMORY] = "to find them takes too much memory",
		[LOOKUP_CRASHED] = "what reads it has crashed",
		[LOOKUP_STRIKES] = "too many files of its user take too long",
	};
	struct known_file *f =
	    hash_find(&k->files, (struct hash_key){ bad->head.number, 0 });

	if (bad->head.number == LOOKUP_KERNEL) {
		/* Each worker of that process finds out. */
		if (k->reported_kernel)
			return;
		k->reported_kernel = true;
		if (bad->reason == LOOKUP_HIDDEN)
			report_notice("kernel functions are shown as "
				      "addresses: /proc/kallsyms shows no "
				      "addresses; run as root, with "
				      "kernel.kptr_restrict at 0 or 1");
		else
			report_notice("kernel functions are shown as "
				      "addresses: /proc/kallsyms: %s",
			    strerror((int)bad->value));
		return;
	}
	if (bad->head.number == LOOKUP_HOST) {
		report_notice("some users, groups, interfaces and cgroups are "
			      "shown as numbers: the process that finds their "
			      "names had to be started again");
		return;
	}
	if (f == NULL || f->bad)
		return;
	if (bad->reason == LOOKUP_FORGOTTEN) {
		f->forgotten = true;
		return;
	}
	f->bad = true;
	if (f->path == NULL ||
	    (bad->reason == LOOKUP_STRIKES && k->reported_strikes))
		return;
	k->reported_strikes |= bad->reason == LOOKUP_STRIKES;
	report_notice("%s: its functions are shown as offsets in the file: %s",
	    f->path, words[bad->reason] != NULL ? words[bad->reason] : "");
}
