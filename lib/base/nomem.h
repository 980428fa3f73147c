/*
 * Counts, for the calling thread, how often an allocation failed.
 *
 * Code that cannot return an error, such as an append to a struct buf, calls
 * nomem_note(); code that can return one calls report_nomem() (base/report.h),
 * which counts too.
 */
#ifndef SKEL_BASE_NOMEM_H
#define SKEL_BASE_NOMEM_H

void nomem_note(void);

/*
 * The number of failures so far.  A caller that must know whether some work is
 * complete compares the number before and after it.
 */
unsigned long nomem_count(void);

#endif
