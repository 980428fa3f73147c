/* lib/base/report: messages that are held back, shown later, or excused. */
#include "base/report.h"
#include "check.h"

static void
say_three(void)
{
	report_notice("a notice");
	report_error("what failed");
	report_error("and its details");
}

int
main(void)
{
	struct report_held held;

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
	return check_done();
}
