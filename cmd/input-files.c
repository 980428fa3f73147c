#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/signals.h"
#include "host/confine.h"
#include "input-files.h"

static bool
is_stdin(const char *file)
{
	return strcmp(file, "-") == 0;
}

bool
input_files_open_any(int nfiles, char *const files[])
{
	for (int i = 0; i < nfiles; i++)
		if (!is_stdin(files[i]))
			return true;
	return false;
}

static int
run_file(const char *file, const struct input_files_reader *r)
{
	int fd, ret;

	if (is_stdin(file))
		return r->run(r->ctx, STDIN_FILENO, "<stdin>");
	if ((fd = open(file, O_RDONLY | O_CLOEXEC)) == -1) {
		report_error("%s: %s", file, strerror(errno));
		return -1;
	}
	ret = r->run(r->ctx, fd, file);
	close(fd);
	return ret;
}

int
input_files_run(
    int nfiles, char *const files[], const struct input_files_reader *r)
{
	int ret = 0;

	if (nfiles == 0)
		ret |= run_file("-", r);
	for (int i = 0; i < nfiles && !r->is_over(r->ctx); i++)
		ret |= run_file(files[i], r);
	return ret;
}

int
input_files_filter(int nfiles, char *const files[],
    const struct input_files_reader *r, struct output *out,
    const struct output_dir *dir)
{
	const bool opens = input_files_open_any(nfiles, files);
	int ret;

	if (signals_catch() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return -1;
	}
	if (dir != NULL)
		confine_filter_writing(opens, dir->fd);
	else
		confine_filter(opens);
	if ((dir != NULL && output_dir_check(dir) == -1) ||
	    output_open(out, STDOUT_FILENO, "<stdout>") == -1)
		return -1;
	ret = input_files_run(nfiles, files, r);
	output_close(out);
	return (ret == -1 && !out->gone) || out->failed ? -1 : 0;
}
