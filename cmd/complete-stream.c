#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complete-stream.h"
#include "record/fields.h"
#include "stream/reader.h"

/* Offers the fields of the maps, with the structs and the members in them. */
static void
offer_members(
    struct completion *c, const struct stream_header *h, const char *end)
{
	for (unsigned int i = 0; i < h->nmaps; i++) {
		struct fields fields = { 0 };

		fields_add_selected(&fields, h, i, NULL, 0, true);
		for (size_t k = 0; k < fields.n; k++)
			complete_offer_with(c, fields.v[k].name, end);
		fields_free(&fields);
	}
}

static void
offer_maps(struct completion *c, const struct stream_header *h)
{
	for (unsigned int i = 0; i < h->nmaps; i++)
		complete_offer(c, h->maps[i].name, NULL);
}

/* Offers what the header of the file says; standard input cannot be read. */
static void
offer_of_file(struct completion *c, const char *what, const char *file)
{
	struct stream_reader r;
	enum stream_opening opening;
	int fd;

	if (!complete_may_read(file) ||
	    (fd = open(file, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	opening = stream_reader_open(&r, fd, file);
	if (opening != STREAM_OPENED && opening != STREAM_SESSION)
		;
	else if (strcmp(what, "map") == 0)
		offer_maps(c, &r.header);
	else
		offer_members(c, &r.header, strcmp(what, "as") == 0 ? "=" : "");
	stream_reader_close(&r);
	close(fd);
}

void
complete_stream(struct completion *c, const char *what, size_t before)
{
	const char *file;

	(void)before;
	if (strcmp(what, "stream") == 0) {
		complete_offer_files(c, "");
		return;
	}
	if (strcmp(what, "as") == 0) {
		char *member;

		if (complete_skip_past(c, '=', &member)) {
			for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
				complete_offer(
				    c, kind_name((enum kind)k), NULL);
			free(member);
			return;
		}
		complete_leave_open(c);
	}
	if (strcmp(what, "members") == 0) {
		complete_skip_to(c, ",");
		complete_leave_open(c);
	}
	if (strcmp(what, "expression") == 0) {
		complete_skip_to(c, " (!&|");
		complete_leave_open(c);
		what = "member";
	}
	for (size_t i = 0; (file = complete_operand(c, i)) != NULL; i++)
		offer_of_file(c, what, file);
}
