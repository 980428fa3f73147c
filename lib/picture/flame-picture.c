#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "picture/flame-picture.h"
#include "picture/flame-tree.h"
#include "picture/script.h"
#include "picture/svg.h"

enum {
	FRAMES_MAX = 16384,
	DEPTH_MAX = 512,
	PARTS = SVG_INNER * 10, /* the least width is a tenth of a pixel */
	TOP = 98,               /* above the frames */
	BOTTOM = 30,
	ROW = 17,
	ROW_GAP = 1,
	BASELINE = 12, /* of the text of a frame, below its top */
	PADDING = 3,
	SHADES = 4,
	LEGEND_COLUMN = 150,
	UNIT_COLUMNS = 64,
};

/* Of a character, as flame.js has it. */
#define CHARACTER 7.3

static const struct {
	const char *label;
	const char *shades[SHADES];
} kinds[FRAME_KINDS] = {
	[0] = { "", { "#e4e4e0", "#e4e4e0", "#e4e4e0", "#e4e4e0" } },
	[FRAME_PROCESS] = { "process",
	    { "#d8cfbf", "#e0d9cc", "#cfc4b0", "#e8e2d8" } },
	[FRAME_KERNEL] = { "kernel",
	    { "#f0966b", "#f4a983", "#ec8655", "#f7ba9b" } },
	[FRAME_USER] = { "user code",
	    { "#a9d18e", "#b9dba3", "#99c77a", "#c9e4b7" } },
	[FRAME_PROGRAM] = { "user program",
	    { "#f3cf5b", "#f6db7d", "#edc23c", "#f9e49b" } },
	[FRAME_LIBRARY] = { "shared library",
	    { "#7fbfe8", "#97ccee", "#68b1df", "#aed8f3" } },
	[FRAME_GENERATED] = { "generated code",
	    { "#d59ccb", "#deb0d6", "#cb88bf", "#e7c3e1" } },
	[FRAME_UNKNOWN] = { "unknown",
	    { "#c3c3c3", "#cecece", "#b8b8b8", "#d9d9d9" } },
	[FRAME_HOST] = { "host",
	    { "#b9c6cf", "#c6d1d9", "#abbac5", "#d3dce2" } },
};

struct drawing {
	const struct flame_tree *tree;
	const char *unit; /* NULL: samples */
	struct buf *out;
	unsigned int height;
};

static unsigned int
kind_of(const struct flame_frame *f)
{
	unsigned int kind = f->kind & ~(unsigned int)FRAME_INLINED;

	return kind < FRAME_KINDS ? kind : FRAME_UNKNOWN;
}

/* Functions of one kind differ a little in colour, so that neighbours can be
 * told apart; the same name always has the same. */
static unsigned int
shade_of(const struct flame_frame *f)
{
	unsigned int hash = 5381;

	for (size_t i = 0; i < f->len; i++)
		hash = hash * 33 + (unsigned char)f->name[i];
	return (hash >> 3) % SHADES;
}

static void
write_style(struct buf *style)
{
	buf_str(style,
	    ".f { cursor: pointer; }\n"
	    ".f:hover rect, .f:focus rect { stroke: #1b1b1b; }\n"
	    ".f:focus { outline: none; }\n"
	    ".f text { pointer-events: none; }\n"
	    ".i text { font-style: italic; }\n"
	    ".out { opacity: 0.45; }\n"
	    ".found rect { fill: #d436d4; }\n"
	    ".found text { fill: #fff; }\n"
	    "#reset { cursor: pointer; text-decoration: underline; }\n");
	for (size_t kind = 0; kind < FRAME_KINDS; kind++)
		for (size_t shade = 0; shade < SHADES; shade++)
			buf_printf(style, ".k%zu%zu { fill: %s; }\n", kind,
			    shade, kinds[kind].shades[shade]);
}

static double
scale(const struct drawing *d, unsigned __int128 count)
{
	return d->tree->total == 0
		   ? 0
		   : (double)count / (double)d->tree->total * SVG_INNER;
}

