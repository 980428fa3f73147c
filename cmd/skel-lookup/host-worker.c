#include <stdlib.h>
#include <unistd.h>

#include "host-worker.h"
#include "host/confine.h"
#include "lookup/message.h"
#include "worker.h"

/* Without its supervisor it has nothing to do. */
static void
send_or_leave(int fd, const void *message, size_t len)
{
	if (lookup_send(fd, message, len, NULL, false) == -1)
		_exit(EXIT_SUCCESS);
}

static void
answer(int fd, struct host_names *names, const struct lookup_find *request)
{
	static union lookup_message reply;
	const struct lookup_head done = { LOOKUP_DONE, request->head.number };

	for (uint32_t i = 0; i < request->n; i++) {
		const struct symbol_frame frame = {
			.symbol = host_names_find(names,
			    (enum kind)request->v[i].is_return,
			    request->v[i].at),
		};

		send_or_leave(fd, &reply,
		    lookup_found_fill(&reply, request->head.number, i, &frame,
			frame.symbol != NULL ? 1 : 0, true));
	}
	send_or_leave(fd, &done, sizeof(done));
}

void
host_worker_run(int fd, struct host_names *names, uint64_t bytes)
{
	static struct lookup_packet packet;
	int got;

	worker_limit_memory(bytes);
	confine_lookup_worker(true);
	do {
		host_names_wait(names, fd);
		got = lookup_receive(fd, &packet, false);
		if (got != 1)
			break;
		if (packet.m.head.type == LOOKUP_FIND &&
		    packet.m.find.file == LOOKUP_HOST)
			answer(fd, names, &packet.m.find);
		lookup_packet_close(&packet);
	} while (got == 1);
	_exit(EXIT_SUCCESS);
}
