/* lib/base/report: messages that are held back, shown later, or excused; the
 * texts of errors. */
#include <errno.h>
#include <sys/resource.h>

#include "base/report.h"
#include "base/util.h"
#include "check.h"

static void
say_three(void)
{
	report_notice("a notice");
	report_error("what failed");
	report_error("and its details");
}

static void
set_limit(__rlimit_resource_t resource, rlim_t n)
{
	struct rlimit l;

	CHECK_NUM(getrlimit(resource, &l), 0);
	l.rlim_cur = n;
	CHECK_NUM(setrlimit(resource, &l), 0);
}

static void
errors_have_texts(void)
{
	CHECK_STR(report_error_text(EINVAL), "Invalid argument");
	CHECK_STR(report_error_text(524),
	    "this kernel does not support it (ENOTSUPP)");
	CHECK_STR(report_error_text(531), "the kernel's error 531");
	set_limit(RLIMIT_NOFILE, 20);
	CHECK_STR(report_error_text(EMFILE),
	    "Too many open files; the limit is 20 (ulimit -n)");
	CHECK_STR(report_error_text(ENOMEM), "Cannot allocate memory");
	if (!SANITIZED) {
		set_limit(RLIMIT_AS, 1 << 30);
		CHECK_STR(report_error_text(ENOMEM),
		    "Cannot allocate memory; the limit is 1048576 KiB "
		    "(ulimit -v)");
	}
	CHECK(report_is_shortage(EMFILE));
	CHECK(!report_is_shortage(EPERM));
}

int
main(void)
{
	struct report_held held;

	errors_have_texts();

	check_forget();
	report_hold(&held);
	say_three();
	CHECK_STR(check_reports, "");
	report_release_held(&held, NULL);
	CHECK_STR(check_reports, "a notice\nwhat failed\nand its details\n");

	/* The first error has the reason; the others are only shown with -v. */
	check_forget();
	report_hold(&held);
	say_three();
	report_release_held(&held, "left out");
	CHECK_STR(check_reports, "a notice\nleft out: what failed\n");
	report_error("later");
	CHECK_SAID("later");

	check_forget();
	report_set_level(REPORT_INFO);
	report_hold(&held);
	say_three();
	report_release_held(&held, "left out");
	CHECK_STR(check_reports,
	    "a notice\nleft out: what failed\nand its details\n");

	check_forget();
	report_set_level(REPORT_ERROR);
	report_hold(&held);
	say_three();
	report_release_held(&held, "left out");
	CHECK_STR(check_reports, "");

	/* One inside another, and control bytes once made safe. */
	check_forget();
	report_hold(&held);
	struct report_held inner;
	report_hold(&inner);
	report_error("a\nb\\n");
	report_release_held(&inner, NULL);
	CHECK_STR(check_reports, "");
	report_release_held(&held, NULL);
	CHECK_STR(check_reports, "a\\nb\\n\n");

	/* That memory ran out is told in the end, whatever was excused. */
	check_forget();
	report_hold(&held);
	report_nomem();
	report_release_held(&held, "");
	CHECK_STR(check_reports, "");
	CHECK(report_pending_nomem());
	CHECK_SAID("out of memory");
	return check_done();
}
