#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "package/sample-option.h"
#include "stream/header-words.h"

/* Parses an interval such as 500, 500ms or 2s, in milliseconds.  Returns
 * whether it is one. */
static bool
parse_sample_interval(const char *text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 } };
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; i < nitems(units); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		*ms = (uint64_t)n * units[i].ms;
		return errno == 0 && n > 0 && n <= UINT32_MAX &&
		       *ms <= UINT32_MAX;
	}
	return false;
}

static bool
is_sample_type(const char *word)
{
	for (size_t i = 0; i < nitems(stream_samples); i++)
		if (strcmp(word, stream_samples[i]) == 0)
			return true;
	return false;
}

/* Parses one of the words after the interval.  Returns whether it is known. */
static bool
parse_sample_word(struct package_sample *s, char *word)
{
	for (size_t i = 0; i < nitems(stream_samples); i++) {
		if (strcmp(word, stream_samples[i]) != 0)
			continue;
		s->type = (enum stream_sample)i;
		return true;
	}
	if (strncmp(word, "unit=", 5) == 0)
		s->unit = word + 5;
	else if (strcmp(word, "clear") == 0)
		s->clear_map = true;
	else if (strcmp(word, "nonzero") == 0)
		s->nonzero = true;
	else
		return false;
	return true;
}

int
sample_option_parse(struct sample_option *s, const char *text)
{
	char *at, *word, *interval;
	bool has_type = false;

	*s = (struct sample_option){ 0 };
	s->sample = (struct package_sample){ .set = true,
		.interval_ms = SAMPLE_INTERVAL_MS,
		.unit = STREAM_NO_UNIT };
	if ((at = s->pattern = strdup(text)) == NULL)
		return report_nomem();
	word = strsep(&at, ",");
	if ((interval = strchr(word, '=')) != NULL)
		*interval++ = '\0';
	if (*word == '\0') {
		report_error("--sample %s: the name of a map or variable is "
			     "missing",
		    text);
		goto fail;
	}
	if (interval != NULL &&
	    !parse_sample_interval(interval, &s->sample.interval_ms)) {
		report_error("--sample %s: \"%s\" is no interval; expected one "
			     "such as 500ms or 2s",
		    text, interval);
		goto fail;
	}
	while ((word = strsep(&at, ",")) != NULL) {
		bool type = is_sample_type(word);

		if (type && has_type) {
			report_error("--sample %s: more than one of "
				     "default_kv, log2_hist, linear_hist and "
				     "exp2_hist",
			    text);
			goto fail;
		}
		has_type |= type;
		if (parse_sample_word(&s->sample, word))
			continue;
		report_error("--sample %s: \"%s\" is not known; known: "
			     "default_kv, log2_hist, linear_hist, exp2_hist, "
			     "unit=UNIT, clear, nonzero",
		    text, word);
		goto fail;
	}
	return 0;
fail:
	sample_option_free(s);
	return -1;
}

void
sample_option_free(struct sample_option *s)
{
	free(s->pattern);
	*s = (struct sample_option){ 0 };
}

bool
sample_option_matches(const struct sample_option *s, const char *name)
{
	return fnmatch(s->pattern, name, 0) == 0;
}

bool
sample_option_is_name(const struct sample_option *s)
{
	return strpbrk(s->pattern, "*?[\\") == NULL;
}

bool
sample_option_allows(unsigned int map_type)
{
	switch (map_type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LPM_TRIE:
		return true;
	default:
		return false;
	}
}

json_t *
sample_option_json(const struct package_sample *s)
{
	json_t *json = json_pack("{sosssssb}", "interval",
	    json_doc_u64_new(s->interval_ms), "type", stream_samples[s->type],
	    "unit", s->unit, "clear_map", s->clear_map);

	if (json == NULL || !s->nonzero ||
	    json_object_set_new(json, "nonzero", json_true()) == 0)
		return json;
	json_decref(json);
	return NULL;
}
