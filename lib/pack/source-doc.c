#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "pack/source-doc.h"

/* The part of the value of a key that has been read. */
enum value_state {
	VALUE_NONE, /* nothing yet */
	VALUE_TEXT, /* text, which goes on */
	VALUE_OPEN, /* JSON, in which brackets are open */
	VALUE_DONE, /* JSON that is complete */
};

struct source_doc {
	json_t *json;     /* owned */
	const char *file; /* borrowed, for reports */
	unsigned long line, key_line;
	char key[64]; /* "" if plain text is read */
	bool is_paragraph;
	struct buf value, description;
	bool has_description; /* it was given by its key */
	enum value_state state;
	size_t scanned, depth; /* of a value that is JSON with brackets */
	bool in_string;
};

/* The commands of documentation comments in C whose argument is a paragraph. */
static const char *const paragraphs[] = { "abstract", "attention", "author",
	"authors", "brief", "bug", "copyright", "date", "deprecated",
	"description", "details", "exception", "invariant", "note", "par",
	"post", "pre", "remark", "remarks", "result", "return", "returns", "sa",
	"see", "short", "since", "throw", "throws", "todo", "version",
	"warning" };

/* The keys that describe parameters, for which a package has no place. */
static const char *const skipped[] = { "param", "tparam" };

/* The keys of a package whose value is an object. */
static const char *const objects[] = { "cmdarg", "intepreter", "sample",
	"tchook", "tcopts", "xdpopts" };

static bool
is_word_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static struct source_span
trim_span(struct source_span s)
{
	while (s.len > 0 && isspace((unsigned char)s.text[0])) {
		s.text++;
		s.len--;
	}
	while (s.len > 0 && isspace((unsigned char)s.text[s.len - 1]))
		s.len--;
	return s;
}

static struct source_span
trimmed_value(const struct source_doc *d)
{
	return trim_span(
	    (struct source_span){ .text = d->value.data, .len = d->value.len });
}

/* Counts the brackets in what was added to the value. */
static void
count_brackets(struct source_doc *d)
{
	for (; d->scanned < d->value.len; d->scanned++) {
		char c = d->value.data[d->scanned];

		if (d->in_string) {
			if (c == '\\' && d->scanned + 1 < d->value.len)
				d->scanned++;
			else if (c == '"')
				d->in_string = false;
		} else if (c == '"') {
			d->in_string = true;
		} else if (c == '{' || c == '[') {
			d->depth++;
		} else if ((c == '}' || c == ']') && d->depth > 0) {
			d->depth--;
		}
	}
	d->state = d->depth == 0 && !d->in_string ? VALUE_DONE : VALUE_OPEN;
}

/* Whether the text may be a number, a word or a string of JSON by itself. */
static bool
is_scalar(struct source_span text)
{
	json_t *v;
	struct report_held held;

	if (text.len == 0 || text.len > 256 ||
	    strchr("-0123456789tfn\"", text.text[0]) == NULL)
		return false;
	report_hold(&held);
	v = json_doc_parse(text.text, text.len, "", 0);
	report_release_held(&held, "");
	json_decref(v);
	return v != NULL;
}

/* Adds a line to the value of the key. */
static void
add_to_value(struct source_doc *d, struct source_span text)
{
	struct source_span value;

	if (d->value.len > 0)
		buf_chr(&d->value, '\n');
	buf_add(&d->value, text.text, text.len);
	if (d->is_paragraph || d->value.failed)
		return;
	if (d->state == VALUE_NONE) {
		value = trimmed_value(d);
		if (value.len == 0)
			return;
		if (value.text[0] == '{' || value.text[0] == '[')
			d->state = VALUE_OPEN;
		else
			d->state = is_scalar(value) ? VALUE_DONE : VALUE_TEXT;
	}
	if (d->state == VALUE_OPEN)
		count_brackets(d);
}

/* A string of the text, or NULL after reporting that it is not UTF-8. */
static json_t *
text_json(const struct source_doc *d, struct source_span text)
{
	json_t *v = json_doc_string_new(text.text, text.len);

	if (v == NULL)
		report_error("%s:%lu: @%s: the comment is not UTF-8 text",
		    d->file, d->key_line, d->key);
	return v;
}

/* JSON, or text that only looks like it; NULL after reporting. */
static json_t *
bracket_json(const struct source_doc *d, struct source_span text)
{
	struct report_held held;
	json_t *v;

	report_hold(&held);
	v = json_doc_parse(text.text, text.len, d->file, d->key_line - 1);
	report_release_held(&held, "");
	return v != NULL ? v : text_json(d, text);
}

/* The value of a key that is an object; NULL after reporting. */
static json_t *
object_json(const struct source_doc *d, struct source_span text)
{
	if (text.len > 0 && text.text[0] == '{')
		return json_doc_parse(
		    text.text, text.len, d->file, d->key_line - 1);
	report_error("%s:%lu: @%s: expected a JSON object: {\"key\": value}",
	    d->file, d->key_line, d->key);
	return NULL;
}

/* The value of the key; NULL after reporting. */
static json_t *
value_json(const struct source_doc *d)
{
	struct source_span text = trimmed_value(d);

	if (is_word_of(d->key, objects, nitems(objects)))
		return object_json(d, text);
	if (text.len == 0)
		return json_true();
	if (!d->is_paragraph && d->state != VALUE_TEXT)
		return bracket_json(d, text);
	return text_json(d, text);
}

