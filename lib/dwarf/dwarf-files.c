#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "dwarf/dwarf-files.h"
#include "dwarf/dwarf-form.h"

enum {
	PATH_BYTES_MAX = 4096,
	CONTENTS_MAX = 16,         /* of an entry: path, directory, time ... */
	DIRECTORIES_MAX = 1 << 16, /* of a unit */
};

/* A table of files while it is read. */
struct file_table {
	struct dwarf_info *d;    /* borrowed */
	struct dwarf_unit *unit; /* borrowed */
	struct dwarf_cursor c;
	const char **directories; /* owned; the names are borrowed */
	size_t ndirectories, directories_cap;
	size_t files_cap;
	bool nomem;
};

/* The name without its directory. */
static const char *
get_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Whether the path is that of a header of the system or of the kernel. */
static bool
is_system_path(const char *path)
{
	static const char *const starts[] = { "/usr/include/", "/usr/lib/",
		"/usr/src/linux" };
	static const char *const parts[] = { "/include/linux/",
		"/include/uapi/", "/include/asm", "/headers/linux/",
		"/libbpf/src/", "/lib/clang/" };

	for (size_t i = 0; i < nitems(starts); i++)
		if (strncmp(path, starts[i], strlen(starts[i])) == 0)
			return true;
	for (size_t i = 0; i < nitems(parts); i++)
		if (strstr(path, parts[i]) != NULL)
			return true;
	return false;
}

bool
dwarf_file_is_foreign(const char *directory, const char *name)
{
	static const char *const headers[] = { "bpf_helpers.h",
		"bpf_helper_defs.h", "bpf_tracing.h", "bpf_core_read.h",
		"bpf_endian.h", "usdt.bpf.h", "skel.bpf.h" };
	const char *base = get_base_name(name);
	size_t len = strlen(base);
	/* The end of a very long path is ignored. */
	char path[PATH_BYTES_MAX];

	for (size_t i = 0; i < nitems(headers); i++)
		if (strcmp(base, headers[i]) == 0)
			return true;
	/* vmlinux.h, or vmlinux_601.h as bcc has it. */
	if (strncmp(base, "vmlinux", 7) == 0 && len > 2 &&
	    strcmp(base + len - 2, ".h") == 0)
		return true;
	if (name[0] == '/')
		directory = "";
	/* A directory may be relative to the one where the compiler ran. */
	snprintf(path, sizeof(path), "%s%s%s%s",
	    name[0] == '/' || directory[0] == '/' ? "" : "/", directory,
	    directory[0] != '\0' ? "/" : "", name);
	return is_system_path(path);
}

static void
add_directory(struct file_table *t, const char *name)
{
	if (t->ndirectories == DIRECTORIES_MAX)
		return;
	if (!array_room(t->directories, t->ndirectories, t->directories_cap))
		t->nomem = true;
	else
		t->directories[t->ndirectories++] = name != NULL ? name : "";
}

static void
add_source_file(struct file_table *t, const char *name, uint64_t directory)
{
	const char *in =
	    directory < t->ndirectories ? t->directories[directory] : "";
	struct dwarf_unit *u = t->unit;

	if (!array_room(u->is_foreign, u->nfiles, t->files_cap)) {
		t->nomem = true;
		return;
	}
	/* Nothing is known of a file without a name. */
	u->is_foreign[u->nfiles++] =
	    name == NULL ||
	    !dwarf_budget_take(t->d, strlen(in) + strlen(name)) ||
	    dwarf_file_is_foreign(in, name);
}

/* Reads the lists of version 2 to 4, which leave out the directory and the file
 * with number 0. */
