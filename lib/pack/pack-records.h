/*
 * Finds the types of records that neither annotations nor definitions of maps
 * give: those that the caller states, those that the markers of other builders
 * name, and those that the code shows (infer/record-search.h).
 * pack-export.c uses it.
 */
#ifndef SKEL_PACK_PACK_RECORDS_H
#define SKEL_PACK_PACK_RECORDS_H

#include <stdbool.h>

#include "infer/record-search.h"
#include "pack/pack-export.h"

struct pack_records {
	const struct pack_exports *e; /* borrowed */
	struct record_search types;
};

/*
 * The types of the records of event buffers and iterators go to the member
 * record of the map, or to the keys "records" or "export_config" in its JSON.
 * Those that only the DWARF has are added to the BTF of the object.  The
 * functions that return int return 0, or -1 after reporting what is wrong.
 */

/* Sets the types that the options --events state. */
int pack_records_state(struct pack_records *r);

/* Sets the types that the code shows, where there is none yet.  Reports as a
 * notice what was found and how; for a map without a type, sets the member
 * reason. */
int pack_records_infer(struct pack_records *r);

/*
 * Applies the markers: variables whose names describe a map, as Inspektor
 * Gadget has them.  Returns 0, or -1 after reporting.
 */
int pack_markers_apply(struct pack_records *r);

/* Whether a variable of this name is such a marker, and no variable of the
 * program. */
bool pack_markers_has(const char *name);

/* Whether the object has such markers. */
bool pack_markers_are_in(const struct btf *btf);

/* The variables that markers name as those that can be set; zeroed or without
 * any, all can. */
struct pack_marked {
	const char **v; /* owned: sorted names, borrowed from the BTF */
	size_t n, cap;
};

/* btf must outlive m and stay as it is.  The caller closes m in any case.
 * Returns 0, or -1 after reporting that memory ran out. */
int pack_marked_open(struct pack_marked *m, const struct btf *btf);
void pack_marked_close(struct pack_marked *m);
bool pack_marked_allows(const struct pack_marked *m, const char *name);

/* Sets the type of the map's records to that with this id in r->types, and
 * reports that as a notice that ends with reason.  Returns 0, or -1 after
 * reporting. */
int pack_records_set(struct pack_records *r, struct pack_map *m, uint32_t id,
    const char *reason);

#endif
