#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "metrics/metrics-group.h"

char *
metrics_write_integer(char *p, __int128 v, const struct metric_unit *u)
{
	char digits[TEXT_128_MAX + TEXT_SLACK], *end;
	bool negative = v < 0;
	size_t n, zeros;

	/* The sums of a map are far below the bounds of 128 bits. */
	if (__builtin_mul_overflow(v, (__int128)u->times, &v))
		v = negative ? -(__int128)(((unsigned __int128)1 << 127) - 1)
			     : (__int128)(((unsigned __int128)1 << 127) - 1);
	if (negative)
		*p++ = '-';
	end = text_u128(
	    digits, negative ? 0 - (unsigned __int128)v : (unsigned __int128)v);
	n = (size_t)(end - digits);
	if (u->decimals == 0 || v == 0) {
		memcpy(p, digits, n);
		return p + n;
	}
	if (n <= u->decimals) {
		zeros = u->decimals - n;
		memcpy(p, "0.", 2);
		memset(p + 2, '0', zeros);
		memcpy(p + 2 + zeros, digits, n);
		p += 2 + zeros + n;
	} else {
		memcpy(p, digits, n - u->decimals);
		p += n - u->decimals;
		*p++ = '.';
		memcpy(p, end - u->decimals, u->decimals);
		p += u->decimals;
	}
	while (p[-1] == '0')
		p--;
	return p[-1] == '.' ? p - 1 : p;
}

static char *
write_real(char *p, double v, const struct metric_unit *u)
{
	static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9 };

	v = v * (double)u->times / powers[u->decimals];
	if (isnan(v)) {
		memcpy(p, "NaN", 3);
		return p + 3;
	}
	if (isinf(v)) {
		memcpy(p, v > 0 ? "+Inf" : "-Inf", 4);
		return p + 4;
	}
	return text_double(p, v);
}

static void
write_head(
    struct buf *out, const char *name, const char *help, const char *type)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Appends a name, what comes behind it, and labels, of which le may be NULL. */
static void
start_line(const struct metrics_group *g, const struct row *r, struct buf *out,
    const char *name, const char *suffix, const char *le)
{
	buf_str(out, name);
	buf_str(out, suffix);
	if (r->len > 0 || le != NULL) {
		buf_chr(out, '{');
		if (r->len > 0)
			buf_add(out, g->texts.data + r->text, r->len);
		if (le != NULL) {
			buf_str(out, r->len > 0 ? ",le=\"" : "le=\"");
			buf_str(out, le);
			buf_chr(out, '"');
		}
		buf_chr(out, '}');
	}
	buf_chr(out, ' ');
}

static void
end_line(struct buf *out, union metric_cell v, bool real,
    const struct metric_unit *u)
{
	char *p = buf_room(out, METRICS_NUMBER_MAX);

	if (p == NULL)
		return;
	p = real ? write_real(p, v.real, u)
		 : metrics_write_integer(p, v.integer, u);
	*p++ = '\n';
	out->len = (size_t)(p - out->data);
}

static void
write_histogram(const struct metrics_group *g, const struct family *f,
    size_t row, struct buf *out)
{
	static const struct metric_unit one = { NULL, 1, 0 };
	const struct row *r = &g->rows[row];
	const uint64_t *slots = g->slots + row * g->nslots;
	const union metric_cell *cells = g->cells + row * g->ncells;
	union metric_cell sum = { .integer = 0 };

	for (size_t i = 0; i < f->info.slots; i++) {
		sum.integer += slots[i];
		start_line(
		    g, r, out, f->name, "_bucket", f->bounds + f->offsets[i]);
		end_line(out, sum, false, &one);
	}
	if (f->info.sum != METRICS_NONE) {
		start_line(g, r, out, f->name, "_sum", NULL);
		end_line(out, cells[f->info.sum], g->real[f->info.sum],
		    &f->info.sum_unit);
	}
	start_line(g, r, out, f->name, "_count", NULL);
	end_line(out, sum, false, &one);
}

static void
write_family(
    const struct metrics_group *g, const struct family *f, struct buf *out)
{
	static const char *const types[] = { [METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram" };
	bool any = false;

	for (size_t i = 0; i < g->nrows; i++) {
		const struct row *r = &g->rows[i];

		if (!metrics_is_live(g, r))
			continue;
		if (!any)
			write_head(out, f->name, f->help, types[f->info.type]);
		any = true;
		if (f->info.type == METRIC_HISTOGRAM) {
			write_histogram(g, f, i, out);
			continue;
		}
		start_line(g, r, out, f->name, "", NULL);
		end_line(out, g->cells[i * g->ncells + f->cell],
		    g->real[f->cell], &f->info.unit);
	}
}

static void
write_label(struct buf *out, const char *name, const char *value)
{
	struct buf text = { 0 };

	text_write(&text, value, strlen(value), STYLE_TSV);
	buf_printf(out, "%s=\"", name);
	for (size_t i = 0; i < text.len; i++) {
		/* A tab and a return need no escape here, and have none. */
		if (text.data[i] == '\\' && i + 1 < text.len &&
		    (text.data[i + 1] == 't' || text.data[i + 1] == 'r')) {
			buf_chr(out, text.data[++i] == 't' ? '\t' : '\r');
			continue;
		}
		if (text.data[i] == '\\' && i + 1 < text.len)
			buf_chr(out, text.data[i++]);
		else if (text.data[i] == '"')
			buf_chr(out, '\\');
		buf_chr(out, text.data[i]);
	}
	buf_chr(out, '"');
	out->failed |= text.failed;
	buf_free(&text);
}

static void
write_counts(const struct metrics *m, struct buf *out, const char *name,
    const char *help, size_t offset)
{
	bool any = false;

	for (size_t i = 0; i < m->ncounts; i++) {
		const struct count *c = m->counts[i];
		uint64_t v;

		/* A map has passes, or events. */
		if ((c->left_out > 0) !=
		    (offset == offsetof(struct count, left_out)))
			continue;
		if (!any)
			write_head(out, name, help, "counter");
		any = true;
		buf_printf(out, "%s{", name);
		write_label(out, "program", c->program);
		buf_chr(out, ',');
		write_label(out, "map", c->map);
		if (*c->host != '\0') {
			buf_chr(out, ',');
			write_label(out, "host", c->host);
		}
		memcpy(&v, (const char *)c + offset, sizeof(v));
		buf_printf(out, "} %" PRIu64 "\n", v);
	}
}

void
metrics_write(const struct metrics *m, struct buf *out)
{
	if (m->ngroups == 0 && m->ncounts == 0)
		return;
	for (size_t i = 0; i < m->ngroups; i++)
		for (size_t k = 0; k < m->groups[i]->nfamilies; k++)
			write_family(
			    m->groups[i], &m->groups[i]->families[k], out);
	write_counts(m, out, "skel_records_total",
	    "Records of a map of events.", offsetof(struct count, n.records));
	write_counts(m, out, "skel_lost_total",
	    "Records of a map of events that were lost on the way.",
	    offsetof(struct count, n.lost));
	write_counts(m, out, "skel_left_out_total",
	    "Records without a series, since there were too many.",
	    offsetof(struct count, left_out));
	write_head(out, "skel_build_info",
	    "The version of skel-fmt, which wrote this.", "gauge");
	buf_printf(out, "skel_build_info{version=\"%s\"} 1\n", VERSION);
}