static void
read_old_files(struct file_table *t)
{
	const char *name;
	uint64_t directory;

	add_directory(t, "");
	while ((name = dwarf_string(&t->c, PATH_BYTES_MAX)) != NULL &&
	       name[0] != '\0' && !t->nomem)
		add_directory(t, name);
	add_source_file(t, NULL, 0);
	while ((name = dwarf_string(&t->c, PATH_BYTES_MAX)) != NULL &&
	       name[0] != '\0' && !t->nomem) {
		directory = dwarf_uleb(&t->c);
		dwarf_uleb(&t->c); /* time */
		dwarf_uleb(&t->c); /* size */
		add_source_file(t, name, directory);
	}
}

/* Reads a list of version 5, of directories or files, which begins with the
 * form of its entries. */
static void
read_file_list(struct file_table *t, bool files)
{
	struct dwarf_attribute_form f[CONTENTS_MAX];
	size_t nforms = (size_t)dwarf_number(&t->c, 1);
	struct dwarf_value v;
	uint64_t n, directory;
	const char *name;

	if (nforms == 0 || nforms > CONTENTS_MAX)
		t->c.failed = true;
	for (size_t i = 0; i < nforms && !t->c.failed; i++) {
		f[i].at = (uint16_t)dwarf_uleb(&t->c);
		f[i].form = (uint16_t)dwarf_uleb(&t->c);
		/* Entries of no bytes would have no end. */
		if (f[i].form == DW_FORM_implicit_const ||
		    f[i].form == DW_FORM_flag_present)
			t->c.failed = true;
	}
	n = dwarf_uleb(&t->c);
	while (n-- > 0 && !t->c.failed && !t->nomem) {
		name = NULL;
		directory = 0;
		for (size_t i = 0; i < nforms && !t->c.failed; i++) {
			v = dwarf_form_read(t->d, t->unit, &t->c, &f[i]);
			if (f[i].at == DW_LNCT_path)
				name = v.text;
			else if (f[i].at == DW_LNCT_directory_index)
				directory = v.number;
		}
		if (t->c.failed)
			return;
		if (files)
			add_source_file(t, name, directory);
		else
			add_directory(t, name);
	}
}

/* Reads the header of the line table of the unit, which has the files. */
static void
read_line_header(struct file_table *t)
{
	/* Numbers of one byte before the lengths of the opcodes. */
	unsigned int skipped = 4;
	unsigned int bytes = 4;
	uint64_t version, len, header;

	if ((len = dwarf_number(&t->c, bytes)) == UINT32_MAX) {
		bytes = 8;
		len = dwarf_number(&t->c, bytes);
	}
	if (t->c.failed || len > (uint64_t)(t->c.end - t->c.p))
		return;
	t->c.end = t->c.p + len;
	version = dwarf_number(&t->c, 2);
	if (version < 2 || version > 5)
		return;
	if (version == 5)
		dwarf_skip(&t->c, 2); /* sizes of addresses and segments */
	header = dwarf_number(&t->c, bytes);
	if (t->c.failed || header > (uint64_t)(t->c.end - t->c.p) ||
	    !dwarf_budget_take(t->d, header))
		return;
	t->c.end = t->c.p + header;
	if (version >= 4)
		skipped++;
	dwarf_skip(&t->c, skipped);
	len = dwarf_number(&t->c, 1);
	dwarf_skip(&t->c, len > 0 ? len - 1 : 0);
	if (version < 5) {
		read_old_files(t);
		return;
	}
	read_file_list(t, false);
	read_file_list(t, true);
}

int
dwarf_files_read(struct dwarf_info *d)
{
	for (size_t i = 0; i < d->nunits; i++) {
		struct file_table t = { .d = d,
			.unit = &d->units[i],
			.c = dwarf_cursor_at(
			    &d->sections.v[DWARF_LINE], d->units[i].lines) };

		if (!t.c.failed)
			read_line_header(&t);
		free(t.directories);
		if (t.nomem)
			return report_nomem();
	}
	return 0;
}

bool
dwarf_file_is_own(const struct dwarf_unit *u, uint64_t n)
{
	return n < u->nfiles && !u->is_foreign[n];
}
