/*
 * Print a stream as skel-fmt(1) does, and look at what comes out.
 */
#ifndef SKEL_FUZZ_PRINT_H
#define SKEL_FUZZ_PRINT_H

#include "base/utf8.h"
#include "fuzz.h"
#include "record/json-row.h"
#include "skel-fmt/printer.h"

/* What a letter stands for, in place of the option. */
static inline bool
fuzz_form(char letter, enum plan_form *form)
{
	static const char letters[] = "jctaprbfFohem";
	const char *at = letter != '\0' ? strchr(letters, letter) : NULL;

	if (at != NULL)
		*form = (enum plan_form)(at - letters);
	return at != NULL;
}

/* Each line of it is an object that skel-fmt reads again. */
static inline void
fuzz_check_json(const char *text, size_t len)
{
	const char *end = text + len, *newline;
	struct json_row row = { 0 };

	if (json_row_open(&row) == -1)
		fuzz_wrong("no memory");
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			fuzz_wrong("the last line has no newline");
		if (json_row_parse(&row, text, (size_t)(newline - text)) == -1)
			fuzz_wrong("a line that is no JSON object");
	}
	json_row_close(&row);
}

/* Whether a text has the tag only as often as a picture has of its own. */
static inline void
fuzz_check_tag(const char *text, size_t len, const char *tag, int most)
{
	const char *end = text + len, *at = text;

	for (int i = 0;
	     (at = memmem(at, (size_t)(end - at), tag, strlen(tag))) != NULL;
	     i++, at++)
		if (i == most)
			fuzz_wrong("a picture with markup in a name");
}

/* Names in a picture are its text. */
static inline void
fuzz_check_picture(const char *text, size_t len)
{
	fuzz_check_tag(text, len, "<script", 1);
	fuzz_check_tag(text, len, "</script", 1);
	fuzz_check_tag(text, len, "]]>", 1);
	if (!utf8_is_valid(text, len))
		fuzz_wrong("a picture that is not UTF-8");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n' &&
		    text[i] != '\t')
			fuzz_wrong("a picture with control bytes");
}

static inline void
fuzz_check_output(int fd, enum plan_form form)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text;

	if (len <= 0)
		return;
	text = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		fuzz_wrong("no memory");
	if (form == PLAN_TABLE && !fuzz_is_safe(text, (size_t)len, true))
		fuzz_wrong("a table with control bytes");
	if (form == PLAN_JSON)
		fuzz_check_json(text, (size_t)len);
	if (form == PLAN_FLAME || form == PLAN_HEAT)
		fuzz_check_picture(text, (size_t)len);
	munmap(text, (size_t)len);
}

/* Returns what printer_run() does. */
static inline int
fuzz_print(const void *text, size_t len, enum plan_form form, bool bare)
{
	struct printer p = {
		.plan.form = form, .plan.bare = bare, .series = 100
	};
	struct output out;
	int in = fuzz_file(text, len), fd = fuzz_file("", 0), ret;

	if (output_open(&out, fd, "<stdout>") == -1)
		fuzz_wrong("no output");
	p.out = &out;
	ret = printer_run(&p, in, "<stdin>");
	if (ret == -1)
		fuzz_refused();
	printer_finish(&p, ret == -1);
	if (output_flush(&out) == -1)
		fuzz_wrong("output failed");
	fuzz_check_output(fd, form);
	printer_close(&p);
	buf_free(&out.buf);
	close(in);
	close(fd);
	return ret;
}

#endif
