#include <ctype.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/printk-format.h"

enum {
	/* The kernel cuts a line there (MAX_BPRINTF_BUF, linux/bpf.h). */
	TEXT_CUT = 1023,
	FORMAT_MAX = 1024, /* bytes of a format that are compared */
};

static bool
is_printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isprint((unsigned char)s[i]) &&
		    !isspace((unsigned char)s[i]) && s[i] != 033)
			return false;
	return n > 0;
}

/* Adds the string of n bytes, if it is text. */
static int
add_format(struct printk_formats *f, const char *s, size_t n)
{
	if (!is_printable(s, n))
		return 0;
	if (!array_room(f->v, f->n, f->cap))
		return report_nomem();
	f->v[f->n] = strndup(s, n < FORMAT_MAX ? n : FORMAT_MAX);
	if (f->v[f->n] == NULL)
		return report_nomem();
	f->n++;
	return 0;
}

/* Adds all strings that end with a NUL in the size bytes at data. */
static int
add_formats(struct printk_formats *f, const char *data, size_t size)
{
	const char *end = data + size, *nul;

	for (; data < end && (nul = memchr(data, '\0', (size_t)(end - data)));
	     data = nul + 1)
		if (add_format(f, data, (size_t)(nul - data)) == -1)
			return -1;
	return 0;
}

void
printk_formats_close(struct printk_formats *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i]);
	free(f->v);
	*f = (struct printk_formats){ 0 };
}

int
printk_formats_open(struct printk_formats *f, const struct bpf_elf *elf)
{
	Elf_Scn *section = NULL;
	const char *name;
	Elf_Data *data;
	GElf_Shdr head;
	size_t names;

	*f = (struct printk_formats){ 0 };
	if (elf_getshdrstrndx(elf->elf, &names) != 0)
		return 0;
	while ((section = elf_nextscn(elf->elf, section)) != NULL) {
		if (gelf_getshdr(section, &head) == NULL ||
		    (name = elf_strptr(elf->elf, names, head.sh_name)) ==
			NULL ||
		    strncmp(name, ".rodata", strlen(".rodata")) != 0 ||
		    head.sh_type != SHT_PROGBITS ||
		    (data = elf_getdata(section, NULL)) == NULL ||
		    data->d_buf == NULL)
			continue;
		if (add_formats(f, data->d_buf, data->d_size) == -1) {
			printk_formats_close(f);
			return -1;
		}
	}
	return 0;
}

/* One step of a format: a byte, or the output of a conversion. */
struct printk_token {
	enum { TOKEN_BYTE, TOKEN_NUMBER, TOKEN_TEXT } kind;
	char byte;
};

/* Parses the token at *p and advances *p past it. */
static struct printk_token
next_token(const char **p)
{
	struct printk_token t = { TOKEN_BYTE, *(*p)++ };
	const char *s = *p;

	if (t.byte != '%')
		return t;
	if (*s == '%') {
		*p = s + 1;
		return t;
	}
	s += strspn(s, "-+ #0123456789.*");
	s += strspn(s, "hlzjt");
	t.kind = *s != '\0' && strchr("diuxX", *s) != NULL ? TOKEN_NUMBER
							   : TOKEN_TEXT;
	s += *s != '\0';
	/* The letters after p choose the form: %pI4, %pks. */
	if (s[-1] == 'p')
		s += strspn(s, "abcdefghijklmnopqrstuvwxyzBIKS46");
	*p = s;
	return t;
}

static size_t
split_format(const char *format, struct printk_token tokens[FORMAT_MAX])
{
	size_t n = 0;

	while (*format != '\0' && n < FORMAT_MAX)
		tokens[n++] = next_token(&format);
	return n;
}

/* Whether the output of the token may contain c. */
static bool
token_matches(const struct printk_token *t, char c)
{
	switch (t->kind) {
	case TOKEN_BYTE:
		return t->byte == c;
	case TOKEN_NUMBER:
		return isxdigit((unsigned char)c) ||
		       (c != '\0' && strchr(" +-xX", c) != NULL);
	default:
		return true;
	}
}

/* The output of a conversion may be empty: wherever a match may stand before a
 * conversion, it may stand after it too. */
static void
skip_conversions(const struct printk_token *t, size_t n, bool *at)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] && t[i].kind != TOKEN_BYTE)
			at[i + 1] = true;
}

/*
 * Whether bpf_printk() with this format may print the text.  Each byte of the
 * text moves all possible positions in the format at once, so the time does
 * not grow exponentially with repeated conversions as backtracking would.
 */
static bool
format_matches(const char *format, const char *text, size_t len)
{
	struct printk_token tokens[FORMAT_MAX];
	bool at[FORMAT_MAX + 1] = { true }, alive = true;
	size_t n = split_format(format, tokens);

	skip_conversions(tokens, n, at);
	for (size_t i = 0; i < len && alive; i++) {
		alive = false;
		at[n] = false;
		for (size_t k = n; k-- > 0;) {
			bool matches =
			    at[k] && token_matches(&tokens[k], text[i]);

			at[k] = matches && tokens[k].kind != TOKEN_BYTE;
			at[k + 1] |= matches;
			alive |= matches;
		}
		skip_conversions(tokens, n, at);
	}
	return alive && (at[n] || len >= TEXT_CUT);
}

bool
printk_formats_match(
    const struct printk_formats *f, const char *text, size_t len)
{
	for (size_t i = 0; i < f->n; i++)
		if (format_matches(f->v[i], text, len))
			return true;
	return false;
}
