/* lib/package/program: where a package may place programs, and what is refused.
 */
#include "package-text.h"

#define PROG(rest)                                                             \
	"{\"bpf_skel\":{\"data_sections\":[],"                                 \
	"\"progs\":[{\"name\":\"p\"},{\"name\":\"q\"" rest "}]}}"

static void
test_defaults(void)
{
	const struct package_program *q;
	struct package p;

	CHECK_NUM(parse(&p, PROG(",\"xdpopts\":null,\"tchook\":{},"
				 "\"tcopts\":{},\"perf_event\":{},"
				 "\"export_config\":null,\"sample\":null")),
	    0);
	q = &p.programs[1];
	CHECK(q->link && !q->has_ifindex);
	CHECK_STR(q->attach, "");
	CHECK_NUM(q->ifindex, 1);
	CHECK_NUM(q->flags, 0);
	CHECK_NUM(q->old_prog_fd, 0);
	CHECK(!q->has_tc_ifindex && !q->has_tc_point);
	CHECK_NUM(q->tc_ifindex, 1);
	CHECK_NUM(q->tc_point, TC_POINT_INGRESS);
	CHECK_NUM(q->tc_handle, 1);
	CHECK_NUM(q->tc_priority, 1);
	CHECK(q->perf_type == NULL);
	CHECK_NUM(q->perf_config + q->perf_frequency + q->perf_period, 0);
	CHECK_NUM(q->iter_type_id + q->iter_interval_ms, 0);
	package_close(&p);
}

static void
test_xdp(void)
{
	const struct package_program *q;
	struct package p;

	CHECK_NUM(parse(&p, PROG(",\"ifindex\":2147483647,\"flags\":4294967295,"
				 "\"xdpopts\":{\"old_prog_fd\":-2147483648}")),
	    0);
	q = &p.programs[1];
	CHECK(q->has_ifindex);
	CHECK_NUM(q->ifindex, INT32_MAX);
	CHECK_NUM(q->flags, UINT32_MAX);
	CHECK_NUM(q->old_prog_fd, INT32_MIN);
	package_close(&p);

	REFUSED(PROG(",\"ifindex\":0"),
	    "x.json: progs[1].ifindex: must be at least 1");
	REFUSED(PROG(",\"ifindex\":2147483648"),
	    "progs[1].ifindex: 2147483648 is too large");
	REFUSED(PROG(",\"ifindex\":\"lo\""),
	    "progs[1].ifindex: expected a number, found a string");
	REFUSED(PROG(",\"flags\":4294967296"),
	    "progs[1].flags: 4294967296 is too large");
	REFUSED(PROG(",\"flags\":-1"),
	    "progs[1].flags: expected a whole number from 0");
	REFUSED(PROG(",\"xdpopts\":5"),
	    "progs[1].xdpopts: expected an object, found a number");
	REFUSED(PROG(",\"xdpopts\":{\"old_prog_fd\":2147483648}"),
	    "progs[1].xdpopts.old_prog_fd: 2147483648 is too large");
	REFUSED(PROG(",\"xdpopts\":{\"old_prog_fd\":-2147483649}"),
	    "progs[1].xdpopts.old_prog_fd: expected a whole number");
}

static void
test_tc(void)
{
	const struct package_program *q;
	struct package p;

	CHECK_NUM(parse(&p, PROG(",\"tchook\":{\"ifindex\":2,\"attach_point\":"
				 "\"BPF_TC_EGRESS\"},\"tcopts\":{\"handle\":"
				 "4294967295,\"priority\":65535}")),
	    0);
	q = &p.programs[1];
	CHECK(q->has_tc_ifindex && q->has_tc_point && !q->has_ifindex);
	CHECK_NUM(q->tc_ifindex, 2);
	CHECK_NUM(q->tc_point, TC_POINT_EGRESS);
	CHECK_NUM(q->tc_handle, UINT32_MAX);
	CHECK_NUM(q->tc_priority, UINT16_MAX);
	package_close(&p);
	CHECK_NUM(
	    parse(&p, PROG(",\"tchook\":{\"attach_point\":\"BPF_TC_CUSTOM\"}")),
	    0);
	CHECK_NUM(p.programs[1].tc_point, TC_POINT_CUSTOM);
	package_close(&p);

	REFUSED(PROG(",\"tchook\":{\"attach_point\":\"ingress\"}"),
	    "x.json: progs[1].tchook.attach_point: unknown attach point "
	    "\"ingress\"; known: BPF_TC_INGRESS, BPF_TC_EGRESS, BPF_TC_CUSTOM");
	REFUSED(PROG(",\"tchook\":{\"attach_point\":1}"),
	    "progs[1].tchook.attach_point: expected a string, found a number");
	REFUSED(PROG(",\"tchook\":{\"ifindex\":0}"),
	    "progs[1].tchook.ifindex: must be at least 1");
	REFUSED(PROG(",\"tcopts\":{\"handle\":4294967296}"),
	    "progs[1].tcopts.handle: 4294967296 is too large");
	REFUSED(PROG(",\"tcopts\":{\"priority\":65536}"),
	    "progs[1].tcopts.priority: 65536 is too large");
	REFUSED(PROG(",\"tcopts\":[]"),
	    "progs[1].tcopts: expected an object, found an array");
}

