/*
 * Reads JSON objects of a package into structs by tables of their keys.
 */
#ifndef SKEL_PACKAGE_READ_H
#define SKEL_PACKAGE_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACKAGE_PATH_MAX = 1024, /* bytes of a path in a report */
	PACKAGE_STACK_FIELDS = 7,
};

/* The keys of "field_map" in "stack_trace". */
extern const char *const package_stack_fields[PACKAGE_STACK_FIELDS];

/* The kind of value that a key has, and the type of its place in the struct. */
enum package_kind {
	KEY_STRING,  /* const char *, borrowed */
	KEY_BOOL,    /* bool */
	KEY_U32,     /* uint32_t from 0 to max */
	KEY_U64,     /* uint64_t from 0 to max */
	KEY_WORD,    /* one of words: its index, in an enum */
	KEY_VALUE,   /* json_t *, borrowed: a value of any kind */
	KEY_PRESENT, /* bool: whether the object has the key */
	KEY_SELF,    /* json_t *, borrowed: the object itself; has no key */
	KEY_OBJECT,  /* an object, whose keys go into the same struct */
	KEY_LIST,    /* struct package_list: an array of objects */
	KEY_OTHER,   /* read() reads it, or checks several keys together */
};

/* An array of structs, laid out like the members "struct x *v; size_t n;", of
 * which the first can therefore be the place of a KEY_LIST. */
struct package_list {
	void *v; /* owned */
	size_t n;
};

struct package_key {
	const char *name; /* NULL ends a table */
	enum package_kind kind;
	bool required;
	size_t offset; /* of the place in the struct, or KEY_CHECKED */
	uint64_t max;  /* of a number */
	const char
	    *zero; /* what is wrong with 0, for a report; NULL: 0 is allowed */
	const char *noun; /* of a word: what the words are */
	bool noun_tells;  /* it names the key, so a report has the list's entry
			     only */
	const char *const *words;
	size_t nwords;
	const struct package_key *keys; /* of an object, or of each in a list */
	size_t size;                    /* of a list: bytes of each struct */
	size_t most; /* of a list: elements that are allowed; 0: any number */
	const void *initial; /* the struct before it is read; NULL: zeros */
	/* Reads the struct at out from obj, which has the key.  Returns 0, or
	 * -1 after reporting. */
	int (*read)(void *out, json_t *obj, const char *where);
};

/* Report for the interval 0 of a sample. */
#define PACKAGE_INTERVAL_ZERO                                                  \
	"must be at least 1 ms; 0 would keep a CPU busy with sampling"

/* The offset of a value that is checked but not stored. */
#define KEY_CHECKED SIZE_MAX

/*
 * Reads obj, whose path is where, into the struct at out.  A key that is absent
 * or null leaves its place as it is.  Elements of a list are called "root:
 * key[2]" in reports if root is not NULL, and "where.key[2]" otherwise.
 * Returns 0, or -1 after reporting; the lists read so far are the caller's then
 * too.
 */
int package_read_keys(const struct package_key *keys, json_t *obj, void *out,
    const char *where, const char *root);

/* Formats the path of a value in the document, for reports; a longer one is
 * truncated. */
void package_path(char path[PACKAGE_PATH_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The index of text in the n words, or -1 after reporting them all; noun says
 * what the words are. */
int package_find_word(const char *const *words, size_t n, const char *text,
    const char *noun, const char *where);

#endif
