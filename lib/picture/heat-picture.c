#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "picture/heat-picture.h"
#include "picture/script.h"
#include "picture/svg.h"

enum {
	PANELS_MAX = 32,
	ROWS_MAX = 64,     /* of a panel: slots of more are put together */
	CELLS_MAX = 60000, /* of a picture: columns of more are joined */
	LEVELS = 10,       /* colours */
	TOP = 92,          /* above the panels */
	BOTTOM = 26,
	PANEL_HEAD = 24, /* above the cells of a panel */
	PANEL_FOOT = 34, /* below them */
	LEFT = 120,      /* of the cells */
	WIDTH = SVG_WIDTH - LEFT - SVG_MARGIN,
	LABEL_HEIGHT = 11,
	TICKS_MAX = 10,
	NAME_COLUMNS = 110,
};

/* Viridis, from few to many: its lightness falls evenly, so that those who see
 * few colours see the order too. */
static const char *const colors[LEVELS] = { "#fde725", "#b5de2b", "#6ece58",
	"#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878",
	"#440154" };

/* Columns that are drawn as one. */
struct span {
	size_t first, end;
	uint64_t from, to;
	uint64_t lost;
	double x, width;
};

/* A series as it is drawn. */
struct panel {
	const struct heat_series *series; /* borrowed */
	size_t first, rows; /* the slot of the lowest row, and rows */
	size_t step;        /* slots in a row */
	unsigned int row_height;
};

struct drawing {
	const struct heat_column *columns; /* borrowed */
	size_t ncolumns;
	struct span *spans; /* owned */
	size_t nspans;
	struct panel panels[PANELS_MAX];
	size_t npanels, nseries;
	uint64_t start, end; /* of all columns */
	uint64_t most;       /* the largest count of a cell */
	struct buf *out;
};

