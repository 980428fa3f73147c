/*
 * The texts of the errors that say why a program cannot be attached, also when
 * the kernel or libbpf denies it.
 */
#ifndef SKEL_ATTACH_MESSAGE_H
#define SKEL_ATTACH_MESSAGE_H

#include "attach/job.h"

/* Report the error of a job, and release it. */
void attach_report_error(const struct attach_job *j, struct attach_error *e);

/* The error for a program that cannot go where "-a" sends it. */
struct attach_error attach_unsuitable_way(const struct attach_job *j);

#endif
