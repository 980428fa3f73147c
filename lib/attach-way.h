/*
 * Ways: how a way to attach joins.  Each is a struct way in a file of its own,
 * a line in attach-where.c's list if "-a" can name it, and is named by the
 * rows of attach-kind.c's table that can go that way.
 */
#ifndef SKEL_ATTACH_WAY_H
#define SKEL_ATTACH_WAY_H

#include "attach.h"
#include "package.h"

/* One program that is to be attached. */
struct attach_job {
	const struct object *object;          /* borrowed, as all here */
	const struct package_program *listed; /* what the package says */
	struct bpf_program *program;
	const struct kind *kind;
	const struct way *way;
	const struct attach_where *where; /* what "-a" says, or NULL */
};

struct way {
	const char *name;        /* before the colon of WHERE */
	const char *syntax;      /* "xdp:INTERFACE[,mode=native|skb|hw]" */
	const char *const *keys; /* of the options, NULL at the end; or NULL */
	bool needs_where;        /* neither section nor package say where */
	bool tracefs;            /* libbpf reads an id from tracefs */

	/* Check target and options when the command line is read.  NULL: there
	 * has to be a target.  Returns 0, or -1 after reporting. */
	int (*parse)(const struct attach_where *w);

	/* Before loading: set what the kernel has to know when it verifies the
	 * program.  Or NULL.  Returns 0, or -1 after reporting. */
	int (*prepare)(const struct attach_job *j);

	/*
	 * Attach, and keep what holds it by attach_hold_*().  Returns 0, or -1
	 * with errno set: attach.c makes the report of it; or -1 with errno 0
	 * after reporting.  What was kept before the failure is undone there.
	 */
	int (*attach)(const struct attach_job *j, struct attachment *a);
};

struct kind {
	const char *name;
	enum bpf_prog_type type;
	const char *section;       /* how the section's name starts */
	const struct way *way;     /* without "-a"; NULL: nowhere */
	const struct way *also[4]; /* where "-a" may send it, NULL at the end */
	const char *missing;       /* what an ENOENT means; why it is nowhere */
};

extern const struct way way_section, way_tracefs, way_cgroup, way_perf;
extern const struct way way_xdp, way_tcx, way_tc, way_tc_listed;
extern const struct way way_netns, way_sockmap;

/* The kind of a program, or NULL. */
const struct kind *attach_find_kind(const struct bpf_program *program);

/* Whether programs of the kind can go that way. */
bool attach_takes(const struct kind *kind, const struct way *way);

/* Programs whose section libbpf 1.1 does not know get their type. */
void attach_set_type(struct bpf_program *program);

/* The name of the section, without the "?" that keeps libbpf from loading the
 * program unasked.  Borrowed. */
const char *attach_section(const struct bpf_program *program);

/* The value of an option of the where, or NULL; w may be NULL. */
const char *attach_option(const struct attach_where *w, const char *key);

/* A decimal or 0x number from min to max.  Returns 0, or -1 after reporting
 * "-a PROG=WHERE: key: ...". */
int attach_number(const struct attach_where *w, const char *key,
    const char *value, uint64_t min, uint64_t max, uint64_t *out);

/* "-a" or, without it, the section's name: where it goes, for reports. */
const char *attach_place(const struct attach_job *j);

/* Keep what holds the program.  A link that is NULL is a failure: -1 with
 * errno as libbpf set it.  When memory runs out the thing is undone: -1. */
int attach_hold_link(struct attachment *a, struct bpf_link *link);
int attach_hold_fd(struct attachment *a, int fd);
int attach_hold_undo(
    struct attachment *a, void (*undo)(void *state), void *state);

#endif
