#include "merge-input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"

/* Open a file for reading.  A FIFO is opened though nobody writes to it yet,
 * and is read only when there is something in it. */
static int
open_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int flags;

	if (fd == -1) {
		report_error("%s: %s", file, strerror(errno));
		return -1;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags != -1)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

int
merge_input_open(struct merge_input *in, const char *file, size_t number)
{
	bool is_stdin = strcmp(file, "-") == 0;
	struct stat st;

	*in = (struct merge_input){ .name = is_stdin ? "<stdin>" : file,
		.number = number };
	in->fd = is_stdin ? STDIN_FILENO : open_file(file);
	if (in->fd == -1)
		return -1;
	if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		report_error("%s: %s", file, strerror(EISDIR));
		merge_input_close(in);
		return -1;
	}
	in->live = !S_ISREG(st.st_mode);
	in->device = st.st_dev;
	in->file = st.st_ino;
	stream_reader_start(&in->in, in->fd, in->name);
	return 0;
}

void
merge_input_close(struct merge_input *in)
{
	stream_reader_close(&in->in);
	merge_queue_free(in->queue);
	in->queue = NULL;
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	in->state = MERGE_DONE;
}