static void
test_perf(void)
{
	const struct package_program *q;
	struct package p;

	CHECK_NUM(
	    parse(&p, PROG(",\"perf_event\":{\"type\":\"cpu-clock\","
			   "\"config\":18446744073709551615,\"frequency\":"
			   "99}")),
	    0);
	q = &p.programs[1];
	CHECK_STR(q->perf_type, "cpu-clock");
	CHECK(q->perf_config == UINT64_MAX);
	CHECK_NUM(q->perf_frequency, 99);
	CHECK_NUM(q->perf_period, 0);
	package_close(&p);
	CHECK_NUM(parse(&p, PROG(",\"perf_event\":{\"type\":4294967295,"
				 "\"period\":1000000}")),
	    0);
	CHECK_STR(p.programs[1].perf_type, "4294967295");
	CHECK_NUM(p.programs[1].perf_period, 1000000);
	package_close(&p);

	REFUSED(PROG(",\"perf_event\":{\"type\":true}"),
	    "progs[1].perf_event.type: expected a string or a number from 0, "
	    "found a boolean");
	REFUSED(PROG(",\"perf_event\":{\"type\":-1}"),
	    "perf_event.type: expected a string or a number from 0");
	REFUSED(PROG(",\"perf_event\":{\"type\":4294967296}"),
	    "progs[1].perf_event.type: 4294967296 is too large");
	REFUSED(PROG(",\"perf_event\":{\"config\":\"1\"}"),
	    "progs[1].perf_event.config: expected a number, found a string");
	REFUSED(PROG(",\"perf_event\":{\"frequency\":0}"),
	    "progs[1].perf_event.frequency: must be at least 1");
	REFUSED(PROG(",\"perf_event\":{\"period\":0}"),
	    "progs[1].perf_event.period: must be at least 1");
	REFUSED(PROG(",\"perf_event\":{\"period\":1,\"frequency\":1}"),
	    "x.json: progs[1].perf_event: frequency and period exclude each "
	    "other");
	REFUSED(PROG(",\"perf_event\":\"cpu-clock\""),
	    "progs[1].perf_event: expected an object, found a string");
}

static void
test_iter(void)
{
	struct package p;

	CHECK_NUM(parse(&p, PROG(",\"export_config\":{\"btf_type_id\":7},"
				 "\"sample\":{\"interval\":1000}")),
	    0);
	CHECK_NUM(p.programs[1].iter_type_id, 7);
	CHECK_NUM(p.programs[1].iter_interval_ms, 1000);
	package_close(&p);

	REFUSED(PROG(",\"export_config\":{}"),
	    "x.json: progs[1].export_config: btf_type_id is missing");
	REFUSED(PROG(",\"export_config\":{\"btf_type_id\":0}"),
	    "progs[1].export_config.btf_type_id: 0 is not the id of a type");
	REFUSED(PROG(",\"export_config\":\"default\""),
	    "progs[1].export_config: expected an object, found a string");
	REFUSED(PROG(",\"sample\":{}"),
	    "x.json: progs[1].sample: interval is missing");
	REFUSED(PROG(",\"sample\":{\"interval\":0}"),
	    "progs[1].sample.interval: must be at least 1 ms");
}

int
main(void)
{
	test_defaults();
	test_xdp();
	test_tc();
	test_perf();
	test_iter();
	return check_done();
}