static uint64_t
add_saturating(uint64_t a, uint64_t b)
{
	return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

/* The count of a row in columns that are drawn as one. */
static uint64_t
count_cell(const struct panel *p, size_t row, const struct span *s)
{
	uint64_t count = 0;

	for (size_t c = s->first; c < s->end; c++) {
		const struct heat_cells *cells = &p->series->cells[c];
		size_t slot = p->first + row * p->step;

		for (size_t i = 0; i < p->step && slot + i < cells->n; i++)
			count = add_saturating(count, cells->v[slot + i]);
	}
	return count;
}

static double
place_of(const struct drawing *d, uint64_t time)
{
	double all = (double)(d->end - d->start);

	return LEFT + (all > 0 ? (double)(time - d->start) / all * WIDTH : 0);
}

/* Join columns until each is as wide as least, in pixels. */
static void
join_columns(struct drawing *d, double least)
{
	struct span *s = NULL;

	d->nspans = 0;
	for (size_t i = 0; i < d->ncolumns; i++) {
		const struct heat_column *c = &d->columns[i];

		if (s == NULL || s->width >= least ||
		    place_of(d, c->from) - (s->x + s->width) >= 1) {
			s = &d->spans[d->nspans++];
			*s = (struct span){ .first = i,
				.from = c->from,
				.x = place_of(d, c->from) };
		}
		s->end = i + 1;
		s->to = c->to;
		s->lost = add_saturating(s->lost, c->lost);
		s->width = place_of(d, c->to) - s->x;
	}
	for (size_t i = 0; i < d->nspans; i++)
		if (d->spans[i].width < 1)
			d->spans[i].width = 1;
}

static void
count_cells(struct drawing *d, size_t *n)
{
	*n = 0;
	d->most = 0;
	for (size_t i = 0; i < d->npanels; i++)
		for (size_t row = 0; row < d->panels[i].rows; row++)
			for (size_t s = 0; s < d->nspans; s++) {
				uint64_t count = count_cell(
				    &d->panels[i], row, &d->spans[s]);

				*n += count > 0;
				if (count > d->most)
					d->most = count;
			}
}

/* Which slots have any count. */
static struct panel
make_panel(const struct heat_series *s, size_t ncolumns)
{
	struct panel p = { .series = s, .first = SIZE_MAX, .step = 1 };
	size_t end = 0;

	for (size_t c = 0; c < ncolumns; c++)
		for (size_t i = 0; i < s->cells[c].n; i++) {
			if (s->cells[c].v[i] == 0)
				continue;
			if (i < p.first)
				p.first = i;
			if (i >= end)
				end = i + 1;
		}
	if (end == 0)
		p.first = 0, end = 1;
	p.step = (end - p.first + ROWS_MAX - 1) / ROWS_MAX;
	p.first -= p.first % p.step;
	p.rows = (end - p.first + p.step - 1) / p.step;
	p.row_height = p.rows <= 8 ? 18 : p.rows <= 24 ? 13 : 8;
	return p;
}

/* The logarithm to the base 2, between powers of 2 along a line. */
static double
rough_log(uint64_t n)
{
	int bit = 63 - __builtin_clzll(n | 1);

	return bit + (double)n / (double)(UINT64_C(1) << bit) - 1;
}

static unsigned int
level_of(const struct drawing *d, uint64_t count)
{
	double level;

	if (d->most <= 1 || count <= 1)
		return 0;
	level = rough_log(count) / rough_log(d->most) * (LEVELS - 1);
	return level > LEVELS - 1 ? LEVELS - 1 : (unsigned int)(level + 0.5);
}

/* Append a time of day in UTC, with so many digits after its second. */
static void
write_time(struct buf *out, uint64_t time_ns, int digits)
{
	time_t second = (time_t)(time_ns / CLOCK_SECOND);
	uint64_t rest = time_ns % CLOCK_SECOND;
	struct tm tm;
	char text[16];

	if (gmtime_r(&second, &tm) == NULL ||
	    strftime(text, sizeof(text), "%H:%M:%S", &tm) == 0)
		return;
	buf_str(out, text);
	if (digits > 0)
		buf_printf(out, ".%03" PRIu64, rest / 1000000);
}

/* Digits of a second that tell times apart which are so far from each other. */
static int
time_digits(uint64_t ns)
{
	return ns < CLOCK_SECOND ? 3 : 0;
}

static void
write_unit(struct buf *out, const struct heat_series *s)
{
	if (strcmp(s->unit, "(unit)") == 0)
		return;
	buf_chr(out, ' ');
	svg_text(out, s->unit, strlen(s->unit), 32);
}

/* Append the values of a row, "64 to 127 us". */
static void
write_range(struct buf *out, const struct panel *p, size_t row)
{
	size_t slot = p->first + row * p->step;
	uint64_t low, high, unused;

	hist_bounds(&p->series->scale, slot, &low, &unused);
	hist_bounds(&p->series->scale, slot + p->step - 1, &unused, &high);
	buf_printf(out, "%" PRIu64, low);
	if (high != low)
		buf_printf(out, " to %" PRIu64, high);
	write_unit(out, p->series);
}

static void
write_cell(const struct drawing *d, const struct panel *p, size_t row,
    const struct span *s, unsigned int top, uint64_t count)
{
	struct buf *out = d->out;
	int digits = time_digits(s->to - s->from);

	buf_str(out, "<rect x=\"");
	svg_length(out, s->x);
	buf_printf(out, "\" y=\"%u\" width=\"",
	    top + (unsigned int)(p->rows - 1 - row) * p->row_height);
	svg_length(out, s->width);
	buf_printf(out,
	    "\" height=\"%u\" class=\"c c%u\" data-c=\"%" PRIu64 "\"><title>",
	    p->row_height, level_of(d, count), count);
	write_time(out, s->from, digits);
	buf_str(out, " to ");
	write_time(out, s->to, digits);
	buf_str(out, ", ");
	write_range(out, p, row);
	buf_str(out, ": ");
	svg_count(out, count);
	buf_str(out, "</title></rect>\n");
}

/* Append a number in three digits and a letter, if it is long: "16.8M". */
static void
write_short(struct buf *out, uint64_t n)
{
	static const char letters[] = "kMGTPE";
	double rest = (double)n;
	int letter = -1;

	if (n < 10000000) {
		buf_printf(out, "%" PRIu64, n);
		return;
	}
	while (rest >= 999.5) {
		rest /= 1000;
		letter++;
	}
	buf_printf(out, "%.*f%c",
	    rest < 9.995   ? 2
	    : rest < 99.95 ? 1
			   : 0,
	    rest, letters[letter]);
}

/* Append the lower bounds of rows, as many as there is room for. */
static void
write_row_labels(
    const struct drawing *d, const struct panel *p, unsigned int top)
{
	size_t every = (LABEL_HEIGHT + p->row_height - 1) / p->row_height;
	uint64_t low, high;

	for (size_t row = 0; row < p->rows; row += every) {
		hist_bounds(
		    &p->series->scale, p->first + row * p->step, &low, &high);
		buf_printf(d->out,
		    "<text x=\"%d\" y=\"%u\" class=\"end axis\">", LEFT - 6,
		    top + (unsigned int)(p->rows - row) * p->row_height - 3);
		write_short(d->out, low);
		buf_str(d->out, "</text>\n");
	}
}

/* The time between two labels: a round one. */
static uint64_t
tick_step(uint64_t all)
{
	static const uint64_t steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500,
		1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000,
		600000, 900000, 1800000, 3600000, 7200000, 10800000, 21600000,
		43200000, 86400000 };
	uint64_t step;

	for (size_t i = 0; i < nitems(steps); i++)
		if (all / (steps[i] * 1000000) < TICKS_MAX)
			return steps[i] * 1000000;
	step = UINT64_C(86400000) * 1000000;
	while (all / step >= TICKS_MAX)
		step *= 2;
	return step;
}

