#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "package/input.h"

int
package_input_read(
    struct buf *b, const char *file, const char *name, size_t max)
{
	bool in = file == NULL || strcmp(file, "-") == 0;
	int fd = in ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int ret = -1;

	if (fd != -1)
		ret = buf_read_fd(b, fd, max);
	if (ret == -1 && errno == EFBIG)
		report_error(
		    "%s: the file is larger than %zu MiB", name, max >> 20);
	else if (ret == -1)
		report_error("%s: %s", name, strerror(errno));
	if (!in && fd != -1)
		close(fd);
	return ret;
}

/* Whether text starts with word; white space in text is skipped. */
static bool
starts_with_word(const char *text, size_t len, const char *word)
{
	for (size_t i = 0; i < len && *word != '\0'; i++) {
		if (memchr(" \t\r\n", text[i], 4) != NULL)
			continue;
		if (text[i] != *word++)
			return false;
	}
	return *word == '\0';
}

/* The message for text that is another document of the suite, or NULL. */
static const char *
find_other_document(const char *text, size_t len)
{
	static const struct {
		const char *start, *message;
	} others[] = {
		{ "\177ELF",
		    "this is an ELF object; pack it first: skel-pack" },
		{ "{\"skel\":\"stream\"",
		    "this is a stream already; format it: skel-fmt" },
		{ "{\"skel\":\"session\"",
		    "this is a session, its program is loaded already; "
		    "poll it: skel-poll" },
		{ "{\"@", "these are records already; format them: skel-fmt" },
	};

	for (size_t i = 0; i < nitems(others); i++)
		if (starts_with_word(text, len, others[i].start))
			return others[i].message;
	return NULL;
}

static bool
is_white_space(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (memchr(" \t\r\n", text[i], 4) == NULL)
			return false;
	return true;
}

int
package_input_check(const char *text, size_t len, const char *name)
{
	const char *other = find_other_document(text, len);
	size_t n = strlen(name);

	if (other == NULL && n > 2 && strcmp(name + n - 2, ".c") == 0 &&
	    !starts_with_word(text, len, "{"))
		other = "this is a C source; compile and pack it first: "
			"skel-pack";

	if (other == NULL && is_white_space(text, len))
		other = "empty; expected a package";
	if (other == NULL)
		return 0;
	report_error("%s: %s", name, other);
	return -1;
}
