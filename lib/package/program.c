#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "package/program.h"
#include "package/read.h"

/* By enum package_tc_point. */
static const char *const tc_points[] = { "BPF_TC_INGRESS", "BPF_TC_EGRESS",
	"BPF_TC_CUSTOM" };

/* Like json_doc_get_u64() for a number from min to max. */
static int
get_number_in_range(const json_t *obj, const char *key, uint64_t min,
    uint64_t max, uint64_t *out, const char *where)
{
	uint64_t n = 0;
	int got = json_doc_get_u64(obj, key, max, &n, where);

	if (got == 1 && n < min) {
		report_error(
		    "%s.%s: must be at least %" PRIu64, where, key, min);
		return -1;
	}
	if (got == 1)
		*out = n;
	return got;
}

/* The kernel numbers network interfaces from 1 to INT32_MAX. */
static int
get_ifindex(const json_t *obj, uint32_t *out, const char *where)
{
	uint64_t n = 1;
	int got = get_number_in_range(obj, "ifindex", 1, INT32_MAX, &n, where);

	*out = (uint32_t)n;
	return got;
}

/* xdpopts.old_prog_fd is an int; a negative one stands for no program. */
static int
read_xdp_options(struct package_program *p, json_t *obj, const char *prog_where)
{
	char where[PACKAGE_PATH_MAX];
	json_t *opts, *fd;
	int got = json_doc_get_object(obj, "xdpopts", &opts, prog_where);
	uint64_t n = 0;

	if (got != 1)
		return got;
	package_path(where, "%s.xdpopts", prog_where);
	fd = json_object_get(opts, "old_prog_fd");
	if (json_is_integer(fd) && json_integer_value(fd) < 0 &&
	    json_integer_value(fd) >= INT32_MIN) {
		p->old_prog_fd = json_integer_value(fd);
		return 0;
	}
	if (json_doc_get_u64(opts, "old_prog_fd", INT32_MAX, &n, where) == -1)
		return -1;
	p->old_prog_fd = (int64_t)n;
	return 0;
}

static int
read_xdp_target(struct package_program *p, json_t *obj, const char *where)
{
	uint64_t flags = 0;
	int got = get_ifindex(obj, &p->ifindex, where);

	if (got == -1 ||
	    json_doc_get_u64(obj, "flags", UINT32_MAX, &flags, where) == -1)
		return -1;
	p->has_ifindex = got == 1;
	p->flags = (uint32_t)flags;
	return read_xdp_options(p, obj, where);
}

static int
read_tc_hook(struct package_program *p, json_t *obj, const char *prog_where)
{
	const char *point = NULL;
	char where[PACKAGE_PATH_MAX], at[PACKAGE_PATH_MAX];
	json_t *hook = NULL;
	int got, value;

	p->tc_ifindex = 1;
	got = json_doc_get_object(obj, "tchook", &hook, prog_where);
	if (got != 1)
		return got;
	package_path(where, "%s.tchook", prog_where);
	got = get_ifindex(hook, &p->tc_ifindex, where);
	if (got == -1 ||
	    json_doc_get_string(hook, "attach_point", &point, where) == -1)
		return -1;
	p->has_tc_ifindex = got == 1;
	if (point == NULL)
		return 0;
	package_path(at, "%s.attach_point", where);
	value = package_find_word(
	    tc_points, nitems(tc_points), point, "attach point", at);
	if (value == -1)
		return -1;
	p->has_tc_point = true;
	p->tc_point = (enum package_tc_point)value;
	return 0;
}

static int
read_tc_options(struct package_program *p, json_t *obj, const char *prog_where)
{
	uint64_t handle = 1, priority = 1;
	json_t *opts = NULL;
	char where[PACKAGE_PATH_MAX];

	package_path(where, "%s.tcopts", prog_where);
	if (json_doc_get_object(obj, "tcopts", &opts, prog_where) == -1 ||
	    json_doc_get_u64(opts, "handle", UINT32_MAX, &handle, where) ==
		-1 ||
	    json_doc_get_u64(opts, "priority", UINT16_MAX, &priority, where) ==
		-1)
		return -1;
	p->tc_handle = (uint32_t)handle;
	p->tc_priority = (uint32_t)priority;
	return 0;
}

/* perf_event.type is a name or one of the kernel's PERF_TYPE_ numbers. */
static int
read_perf_type(struct package_program *p, const json_t *perf, const char *where)
{
	const json_t *type = json_object_get(perf, "type");
	uint64_t n;

	if (!json_doc_u64(type, &n)) {
		if (json_doc_string(type) == NULL && type != NULL &&
		    !json_is_null(type)) {
			report_error("%s.type: expected a string or a number "
				     "from 0, found %s",
			    where, json_doc_kind(type));
			return -1;
		}
		return json_doc_get_string(perf, "type", &p->perf_type, where);
	}
	if (json_doc_get_u64(perf, "type", UINT32_MAX, &n, where) == -1)
		return -1;
	snprintf(p->perf_number, sizeof(p->perf_number), "%" PRIu64, n);
	p->perf_type = p->perf_number;
	return 1;
}

static int
read_perf_event(struct package_program *p, json_t *obj, const char *prog_where)
{
	char where[PACKAGE_PATH_MAX];
	json_t *perf;
	int got = json_doc_get_object(obj, "perf_event", &perf, prog_where);

	if (got != 1)
		return got;
	package_path(where, "%s.perf_event", prog_where);
	if (read_perf_type(p, perf, where) == -1 ||
	    json_doc_get_u64(
		perf, "config", UINT64_MAX, &p->perf_config, where) == -1 ||
	    get_number_in_range(perf, "frequency", 1, UINT32_MAX,
		&p->perf_frequency, where) == -1 ||
	    get_number_in_range(
		perf, "period", 1, INT64_MAX, &p->perf_period, where) == -1)
		return -1;
	if (p->perf_frequency == 0 || p->perf_period == 0)
		return 0;
	report_error("%s: frequency and period exclude each other", where);
	return -1;
}

/* Reads "export_config" and "sample" of an iterator. */
static int
read_iter(struct package_program *p, json_t *obj, const char *prog_where)
{
	json_t *config = NULL, *sample = NULL;
	char where[PACKAGE_PATH_MAX];

	if (json_doc_get_object(obj, "export_config", &config, prog_where) ==
		-1 ||
	    json_doc_get_object(obj, "sample", &sample, prog_where) == -1)
		return -1;
	package_path(where, "%s.export_config", prog_where);
	if (config != NULL && package_need_u32(config, "btf_type_id",
				  &p->iter_type_id, where) == -1)
		return -1;
	if (config != NULL && p->iter_type_id == 0) {
		report_error(
		    "%s.btf_type_id: 0 is not the id of a type", where);
		return -1;
	}
	package_path(where, "%s.sample", prog_where);
	if (sample == NULL)
		return 0;
	return package_need_interval(&p->iter_interval_ms, sample, where) == 1
		   ? 0
		   : -1;
}

int
package_program_read(struct package_program *p, json_t *obj, const char *where)
{
	p->json = obj;
	p->attach = "";
	p->link = true;
	if (package_need_string(obj, "name", &p->name, where) == -1 ||
	    json_doc_get_string(obj, "attach", &p->attach, where) == -1 ||
	    json_doc_get_bool(obj, "link", &p->link, where) == -1 ||
	    read_xdp_target(p, obj, where) == -1 ||
	    read_tc_hook(p, obj, where) == -1)
		return -1;
	if (read_tc_options(p, obj, where) == -1 ||
	    read_perf_event(p, obj, where) == -1)
		return -1;
	return read_iter(p, obj, where);
}
