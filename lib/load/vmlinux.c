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
#include "load/vmlinux.h"

static const char kernel_btf[] = "/sys/kernel/btf/vmlinux";

bool
vmlinux_present(void)
{
	return eaccess(kernel_btf, R_OK) == 0;
}

/* The value of a line KEY=value or KEY="value" of os-release(5), or NULL. */
static char *
os_release_value(const char *line, const char *key)
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

/* Set *id and *version, both to free, from os-release(5), "" if unknown. */
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
		if ((value = os_release_value(line, "ID")) != NULL) {
			free(*id);
			*id = value;
		}
		if ((value = os_release_value(line, "VERSION_ID")) != NULL) {
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

/* dir's file for this system, laid out as BTFHub's archive is:
 * ID/VERSION_ID/machine/release.btf.  Returns a string to free, or NULL. */
static char *
archive_path(const char *dir)
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

/* Whether path, asked for by who, can be read.  Returns 0, or -1. */
static int
check_file(const char *path, const char *who)
{
	if (eaccess(path, R_OK) == 0)
		return 0;
	report_error("%s: BTF file %s: %s", who, path, strerror(errno));
	return -1;
}

static int
take_copy(const char *from, char **path)
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
		if (check_file(option, "--btf") == -1)
			return -1;
		if (stat(option, &st) == -1 || !S_ISDIR(st.st_mode))
			return take_copy(option, path);
		file = archive_path(option);
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
		return take_copy(env, path);
	}
	return 0;
}

const char *
vmlinux_name(const char *chosen)
{
	return chosen != NULL ? chosen : kernel_btf;
}

/* What the file lacks to be BTF. */
static const char *
find_lack(const char *path)
{
	struct btf *btf;

	if (eaccess(path, R_OK) == -1)
		return strerror(errno);
	btf = btf__parse(path, NULL);
	if (btf == NULL)
		return "not BTF";
	btf__free(btf);
	return "BTF, but it does not serve";
}

/* Append "who: what it lacks"; path NULL: there is none, for the reason. */
static void
add_source(
    struct buf *out, const char *who, const char *path, const char *reason)
{
	if (out->len > 0)
		buf_str(out, "; ");
	if (path == NULL)
		buf_printf(out, "%s: %s", who, reason);
	else if (*who != '\0')
		buf_printf(out, "%s: %s: %s", who, path, find_lack(path));
	else
		buf_printf(out, "%s: %s", path, find_lack(path));
}

static void
add_option(struct buf *out, const char *option)
{
	struct stat st;
	char *file = NULL;

	if (option != NULL && stat(option, &st) == 0 && S_ISDIR(st.st_mode))
		file = archive_path(option);
	add_source(out, "--btf", file != NULL ? file : option, "not given");
	free(file);
}

void
vmlinux_report(const char *where, const char *option, const char *chosen)
{
	const char *env = getenv("BTF_FILE_PATH");
	bool is_set = env != NULL && env[0] != '\0';
	struct buf tried = { 0 };

	add_option(&tried, option);
	/* What was chosen is the last that was looked at. */
	if (chosen == NULL || option == NULL ||
	    (is_set && strcmp(env, chosen) == 0))
		add_source(
		    &tried, "BTF_FILE_PATH", is_set ? env : NULL, "not set");
	if (chosen == NULL) {
		add_source(&tried, "", kernel_btf, "");
		buf_str(&tried, "; no vmlinux of this kernel below /boot, "
				"/lib/modules or /usr/lib/debug");
	}
	if (tried.failed)
		report_nomem();
	else
		report_error("%s: the object cannot be loaded: no BTF of the "
			     "kernel to fit it to; tried %.*s",
		    where, (int)tried.len, tried.data);
	buf_free(&tried);
}
