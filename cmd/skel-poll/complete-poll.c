#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complete-poll.h"
#include "complete-stream.h"

/* Offers the names of the kernel's maps, if this user may see them. */
static void
offer_kernel_maps(struct completion *c)
{
	uint32_t id = 0;
	int fd;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);
		char name[sizeof(info.name) + 1];

		if ((fd = bpf_map_get_fd_by_id(id)) < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
			snprintf(name, sizeof(name), "%.*s",
			    (int)sizeof(info.name), info.name);
			complete_offer(c, name, NULL);
		}
		close(fd);
	}
}

void
complete_poll(struct completion *c, const char *what, size_t before)
{
	char *map;

	if (strcmp(what, "session") != 0) {
		complete_stream(c, what, before);
	} else if (strncmp(complete_prefix(c), "map:", 4) == 0) {
		complete_skip_past(c, ':', &map);
		free(map);
		offer_kernel_maps(c);
	} else {
		complete_offer_files(c, "");
		complete_offer(c, "map:", "a map of the kernel");
		complete_leave_open(c);
	}
}
