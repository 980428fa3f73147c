/*
 * One form of each hook.  Objects carry the same hook in several forms, such as
 * fentry and kprobe of one function, or tp_btf and raw_tp of one tracepoint,
 * for their user side to choose one.  If all were attached, each event would be
 * counted several times.
 */
#ifndef SKEL_ATTACH_FORMS_H
#define SKEL_ATTACH_FORMS_H

#include "attach/choose.h"

/*
 * Of the jobs for one hook and side (entry or return), leave out all but those
 * of the best form that this kernel takes: sets their .drop, and .replaceable
 * of those that stay if another form could take their place.  The programs
 * that "-a" places stay all.  An entry and a return program of one form that
 * share state are kept or left out together.  With --both nothing is left out.
 *
 * Also sets .untaken of jobs whose place the kernel lacks, if they may fail.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int attach_forms_choose(struct attachments *a);

/* Report which programs were left out because of another form. */
void attach_forms_report(const struct attachments *a);

#endif
