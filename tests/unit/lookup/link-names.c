/* lib/lookup/link-names: interfaces that are there, come, are renamed and go.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "check.h"
#include "lookup/link-names.h"

static struct link_names l;

static const char *
name(uint64_t index)
{
	const char *s = link_names_find(&l, index);

	return s != NULL ? s : "";
}

/* The same as the C library says. */
static void
check_present(void)
{
	struct if_nameindex *all = if_nameindex(), *at;

	for (at = all; at != NULL && at->if_index != 0; at++)
		CHECK_STR(name(at->if_index), at->if_name);
	if_freenameindex(all);
	CHECK_STR(name(0), "");
	CHECK_STR(name(UINT32_MAX), "");
	CHECK_STR(name(UINT64_C(1) << 32 | 1), "");
}

static void
check_ends(unsigned int first)
{
	char command[256];

	/* It goes before anybody has asked for it. */
	if (system("ip link add skelnames1 type veth peer name skelnames2 && "
		   "ip link del skelnames1") != 0) {
		printf("no interfaces can be made here\n");
		return;
	}
	CHECK_STR(name(first), "skelnames2");
	CHECK_STR(name(first + 1), "skelnames1");
	/* More changes than there is room for. */
	snprintf(command, sizeof(command),
	    "ip link add skelnames3 type veth peer name skelnames4; "
	    "for i in $(seq 300); do echo link set skelnames3 mtu $((1000 + "
	    "i)); "
	    "done | ip -batch -");
	CHECK_NUM(system(command), 0);
	CHECK_STR(name(first + 3), "skelnames3");
	CHECK_NUM(system("ip link set skelnames3 name skelnames5"), 0);
	CHECK_STR(name(first + 3), "skelnames5");
	CHECK_NUM(system("ip link del skelnames5"), 0);
	CHECK_STR(name(first + 3), "skelnames5");
}

int
main(void)
{
	/* Its own namespace has lo alone, if it may have one. */
	bool own = unshare(CLONE_NEWNET) == 0;
	unsigned int early;

	link_names_open(&l);
	CHECK(l.fd != -1);
	check_present();
	link_names_close(&l);
	CHECK_STR(name(1), "");
	if (own && if_nametoindex("lo") == 1) {
		/* One that was there before, and goes before the question. */
		own = system("ip link add skelnames0 type veth") == 0;
		early = if_nametoindex("skelnames0");
		link_names_open(&l);
		if (own) {
			CHECK_NUM(system("ip link del skelnames0"), 0);
			CHECK_STR(name(early), "skelnames0");
		}
		check_ends(4);
		check_present();
		link_names_close(&l);
		/* Changes that are lost: all are asked for again. */
		link_names_open(&l);
		setsockopt(l.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, 4);
		CHECK_STR(name(1), "lo");
		CHECK_NUM(system("for i in 6 7 8 9; do ip link add skelnames$i "
				 "type veth || exit 1; done"),
		    0);
		check_present();
		link_names_close(&l);
	}
	return check_done();
}
