#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "load/btf-file.h"
#include "load/kernel-names.h"

#define KERNEL_BTF_DIR "/sys/kernel/btf"

struct kernel_name {
	struct hash_key key; /* of the name */
	bool found;
};

static struct hash_key
name_key(const char *name)
{
	struct hash_key key = hash_start();

	hash_mix(&key, name, strlen(name));
	return key;
}

int
kernel_names_add(struct kernel_names *k, const char *name)
{
	struct hash_key key = name_key(name);

	k->names.size = sizeof(struct kernel_name);
	if (hash_find(&k->names, key) != NULL ||
	    hash_add(&k->names, key) != NULL)
		return 0;
	return -1;
}

/* Returns how many of the names this BTF adds to those that were found. */
static size_t
find_names_in(struct kernel_names *k, const struct btf_file *f)
{
	const size_t prefix = strlen(KERNEL_TRACEPOINT_PREFIX);
	const struct btf_type *t;
	struct kernel_name *n;
	size_t size, found = 0;

	for (uint32_t at = 0; (t = btf_file_type(f, at, &size)) != NULL;
	     at += (uint32_t)size) {
		const char *name = f->strings + t->name_off;

		if (btf_kind(t) != BTF_KIND_FUNC &&
		    (btf_kind(t) != BTF_KIND_TYPEDEF ||
			strncmp(name, KERNEL_TRACEPOINT_PREFIX, prefix) != 0))
			continue;
		n = hash_find(&k->names, name_key(name));
		if (n != NULL && !n->found) {
			n->found = true;
			found++;
		}
	}
	return found;
}

/* Returns how many of the names the file adds; f is closed afterwards. */
static size_t
find_names_in_file(struct kernel_names *k, int dir, const char *file)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	struct btf_file f;
	size_t found = 0;

	if (fd == -1)
		return 0;
	if (btf_file_open(&f, fd)) {
		found = find_names_in(k, &f);
		k->known = true;
		btf_file_close(&f);
	}
	close(fd);
	return found;
}

/* A module's strings and types have offsets after those of the kernel, so that
 * they cannot be read alone, but a name is in its own strings. */
static size_t
find_names_in_module(struct kernel_names *k, int dir, const char *file)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	const char *name, *end;
	struct kernel_name *n;
	struct btf_file f;
	size_t found = 0;

	if (fd == -1)
		return 0;
	if (btf_file_open(&f, fd)) {
		end = f.strings + f.strings_len;
		for (name = f.strings; name < end; name += strlen(name) + 1) {
			n = hash_find(&k->names, name_key(name));
			if (n != NULL && !n->found) {
				n->found = true;
				found++;
			}
		}
		btf_file_close(&f);
	}
	close(fd);
	return found;
}

void
kernel_names_read(struct kernel_names *k)
{
	const struct dirent *entry;
	DIR *dir = opendir(KERNEL_BTF_DIR);
	size_t found;

	if (dir == NULL)
		return;
	found = find_names_in_file(k, dirfd(dir), "vmlinux");
	while (k->known && found < k->names.n && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "vmlinux") != 0)
			found +=
			    find_names_in_module(k, dirfd(dir), entry->d_name);
	closedir(dir);
}

bool
kernel_names_has(const struct kernel_names *k, const char *name)
{
	const struct kernel_name *n = hash_find(&k->names, name_key(name));

	return n != NULL && n->found;
}

void
kernel_names_free(struct kernel_names *k)
{
	hash_free(&k->names);
	*k = (struct kernel_names){ 0 };
}
