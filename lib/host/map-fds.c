#include <stdlib.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "host/map-fds.h"

struct map_fds *
map_fds_new(size_t n)
{
	struct map_fds *fds = calloc(n + 1, sizeof(*fds));

	if (fds == NULL) {
		report_nomem();
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct map_fds){ -1, -1, -1, -1, -1 };
	return fds;
}

void
map_fds_close(struct map_fds *fds, size_t n)
{
	for (size_t i = 0; fds != NULL && i < n; i++) {
		const int all[] = { fds[i].map, fds[i].stacks, fds[i].lost,
			fds[i].reported, fds[i].turn };

		for (size_t k = 0; k < nitems(all); k++)
			if (all[k] != -1)
				close(all[k]);
	}
	free(fds);
}
