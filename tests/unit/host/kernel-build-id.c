/* lib/host/kernel-build-id: the build ID is found among other notes, and notes
 * that end early have none. */
#include <string.h>

#include "check.h"
#include "host/kernel-build-id.h"

static const unsigned char notes[] = {
	/* A note of another name, with 3 bytes that are padded. */
	6, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'L', 'i', 'n', 'u', 'x', 0, 0, 0, 1,
	2, 3, 0,
	/* One of another type. */
	4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 'G', 'N', 'U', 0, 9, 9, 9, 9,
	/* The build ID. */
	4, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xaa, 0xbb, 0xcc,
	0xdd, 0xee, 0, 0, 0
};

static void
the_build_id_is_found(void)
{
	unsigned char id[64] = { 0 };

	CHECK_NUM(
	    kernel_build_id_parse(id, sizeof(id), notes, sizeof(notes)), 5);
	CHECK(memcmp(id, "\xaa\xbb\xcc\xdd\xee\0", 6) == 0);
	/* One that is too long is none. */
	CHECK_NUM(kernel_build_id_parse(id, 4, notes, sizeof(notes)), 0);
}

static void
notes_that_are_cut_have_none(void)
{
	unsigned char id[64], huge[sizeof(notes)];

	for (size_t n = 0; n < sizeof(notes); n++)
		CHECK_NUM(kernel_build_id_parse(id, sizeof(id), notes, n), 0);
	memcpy(huge, notes, sizeof(huge));
	memset(huge, 0xff, 8);
	CHECK_NUM(kernel_build_id_parse(id, sizeof(id), huge, sizeof(huge)), 0);
}

int
main(void)
{
	the_build_id_is_found();
	notes_that_are_cut_have_none();
	return check_done();
}
