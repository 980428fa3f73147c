#include <string.h>

#include "document.h"
#include "metrics/metrics.h"
#include "printer-state.h"

int
printer_open_state(struct printer *p)
{
	if (p->plan.form != PLAN_PROM || p->metrics != NULL)
		return 0;
	p->metrics = p->plan.metrics = metrics_new(p->series);
	return p->metrics == NULL ? -1 : 0;
}

void
printer_begin_state(struct printer *p)
{
	memset(p->passed, 0, sizeof(p->passed));
}

void
printer_lose(struct printer *p, int map, uint64_t count)
{
	const struct stream_header *h = &p->in.header;
	const struct stream_map *m = map == -1 ? NULL : &h->maps[map];
	bool merged = m != NULL && h->nhosts > 0;
	struct metrics_counts *c;

	if (p->metrics == NULL)
		return;
	c = metrics_counts(p->metrics,
	    merged ? h->hosts[m->host].name : h->name, m == NULL ? "" : m->name,
	    merged ? stream_header_host(h, (unsigned int)map) : "");
	if (c != NULL)
		c->lost += count;
	else
		p->out->failed = true;
}

/* Whether passes of all maps that are sampled most often have ended. */
static bool
is_round_complete(const struct printer *p)
{
	const struct stream_header *h = &p->in.header;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL && h->maps[i].source == STREAM_SAMPLE &&
		    h->maps[i].polling.interval_ms < least)
			least = h->maps[i].polling.interval_ms;
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL && h->maps[i].source == STREAM_SAMPLE &&
		    h->maps[i].polling.interval_ms == least && !p->passed[i])
			return false;
	return true;
}

void
printer_end_state(struct printer *p, unsigned int map)
{
	bool again = p->passed[map];

	if (p->document == NULL || p->metrics == NULL)
		return;
	p->passed[map] = true;
	/* That a pass comes again says that the others do not. */
	if (!again && !is_round_complete(p))
		return;
	memset(p->passed, 0, sizeof(p->passed));
	printer_write_state(p);
	if (document_begin(p->document, p->out) == 0)
		document_publish(p->document, p->out);
}

void
printer_write_state(const struct printer *p)
{
	if (p->metrics != NULL && !p->out->gone && !p->out->failed)
		metrics_write(p->metrics, &p->out->buf);
}

void
printer_close_state(struct printer *p)
{
	metrics_free(p->metrics);
}