/* Row 0 is the ground, on which the processes stand. */
static unsigned int
row_top(const struct drawing *d, uint32_t row)
{
	return d->height - BOTTOM - (row + 1) * ROW;
}

/* Append the name as far as it fits. */
static void
write_label(struct buf *out, double width, const char *name, size_t len)
{
	double columns = (width - 2 * PADDING) / CHARACTER;

	if (columns >= 3)
		svg_text(out, name, len, (size_t)columns);
}

static void
write_amount(const struct drawing *d, unsigned __int128 count)
{
	const char *unit = d->unit;

	if (unit == NULL)
		unit = count == 1 ? "sample" : "samples";
	svg_count(d->out, count);
	buf_chr(d->out, ' ');
	svg_text(d->out, unit, strlen(unit), UNIT_COLUMNS);
}

static void
write_frame_title(const struct drawing *d, const struct flame_frame *f)
{
	struct buf *out = d->out;

	svg_text(out, f->name, f->len, SVG_NAME_MAX);
	buf_str(out, " (");
	write_amount(d, f->count);
	buf_str(out, ", ");
	svg_percent(out, f->count, d->tree->total);
	if (*kinds[kind_of(f)].label != '\0')
		buf_printf(out, ", %s", kinds[kind_of(f)].label);
	if (f->kind & FRAME_INLINED)
		buf_str(out, ", inlined");
	buf_chr(out, ')');
}

/* Append an attribute that is a count, which has all its digits. */
static void
write_number(struct buf *out, const char *name, unsigned __int128 number)
{
	char text[TEXT_128_MAX];

	buf_printf(out, " %s=\"", name);
	buf_add(out, text, (size_t)(text_u128(text, number) - text));
	buf_chr(out, '"');
}

static void
write_frame(const struct drawing *d, const struct flame_frame *f, uint32_t row)
{
	double left = SVG_MARGIN + scale(d, f->start);
	double width = scale(d, f->count);
	unsigned int top = row_top(d, row);
	struct buf *out = d->out;

	buf_printf(
	    out, "<g class=\"f%s\"", f->kind & FRAME_INLINED ? " i" : "");
	write_number(out, "data-s", f->start);
	write_number(out, "data-c", f->count);
	buf_printf(out, "><title>");
	write_frame_title(d, f);
	buf_str(out, "</title><rect x=\"");
	svg_length(out, left);
	buf_printf(out, "\" y=\"%u\" width=\"", top);
	svg_length(out, width);
	buf_printf(out, "\" height=\"%d\" class=\"k%u%u\"/><text x=\"",
	    ROW - ROW_GAP, kind_of(f), shade_of(f));
	svg_length(out, left + PADDING);
	buf_printf(out, "\" y=\"%u\">", top + BASELINE);
	write_label(out, width, f->name, f->len);
	buf_str(out, "</text></g>\n");
}

static void
write_legend(const struct drawing *d)
{
	bool seen[FRAME_KINDS] = { false };
	struct buf *out = d->out;
	int left = SVG_MARGIN;

	for (size_t i = 0; i < d->tree->n; i++)
		seen[kind_of(&d->tree->v[i])] = true;
	for (size_t kind = 1; kind < FRAME_KINDS; kind++) {
		if (!seen[kind])
			continue;
		buf_printf(out,
		    "<rect x=\"%d\" y=\"52\" width=\"12\" height=\"12\" "
		    "class=\"k%zu0\"/><text x=\"%d\" y=\"62\">%s</text>\n",
		    left, kind, left + 17, kinds[kind].label);
		left += LEGEND_COLUMN;
	}
}

