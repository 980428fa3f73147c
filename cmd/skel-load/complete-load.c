#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/where.h"
#include "base/util.h"
#include "complete-load.h"
#include "complete-stream.h"
#include "elf/elf-handle.h"
#include "elf/elf-symbols.h"
#include "pack/pack.h"
#include "package/args-words.h"
#include "package/input.h"
#include "package/package.h"
#include "session/prepare.h"

/* Functions are offered only for a word that is long enough to choose some. */
enum { FUNCTION_MIN = 3, FUNCTIONS_MAX = 500 };

/* Opens the package or object on the command line. */
static int
open_package(struct package *p, struct completion *c)
{
	const char *file = complete_operand(c, 0);
	struct buf in = { 0 }, packed = { 0 };
	const struct pack_options none = { 0 };
	int ret = -1;

	if (file == NULL || !complete_may_read(file) ||
	    package_input_read(&in, file, file, PACKAGE_TEXT_MAX) == -1)
		goto out;
	if (!prepare_is_object(&in))
		ret = package_parse(
		    p, in.data, in.len, file, complete_option(c, 'e'));
	else if (pack_object((unsigned char *)in.data, in.len, file, &none,
		     &packed) == 0)
		ret = package_parse(p, packed.data, packed.len, file, NULL);
out:
	buf_free(&in);
	buf_free(&packed);
	return ret;
}

static void
offer_programs(struct completion *c, const struct package *p, const char *end)
{
	for (size_t i = 0; i < p->nprograms; i++)
		complete_offer_with(c, p->programs[i].name, end);
}

static void
offer_maps(struct completion *c, const struct package *p, const char *end)
{
	for (size_t i = 0; i < p->nmaps; i++)
		complete_offer_with(c, p->maps[i].name, end);
}

static void
offer_variables(struct completion *c, const struct package *p, const char *end)
{
	for (size_t i = 0; i < p->nsections; i++)
		for (size_t k = 0; k < p->sections[i].nvariables; k++)
			complete_offer_with(
			    c, p->sections[i].variables[k].name, end);
}

/* Offers the names of a directory's entries. */
static void
offer_entries(struct completion *c, const char *dir, const char *end)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			complete_offer_with(c, e->d_name, end);
	closedir(d);
}

static const char events_dir[] = "/sys/kernel/tracing/events";

/* Offers CATEGORY/NAME, or the names in all categories. */
static void
offer_tracepoints(struct completion *c)
{
	char *category, dir[512];

	if (!complete_skip_past(c, '/', &category)) {
		offer_entries(c, events_dir, "/");
		complete_leave_open(c);
		return;
	}
	if (category != NULL && strchr(category, '/') == NULL &&
	    strcmp(category, "..") != 0) {
		snprintf(dir, sizeof(dir), "%s/%s", events_dir, category);
		offer_entries(c, dir, "");
	}
	free(category);
}

static void
offer_raw_tracepoints(struct completion *c)
{
	DIR *d = opendir(events_dir);
	struct dirent *e;
	char dir[512];

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), "%s/%.200s", events_dir, e->d_name);
		offer_entries(c, dir, "");
	}
	closedir(d);
}

/* Offers functions of the kernel. */
static void
offer_functions(struct completion *c)
{
	const char *prefix = complete_prefix(c);
	char line[512], name[256], kind;
	unsigned int n = 0;
	FILE *f;

	if (strlen(prefix) < FUNCTION_MIN ||
	    (f = fopen("/proc/kallsyms", "re")) == NULL)
		return;
	while (n < FUNCTIONS_MAX && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%*s %c %255s", &kind, name) == 2 &&
		    (kind == 't' || kind == 'T') &&
		    strncmp(name, prefix, strlen(prefix)) == 0) {
			complete_offer(c, name, NULL);
			n++;
		}
	fclose(f);
}

