/*
 * Decides which programs of a package are attached, by which way, and which
 * are left out.  attach/message.h has the texts of the errors.
 */
#ifndef SKEL_ATTACH_CHOOSE_H
#define SKEL_ATTACH_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/hold.h"
#include "attach/job.h"

struct attachments {
	struct attach_job *jobs; /* owned: the programs to attach */
	size_t njobs;
	struct attachment *v; /* owned: the attached programs */
	size_t n;
	const char *package; /* borrowed: its name, for messages */
	size_t nleft_out;    /* optional programs that failed */
};

/*
 * Between opening and loading an object, decide for each program that the
 * package lists whether and where it goes, and prepare the object for it.  A
 * program with "link": false is attached only if "-a" names it; one that "-a"
 * turns off is not loaded either.  The wheres are borrowed until
 * attach_close().
 *
 * Returns 0, or -1 after reporting, as when "-a" names a program that the
 * package does not have or a way that the program cannot go.  In both cases
 * call attach_close().
 *
 * An optional program that fails, here or later, is left out with a notice of
 * the reason.  If no program remains then, that is an error.
 */
int attach_choose(struct attachments *a, struct object *o,
    struct attach_where *wheres, size_t nwheres);

/* Check, before loading, that each program has a place to go.  Returns 0, or
 * -1 after reporting. */
int attach_check(struct attachments *a);

/* Whether one of the wheres is an "--optional". */
bool attach_has_optional(const struct attach_where *wheres, size_t n);

/*
 * After an object could not be loaded because of one program: if the program is
 * optional, record that attach_choose() is to leave it out, and return true.
 */
bool attach_leave_out(
    struct attach_where *wheres, size_t n, const char *program);

/* A step of attaching one program.  Sets *keep to false if the program is not
 * to be attached after all. */
typedef struct attach_error attach_step_fn(
    struct attachments *a, struct attach_job *j, bool *keep);

/*
 * Do a step.  Returns 1; 0 if the program is not to be attached; or -1 after
 * reporting the error.  If the program is optional, its error becomes a notice,
 * the program is left out, and the result is 0.
 */
int attach_run_step(
    struct attachments *a, struct attach_job *j, attach_step_fn *step);

/* Fail if optional programs were left out and none of the others, n, remains.
 * Returns 0, or -1 after reporting. */
int attach_require_any(const struct attachments *a, size_t n);

#endif
