#include <stdlib.h>
#include <string.h>

#include "attach/where.h"
#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "package/events-option.h"
#include "record/member-notes.h"
#include "session/launch-option.h"

static int
set_attach(struct launch_options *o, const char *value)
{
	struct attach_options *a = &o->attach;

	if (!array_room(a->wheres, a->nwheres, a->wheres_cap))
		return report_nomem();
	return attach_where_parse(&a->wheres[a->nwheres++], value);
}

static int
set_only(struct launch_options *o, const char *value)
{
	return attach_patterns_add(&o->attach.only, "--only", value);
}

static int
set_optional(struct launch_options *o, const char *value)
{
	return attach_patterns_add(&o->attach.optional, "--optional", value);
}

/* The option has no value. */
static int
set_both(struct launch_options *o, const char *value)
{
	(void)value;
	o->attach.both = true;
	return 0;
}

static int
set_as_is(struct launch_options *o, const char *value)
{
	(void)value;
	o->as_is = true;
	return 0;
}

static int
set_as(struct launch_options *o, const char *value)
{
	if (member_notes_check_option(value) == -1)
		return -1;
	if (!array_room(o->as, o->nas, o->as_cap))
		return report_nomem();
	o->as[o->nas++] = value;
	return 0;
}

static int
set_no_symbols(struct launch_options *o, const char *value)
{
	(void)value;
	o->no_symbols = true;
	return 0;
}

static int
set_btf(struct launch_options *o, const char *value)
{
	o->btf = value;
	return 0;
}

static int
set_events(struct launch_options *o, const char *value)
{
	struct events_option parsed;

	if (events_option_parse(&parsed, value) == -1)
		return -1;
	events_option_free(&parsed);
	if (!array_room(o->events, o->nevents, o->events_cap))
		return report_nomem();
	o->events[o->nevents++] = value;
	return 0;
}

static int
set_export(struct launch_options *o, const char *value)
{
	if (!array_room(o->maps, o->nmaps, o->maps_cap))
		return report_nomem();
	o->maps[o->nmaps++] = value;
	return 0;
}

static int
set_sampled(struct launch_options *o, const char *value)
{
	if (!array_room(o->samples, o->nsamples, o->samples_cap))
		return report_nomem();
	if (sample_option_parse(&o->samples[o->nsamples], value) == -1)
		return -1;
	o->nsamples++;
	return 0;
}

/* Without "=" the option names a map to export, as it always did. */
static int
set_map(struct launch_options *o, const char *value)
{
	if (strchr(value, '=') == NULL)
		return set_export(o, value);
	if (!array_room(o->sizes, o->nsizes, o->sizes_cap))
		return report_nomem();
	if (map_size_parse(&o->sizes[o->nsizes], value) == -1)
		return -1;
	o->nsizes++;
	return 0;
}

static int
set_setting(struct launch_options *o, const char *value)
{
	if (!array_room(o->settings, o->nsettings, o->settings_cap))
		return report_nomem();
	if (map_setting_parse(&o->settings[o->nsettings], value) == -1)
		return -1;
	o->nsettings++;
	return 0;
}

/* The functions may keep the value, which lives as long as o. */
static const struct launch_option {
	const char *name;
	bool value; /* it has one */
	bool early; /* it changes how the package is made or read */
	int (*set)(struct launch_options *o, const char *value);
} launch_options[] = {
	{ "as", true, false, set_as },
	{ "as-is", false, true, set_as_is },
	{ "attach", true, false, set_attach },
	{ "both", false, false, set_both },
	{ "btf", true, false, set_btf },
	{ "events", true, true, set_events },
	{ "export", true, false, set_export },
	{ "map", true, false, set_map },
	{ "no-symbols", false, false, set_no_symbols },
	{ "only", true, false, set_only },
	{ "optional", true, false, set_optional },
	{ "sample", true, false, set_sampled },
	{ "set", true, false, set_setting },
};

/* Copies the value, for o to own.  NULL after reporting that memory ran out. */
static const char *
keep_text(struct launch_options *o, const char *value)
{
	if (!array_room(o->texts, o->ntexts, o->texts_cap) ||
	    (o->texts[o->ntexts] = strdup(value)) == NULL) {
		report_nomem();
		return NULL;
	}
	return o->texts[o->ntexts++];
}

int
launch_option_set(struct launch_options *o, const char *name, const char *value)
{
	const char *text;

	for (size_t i = 0; i < nitems(launch_options); i++) {
		if (strcmp(launch_options[i].name, name) != 0)
			continue;
		if (launch_options[i].value != (value != NULL)) {
			report_error("--%s %s", name,
			    value == NULL ? "needs a value" : "takes no value");
			return -1;
		}
		text = keep_text(o, value != NULL ? value : "");
		return text != NULL ? launch_options[i].set(o, text) : -1;
	}
	report_error("%s: there is no option of this name", name);
	return -1;
}

enum args_other
launch_option_take(
    void *options, const char *name, const char *value, const char *next)
{
	enum args_other taken = ARGS_OTHER_TAKEN;

	for (size_t i = 0; i < nitems(launch_options); i++) {
		if (strcmp(launch_options[i].name, name) != 0 ||
		    launch_options[i].early)
			continue;
		if (launch_options[i].value ? value == NULL && next == NULL
					    : value != NULL) {
			report_error("--%s %s", name,
			    value == NULL ? "needs a value" : "takes no value");
			return ARGS_OTHER_WRONG;
		}
		if (launch_options[i].value && value == NULL) {
			taken = ARGS_OTHER_AND_NEXT;
			value = next;
		}
		return launch_option_set(options, name, value) == 0
			   ? taken
			   : ARGS_OTHER_WRONG;
	}
	return ARGS_OTHER_UNKNOWN;
}

void
launch_options_free(struct launch_options *o)
{
	attach_options_free(&o->attach);
	for (size_t i = 0; i < o->ntexts; i++)
		free(o->texts[i]);
	for (size_t i = 0; i < o->nsamples; i++)
		sample_option_free(&o->samples[i]);
	for (size_t i = 0; i < o->nsizes; i++)
		map_size_free(&o->sizes[i]);
	for (size_t i = 0; i < o->nsettings; i++)
		map_setting_free(&o->settings[i]);
	free(o->sizes);
	free(o->settings);
	free(o->samples);
	free(o->events);
	free(o->as);
	free(o->maps);
	free(o->texts);
	*o = (struct launch_options){ 0 };
}
