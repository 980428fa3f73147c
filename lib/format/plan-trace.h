/*
 * For the files of PLAN_TRACE: which members of a record say what it is as an
 * event of a trace, and what they say.
 */
#ifndef SKEL_FORMAT_PLAN_TRACE_H
#define SKEL_FORMAT_PLAN_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/plan-column.h"

struct trace_event;

/* The integer type of a field, or NULL. */
const struct type *plan_trace_integer_type(
    const struct plan *p, const struct field_place *at);

/* Find among all fields of a map those that the form needs, p->trace.fields,
 * and which pairs its records are of.  If memory runs out, p->columns.failed is
 * set. */
void plan_find_trace_fields(struct plan *p, const struct fields *all);

/* The same for records without types, whose columns are p->columns. */
void plan_guess_trace_fields(struct plan *p);

/* Store the number in a field, extended by its sign; of all CPUs the sum.
 * Returns whether the record has it. */
bool plan_trace_number(const struct plan *p, const struct plan_input *rec,
    size_t field, uint64_t *number);

/* The number in the field with a role, or 0. */
uint64_t plan_trace_role_number(const struct plan *p,
    const struct plan_input *rec, enum plan_trace_role role);

/* Set the process and the thread of an event. */
void plan_trace_thread(
    const struct plan *p, const struct plan_input *rec, struct trace_event *e);

/* The name of the process, borrowed; its length is 0 if there is none. */
const char *plan_trace_comm(
    struct plan *p, const struct plan_input *rec, size_t *len);

/* The name of the enum's constant, borrowed; or NULL. */
const char *plan_trace_constant(
    const struct plan *p, const struct plan_input *rec, size_t *len);

/* What the pairs say of the record: 1 if it begins number *pair, -1 if it ends
 * it, 0 if it is no part of any. */
int plan_trace_pair_of(
    const struct plan *p, const struct plan_input *rec, size_t *pair);

#endif
