#include <ctype.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/printk-format.h"

enum {
	/* The kernel cuts a line there (MAX_BPRINTF_BUF, linux/bpf.h). */
	TEXT_CUT = 1023,
	FORMAT_MAX = 1024, /* bytes of a format that are looked at */
};

static bool
is_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isprint((unsigned char)s[i]) &&
		    !isspace((unsigned char)s[i]) && s[i] != 033)
			return false;
	return n > 0;
}

/* Add the string of n bytes, if it can be a format. */
static int
add(struct printk_formats *f, const char *s, size_t n)
{
	if (!is_text(s, n))
		return 0;
	n = strcspn(s, "\n") < n ? strcspn(s, "\n") : n;
	if (!array_room(f->v, f->n, f->cap))
		return report_nomem();
	f->v[f->n] = strndup(s, n < FORMAT_MAX ? n : FORMAT_MAX);
	if (f->v[f->n] == NULL)
		return report_nomem();
	f->n++;
	return 0;
}

/* All strings in size bytes, each with its NUL. */
static int
add_all(struct printk_formats *f, const char *data, size_t size)
{
	const char *end = data + size, *nul;

	for (; data < end && (nul = memchr(data, '\0', (size_t)(end - data)));
	     data = nul + 1)
		if (add(f, data, (size_t)(nul - data)) == -1)
			return -1;
	return 0;
}

static int
scan(struct printk_formats *f, Elf *elf)
{
	Elf_Scn *section = NULL;
	const char *name;
	Elf_Data *data;
	GElf_Shdr head;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return 0;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (gelf_getshdr(section, &head) == NULL ||
		    (name = elf_strptr(elf, names, head.sh_name)) == NULL ||
		    strncmp(name, ".rodata", strlen(".rodata")) != 0 ||
		    head.sh_type != SHT_PROGBITS ||
		    (data = elf_rawdata(section, NULL)) == NULL ||
		    data->d_buf == NULL)
			continue;
		if (add_all(f, data->d_buf, data->d_size) == -1)
			return -1;
	}
	return 0;
}

int
printk_formats_open(struct printk_formats *f, const unsigned char *elf,
    size_t size, const char *name)
{
	Elf *e;
	int ret;

	*f = (struct printk_formats){ 0 };
	elf_version(EV_CURRENT);
	/* It is only read. */
	e = elf_memory((char *)(uintptr_t)elf, size);
	if (e == NULL) {
		report_error("%s: %s", name, elf_errmsg(-1));
		return -1;
	}
	ret = scan(f, e);
	elf_end(e);
	if (ret == -1)
		printk_formats_close(f);
	return ret;
}

void
printk_formats_close(struct printk_formats *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i]);
	free(f->v);
	*f = (struct printk_formats){ 0 };
}

/* One step of a format: a byte, or what a conversion makes. */
struct token {
	enum { TOKEN_BYTE, TOKEN_NUMBER, TOKEN_TEXT } kind;
	char byte;
};

/* The token at *p, which moves behind it. */
static struct token
next_token(const char **p)
{
	struct token t = { TOKEN_BYTE, *(*p)++ };
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
	/* %pI4, %pks: letters behind p say how. */
	if (s[-1] == 'p')
		s += strspn(s, "abcdefghijklmnopqrstuvwxyzBIKS46");
	*p = s;
	return t;
}

static size_t
split(const char *format, struct token tokens[FORMAT_MAX])
{
	size_t n = 0;

	while (*format != '\0' && n < FORMAT_MAX)
		tokens[n++] = next_token(&format);
	return n;
}

static bool
takes(const struct token *t, char c)
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

/* Whatever can be empty is passed over: mark what comes behind it too. */
static void
pass_over(const struct token *t, size_t n, bool *at)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] && t[i].kind != TOKEN_BYTE)
			at[i + 1] = true;
}

/*
 * Whether the format makes the text: all places in it where a match may stand
 * are moved on by each byte, so the time does not grow with what repeats.
 */
static bool
makes(const char *format, const char *text, size_t len)
{
	struct token tokens[FORMAT_MAX];
	bool at[FORMAT_MAX + 1] = { true }, alive = true;
	size_t n = split(format, tokens);

	pass_over(tokens, n, at);
	for (size_t i = 0; i < len && alive; i++) {
		alive = false;
		at[n] = false;
		for (size_t k = n; k-- > 0;) {
			bool took = at[k] && takes(&tokens[k], text[i]);

			at[k] = took && tokens[k].kind != TOKEN_BYTE;
			at[k + 1] |= took;
			alive |= took;
		}
		pass_over(tokens, n, at);
	}
	return alive && (at[n] || len >= TEXT_CUT);
}

bool
printk_formats_match(
    const struct printk_formats *f, const char *text, size_t len)
{
	for (size_t i = 0; i < f->n; i++)
		if (makes(f->v[i], text, len))
			return true;
	return false;
}
