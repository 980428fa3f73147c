#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/suggest.h"
#include "infer/written-variable.h"
#include "pack/pack-json.h"
#include "pack/pack-sample.h"

/* An option that is being applied. */
struct sample_target {
	const struct pack_samples *to; /* borrowed, as all here */
	const struct sample_option *option;
	bool found;
};

static int
report_no_sample(const struct sample_target *t, const char *why)
{
	report_error(
	    "%s: --sample %s: %s", t->to->file, t->option->pattern, why);
	return -1;
}

static int
set_sample_json(struct sample_target *t, json_t *json)
{
	t->found = true;
	return pack_set(json, "sample", sample_option_json(&t->option->sample));
}

static int
sample_matching_maps(struct sample_target *t)
{
	for (size_t i = 0; i < t->to->nmaps; i++) {
		const struct bpf_map *map = t->to->maps[i].bpf;

		if (bpf_map__is_internal(map) ||
		    !sample_option_matches(t->option, bpf_map__name(map)))
			continue;
		if (!sample_option_allows(bpf_map__type(map))) {
			if (!sample_option_is_name(t->option))
				continue;
			return report_no_sample(
			    t, "a map of this type cannot be read key by key");
		}
		if (set_sample_json(t, t->to->maps[i].json) == -1)
			return -1;
	}
	return 0;
}

static bool
is_variable_section(const char *name)
{
	return strncmp(name, ".bss", 4) == 0 || strncmp(name, ".data", 5) == 0;
}

static int
sample_matching_variables(struct sample_target *t, const json_t *section)
{
	const char *name = json_doc_string(json_object_get(section, "name"));
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(section, "variables"), i, v) {
		if (!sample_option_matches(
			t->option, json_doc_string(json_object_get(v, "name"))))
			continue;
		if (!is_variable_section(name)) {
			if (!sample_option_is_name(t->option))
				continue;
			return report_no_sample(
			    t, "the variable is constant while programs run");
		}
		if (set_sample_json(t, v) == -1)
			return -1;
	}
	return 0;
}

static int
sample_matching_sections(struct sample_target *t)
{
	const char *name;
	json_t *section;
	size_t i;

	json_array_foreach (t->to->sections, i, section) {
		name = json_doc_string(json_object_get(section, "name"));
		if (*t->option->pattern != '.' ||
		    !sample_option_matches(t->option, name)) {
			if (sample_matching_variables(t, section) == -1)
				return -1;
			continue;
		}
		if (!is_variable_section(name))
			return report_no_sample(
			    t, "its variables are constant while programs run");
		if (t->option->sample.clear_map)
			return report_no_sample(t,
			    "clear is for single variables: programs may need "
			    "the others");
		if (set_sample_json(t, section) == -1)
			return -1;
	}
	return 0;
}

/* Report that nothing has the name, with the maps that are like it. */
static int
report_no_such_sample(const struct sample_target *t)
{
	struct suggest near = { .wanted = t->option->pattern };
	char *text;

	for (size_t i = 0; i < t->to->nmaps; i++) {
		const struct bpf_map *map = t->to->maps[i].bpf;

		if (!bpf_map__is_internal(map) &&
		    sample_option_allows(bpf_map__type(map)))
			suggest_offer(&near, bpf_map__name(map));
	}
	if ((text = suggest_text(&near)) == NULL)
		return report_nomem();
	report_error(
	    "%s: --sample %s: the object has no such map or variable%s",
	    t->to->file, t->option->pattern, text);
	free(text);
	return -1;
}

int
pack_samples_set(const struct pack_samples *p, const struct pack_options *o)
{
	for (size_t i = 0; i < o->nsamples; i++) {
		struct sample_target t = { .to = p, .option = &o->samples[i] };

		if (sample_matching_maps(&t) == -1 ||
		    sample_matching_sections(&t) == -1)
			return -1;
		if (!t.found)
			return report_no_such_sample(&t);
	}
	return 0;
}

int
pack_samples_check(const struct pack_samples *p)
{
	json_t *section, *v, *sample;
	const char *name;
	size_t i, k;

	json_array_foreach (p->sections, i, section) {
		name = json_doc_string(json_object_get(section, "name"));
		json_array_foreach (
		    json_object_get(section, "variables"), k, v) {
			sample = json_object_get(v, "sample");
			if (sample == NULL)
				continue;
			if (is_variable_section(name) &&
			    json_object_get(sample, "interval") != NULL)
				continue;
			report_error("%s: variable %s: %s", p->file,
			    json_doc_string(json_object_get(v, "name")),
			    is_variable_section(name)
				? "the sampling interval is missing; give it "
				  "with SKEL_SAMPLE"
				: "it is constant while programs run and "
				  "cannot be sampled");
			return -1;
		}
	}
	return 0;
}

int
pack_mark_written(const struct pack_samples *p,
    const struct helper_calls *calls, const struct bpf_elf *elf)
{
	struct written_variables written;
	json_t *section, *v;
	const char *name;
	size_t i, k;
	int ret = 0;

	if (written_variables_open(&written, calls, elf) == -1)
		return -1;
	json_array_foreach (p->sections, i, section) {
		name = json_doc_string(json_object_get(section, "name"));
		if (!is_variable_section(name))
			continue;
		json_array_foreach (json_object_get(section, "variables"), k, v)
			if (ret == 0 &&
			    written_variables_have(&written, name,
				json_doc_string(json_object_get(v, "name"))))
				ret = pack_set(v, "written", json_true());
	}
	written_variables_close(&written);
	return ret;
}
