#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "query/query-plans.h"
#include "record/fields.h"

void
query_plans_close(struct query_plans *p)
{
	for (size_t i = 0; i < p->n; i++)
		query_plan_free(p->v[i]);
	free(p->v);
	*p = (struct query_plans){ 0 };
}

/* What stands for the rest of a long text. */
static const char *
rest_of(const char *text)
{
	return strlen(text) > QUERY_SHOWN_MAX ? "..." : "";
}

/* Report that no map has a member, with the names that are like it. */
static void
report_missing(const struct query_term *t, const struct stream_header *h,
    const char *where)
{
	struct suggest near = { .wanted = t->member.text };
	struct fields all = { 0 };
	char *text;

	for (unsigned int i = 0; i < h->nmaps; i++) {
		fields_add_roots(&all, h, i);
		fields_add_selected(&all, h, i, NULL, 0, true);
	}
	for (size_t i = 0; i < all.n; i++)
		suggest_offer(&near, all.v[i].name);
	suggest_offer(&near, "@time");
	suggest_offer(&near, "@map");
	suggest_offer(&near, "@host");
	text = suggest_text(&near);
	if (text == NULL || all.failed)
		report_nomem();
	else
		report_error("%s: expression:%zu: no map has a member %.*s%s%s",
		    where, t->member.at + 1, QUERY_SHOWN_MAX, t->member.text,
		    rest_of(t->member.text), text);
	free(text);
	fields_free(&all);
}

/* Report why a term cannot be compared, if no map can. */
static int
check_term(const struct query_term *t, const struct stream_header *h,
    const struct query_obstacle *obstacles, size_t step, const char *where)
{
	for (size_t i = 0; i < h->nmaps; i++)
		if (!obstacles[i * step].any)
			return 0;
	for (size_t i = 0; i < h->nmaps; i++) {
		const char *why = obstacles[i * step].why;

		if (why == NULL)
			continue;
		report_error("%s: expression:%zu: %.*s%s of map %s: %s", where,
		    t->at + 1, QUERY_SHOWN_MAX, t->member.text,
		    rest_of(t->member.text), h->maps[i].name, why);
		return -1;
	}
	report_missing(t, h, where);
	return -1;
}

static int
check_terms(const struct query *q, const struct stream_header *h,
    const struct query_obstacle *obstacles, const char *where)
{
	int ret = 0;

	for (size_t i = 0; i < q->n && ret == 0; i++)
		ret = check_term(&q->terms[i], h, &obstacles[i], q->n, where);
	return ret;
}

int
query_plans_open(struct query_plans *p, const struct query *q,
    const struct stream_header *h, const struct name_store *names,
    const char *where)
{
	bool json = h->encoding == STREAM_JSON;
	struct query_obstacle *obstacles;
	int ret = 0;

	*p = (struct query_plans){ 0 };
	if (h->nmaps == 0)
		return 0;
	obstacles = calloc(h->nmaps * q->n, sizeof(*obstacles));
	p->v = calloc(h->nmaps, sizeof(*p->v));
	if (obstacles == NULL || p->v == NULL)
		ret = report_nomem();
	for (unsigned int i = 0; i < h->nmaps && ret == 0; i++) {
		p->v[i] =
		    query_plan_new(q, h, i, names, json, &obstacles[i * q->n]);
		if (p->v[i] == NULL)
			ret = report_nomem();
		p->n = i + 1;
	}
	if (ret == 0)
		ret = check_terms(q, h, obstacles, where);
	for (size_t i = 0; obstacles != NULL && i < h->nmaps * q->n; i++)
		free(obstacles[i].why);
	free(obstacles);
	if (ret == -1)
		query_plans_close(p);
	return ret;
}

int
query_plans_renew(struct query_plans *p, const struct query *q,
    const struct stream_header *h, const struct name_store *names,
    const char *where)
{
	struct query_plans old = *p;
	int ret = query_plans_open(p, q, h, names, where);

	for (size_t i = 0; i < p->n && i < old.n; i++)
		query_plan_keep_seen(p->v[i], old.v[i]);
	query_plans_close(&old);
	return ret;
}

void
query_plans_report_unseen(struct query_plan *const *plans, size_t n,
    const struct query *q, const char *where)
{
	const char *others;

	for (size_t i = 0; i < q->n; i++) {
		size_t unseen = 0;

		while (unseen < n && query_plan_is_unseen(plans[unseen], i))
			unseen++;
		if (unseen < n || n == 0)
			continue;
		others = query_plan_others(plans[0]);
		report_notice("%s: no record has a member %.*s%s%s%s", where,
		    QUERY_SHOWN_MAX, q->terms[i].member.text,
		    rest_of(q->terms[i].member.text),
		    *others != '\0' ? "; others of the first records: " : "",
		    others);
		return;
	}
}
