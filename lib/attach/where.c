#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"

/* What "-a" can name. */
static const struct way *const ways[] = {
	&way_xdp,
	&way_tcx,
	&way_tc,
	&way_cgroup,
	&way_netns,
	&way_sockmap,
	&way_fentry,
	&way_fexit,
	&way_fmod_ret,
	&way_kprobe,
	&way_kprobe_multi,
	&way_kretprobe,
	&way_kretprobe_multi,
	&way_kretsyscall,
	&way_ksyscall,
	&way_lsm,
	&way_iter,
	&way_perf,
	&way_raw_tp,
	&way_tp_btf,
	&way_tracepoint,
	&way_uprobe,
	&way_uprobe_multi,
	&way_uretprobe,
	&way_uretprobe_multi,
	&way_usdt,
};

static int
refuse(const char *text, const char *why)
{
	report_error("-a %s: %s", text, why);
	return -1;
}

/* The way whose name has these letters, or NULL. */
static const struct way *
find_way(const char *name, size_t n)
{
	for (size_t i = 0; i < nitems(ways); i++)
		if (strlen(ways[i]->name) == n &&
		    strncmp(ways[i]->name, name, n) == 0)
			return ways[i];
	return NULL;
}

/* Report the ways with nearly this name; false: there are none. */
static bool
refuse_misspelt(const char *text, char *name)
{
	struct suggest near = { .wanted = name };
	char *nearest;

	for (size_t i = 0; i < nitems(ways); i++)
		suggest_offer(&near, ways[i]->name);
	suggest_offer(&near, "off");
	if (near.n == 0)
		return false;
	nearest = suggest_text(&near);
	report_error("-a %s: unknown WHERE %s%s", text, name,
	    nearest != NULL ? nearest : "");
	free(nearest);
	return true;
}

/* Report that the text's WHERE is none, and which there are. */
static int
refuse_where(const char *text, const char *where)
{
	size_t n = strcspn(where, ":");
	const struct way *way = find_way(where, n);
	struct buf list = { 0 };
	char *name;
	bool misspelt;

	if (way != NULL) {
		report_error("-a %s: expected %s", text, way->syntax);
		return -1;
	}
	if ((name = strndup(where, n)) == NULL)
		return report_nomem();
	misspelt = refuse_misspelt(text, name);
	free(name);
	if (misspelt)
		return -1;
	for (size_t i = 0; i < nitems(ways); i++)
		buf_printf(&list, "%s, ", ways[i]->syntax);
	if (list.failed)
		report_nomem();
	else
		report_error("-a %s: WHERE is one of %.*soff", text,
		    (int)list.len, list.data);
	buf_free(&list);
	return -1;
}

/* Whether an option, "key=...", begins there. */
static bool
begins_option(const char *p)
{
	const char *start = p;

	while (islower((unsigned char)*p) || *p == '_')
		p++;
	return p > start && *p == '=';
}

/* The comma before the next option, or NULL. */
static char *
next_option(char *p)
{
	while ((p = strchr(p, ',')) != NULL && !begins_option(p + 1))
		p++;
	return p;
}

static bool
knows_key(const struct way *way, const char *key)
{
	const char *const *k = way->keys;

	while (k != NULL && *k != NULL && strcmp(*k, key) != 0)
		k++;
	return k != NULL && *k != NULL;
}

/* Take in "key=value", cut off from the rest. */
static int
add_option(struct attach_where *w, char *option, const char *text)
{
	char *equals = strchr(option, '=');

	*equals = '\0';
	if (!knows_key(w->way, option)) {
		report_error("-a %s: unknown option %s; expected %s", text,
		    option, w->way->syntax);
		return -1;
	}
	if (attach_option(w, option) != NULL || equals[1] == '\0') {
		report_error("-a %s: %s is given %s", text, option,
		    equals[1] == '\0' ? "no value" : "twice");
		return -1;
	}
	if (w->noptions == ATTACH_OPTIONS_MAX)
		return refuse(text, "too many options");
	w->options[w->noptions++] =
	    (struct attach_option){ option, equals + 1 };
	return 0;
}

/* TARGET[,KEY=VALUE]... */
static int
split(struct attach_where *w, const char *text)
{
	char *p = w->words, *next;

	w->target = "";
	if (!begins_option(p)) {
		w->target = p;
		p = next_option(p);
		if (p != NULL)
			*p++ = '\0';
	}
	for (; p != NULL; p = next) {
		next = next_option(p);
		if (next != NULL)
			*next++ = '\0';
		if (add_option(w, p, text) == -1)
			return -1;
	}
	return 0;
}

static int
parse(struct attach_where *w, const char *text)
{
	w->words = strdup(strchr(w->text, ':') + 1);
	if (w->words == NULL)
		return report_nomem();
	if (split(w, text) == -1)
		return -1;
	if (w->way->parse != NULL)
		return w->way->parse(w);
	if (w->target[0] != '\0')
		return 0;
	report_error("-a %s: expected %s", text, w->way->syntax);
	return -1;
}

int
attach_where_parse(struct attach_where *w, const char *text)
{
	const char *equals = strchr(text, '='), *colon;

	*w = (struct attach_where){ 0 };
	if (equals == NULL || equals == text)
		return refuse(text, "expected PROGRAM=WHERE");
	w->text = equals + 1;
	colon = strchr(w->text, ':');
	if (colon != NULL)
		w->way = find_way(w->text, (size_t)(colon - w->text));
	if (w->way == NULL && strcmp(w->text, "off") != 0)
		return refuse_where(text, w->text);
	w->program = strndup(text, (size_t)(equals - text));
	if (w->program == NULL)
		return report_nomem();
	return w->way != NULL ? parse(w, text) : 0;
}

int
attach_where_optional(struct attach_where *w, const char *program)
{
	*w = (struct attach_where){ .optional = true };
	w->program = strdup(program);
	return w->program != NULL ? 0 : report_nomem();
}

void
attach_where_free(struct attach_where *w)
{
	free(w->program);
	free(w->words);
}

const char *
attach_option(const struct attach_where *w, const char *key)
{
	for (size_t i = 0; w != NULL && i < w->noptions; i++)
		if (strcmp(w->options[i].key, key) == 0)
			return w->options[i].value;
	return NULL;
}

int
attach_number(const struct attach_where *w, const char *key, const char *value,
    uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 0);
	if (isdigit((unsigned char)value[0]) && *end == '\0' && errno == 0 &&
	    *out >= min && *out <= max)
		return 0;
	report_error("-a %s=%s: %s: expected a number from %" PRIu64
		     " to %" PRIu64,
	    w->program, w->text, key, min, max);
	return -1;
}
