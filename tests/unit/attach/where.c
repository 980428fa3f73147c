/*
 * lib/attach/where, option and error: which "-a PROG=WHERE" are valid, what
 * their options are, and what the errors say.
 */
#include <errno.h>

#include "attach/way.h"
#include "attach/where.h"
#include "check.h"

static struct attach_where w;

static int
parse(const char *text)
{
	attach_where_free(&w);
	check_forget();
	return attach_where_parse(&w, text);
}

static void
check_valid(void)
{
	uint64_t n = 7;

	CHECK_NUM(parse("p=off"), 0);
	CHECK_STR(w.program, "p");
	CHECK_STR(w.text, "off");
	CHECK(w.way == NULL);
	CHECK(!w.load);
	CHECK_NUM(parse("p*=load"), 0);
	CHECK(w.way == NULL && w.load);

	/* The names that sections have. */
	CHECK_NUM(parse("p=tp:sched/sched_switch"), 0);
	CHECK(w.way == &attach_way_tracepoint);
	CHECK_NUM(parse("p=raw_tracepoint:sched_switch"), 0);
	CHECK(w.way == &attach_way_raw_tp);

	CHECK_NUM(parse("p=xdp:eth0,mode=skb"), 0);
	CHECK(w.way == &attach_way_xdp);
	CHECK_STR(w.target, "eth0");
	CHECK_STR(attach_option(&w, "mode"), "skb");
	CHECK(attach_option(&w, "prio") == NULL);

	/* A comma that no KEY= follows belongs to the target. */
	CHECK_NUM(parse("p=uprobe:/a,b:f(int,char),offset=0x10,pid=1"), 0);
	CHECK_STR(w.target, "/a,b:f(int,char)");
	CHECK_NUM(
	    attach_option_number(&w, "offset", 0, 16, &n).failure, ATTACH_OK);
	CHECK_NUM(n, 16);

	/* An option that is not given leaves the number alone. */
	n = 7;
	CHECK_NUM(
	    attach_option_number(&w, "config", 0, 1, &n).failure, ATTACH_OK);
	CHECK_NUM(
	    attach_option_number(NULL, "pid", 0, 1, &n).failure, ATTACH_OK);
	CHECK_NUM(n, 7);

#if ATTACH_LIBBPF(1, 3)
	CHECK_NUM(parse("p=netfilter:ip6/output,prio=-2147483646"), 0);
	CHECK(w.way == &attach_way_netfilter);
	CHECK_STR(w.target, "ip6/output");
#endif

	CHECK_NUM(parse("p=perf:,freq=99"), 0);
	CHECK_STR(w.target, "");
	CHECK_NUM(parse("p=perf:freq=99,cpu=0"), 0);
	CHECK_STR(w.target, "");
}

static void
check_invalid(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "p", "-a p: expected PROGRAM=WHERE" },
		{ "=off", "-a =off: expected PROGRAM=WHERE" },
		{ "p=xdp", "-a p=xdp: expected xdp:INTERFACE[,mode=" },
		{ "p=xpd:lo", "-a p=xpd:lo: unknown WHERE xpd; the nearest: " },
		{ "p=there", "-a p=there: WHERE is one of xdp:INTERFACE" },
		{ "p=xdp:lo,prio=1", ": unknown option prio; expected xdp:" },
		{ "p=xdp:lo,mode=", ": mode has no value" },
		{ "p=xdp:lo,mode=skb,mode=hw", ": mode is given twice" },
		{ "p=cgroup:", ": expected cgroup:PATH" },
		{ "p=tc:lo,prio=65536",
		    ": prio: expected a number from 0 to 65535" },
		{ "p=tc:lo,prio=-1",
		    ": prio: expected a number from 0 to 65535" },
		{ "p=tc:lo,prio=1x",
		    ": prio: expected a number from 0 to 65535" },
		{ "p=tc:lo/sideways", ": expected tc:INTERFACE[/ingress" },
		{ "p=netkit:nk0/egress", ": expected netkit:INTERFACE[/pri" },
#if ATTACH_LIBBPF(1, 3)
		{ "p=netfilter:ip",
		    ": expected netfilter:FAMILY/HOOK[,prio=N], with ip or" },
		{ "p=netfilter:ip/", ": expected netfilter:" },
		{ "p=netfilter:/input", ": expected netfilter:" },
		{ "p=netfilter:ip4/input", ": expected netfilter:" },
		{ "p=netfilter:ip/inputs", ": expected netfilter:" },
		{ "p=netfilter:ip/input,prio=2147483647",
		    ": prio: expected a number from -2147483646 to "
		    "2147483646" },
		{ "p=netfilter:ip/input,prio=--1",
		    ": prio: expected a number from -2147483646" },
#else
		{ "p=netfilter:ip/input",
		    ": netfilter needs libbpf 1.3 or newer, and this program "
		    "was built with libbpf 1." },
#endif
#if !ATTACH_LIBBPF(1, 5)
		{ "p=kprobe.session:f",
		    ": kprobe.session needs libbpf 1.5 or newer" },
#endif
		{ "p=iter:pid=1,tid=1", ": pid and tid exclude each other" },
		{ "p=perf:nosuch", ": unknown event nosuch; expected " },
		{ "p=perf:cylces", ": unknown event cylces; the nearest: " },
		{ "p=perf:freq=1,period=1",
		    ": give either a frequency or a period" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_NUM(parse(cases[i].text), -1);
		CHECK_SAID(cases[i].message);
	}
}

static void
check_patterns(void)
{
	struct attach_options o = { 0 };

	CHECK(!attach_patterns_match(&o.only, "a"));
	CHECK_NUM(attach_patterns_add(&o.only, "--only", "read_*,write"), 0);
	CHECK_NUM(attach_patterns_add(&o.only, "--only", "[xy]"), 0);
	CHECK(attach_patterns_match(&o.only, "read_file"));
	CHECK(attach_patterns_match(&o.only, "write"));
	CHECK(attach_patterns_match(&o.only, "y"));
	CHECK(!attach_patterns_match(&o.only, "write_file"));
	CHECK(!attach_patterns_match(&o.only, ""));
	check_forget();
	CHECK_NUM(attach_patterns_add(&o.only, "--only", "a,,b"), -1);
	CHECK_SAID("--only a,,b: expected the names of programs");
	CHECK_NUM(attach_patterns_add(&o.only, "--only", ""), -1);
	attach_options_free(&o);
}

static void
check_errors(void)
{
	struct attach_error e = attach_invalid("no %s", "place");

	CHECK_NUM(e.failure, ATTACH_INVALID);
	CHECK_NUM(e.error, 0);
	CHECK_STR(attach_error_text(&e), "no place");
	attach_error_free(&e);

	e = attach_missing("no function %s", "f");
	CHECK_NUM(e.failure, ATTACH_MISSING);
	CHECK_STR(attach_error_text(&e), "no function f");
	attach_error_free(&e);

	CHECK_NUM(attach_errno(EPERM).failure, ATTACH_DENIED);
	CHECK_NUM(attach_errno(EACCES).failure, ATTACH_DENIED);
	CHECK_NUM(attach_errno(ENOENT).failure, ATTACH_MISSING);
	CHECK_NUM(attach_errno(EBUSY).failure, ATTACH_FAILED);
	e = attach_errno(EBUSY);
	CHECK_STR(attach_error_text(&e), strerror(EBUSY));
	CHECK_NUM(ATTACH_SUCCESS.failure, ATTACH_OK);
}

int
main(void)
{
	check_valid();
	check_invalid();
	check_patterns();
	check_errors();
	attach_where_free(&w);
	return check_done();
}
