#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/object-check.h"
#include "load/vmlinux.h"

static const char kernel_btf[] = "/sys/kernel/btf/vmlinux";

bool
vmlinux_present(void)
{
	return eaccess(kernel_btf, R_OK) == 0;
}

/* The value of a line KEY=value or KEY="value" of os-release(5), a string to
 * free; NULL if the line has another key. */
static char *
parse_os_release(const char *line, const char *key)
{
	size_t n = strlen(key);
	char quote;

	if (strncmp(line, key, n) != 0 || line[n] != '=')
		return NULL;
	line += n + 1;
	quote = *line == '"' || *line == '\'' ? *line++ : '\n';
	n = strcspn(line, quote == '\n' ? "\n" : (char[]){ quote, '\n', 0 });
	return strndup(line, n);
}

/* Sets *id and *version, both to free, from os-release(5); they are "" if it
 * does not say.  Returns 0, or -1 after reporting that memory ran out. */
static int
read_os_release(char **id, char **version)
{
	static const char *const files[] = { "/etc/os-release",
		"/usr/lib/os-release" };
	char *line = NULL, *value;
	FILE *in = NULL;
	size_t cap = 0;

	*id = *version = NULL;
	for (size_t i = 0; i < nitems(files) && in == NULL; i++)
		in = fopen(files[i], "re");
	while (in != NULL && getline(&line, &cap, in) != -1) {
		if ((value = parse_os_release(line, "ID")) != NULL) {
			free(*id);
			*id = value;
		}
		if ((value = parse_os_release(line, "VERSION_ID")) != NULL) {
			free(*version);
			*version = value;
		}
	}
	free(line);
	if (in != NULL)
		fclose(in);
	if (*id == NULL)
		*id = strdup("");
	if (*version == NULL)
		*version = strdup("");
	return *id != NULL && *version != NULL ? 0 : report_nomem();
}

/* The path of the file for this system in the archive dir, which has the layout
 * of BTFHub: ID/VERSION_ID/machine/release.btf.  Returns a string to free, or
 * NULL after reporting that memory ran out. */
static char *
format_archive_path(const char *dir)
{
	char *id, *version, *path = NULL;
	struct utsname u;

	if (read_os_release(&id, &version) == 0 && uname(&u) == 0 &&
	    asprintf(&path, "%s/%s/%s/%s/%s.btf", dir, id, version, u.machine,
		u.release) == -1) {
		path = NULL;
		report_nomem();
	}
	free(id);
	free(version);
	return path;
}

/* Why the file is no regular file that can be read, or NULL.  libbpf would wait
 * for somebody to write into a FIFO, and read a device for ever. */
static const char *
find_file_fault(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1 || eaccess(path, R_OK) == -1)
		return report_error_text(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	/* Files of sysfs have a size, too. */
	return st.st_size > 0 ? NULL : "an empty file";
}

/* Checks the types in the file as those of an object are checked, because
 * libbpf follows them too.  Versions after 1.1 refuse some themselves.  A file
 * that has none is refused when it is used. */
static int
check_types(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);
	uint32_t size;
	Elf_Data data = { 0 };
	int ret;

	if (btf == NULL && errno == EINVAL) {
		report_error("%s: corrupted: libbpf refuses its BTF", path);
		return -1;
	}
	if (btf == NULL)
		return 0;
	data.d_buf = (void *)(uintptr_t)btf__raw_data(btf, &size);
	data.d_size = size;
	ret = data.d_buf == NULL ? report_nomem()
				 : object_check_btf_header(&data, path);
	if (ret == 0)
		ret = object_check_btf(btf, 0, path);
	btf__free(btf);
	return ret;
}

/* Checks that the file, which the option or variable who names, can be read,
 * and that its types are sound.  Returns 0, or -1 after reporting. */
static int
check_file(const char *path, const char *who)
{
	const char *fault = find_file_fault(path);

	if (fault == NULL)
		return check_types(path);
	report_error("%s: BTF file %s: %s", who, path, fault);
	return -1;
}

static int
copy_path(const char *from, char **path)
{
	*path = strdup(from);
	return *path != NULL ? 0 : report_nomem();
}

int
vmlinux_choose(const char *option, char **path)
{
	const char *env = getenv("BTF_FILE_PATH");
	struct stat st;
	char *file;

	*path = NULL;
	if (option != NULL) {
		if (stat(option, &st) == -1 || !S_ISDIR(st.st_mode))
			return check_file(option, "--btf") == 0
				   ? copy_path(option, path)
				   : -1;
		file = format_archive_path(option);
		if (file == NULL || check_file(file, "--btf") == -1) {
			free(file);
			return -1;
		}
		if (!vmlinux_present()) {
			*path = file;
			return 0;
		}
		free(file);
	}
	if (env != NULL && env[0] != '\0') {
		if (check_file(env, "BTF_FILE_PATH") == -1)
			return -1;
		return copy_path(env, path);
	}
	return 0;
}

const char *
vmlinux_name(const char *chosen)
{
	return chosen != NULL ? chosen : kernel_btf;
}

/* What is wrong with a BTF file. */
static const char *
find_btf_fault(const char *path)
{
	const char *fault = find_file_fault(path);
	struct btf *btf;

	if (fault != NULL)
		return fault;
	btf = btf__parse(path, NULL);
	if (btf == NULL)
		return "not BTF";
	btf__free(btf);
	return "BTF, but it cannot be used for this object";
}

/* Appends "who: path: what is wrong with it", or "who: reason" if path is NULL.
 */
static void
write_source(
    struct buf *out, const char *who, const char *path, const char *reason)
{
	if (out->len > 0)
		buf_str(out, "; ");
	if (path == NULL)
		buf_printf(out, "%s: %s", who, reason);
	else if (*who != '\0')
		buf_printf(out, "%s: %s: %s", who, path, find_btf_fault(path));
	else
		buf_printf(out, "%s: %s", path, find_btf_fault(path));
}

static void
write_option_source(struct buf *out, const char *option)
{
	struct stat st;
	char *file = NULL;

	if (option != NULL && stat(option, &st) == 0 && S_ISDIR(st.st_mode))
		file = format_archive_path(option);
	write_source(out, "--btf", file != NULL ? file : option, "not given");
	free(file);
}

void
vmlinux_report(const char *where, const char *option, const char *chosen)
{
	const char *env = getenv("BTF_FILE_PATH");
	bool is_set = env != NULL && env[0] != '\0';
	struct buf tried = { 0 };

	write_option_source(&tried, option);
	/* The chosen file is the last that was tried. */
	if (chosen == NULL || option == NULL ||
	    (is_set && strcmp(env, chosen) == 0))
		write_source(
		    &tried, "BTF_FILE_PATH", is_set ? env : NULL, "not set");
	if (chosen == NULL) {
		write_source(&tried, "", kernel_btf, "");
		buf_str(&tried, "; no vmlinux of this kernel below /boot, "
				"/lib/modules or /usr/lib/debug");
	}
	if (tried.failed)
		report_nomem();
	else
		report_error("%s: the object cannot be loaded: there is no "
			     "usable BTF of the kernel; tried %.*s%s",
		    where, (int)tried.len, tried.data,
		    option == NULL && !is_set
			? "; name a file with the BTF of this kernel with --btf"
			: "");
	buf_free(&tried);
}
