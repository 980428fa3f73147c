#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "package/program.h"

#define PLACE(member) .offset = offsetof(struct package_program, member)

static const char at_least_1[] = "must be at least 1";

/* xdpopts.old_prog_fd is an int; a negative one stands for no program. */
static int
read_old_prog_fd(void *out, json_t *obj, const char *where)
{
	const json_t *fd = json_object_get(obj, "old_prog_fd");
	struct package_program *p = out;
	uint64_t n = 0;

	if (json_is_integer(fd) && json_integer_value(fd) < 0 &&
	    json_integer_value(fd) >= INT32_MIN) {
		p->old_prog_fd = json_integer_value(fd);
		return 0;
	}
	if (json_doc_get_u64(obj, "old_prog_fd", INT32_MAX, &n, where) == -1)
		return -1;
	p->old_prog_fd = (int64_t)n;
	return 0;
}

static const struct package_key xdp_keys[] = {
	{ "old_prog_fd", KEY_OTHER, .read = read_old_prog_fd },
	{ 0 },
};

/* By enum package_tc_point. */
static const char *const tc_points[] = { "BPF_TC_INGRESS", "BPF_TC_EGRESS",
	"BPF_TC_CUSTOM" };

/* The kernel numbers network interfaces from 1 to INT32_MAX. */
static const struct package_key tc_hook_keys[] = {
	{ "ifindex", KEY_PRESENT, false, PLACE(has_tc_ifindex) },
	{ "ifindex", KEY_U32, false, PLACE(tc_ifindex), INT32_MAX, at_least_1 },
	{ "attach_point", KEY_PRESENT, false, PLACE(has_tc_point) },
	{ "attach_point", KEY_WORD, false, PLACE(tc_point),
	    .noun = "attach point", .words = tc_points,
	    .nwords = nitems(tc_points) },
	{ 0 },
};

static const struct package_key tc_option_keys[] = {
	{ "handle", KEY_U32, false, PLACE(tc_handle), UINT32_MAX },
	{ "priority", KEY_U32, false, PLACE(tc_priority), UINT16_MAX },
	{ 0 },
};

/* perf_event.type is a name or one of the kernel's PERF_TYPE_ numbers. */
static int
read_perf_type(void *out, json_t *perf, const char *where)
{
	const json_t *type = json_object_get(perf, "type");
	struct package_program *p = out;
	uint64_t n;

	if ((p->perf_type = json_doc_string(type)) != NULL)
		return 0;
	if (!json_doc_u64(type, &n)) {
		report_error("%s.type: expected a string or a number "
			     "from 0, found %s",
		    where, json_doc_kind(type));
		return -1;
	}
	if (json_doc_get_u64(perf, "type", UINT32_MAX, &n, where) == -1)
		return -1;
	p->perf_type = p->perf_number;
	snprintf(p->perf_number, sizeof(p->perf_number), "%" PRIu64, n);
	return 0;
}

static int
check_perf_rate(void *out, json_t *perf, const char *where)
{
	const struct package_program *p = out;

	(void)perf;
	if (p->perf_frequency == 0 || p->perf_period == 0)
		return 0;
	report_error("%s: frequency and period exclude each other", where);
	return -1;
}

static const struct package_key perf_keys[] = {
	{ "type", KEY_OTHER, .read = read_perf_type },
	{ "config", KEY_U64, false, PLACE(perf_config), UINT64_MAX },
	{ "frequency", KEY_U64, false, PLACE(perf_frequency), UINT32_MAX,
	    at_least_1 },
	{ "period", KEY_U64, false, PLACE(perf_period), INT64_MAX, at_least_1 },
	{ "period", KEY_OTHER, .read = check_perf_rate },
	{ 0 },
};

static const struct package_key iter_export_keys[] = {
	{ "btf_type_id", KEY_U32, true, PLACE(iter_type_id), UINT32_MAX,
	    "0 is not the id of a type" },
	{ 0 },
};

static const struct package_key iter_sample_keys[] = {
	{ "interval", KEY_U64, true, PLACE(iter_interval_ms), UINT32_MAX,
	    PACKAGE_INTERVAL_ZERO },
	{ 0 },
};

const struct package_key package_program_keys[] = {
	{ "", KEY_SELF, false, PLACE(json) },
	{ "name", KEY_STRING, true, PLACE(name) },
	{ "attach", KEY_STRING, false, PLACE(attach) },
	{ "link", KEY_BOOL, false, PLACE(link) },
	{ "ifindex", KEY_PRESENT, false, PLACE(has_ifindex) },
	{ "ifindex", KEY_U32, false, PLACE(ifindex), INT32_MAX, at_least_1 },
	{ "flags", KEY_U32, false, PLACE(flags), UINT32_MAX },
	{ "xdpopts", KEY_OBJECT, .keys = xdp_keys },
	{ "tchook", KEY_OBJECT, .keys = tc_hook_keys },
	{ "tcopts", KEY_OBJECT, .keys = tc_option_keys },
	{ "perf_event", KEY_OBJECT, .keys = perf_keys },
	{ "export_config", KEY_OBJECT, .keys = iter_export_keys },
	{ "sample", KEY_OBJECT, .keys = iter_sample_keys },
	{ 0 },
};

const struct package_program package_program_initial = {
	.attach = "",
	.link = true,
	.ifindex = 1,
	.tc_ifindex = 1,
	.tc_handle = 1,
	.tc_priority = 1,
};
