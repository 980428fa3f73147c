/*
 * Maps that their definition pins, LIBBPF_PIN_BY_NAME.  Such a pin is the
 * author's wish: the map outlives the run, and the next run goes on with it.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_LOAD_MAP_PIN_H
#define SKEL_LOAD_MAP_PIN_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

/* The pinned maps of one object.  A zeroed one is empty. */
struct map_pins {
	struct map_pin *v; /* owned */
	size_t n, cap;
};

/*
 * Before bpf is loaded, with its sizes and flags set: mounts bpffs where it is
 * missing, and fails if the map that is already pinned at a path is another
 * one.  With check, maps are only compared: the object will then be loaded with
 * maps of its own, and pins nothing.  name stands for the package in reports.
 */
int map_pins_open(
    struct map_pins *p, struct bpf_object *bpf, bool check, const char *name);

/* After bpf was loaded: reports, as notices, what was pinned and reused. */
void map_pins_report(const struct map_pins *p, const char *name);

/* Removes the pins that loading bpf, which is still open, has made. */
void map_pins_undo(struct map_pins *p);

void map_pins_close(struct map_pins *p);

#endif
