/* lib/base/suggest: the names nearest to one that does not exist. */
#include <stdlib.h>

#include "base/suggest.h"
#include "check.h"

/* Returns what suggest_text() suggests for wanted among the names. */
static char *
ask(const char *wanted, const char *const *names)
{
	struct suggest near = { .wanted = wanted };

	for (; *names != NULL; names++)
		suggest_offer(&near, *names);
	return suggest_text(&near);
}

static const char *const functions[] = { "vfs_read", "vfs_write", "vfs_writev",
	"vfs_red", "ksys_read", "vfs_read", "do_unlinkat", NULL };

static const char *const senders[] = { "udp_sendmsg", "sctp_sendmsg",
	"tcp_sendmsg", NULL };

static const char *const short_forms[] = { "tcp_sd", "tcp_sendmsg", NULL };

static void
check(const char *wanted, const char *const *names, const char *want)
{
	char *got = ask(wanted, names);

	CHECK_STR(got, want);
	free(got);
}

int
main(void)
{
	char longest[SUGGEST_NAME + 1];
	const char *too_long[] = { longest, NULL };

	check("vfs_raed", functions, "; the nearest: vfs_read, vfs_red");
	check("vfs_writ", functions, "; the nearest: vfs_write, vfs_writev");
	check("do_unlinkta", functions, "; the nearest: do_unlinkat");
	check("something_else", functions, "");
	/* A name that goes on comes first, then those that begin alike. */
	check("vfs_wr", functions, "; the nearest: vfs_write, vfs_writev");
	check("do_unl", functions, "; the nearest: do_unlinkat");
	check("tcp_senmsg", senders,
	    "; the nearest: tcp_sendmsg, udp_sendmsg, sctp_sendmsg");
	check("tcp_se", short_forms, "; the nearest: tcp_sendmsg, tcp_sd");
	memset(longest, 'a', SUGGEST_NAME);
	longest[SUGGEST_NAME] = '\0';
	check(longest, too_long, "");
	return check_done();
}