/* Offers the functions of an ELF file. */
static void
offer_functions_of(struct completion *c, const char *file)
{
	static const uint32_t tables[] = { SHT_SYMTAB, SHT_DYNSYM };
	struct elf_symbols symbols = { 0 };
	struct elf_handle h;

	if (!complete_may_read(file) ||
	    elf_handle_open(&h, open(file, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	for (size_t t = 0; t < nitems(tables); t++) {
		elf_symbols_read(&symbols, h.elf, tables[t]);
		for (size_t i = 0; i < symbols.n; i++)
			complete_offer(c, symbols.v[i].name, NULL);
	}
	elf_symbols_free(&symbols);
	elf_handle_close(&h);
}

/* Offers FILE, and behind it its functions. */
static void
offer_file_functions(struct completion *c)
{
	char *file;

	if (!complete_skip_past(c, ':', &file)) {
		complete_offer_files(c, "");
		complete_leave_open(c);
		return;
	}
	if (file != NULL)
		offer_functions_of(c, file);
	free(file);
}

static void
offer_files(struct completion *c)
{
	complete_offer_files(c, "");
}

/* Offers FAMILY/HOOK of netfilter. */
static void
offer_hooks(struct completion *c)
{
	static const char *const families[] = { "ip", "ip6" };
	static const char *const hooks[] = { "prerouting", "input", "forward",
		"output", "postrouting" };
	char place[32];

	for (size_t f = 0; f < nitems(families); f++)
		for (size_t h = 0; h < nitems(hooks); h++) {
			snprintf(place, sizeof(place), "%s/%s", families[f],
			    hooks[h]);
			complete_offer(c, place, NULL);
		}
}

/* Offers the targets of a way. */
static void
offer_targets(struct completion *c, const char *way)
{
	static const struct {
		const char *begin; /* of the names of ways */
		void (*offer)(struct completion *c);
	} targets[] = {
		{ "tracepoint", offer_tracepoints },
		{ "tp_btf", offer_raw_tracepoints },
		{ "raw_tp", offer_raw_tracepoints },
		{ "kprobe", offer_functions },
		{ "kretprobe", offer_functions },
		{ "fentry", offer_functions },
		{ "fexit", offer_functions },
		{ "fmod_ret", offer_functions },
		{ "uprobe", offer_file_functions },
		{ "uretprobe", offer_file_functions },
		{ "usdt", offer_files },
		{ "cgroup", complete_offer_dirs },
		{ "netns", offer_files },
		{ "netfilter", offer_hooks },
	};

	if (strcmp(way, "xdp") == 0 || strncmp(way, "tc", 2) == 0 ||
	    strcmp(way, "netkit") == 0) {
		offer_entries(c, "/sys/class/net", "");
		return;
	}
	for (size_t i = 0; i < nitems(targets); i++)
		if (strncmp(way, targets[i].begin, strlen(targets[i].begin)) ==
		    0) {
			targets[i].offer(c);
			return;
		}
}

/* PROGRAM=WAY:TARGET */
static void
offer_where(struct completion *c, const struct package *p)
{
	char *before, *way;
	const char *name;
	bool open = false;

	if (!complete_skip_past(c, '=', &before)) {
		if (p != NULL)
			offer_programs(c, p, "=");
		complete_leave_open(c);
		return;
	}
	free(before);
	if (complete_skip_past(c, ':', &way)) {
		if (way != NULL)
			offer_targets(c, way);
		free(way);
		return;
	}
	for (size_t i = 0; (name = attach_where_way(i)) != NULL; i++)
		open |= complete_offer_with(c, name, ":");
	if (open)
		complete_leave_open(c);
	complete_offer(c, "off", NULL);
	complete_offer(c, "load", NULL);
}

/* MAP=VALUES, where a list of values between commas may follow. */
static void
offer_map_with(struct completion *c, const struct package *p,
    const char *const values[], bool variables)
{
	char *before;

	if (!complete_skip_past(c, '=', &before)) {
		if (p != NULL)
			offer_maps(c, p, "=");
		if (p != NULL && variables)
			offer_variables(c, p, "=");
		complete_leave_open(c);
		return;
	}
	free(before);
	complete_skip_to(c, ",");
	for (; *values != NULL; values++)
		complete_offer(c, *values, NULL);
	complete_leave_open(c);
}

static void
offer_word(void *ctx, const char *word, const char *help)
{
	complete_offer(ctx, word, help);
}

/* Offers the program's arguments, before of which stand before. */
static void
offer_arguments(struct completion *c, struct package *p, size_t before)
{
	char *name = NULL;
	struct args a;

	if (args_open(&a, p) == -1)
		return;
	if (strncmp(complete_prefix(c), "--", 2) == 0)
		complete_skip_past(c, '=', &name);
	args_words(&a, before > 1 ? complete_operand(c, before - 1) : NULL,
	    name, offer_word, c);
	args_close(&a);
	free(name);
}

/* Offers what the package has; p is NULL if none can be opened. */
static void
offer_of_package(
    struct completion *c, struct package *p, const char *what, size_t before)
{
	static const char *const sizes[] = {
		"entries:", "value_size:", "pages:", NULL
	};
	static const char *const samples[] = { "1s", "log2_hist", "linear_hist",
		"exp2_hist", "default_kv", "unit=", "clear", "nonzero", NULL };
	static const char *const nothing[] = { NULL };

	if (strcmp(what, "where") == 0)
		offer_where(c, p);
	else if (strcmp(what, "sizes") == 0)
		offer_map_with(c, p, sizes, false);
	else if (strcmp(what, "sample") == 0)
		offer_map_with(c, p, samples, true);
	else if (strcmp(what, "events") == 0)
		offer_map_with(c, p, nothing, false);
	else if (p == NULL)
		return;
	else if (strcmp(what, "map") == 0)
		offer_maps(c, p, "");
	else if (strcmp(what, "element") == 0)
		offer_maps(c, p, "[");
	else if (strcmp(what, "program") == 0) {
		complete_skip_to(c, ",");
		offer_programs(c, p, "");
	} else
		offer_arguments(c, p, before);
}

void
complete_load(struct completion *c, const char *what, size_t before)
{
	struct package p;

	if (strcmp(what, "package") == 0 && before == 0) {
		complete_offer_files(c, "");
		return;
	}
	if (strcmp(what, "as") == 0) {
		complete_stream(c, what, before);
		return;
	}
	if (open_package(&p, c) == -1) {
		offer_of_package(c, NULL, what, before);
		return;
	}
	offer_of_package(c, &p, what, before);
	package_close(&p);
}
