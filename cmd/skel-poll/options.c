#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "options.h"

bool
skel_poll_wants_map(const struct skel_poll_options *o, const char *map)
{
	for (size_t i = 0; i < o->nmaps; i++)
		if (strcmp(o->maps[i], map) == 0)
			return true;
	return o->nmaps == 0;
}

int
skel_poll_check_maps(const struct skel_poll_options *o,
    const struct stream_header *h, const char *where)
{
	struct buf names = { 0 };
	size_t i = 0;

	while (i < o->nmaps && stream_header_find_map(h, o->maps[i]) != -1)
		i++;
	if (i == o->nmaps)
		return 0;
	for (size_t k = 0; k < h->nmaps; k++)
		if (stream_header_find_map(h, h->maps[k].name) == (int)k)
			buf_list(&names, 0, h->maps[k].name);
	if (names.failed)
		report_nomem();
	else
		report_error("%s: -m %s: no such map; there are: %.*s", where,
		    o->maps[i], (int)names.len,
		    names.data != NULL ? names.data : "");
	buf_free(&names);
	return -1;
}