static void
write_ticks(const struct drawing *d, unsigned int bottom)
{
	uint64_t step = tick_step(d->end - d->start), time, n = 0;
	struct buf *out = d->out;

	for (time = d->start - d->start % step + step;
	     time <= d->end && n <= TICKS_MAX; time += step, n++) {
		double x = place_of(d, time);

		buf_str(out, "<line class=\"tick\" x1=\"");
		svg_length(out, x);
		buf_printf(out, "\" y1=\"%u\" x2=\"", bottom);
		svg_length(out, x);
		buf_printf(out, "\" y2=\"%u\"/>", bottom + 4);
		if (x > SVG_WIDTH - 40)
			continue;
		buf_str(out, "<text class=\"axis middle\" x=\"");
		svg_length(out, x);
		buf_printf(out, "\" y=\"%u\">", bottom + 16);
		write_time(out, time, time_digits(step));
		buf_str(out, "</text>\n");
	}
}

/* Append a mark below each column in which records were lost. */
static void
write_losses(const struct drawing *d, unsigned int bottom)
{
	struct buf *out = d->out;

	for (size_t i = 0; i < d->nspans; i++) {
		const struct span *s = &d->spans[i];

		if (s->lost == 0)
			continue;
		buf_str(out, "<rect class=\"c loss\" x=\"");
		svg_length(out, s->x);
		buf_printf(out, "\" y=\"%u\" height=\"4\" width=\"", bottom);
		svg_length(out, s->width < 2 ? 2 : s->width);
		buf_str(out, "\"><title>");
		write_time(out, s->from, time_digits(s->to - s->from));
		buf_str(out, " to ");
		write_time(out, s->to, time_digits(s->to - s->from));
		buf_str(out, ": ");
		svg_count(out, s->lost);
		buf_printf(out, " record%s lost</title></rect>\n",
		    s->lost == 1 ? "" : "s");
	}
}

static void
write_panel(const struct drawing *d, const struct panel *p, unsigned int top)
{
	unsigned int cells = top + PANEL_HEAD;
	unsigned int height = (unsigned int)p->rows * p->row_height;
	struct buf *out = d->out;
	uint64_t count;

	buf_printf(
	    out, "<text x=\"%d\" y=\"%u\" class=\"name\">", LEFT, top + 16);
	svg_text(out, p->series->name, strlen(p->series->name), NAME_COLUMNS);
	buf_str(out, *p->series->name != '\0' ? ": " : "");
	svg_count(out, p->series->total);
	buf_str(out, " counted</text>\n");
	buf_printf(out, "<text x=\"%d\" y=\"%u\" class=\"end axis\">", LEFT - 6,
	    top + 16);
	write_unit(out, p->series);
	buf_printf(out,
	    "</text>\n<rect x=\"%d\" y=\"%u\" width=\"%d\" height=\"%u\" "
	    "class=\"plot\"/>\n",
	    LEFT, cells, WIDTH, height);
	for (size_t row = 0; row < p->rows; row++)
		for (size_t s = 0; s < d->nspans; s++) {
			count = count_cell(p, row, &d->spans[s]);
			if (count > 0)
				write_cell(
				    d, p, row, &d->spans[s], cells, count);
		}
	write_row_labels(d, p, cells);
	write_losses(d, cells + height);
	write_ticks(d, cells + height + 4);
}

static void
write_legend(const struct drawing *d)
{
	struct buf *out = d->out;

	for (int i = 0; i < LEVELS; i++)
		buf_printf(out,
		    "<rect x=\"%d\" y=\"50\" width=\"24\" height=\"14\" "
		    "class=\"c%d\"/>\n",
		    LEFT + i * 24, i);
	buf_printf(out,
	    "<text x=\"%d\" y=\"61\" class=\"end\">1</text>\n"
	    "<text x=\"%d\" y=\"61\">",
	    LEFT - 6, LEFT + LEVELS * 24 + 6);
	svg_count(out, d->most);
	buf_str(out, " in a cell, by its logarithm</text>\n");
}

