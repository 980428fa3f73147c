/* Shared by the programs here: checks, and reading a file. */
#ifndef TESTS_EUNOMIA_CHECK_H
#define TESTS_EUNOMIA_CHECK_H

#include <eunomia.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(__FILE__, __LINE__, #cond);               \
	} while (0)

/* Checks that the message of get_error_message() contains text. */
#define CHECK_SAID(text) check_said((text), __FILE__, __LINE__)

static inline void
check_failed(const char *file, int line, const char *what)
{
	char message[512];

	get_error_message(message, sizeof(message));
	fprintf(stderr, "%s:%d: not so: %s; last message: %s\n", file, line,
	    what, message);
	failures++;
}

static inline void
check_said(const char *text, const char *file, int line)
{
	static char message[16384];

	get_error_message(message, sizeof(message));
	if (strstr(message, text) != NULL)
		return;
	fprintf(stderr, "%s:%d: \"%s\" is not in the message: %s\n", file, line,
	    text, message);
	failures++;
}

/* Returns the content of a file, to be freed, and its size. */
static inline char *
read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	long end;

	if (in == NULL || fseek(in, 0, SEEK_END) == -1 ||
	    (end = ftell(in)) == -1 || fseek(in, 0, SEEK_SET) == -1 ||
	    (text = malloc((size_t)end + 1)) == NULL ||
	    fread(text, 1, (size_t)end, in) != (size_t)end) {
		perror(path);
		exit(1);
	}
	fclose(in);
	text[end] = '\0';
	if (size != NULL)
		*size = (size_t)end;
	return text;
}

#endif
