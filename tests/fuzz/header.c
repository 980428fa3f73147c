/* Parses the header of a stream or session, writes it, parses that again, and
 * prints a record of zeros with a plan for each map; says of its members that
 * they are of some kind, and does all that again. */
#include "stream/header.h"
#include "base/json-doc.h"
#include "format/plan.h"
#include "fuzz.h"
#include "layout/flame.h"
#include "metrics/metrics.h"
#include "picture/heat.h"
#include "poll/record-match.h"
#include "profile/profile.h"
#include "profile/trace-events.h"
#include "record/fields.h"
#include "record/member-notes.h"

enum {
	RECORD_MAX = 4096, /* bytes of a record that is printed */
	OPTIONS_MAX = 8,
};

static int
read_header(struct stream_header *h, const char *text, size_t len)
{
	json_t *json = json_doc_parse(text, len, "x", 0);
	int ret = -1;

	if (json != NULL)
		ret = stream_header_parse(h, json, "x:1");
	json_decref(json);
	return ret;
}

static void
print(const struct stream_header *h, enum plan_form form)
{
	static const unsigned char zeros[RECORD_MAX];
	struct plan_options o = { .form = form };
	struct buf out = { 0 };
	struct plan **plans;

	if (plan_traits(form)->stacks_only)
		o.folded = flame_new();
	if (form == PLAN_TRACE)
		o.trace = trace_events_new();
	if (form == PLAN_PPROF)
		o.profile = profile_new();
	if (plan_traits(form)->histograms_only)
		o.heat = heat_new();
	if (form == PLAN_PROM)
		o.metrics = metrics_new(100);
	if ((plans = plans_new(h, &o)) == NULL)
		fuzz_wrong("no plans");
	for (unsigned int i = 0; i < h->nmaps; i++) {
		size_t size = stream_record_size(h, i);

		if (plan_traits(form)->stacks_only &&
		    !plan_has_stacks(plans[i]))
			continue;
		plan_head(plans[i], &out);
		if (size <= RECORD_MAX)
			plan_record(plans[i], &out, 0, zeros, size);
		if (h->maps[i].least_size <= RECORD_MAX)
			plan_short_record(
			    plans[i], &out, 0, zeros, h->maps[i].least_size);
		/* The elements of a flexible array. */
		if (size + 9 <= RECORD_MAX)
			plan_record(plans[i], &out, 0, zeros, size + 9);
	}
	if (form == PLAN_TABLE && out.len > 0 &&
	    !fuzz_is_safe(out.data, out.len, true))
		fuzz_wrong("a table with control bytes");
	plans_free(plans, h->nmaps);
	if (form == PLAN_PROM)
		metrics_write(o.metrics, &out);
	metrics_free(o.metrics);
	flame_free(o.folded);
	profile_free(o.profile);
	heat_free(o.heat);
	trace_events_free(o.trace);
	buf_free(&out);
}

/* Finds the type of records of zeros of every map. */
static void
match_records(const struct stream_header *h)
{
	static const unsigned char zeros[RECORD_MAX];
	struct record_match match;

	for (unsigned int i = 0; i < h->nmaps; i++) {
		if (stream_header_find_map(h, h->maps[i].name) != (int)i ||
		    record_match_open(&match, h, i) == -1)
			continue;
		for (size_t len = 0; match.v != NULL && len < RECORD_MAX;
		     len += 1 + len / 8) {
			int map = record_match_find(&match, zeros, len);

			if (map != -1 &&
			    strcmp(h->maps[map].name, h->maps[i].name) != 0)
				fuzz_wrong("a type of another map");
		}
		record_match_close(&match);
	}
}

static void
check_written(const struct stream_header *h)
{
	struct stream_header again = { 0 };
	struct buf first = { 0 }, second = { 0 };

	if (stream_header_write(h, &first) == -1)
		fuzz_wrong("not written");
	if (read_header(&again, first.data, first.len) == -1)
		fuzz_wrong("not read again");
	if (stream_header_write(&again, &second) == -1 ||
	    first.len != second.len ||
	    memcmp(first.data, second.data, first.len) != 0)
		fuzz_wrong("written otherwise");
	stream_header_free(&again);
	buf_free(&first);
	buf_free(&second);
}

/* Says of a member what an option --as can say, of a header that was read
 * before; it must be as good as that. */
static void
say_kind(const char *text, size_t len, const char *name, enum kind kind)
{
	struct stream_header h = { 0 };
	const char *option;
	char said[512];

	snprintf(said, sizeof(said), "%s=%s%s", name, kind_name(kind),
	    kind == KIND_IP      ? "(family=af)"
	    : kind == KIND_FLAGS ? "(way)"
				 : "");
	option = said;
	if (read_header(&h, text, len) == -1)
		fuzz_wrong("not read twice");
	if (member_notes_apply_options(&h, &option, 1) == 0) {
		check_written(&h);
		for (enum plan_form f = PLAN_JSON; f <= PLAN_REFERENCE; f++)
			print(&h, f);
	}
	stream_header_free(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_header h = { 0 };
	struct fields all = { 0 };

	fuzz_start();
	if (read_header(&h, (const char *)data, size) == -1) {
		fuzz_refused();
		return 0;
	}
	check_written(&h);
	match_records(&h);
	for (enum plan_form f = PLAN_JSON; f <= PLAN_REFERENCE; f++)
		print(&h, f);
	if (h.nmaps > 0)
		fields_add_selected(&all, &h, 0, NULL, 0, true);
	for (size_t i = 0; i < all.n && i < OPTIONS_MAX; i++)
		say_kind((const char *)data, size, all.v[i].name,
		    (enum kind)((size + i) % KIND_COUNT));
	fields_free(&all);
	stream_header_free(&h);
	return 0;
}
