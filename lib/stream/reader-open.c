#include <ctype.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/reader.h"

/* Whether the input looks like a package, on one line or on several. */
static bool
looks_like_package(const struct stream_reader *r)
{
	static const char *const keys[] = { "\"bpf_object\"", "\"bpf_skel\"" };

	for (size_t i = 0; i < nitems(keys); i++)
		if (memmem(line_input_text(&r->input),
			line_input_len(&r->input), keys[i],
			strlen(keys[i])) != NULL)
			return true;
	return false;
}

static enum stream_opening
refuse_package(const struct stream_reader *r)
{
	report_error(
	    "%s: this is a package; load it first: skel-load", r->name);
	return STREAM_REFUSED;
}

/* Refuses a first line that is not an object. */
static enum stream_opening
refuse_text(const struct stream_reader *r)
{
	const char *text = line_input_text(&r->input);
	size_t len = line_input_len(&r->input);

	if (len >= 4 && memcmp(text, "\177ELF", 4) == 0)
		report_error(
		    "%s: this is an ELF object; pack it first: skel-pack",
		    r->name);
	else if (looks_like_package(r))
		return refuse_package(r);
	else if (text[0] == STREAM_TAG)
		report_error("%s:1: this is a record, but its stream's header "
			     "is missing; put that line before it",
		    r->name);
	else
		report_error("%s: this is not a stream: its first line is not "
			     "a JSON object",
		    r->name);
	return STREAM_REFUSED;
}

static bool
is_package(const json_t *json)
{
	return json_object_get(json, "bpf_object") != NULL ||
	       json_object_get(json, "bpf_skel") != NULL ||
	       json_object_get(json_object_get(json, "meta"), "bpf_skel") !=
		   NULL;
}

/* Whether the object is a header whose key "skel" is missing or wrong, rather
 * than a record of NDJSON. */
static bool
looks_like_header(const json_t *json)
{
	return json_is_array(json_object_get(json, "maps")) &&
	       json_is_array(json_object_get(json, "types"));
}

static enum stream_opening
open_header(struct stream_reader *r, const json_t *json, unsigned long line)
{
	struct buf where = { 0 };
	int ret = -1;

	buf_printf(&where, "%s:%lu", r->name, line);
	buf_chr(&where, '\0');
	if (where.failed)
		report_nomem();
	else
		ret = stream_header_parse(&r->header, json, where.data);
	buf_free(&where);
	if (ret == -1)
		return STREAM_REFUSED;
	return r->header.session ? STREAM_SESSION : STREAM_OPENED;
}

static enum stream_opening
open_first_object(struct stream_reader *r, const json_t *json)
{
	if (is_package(json))
		return refuse_package(r);
	if (json_object_get(json, "skel") == NULL && !looks_like_header(json))
		return STREAM_NDJSON;
	return open_header(r, json, 1);
}

/* Parses the first line, which ends at end: a newline or the end of the input.
 */
static enum stream_opening
open_first_line(struct stream_reader *r, const char *end, bool newline)
{
	const char *text = line_input_text(&r->input);
	size_t len = (size_t)(end - text);
	const char *header = stream_line_find_header(text, len);
	enum stream_opening what;
	json_t *json;

	if (header != NULL) {
		r->line = 1;
		if (stream_reader_count_bad(r))
			report_error("%s:1: the stream was cut within its "
				     "header; another one follows",
			    r->name);
		line_input_consume(&r->input, (size_t)(header - text));
		text = header;
		len = (size_t)(end - text);
	}
	if (stream_line_is_cut(text, len) && looks_like_package(r))
		return refuse_package(r);
	if ((json = json_doc_parse(text, len, r->name, 0)) == NULL)
		return STREAM_REFUSED;
	what = open_first_object(r, json);
	json_decref(json);
	if (what == STREAM_NDJSON)
		return what;
	r->line = 1;
	r->header_text = text;
	r->header_len = len;
	line_input_consume(&r->input, len + newline);
	return what;
}

void
stream_reader_start(struct stream_reader *r, int fd, const char *name)
{
	*r = (struct stream_reader){ .name = name, .input.fd = fd };
}

enum stream_opening
stream_reader_open(struct stream_reader *r, int fd, const char *name)
{
	stream_reader_start(r, fd, name);
	return stream_reader_open_started(r);
}

enum stream_opening
stream_reader_open_started(struct stream_reader *r)
{
	struct line_input *in = &r->input;
	const char *end;
	size_t blank = 0;

	if (line_input_len(in) == 0 && line_input_wait(in) == 0) {
		if (in->error == 0)
			return STREAM_EMPTY;
		report_error("%s: %s", r->name, line_input_error(in));
		return STREAM_REFUSED;
	}
	/* Input that does not begin with an object is refused at once, and not
	 * only after a newline, which may be far away. */
	while (blank < in->in.len && isblank((unsigned char)in->in.data[blank]))
		blank++;
	if (blank == in->in.len || in->in.data[blank] != '{')
		return refuse_text(r);
	if ((end = line_input_read(in, STREAM_HEADER_MAX)) != NULL)
		return open_first_line(r, end, true);
	if (in->eof)
		return open_first_line(r, in->in.data + in->in.len, false);
	if (in->error != 0)
		report_error("%s: %s", r->name, line_input_error(in));
	else if (looks_like_package(r))
		refuse_package(r);
	else
		report_error("%s:1: the header is longer than %d bytes",
		    r->name, STREAM_HEADER_MAX);
	return STREAM_REFUSED;
}

enum stream_opening
stream_reader_next_stream(
    struct stream_reader *r, const struct stream_line *line)
{
	enum stream_opening what = STREAM_REFUSED;
	json_t *json = NULL;

	stream_header_free(&r->header);
	r->header_text = line->text;
	r->header_len = line->text_len;
	r->ended = false;
	if (line->text_len > STREAM_HEADER_MAX)
		report_error("%s:%lu: the header is longer than %d bytes",
		    r->name, r->line, STREAM_HEADER_MAX);
	else
		json = json_doc_parse(
		    line->text, line->text_len, r->name, r->line - 1);
	if (json != NULL)
		what = open_header(r, json, r->line);
	json_decref(json);
	r->left_out = what != STREAM_OPENED;
	return what;
}