static void
write_head(const struct drawing *d, const struct origin *o)
{
	struct buf *out = d->out;

	buf_printf(
	    out, "<text x=\"%d\" y=\"24\" class=\"title\">", SVG_WIDTH / 2);
	origin_write_title(o, "Heat map", out);
	buf_printf(out, "</text>\n<text x=\"%d\" y=\"42\" class=\"sub\">",
	    SVG_WIDTH / 2);
	origin_write_start(o, out);
	buf_printf(out, "</text>\n<text x=\"%d\" y=\"24\" class=\"lost\">",
	    SVG_MARGIN);
	origin_write_lost(o, out);
	buf_printf(out,
	    "</text>\n<text x=\"%d\" y=\"61\" class=\"end note\">times in "
	    "UTC</text>\n",
	    SVG_WIDTH - SVG_MARGIN);
	if (d->most > 0)
		write_legend(d);
	else
		buf_printf(out,
		    "<text x=\"%d\" y=\"84\" class=\"sub\">"
		    "nothing was counted</text>\n",
		    SVG_WIDTH / 2);
	buf_printf(
	    out, "<text x=\"%d\" y=\"84\" id=\"details\"></text>\n", LEFT);
}

static void
write_rest(const struct drawing *d, uint64_t left_out, unsigned int height)
{
	struct buf *out = d->out;

	if (d->nseries == d->npanels && left_out == 0)
		return;
	buf_printf(
	    out, "<text x=\"%d\" y=\"%u\" class=\"note\">", LEFT, height - 10);
	if (d->nseries > d->npanels)
		buf_printf(out, "%zu smaller histograms are left out",
		    d->nseries - d->npanels);
	if (left_out > 0)
		buf_printf(out,
		    "%s%" PRIu64 " records of too many histograms "
		    "are left out",
		    d->nseries > d->npanels ? "; " : "", left_out);
	buf_str(out, "</text>\n");
}

static void
write_style(struct buf *style)
{
	buf_str(style, ".name { font-weight: bold; }\n"
		       ".axis { font-size: 11px; fill: #444; }\n"
		       ".middle { text-anchor: middle; }\n"
		       ".plot { fill: #f1f1ee; }\n"
		       ".tick { stroke: #777; }\n"
		       ".loss { fill: #b3261e; }\n"
		       ".c:hover { stroke: #1b1b1b; }\n");
	for (int i = 0; i < LEVELS; i++)
		buf_printf(style, ".c%d { fill: %s; }\n", i, colors[i]);
	buf_chr(style, '\0');
}

static void
draw(const struct drawing *d, const struct origin *o, uint64_t left_out)
{
	unsigned int height = TOP + BOTTOM, top = TOP;
	struct buf style = { 0 };

	for (size_t i = 0; i < d->npanels; i++)
		height +=
		    PANEL_HEAD + PANEL_FOOT +
		    (unsigned int)d->panels[i].rows * d->panels[i].row_height;
	write_style(&style);
	d->out->failed |= style.failed;
	svg_begin(d->out, height, style.failed ? "" : style.data);
	buf_free(&style);
	write_head(d, o);
	for (size_t i = 0; i < d->npanels; i++) {
		write_panel(d, &d->panels[i], top);
		top +=
		    PANEL_HEAD + PANEL_FOOT +
		    (unsigned int)d->panels[i].rows * d->panels[i].row_height;
	}
	write_rest(d, left_out, height);
	svg_end(d->out, script_heat);
}

void
heat_picture_write(struct heat *h, const struct origin *o, struct buf *out)
{
	struct drawing d = { .out = out };
	struct heat_series *const *series = heat_sort(h, &d.nseries);
	double least = 1.5;
	size_t cells;

	d.columns = heat_columns(h, &d.ncolumns);
	if (d.ncolumns > 0) {
		d.start = d.columns[0].from;
		d.end = d.columns[d.ncolumns - 1].to;
	}
	d.spans = calloc(d.ncolumns + 1, sizeof(*d.spans));
	if (d.spans == NULL) {
		out->failed = true;
		return;
	}
	d.npanels = d.nseries < PANELS_MAX ? d.nseries : PANELS_MAX;
	for (size_t i = 0; i < d.npanels; i++)
		d.panels[i] = make_panel(series[i], d.ncolumns);
	do {
		join_columns(&d, least);
		count_cells(&d, &cells);
		least *= 2;
	} while (cells > CELLS_MAX && d.nspans > 1);
	draw(&d, o, heat_left_out(h));
	free(d.spans);
}