/* Ends the value of the key, if there is one. */
static int
finish_key(struct source_doc *d)
{
	json_t *v;
	int ret = 0;

	if (d->key[0] != '\0' && !d->value.failed &&
	    !is_word_of(d->key, skipped, nitems(skipped))) {
		if ((v = value_json(d)) == NULL)
			return -1;
		if (strcmp(d->key, "description") == 0)
			d->has_description = true;
		ret = json_object_set_new(d->json, d->key, v);
	}
	d->key[0] = '\0';
	d->value.len = d->scanned = d->depth = 0;
	d->in_string = false;
	d->state = VALUE_NONE;
	return ret == -1 ? report_nomem() : 0;
}

static void
add_description(struct source_doc *d, struct source_span text)
{
	if (text.len == 0)
		return;
	if (d->description.len > 0)
		buf_chr(&d->description, ' ');
	buf_add(&d->description, text.text, text.len);
}

/* Begins the key of a line "@key value".  Returns false if it has none. */
static bool
begin_key(struct source_doc *d, struct source_span *text)
{
	size_t n = 1;

	if (text->len < 2 || (text->text[0] != '@' && text->text[0] != '\\') ||
	    !isalpha((unsigned char)text->text[1]))
		return false;
	while (n < text->len &&
	       (isalnum((unsigned char)text->text[n]) || text->text[n] == '_'))
		n++;
	if (n > sizeof(d->key))
		return false;
	memcpy(d->key, text->text + 1, n - 1);
	d->key[n - 1] = '\0';
	/* The package has the reference loader's spelling.  With a colon, as in
	 * the kernel's comments, a parameter is described. */
	if (strcmp(d->key, "interpreter") == 0)
		strcpy(d->key, "intepreter");
	else if (n < text->len && text->text[n] == ':')
		strcpy(d->key, skipped[0]);
	d->is_paragraph = is_word_of(d->key, paragraphs, nitems(paragraphs));
	d->key_line = d->line;
	text->text += n;
	text->len -= n;
	return true;
}

/* A line of the comment without its markers. */
static int
read_line(struct source_doc *d, struct source_span raw)
{
	struct source_span text = trim_span(raw);
	struct source_doc next = { .line = d->line };

	if (text.len == 0 && d->state != VALUE_OPEN)
		return finish_key(d);
	if (d->state != VALUE_OPEN && begin_key(&next, &text)) {
		if (finish_key(d) == -1)
			return -1;
		memcpy(d->key, next.key, sizeof(d->key));
		d->is_paragraph = next.is_paragraph;
		d->key_line = next.key_line;
		add_to_value(d, text);
		return 0;
	}
	/* After a value that is complete, plain text describes. */
	if (d->state == VALUE_DONE && finish_key(d) == -1)
		return -1;
	if (d->key[0] == '\0')
		add_description(d, text);
	else
		add_to_value(d, raw);
	return 0;
}

/* The end of the line at p, which is in a block that ends at end. */
static const char *
line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline != NULL ? newline : end;
}

/* Reads the inside of a block comment; its lines may begin with a star. */
static int
read_block(struct source_doc *d, const char *p, const char *end)
{
	bool first = true;

	for (;;) {
		const char *stop = line_end(p, end), *text = p;

		while (!first && text < stop && isblank((unsigned char)*text))
			text++;
		if (!first && text < stop && *text == '*')
			text++;
		else
			text = p;
		if (read_line(d, (struct source_span){ .text = text,
				     .len = (size_t)(stop - text) }) == -1)
			return -1;
		if (stop == end)
			return 0;
		d->line++;
		p = stop + 1;
		first = false;
	}
}

/* The "*" of the end of the block comment at p. */
static const char *
block_end(const char *p, const char *end)
{
	for (; end - p >= 2; p++)
		if (p[0] == '*' && p[1] == '/')
			return p;
	return end;
}

static int
read_comments(struct source_doc *d, const char *p, const char *end)
{
	while (p < end) {
		const char *stop;

		if (end - p < 3 || *p != '/') {
			d->line += *p++ == '\n';
			continue;
		}
		if (p[1] == '/') {
			stop = line_end(p, end);
			p += 3;
			if (read_line(d, (struct source_span){ .text = p,
					     .len = (size_t)(stop - p) }) == -1)
				return -1;
		} else {
			p += 3;
			stop = block_end(p, end);
			if (read_block(d, p, stop) == -1)
				return -1;
			stop += end - stop >= 2 ? 2 : 0;
		}
		p = stop;
	}
	return finish_key(d);
}

/* Plain text is the description, unless a key gives another. */
static int
set_description(struct source_doc *d)
{
	struct source_span text = { .text = d->description.data,
		.len = d->description.len };
	json_t *v;

	if (text.len == 0 || d->has_description)
		return 0;
	strcpy(d->key, "description");
	if ((v = text_json(d, text)) == NULL)
		return -1;
	return json_object_set_new(d->json, "description", v) == 0
		   ? 0
		   : report_nomem();
}

json_t *
source_doc_read(
    struct source_span comment, unsigned long line, const char *file)
{
	struct source_doc d = { .json = json_object(),
		.file = file,
		.line = line,
		.key_line = line };
	int ret = -1;

	if (d.json == NULL)
		report_nomem();
	else
		ret =
		    read_comments(&d, comment.text, comment.text + comment.len);
	if (ret == 0)
		ret = set_description(&d);
	if (ret == 0 && (d.value.failed || d.description.failed))
		ret = report_nomem();
	buf_free(&d.value);
	buf_free(&d.description);
	if (ret == 0)
		return d.json;
	json_decref(d.json);
	return NULL;
}
