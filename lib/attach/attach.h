/*
 * Attaching: which programs of an object go where, and what holds them there.
 * A kind of program (attach/kind.c) has ways to be attached (attach/way.h); a
 * new way is a file of its own.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_ATTACH_ATTACH_H
#define SKEL_ATTACH_ATTACH_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/confine.h"
#include "load/object.h"

enum { ATTACH_OPTIONS_MAX = 8 };

/* A "-a PROG=WHERE" of the command line; WHERE is
 * "off" or "WAY:TARGET[,KEY=VALUE]...", as in "xdp:eth0,mode=skb".  Or an
 * "--optional PROG". */
struct attach_where {
	char *program;         /* owned */
	bool optional;         /* "--optional": nothing else is set */
	bool left_out;         /* and it was, with a notice */
	const char *text;      /* borrowed: WHERE */
	const struct way *way; /* NULL: off */
	char *words;           /* owned: TARGET and the options, cut apart */
	const char *target;    /* in words; "" if there is none */
	struct attach_option {
		const char *key, *value; /* in words */
	} options[ATTACH_OPTIONS_MAX];
	size_t noptions;
};

/* One thing that keeps a program where it is. */
struct attach_hold {
	struct bpf_link *link;     /* owned, or NULL */
	int fd;                    /* owned: a link without libbpf, or -1 */
	void (*undo)(void *state); /* or NULL: takes it away, frees state */
	void *state;
};

struct attachment {
	const struct bpf_program *program; /* borrowed */
	struct attach_hold *holds;         /* owned */
	size_t nholds;
};

struct attachments {
	struct attach_job *jobs; /* owned: what is to be attached */
	size_t njobs;
	struct attachment *v; /* owned: what is */
	size_t n;
	const char *package; /* borrowed: its name */
	size_t nleft_out;    /* that were to be attached, and are optional */
};

/* Take apart "PROG=WHERE", which w borrows.  Returns 0, or -1 after reporting
 * what is wrong with it. */
int attach_where_parse(struct attach_where *w, const char *text);

/* Take in the name of a program that may be left out.  Returns 0, or -1 after
 * reporting. */
int attach_where_optional(struct attach_where *w, const char *program);
void attach_where_free(struct attach_where *w);

/* What programs like this one are called: "tracepoint", "uprobe". */
const char *attach_kind(const struct bpf_program *program);

/*
 * Between opening and loading: decide where each program that the package
 * lists goes, unless it is held back (link: false) or turned off, and prepare
 * the object for it.  A program that is off is not loaded either.  wheres is
 * borrowed as long as a is in use.  Fails if the wheres name what the package
 * has not, or what a program of that kind cannot do.
 *
 * An optional program that fails, here or below, is left out, with a notice
 * that says why; but when that leaves none to attach, it is an error.
 */
int attach_choose(struct attachments *a, struct object *o,
    struct attach_where *wheres, size_t nwheres);

/* Whether attach_all() could attach them, as far as that shows before the
 * object is loaded: that each has a place to go. */
int attach_check(struct attachments *a);

/* Whether one of the wheres is optional. */
bool attach_has_optional(const struct attach_where *wheres, size_t n);

/* When an object could not be loaded for this program's sake: whether the
 * program is optional, and from now on is left out by attach_choose(). */
bool attach_leave_out(
    struct attach_where *wheres, size_t n, const char *program);

/* Attach them to the loaded object's maps and the system.  All or nothing:
 * when one fails, reports "program handle_exit: ..." and detaches the others.
 */
int attach_all(struct attachments *a);

/* Whether the program of this name is an iterator that is to be attached. */
bool attach_is_iterator(const struct attachments *a, const char *program);

/* The descriptor of the first link of the program of this name, or -1. */
int attach_link_fd(const struct attachments *a, const char *program);

/* Add what detaching needs to n: what is held by descriptors, nothing. */
void attach_add_needs(const struct attachments *a, struct confine_needs *n);

/* Detach all. */
void attach_detach(struct attachments *a);

/* Detach all and release a. */
void attach_close(struct attachments *a);

#endif
