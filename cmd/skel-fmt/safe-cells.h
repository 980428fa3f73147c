/*
 * CSV and TSV for spreadsheets, which calculate the cells that look like
 * formulas, whoever wrote them.
 */
#ifndef SKEL_SAFE_CELLS_H
#define SKEL_SAFE_CELLS_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append lines of CSV or TSV, whole ones, with a ' in front of each cell that
 * begins as a formula does, with = + - @, their wide forms, a tab or the end of
 * a line, and is no number.
 */
void safe_cells_csv(struct buf *out, const char *text, size_t len);
void safe_cells_tsv(struct buf *out, const char *text, size_t len);

#endif
