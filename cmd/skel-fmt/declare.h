/*
 * --sql: prints the tables for the rows of a stream, and no row.
 */
#ifndef SKEL_DECLARE_H
#define SKEL_DECLARE_H

#include "printer.h"
#include "sql/table.h"

/*
 * Print the statements for the maps of the first stream in fd, whose name is
 * for messages.  Binary records are not read; of JSON records the first of each
 * map is, since it may have members that the types lack.  Returns 0, or -1
 * after reporting.
 */
int declare_run(
    struct printer *p, struct sql_tables *tables, int fd, const char *name);

#endif
