/*
 * Decides which programs of a package are attached, by which way, and which
 * are left out.  attach/job.h has the texts of the errors.
 */
#ifndef SKEL_ATTACH_CHOOSE_H
#define SKEL_ATTACH_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/hold.h"
#include "attach/job.h"
#include "base/buf.h"
#include "kinds/kind-words.h"

/* The programs that the kernel refused, or that could not be attached, and that
 * are left out when the object is opened again. */
struct attach_refused {
	char **names; /* owned, as the strings are */
	size_t n, cap;
};

void attach_refused_free(struct attach_refused *r);

struct attachments {
	/* Owned: the places to attach programs to.  Those of one program
	 * follow each other. */
	struct attach_job *jobs;
	size_t njobs, jobs_cap;
	/* Owned array of borrowed entries: the programs that are loaded and not
	 * attached, and that may fail, because they are optional. */
	const struct package_program **spare;
	size_t nspare, spare_cap;
	struct attachment *v; /* owned: the attached programs, by place */
	size_t n;
	const char *package; /* borrowed, as the next two: for messages */
	const struct attach_options *options;
	struct attach_refused *refused;
	bool placed;      /* "-a" gives a program a place */
	bool any_place;   /* a program has a place */
	size_t nleft_out; /* programs that failed and are left out */
	struct buf other_forms, untaken_forms; /* owned: names of programs */
};

/*
 * Between opening and loading an object, decide for each program that the
 * package lists whether and where it goes, and prepare the object for it.  A
 * program with "link": false, and one in the initial values of a map, is loaded
 * and attached only if "-a" gives it a place; one that "-a" turns off, or that
 * "--only" does not name, is not loaded either.  The options, the refused and
 * the object are borrowed until attach_close().
 *
 * Returns 0, or -1 after reporting, as when "-a" names a program that the
 * package does not have or a way that the program cannot go.  In both cases
 * call attach_close().
 *
 * A program that fails, here or later, is left out with a notice of the reason,
 * if it is optional, or if its section names a place that does not exist while
 * "-a" gives other programs theirs, or a system call that only other machines
 * have.  If no program remains then, that is an error.
 */
int attach_choose(struct attachments *a, struct object *o,
    const struct attach_options *options, struct attach_refused *refused);

/* Leave out programs that nothing gives a place, if another program has one;
 * if none has, that is an error.  To be called before loading.  Returns 0, or
 * -1 after reporting. */
int attach_check(struct attachments *a);

/*
 * After an object could not be loaded because of one program: if the program
 * may fail, for this reason, record that attach_choose() is to leave it out,
 * and return true.
 */
bool attach_leave_out(struct attachments *a, const char *program,
    enum libbpf_refusal_kind reason);

/* Returns whether a section names the tracepoint of a system call that machines
 * of arch do not have and others do, as open(2) on aarch64. */
bool attach_is_foreign_call(const char *section, enum kind_arch arch);

/* Report how to go on without a program whose place does not exist. */
void attach_hint_optional(const char *program);

/* A step of attaching one program.  Sets *keep to false if the program is not
 * to be attached after all. */
typedef struct attach_error attach_step_fn(
    struct attachments *a, struct attach_job *j, bool *keep);

enum attach_step {
	ATTACH_STEP_FAILED = -1, /* reported */
	ATTACH_STEP_LEFT_OUT,    /* it is not to be attached */
	ATTACH_STEP_DONE,
	ATTACH_STEP_OTHER_FORM, /* it failed, and attach_choose() will choose
				   another form of it */
};

/* Do a step.  If the program may fail, its error becomes a notice. */
enum attach_step attach_run_step(
    struct attachments *a, struct attach_job *j, attach_step_fn *step);

/* Fail if programs were left out and none of the others, n, remains.  Returns
 * 0, or -1 after reporting. */
int attach_require_any(const struct attachments *a, size_t n);

#endif
