#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "attach/where.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"

/* The ways that "-a" can name. */
static const struct attach_way *const ways[] = {
	&attach_way_xdp,
	&attach_way_tcx,
	&attach_way_tc,
	&attach_way_cgroup,
	&attach_way_netfilter,
	&attach_way_netkit,
	&attach_way_netns,
	&attach_way_sockmap,
	&attach_way_fentry,
	&attach_way_fexit,
	&attach_way_fmod_ret,
	&attach_way_kprobe,
	&attach_way_kprobe_multi,
	&attach_way_kprobe_session,
	&attach_way_kretprobe,
	&attach_way_kretprobe_multi,
	&attach_way_kretsyscall,
	&attach_way_ksyscall,
	&attach_way_lsm,
	&attach_way_iter,
	&attach_way_perf,
	&attach_way_raw_tp,
	&attach_way_socket,
	&attach_way_tp_btf,
	&attach_way_tracepoint,
	&attach_way_uprobe,
	&attach_way_uprobe_multi,
	&attach_way_uretprobe,
	&attach_way_uretprobe_multi,
	&attach_way_usdt,
};

/* Other names that sections have for a way. */
static const struct {
	const char *name;
	const struct attach_way *way;
} way_aliases[] = {
	{ "tp", &attach_way_tracepoint },
	{ "raw_tracepoint", &attach_way_raw_tp },
};

/* The way with this name of n characters, or NULL. */
static const struct attach_way *
find_way(const char *name, size_t n)
{
	for (size_t i = 0; i < nitems(way_aliases); i++)
		if (strlen(way_aliases[i].name) == n &&
		    strncmp(way_aliases[i].name, name, n) == 0)
			return way_aliases[i].way;
	for (size_t i = 0; i < nitems(ways); i++)
		if (strlen(ways[i]->name) == n &&
		    strncmp(ways[i]->name, name, n) == 0)
			return ways[i];
	return NULL;
}

/* Suggest ways with a name like that of where.  Returns the text for an error,
 * to free, or NULL if no name is similar or memory runs out. */
static char *
suggest_way(const char *where)
{
	char name[SUGGEST_NAME], *nearest;
	struct suggest near = { .wanted = name };
	char *text = NULL;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(where, ":"), where);
	for (size_t i = 0; i < nitems(ways); i++)
		suggest_offer(&near, ways[i]->name);
	suggest_offer(&near, "load");
	suggest_offer(&near, "off");
	nearest = near.n > 0 ? suggest_text(&near) : NULL;
	if (nearest == NULL ||
	    asprintf(&text, "unknown WHERE %s%s", name, nearest) == -1)
		text = NULL;
	free(nearest);
	return text;
}

/* The error for a WHERE that begins with no way's name and a colon. */
static struct attach_error
unknown_where(const char *where)
{
	const struct attach_way *way = find_way(where, strcspn(where, ":"));
	struct buf list = { 0 };
	struct attach_error e;
	char *suggestion;

	if (way != NULL)
		return attach_invalid("expected %s", way->syntax);
	if ((suggestion = suggest_way(where)) != NULL) {
		e = attach_invalid("%s", suggestion);
		free(suggestion);
		return e;
	}
	for (size_t i = 0; i < nitems(ways); i++)
		buf_printf(&list, "%s, ", ways[i]->syntax);
	e = list.failed ? attach_errno(ENOMEM)
			: attach_invalid("WHERE is one of %.*sload, off",
			      (int)list.len, list.data);
	buf_free(&list);
	return e;
}

/* Whether an option, "key=...", begins at p. */
static bool
is_option(const char *p)
{
	const char *start = p;

	while (islower((unsigned char)*p) || *p == '_')
		p++;
	return p > start && *p == '=';
}

/* The comma before the next option, or NULL.  Other commas belong to a target
 * or a value. */
static char *
find_option(char *p)
{
	while ((p = strchr(p, ',')) != NULL && !is_option(p + 1))
		p++;
	return p;
}

static bool
has_key(const struct attach_way *way, const char *key)
{
	const char *const *k = way->keys;

	while (k != NULL && *k != NULL && strcmp(*k, key) != 0)
		k++;
	return k != NULL && *k != NULL;
}

/* Add the option "key=value", which is cut in two. */
static struct attach_error
add_where_option(struct attach_where *w, char *option)
{
	char *equals = strchr(option, '=');

	*equals = '\0';
	if (!has_key(w->way, option))
		return attach_invalid(
		    "unknown option %s; expected %s", option, w->way->syntax);
	if (equals[1] == '\0')
		return attach_invalid("%s has no value", option);
	if (attach_option(w, option) != NULL)
		return attach_invalid("%s is given twice", option);
	if (w->noptions == ATTACH_OPTIONS_MAX)
		return attach_invalid("too many options");
	w->options[w->noptions++] =
	    (struct attach_option){ option, equals + 1 };
	return ATTACH_SUCCESS;
}

/* Split words, "TARGET[,KEY=VALUE]...". */
static struct attach_error
split_words(struct attach_where *w)
{
	struct attach_error e = ATTACH_SUCCESS;
	char *p = w->words, *next;

	w->target = "";
	if (!is_option(p)) {
		w->target = p;
		p = find_option(p);
		if (p != NULL)
			*p++ = '\0';
	}
	for (; p != NULL && e.failure == ATTACH_OK; p = next) {
		next = find_option(p);
		if (next != NULL)
			*next++ = '\0';
		e = add_where_option(w, p);
	}
	return e;
}

static struct attach_error
parse_where(struct attach_where *w, const char *text)
{
	const char *equals = strchr(text, '='), *colon;
	struct attach_error e;

	if (equals == NULL || equals == text)
		return attach_invalid("expected PROGRAM=WHERE");
	w->program = strndup(text, (size_t)(equals - text));
	if (w->program == NULL)
		return attach_errno(ENOMEM);
	w->text = equals + 1;
	w->load = strcmp(w->text, "load") == 0;
	if (w->load || strcmp(w->text, "off") == 0)
		return ATTACH_SUCCESS;
	colon = strchr(w->text, ':');
	if (colon != NULL)
		w->way = find_way(w->text, (size_t)(colon - w->text));
	if (w->way == NULL)
		return unknown_where(w->text);
	if (w->way->libbpf != NULL)
		return attach_old_libbpf(w->way);
	w->words = strdup(colon + 1);
	if (w->words == NULL)
		return attach_errno(ENOMEM);
	e = split_words(w);
	if (e.failure != ATTACH_OK)
		return e;
	if (w->way->parse != NULL)
		return w->way->parse(w);
	if (w->target[0] == '\0')
		return attach_invalid("expected %s", w->way->syntax);
	return ATTACH_SUCCESS;
}

int
attach_where_parse(struct attach_where *w, const char *text)
{
	struct attach_error e;

	*w = (struct attach_where){ 0 };
	e = parse_where(w, text);
	if (e.failure == ATTACH_OK)
		return 0;
	report_error("-a %s: %s", text, attach_error_text(&e));
	attach_error_free(&e);
	return -1;
}

const char *
attach_where_way(size_t index)
{
	return index < nitems(ways) ? ways[index]->name : NULL;
}