/* Append what is not shown, at the lower edge. */
static void
write_rest(const struct drawing *d)
{
	const struct flame_tree *t = d->tree;
	struct buf *out = d->out;

	if (t->left_out == 0 && t->cut == 0)
		return;
	buf_printf(out, "<text x=\"%d\" y=\"%u\" class=\"note\">", SVG_MARGIN,
	    d->height - 10);
	if (t->left_out > 0) {
		svg_count(out, t->left_out);
		buf_printf(out, " frame%s too narrow to be shown",
		    t->left_out == 1 ? "" : "s");
	}
	if (t->cut > 0) {
		buf_str(out, t->left_out > 0 ? "; " : "");
		svg_count(out, t->cut);
		buf_printf(out, " stack%s cut off above row %d",
		    t->cut == 1 ? "" : "s", DEPTH_MAX);
	}
	buf_str(out, "</text>\n");
}

static void
write_titles(const struct drawing *d, const struct origin *o)
{
	struct buf *out = d->out;
	size_t start;

	buf_printf(
	    out, "<text x=\"%d\" y=\"24\" class=\"title\">", SVG_WIDTH / 2);
	origin_write_title(o, "Flame graph", out);
	buf_printf(out, "</text>\n<text x=\"%d\" y=\"42\" class=\"sub\">",
	    SVG_WIDTH / 2);
	start = out->len;
	origin_write_start(o, out);
	buf_str(out, out->len > start ? ": " : "");
	write_amount(d, d->tree->total);
	buf_str(out, "</text>\n");
	buf_printf(out, "<text x=\"%d\" y=\"24\" class=\"lost\">", SVG_MARGIN);
	origin_write_lost(o, out);
	buf_str(out, "</text>\n");
}

/* Append what stands above the frames; it is last, since the script keeps it in
 * sight where frames are below it then. */
static void
write_head(const struct drawing *d, const struct origin *o)
{
	struct buf *out = d->out;

	buf_printf(out,
	    "<g id=\"head\">\n<rect width=\"%d\" height=\"%d\" "
	    "class=\"ground\"/>\n",
	    SVG_WIDTH, TOP - 6);
	write_titles(d, o);
	write_legend(d);
	if (d->tree->n == 0)
		buf_printf(out,
		    "<text x=\"%d\" y=\"84\" class=\"sub\">"
		    "nothing was counted</text>\n",
		    SVG_WIDTH / 2);
	buf_printf(out,
	    "<text x=\"%d\" y=\"84\" id=\"details\"></text>\n"
	    "<text x=\"%d\" y=\"84\" class=\"end\" id=\"matched\"></text>\n"
	    "<text x=\"%d\" y=\"62\" class=\"end\" id=\"reset\" "
	    "visibility=\"hidden\">reset zoom</text>\n</g>\n",
	    SVG_MARGIN, SVG_WIDTH - SVG_MARGIN, SVG_WIDTH - SVG_MARGIN);
}

static void
draw(const struct drawing *d, const struct origin *o)
{
	struct flame_frame ground = {
		.name = "all", .len = 3, .count = d->tree->total
	};
	struct buf style = { 0 }, *out = d->out;

	write_style(&style);
	buf_chr(&style, '\0');
	out->failed |= style.failed;
	svg_begin(out, d->height, style.failed ? "" : style.data);
	buf_free(&style);
	buf_str(out, "<g id=\"frames\">\n");
	write_frame(d, &ground, 0);
	for (size_t i = 0; i < d->tree->n; i++)
		write_frame(d, &d->tree->v[i], d->tree->v[i].depth + 1);
	buf_str(out, "</g>\n");
	write_rest(d);
	write_head(d, o);
	svg_end(out, script_flame);
}

void
flame_picture_write(const struct flame *f, const struct origin *o,
    const char *unit, struct buf *out)
{
	static const struct flame_bounds bounds = { FRAMES_MAX, DEPTH_MAX,
		PARTS };
	struct flame_tree tree;
	struct drawing d = { .tree = &tree, .unit = unit, .out = out };

	if (flame_tree_build(&tree, f, &bounds) == -1) {
		out->failed = true;
		return;
	}
	d.height = TOP + (tree.depth + 1) * ROW + BOTTOM;
	draw(&d, o);
	flame_tree_free(&tree);
}
