/*
 * Sockets: a program of a raw packet socket sees every packet of an interface,
 * as a filter of tcpdump(8) does.  The socket is made here, and keeps no
 * packets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/net.h"
#include "attach/way.h"

/* Open a socket that runs the program for the packets of the interface from
 * now on.  Without a protocol it gets no packets before it is bound.  Returns
 * its descriptor, or -1 with errno set. */
static int
open_packet_socket(unsigned int interface, int program)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)interface,
	};
	/* The least that the kernel allows: nobody reads the packets that the
	 * program lets through. */
	int room = 1, error;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program,
		sizeof(program)) == 0 &&
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static struct attach_error
attach_socket(const struct attach_job *j, struct attachment *a)
{
	const char *name = attach_job_target(j);
	struct net_interface to;
	struct attach_error e = attach_net_interface(j, name, 0, true, &to);
	int fd;

	if (e.failure != ATTACH_OK)
		return e;
	fd = open_packet_socket(to.index, bpf_program__fd(j->program));
	if (fd == -1 && errno == EPERM)
		return attach_invalid("a packet socket needs CAP_NET_RAW; run "
				      "as root");
	return attach_hold_socket(a, fd);
}

const struct attach_way attach_way_socket = {
	.name = "socket",
	.syntax = "socket:INTERFACE",
	.needs_where = true,
	.attach = attach_socket,
};
