/*
 * The state of --prom, which is written as a whole: at the end and, to a file,
 * when passes have ended.
 */
#ifndef SKEL_PRINTER_STATE_H
#define SKEL_PRINTER_STATE_H

#include "printer.h"

/* Make what the plans of --prom need.  Returns 0, or -1 after reporting. */
int printer_open_state(struct printer *p);

/* A stream begins. */
void printer_begin_state(struct printer *p);

/* Records of a map, or of one that is not known, -1, were lost. */
void printer_lose(struct printer *p, int map, uint64_t count);

/*
 * A pass over a map has ended.  The file is written when one has of each map
 * that is sampled as often as any, so once for all that are read together.
 */
void printer_end_state(struct printer *p, unsigned int map);

/* Append the state. */
void printer_write_state(const struct printer *p);

void printer_close_state(struct printer *p);

#endif
