#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "options.h"

bool
skel_poll_wants_map(const struct skel_poll_options *c, const char *map)
{
	for (size_t i = 0; i < c->nmaps; i++)
		if (strcmp(c->maps[i], map) == 0)
			return true;
	return c->nmaps == 0;
}

static bool
has_map(const struct stream_header *h, const char *name)
{
	for (size_t i = 0; i < h->nmaps; i++)
		if (strcmp(h->maps[i].name, name) == 0)
			return true;
	return false;
}

static int
refuse(const struct stream_header *h, const char *name, const char *where)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < h->nmaps; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ", h->maps[i].name);
	if (names.failed)
		report_nomem();
	else
		report_error("%s: no map %s; there are: %.*s", where, name,
		    (int)names.len, names.data != NULL ? names.data : "");
	buf_free(&names);
	return -1;
}

int
skel_poll_check_maps(const struct skel_poll_options *c,
    const struct stream_header *h, const char *where)
{
	for (size_t i = 0; i < c->nmaps; i++)
		if (!has_map(h, c->maps[i]))
			return refuse(h, c->maps[i], where);
	return 0;
}
