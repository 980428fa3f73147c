/*
 * Ways: how a way to attach joins.  Each is a struct way in a file of its own,
 * a line in attach/where.c's list if "-a" can name it, and is named by the
 * rows of attach/kind.c's table that can go that way.
 */
#ifndef SKEL_ATTACH_WAY_H
#define SKEL_ATTACH_WAY_H

#include "attach/attach.h"
#include "package/package.h"

/* One program that is to be attached. */
struct attach_job {
	const struct object *object;          /* borrowed, as all here */
	const struct package_program *listed; /* what the package says */
	struct bpf_program *program;
	const struct kind *kind;
	const struct way *way;
	const struct attach_where *where; /* what "-a" says, or NULL */
	struct attach_where *optional;    /* "--optional", or NULL */
};

struct way {
	const char *name;        /* before the colon of WHERE */
	const char *syntax;      /* "xdp:INTERFACE[,mode=native|skb|hw]" */
	const char *const *keys; /* of the options, NULL at the end; or NULL */
	bool needs_where;        /* neither section nor package say where */
	bool section_says;       /* the section may, as "KIND/TARGET" */
	bool tracefs;            /* it is read on the way */

	/* Check target and options when the command line is read.  NULL: there
	 * has to be a target.  Returns 0, or -1 after reporting. */
	int (*parse)(const struct attach_where *w);

	/* Before loading: set what the kernel has to know when it verifies the
	 * program.  Or NULL.  Returns 0, or -1 after reporting. */
	int (*prepare)(const struct attach_job *j);

	/*
	 * Attach, and keep what holds it by attach_hold_*().  Returns 0, or -1
	 * with errno set: attach/attach.c makes the report of it; or -1 with
	 * errno 0 after reporting.  What was kept before the failure is undone
	 * there.
	 */
	int (*attach)(const struct attach_job *j, struct attachment *a);
};

struct kind {
	const char *name;
	enum bpf_prog_type type;
	const char *section;        /* how the section's name starts */
	const struct way *way;      /* without "-a"; NULL: nowhere */
	const struct way *also[12]; /* with "-a" too, NULL at the end */
	const char *missing; /* what an ENOENT means; why it is nowhere */
};

extern const struct way way_cgroup, way_perf, way_iter;
extern const struct way way_xdp, way_tcx, way_tc, way_tc_listed;
extern const struct way way_netns, way_sockmap, way_ops;

/* attach/tracing.c */
extern const struct way way_tracepoint, way_raw_tp, way_tp_btf, way_fentry,
    way_fexit, way_fmod_ret, way_lsm;

/* attach/kprobe.c */
extern const struct way way_kprobe, way_kretprobe, way_ksyscall,
    way_kretsyscall, way_kprobe_multi, way_kretprobe_multi;

/* attach/uprobe.c */
extern const struct way way_uprobe, way_uretprobe, way_uprobe_multi,
    way_uretprobe_multi, way_usdt;

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

/*
 * Do a step of the job: it returns 1, 0 when the program is not to be attached
 * after all, or -1 after reporting.  When it fails and the program is optional,
 * that is a notice, the program is left out, and this returns 0.
 */
int attach_step(struct attachments *a, struct attach_job *j,
    int (*step)(struct attachments *, struct attach_job *));

/* Report it when n programs remain, none, and some were left out: -1, else
 * 0. */
int attach_none_left(const struct attachments *a, size_t n);

/* Report "program P: PLACE: ..." and set errno to 0, for a way that knows what
 * is wrong.  Returns -1. */
int attach_refuse(const struct attach_job *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Report that neither section nor "-a" say where it goes, and what to give;
 * errno is 0 then.  Returns -1. */
int attach_say_where(const struct attach_job *j);

/* The target: of "-a", or what follows "KIND/" in the section's name; "" if
 * there is none.  Borrowed. */
const char *attach_target(const struct attach_job *j);

/*
 * A function's name, as text "NAME" or "NAME+OFFSET", the offset from the
 * option "offset" too; *name becomes a string to free.  Returns 0, or -1 as
 * struct way's attach does.
 */
int attach_symbol(const struct attach_job *j, const char *text, char **name,
    uint64_t *offset);

/* Whether all of the text is a number, as "0x1139". */
bool attach_read_offset(const char *text, uint64_t *offset);

/* For struct way's parse: a target, and the option "offset" a number. */
int attach_parse_symbol(const struct attach_where *w);

/* The option "pid", or -1.  Returns 0, or -1 after reporting. */
int attach_pid(const struct attach_where *w, int *pid);

/*
 * The path by which this process can open the file of that name: searched for
 * where it has no directory, and where the process pid (or -1) sees it.
 * Returns a string to free, or NULL after attach_refuse(), or with errno set.
 */
char *attach_file(const struct attach_job *j, const char *name, int pid);

/* The kernel's functions with names near that one, as suggest_text() gives
 * them. */
char *attach_near_function(const char *name);

/* Keep what holds the program.  A link that is NULL is a failure: -1 with
 * errno as libbpf set it.  When memory runs out the thing is undone: -1. */
int attach_hold_link(struct attachment *a, struct bpf_link *link);
int attach_hold_fd(struct attachment *a, int fd);
int attach_hold_undo(
    struct attachment *a, void (*undo)(void *state), void *state);

#endif
