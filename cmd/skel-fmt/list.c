#include "list.h"
#include "base/report.h"
#include "record/member-notes.h"
#include "stream/reader.h"

static int
list_header(struct output *out, const struct field_list_options *o,
    struct stream_header *h, const char *name)
{
	for (size_t i = 0; i < o->nmaps; i++)
		if (stream_header_find_map(h, o->maps[i]) == -1) {
			report_error("%s: no map \"%s\"", name, o->maps[i]);
			return -1;
		}
	if (member_notes_apply_options(h, o->as, o->nas) == -1)
		return -1;
	return field_list_write(h, o, &out->buf);
}

int
list_run(struct output *out, const struct field_list_options *o, int fd,
    const char *name)
{
	struct stream_reader in;
	int ret = -1;

	switch (stream_reader_open(&in, fd, name)) {
	case STREAM_OPENED:
	case STREAM_SESSION:
		ret = list_header(out, o, &in.header, name);
		break;
	case STREAM_EMPTY:
		report_error("%s: empty; expected a stream", name);
		break;
	case STREAM_NDJSON:
		report_error("%s: these records have no header, which would "
			     "list them",
		    name);
		break;
	case STREAM_REFUSED:
		break;
	}
	stream_reader_close(&in);
	return ret;
}
