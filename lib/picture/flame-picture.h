/*
 * Flame pictures: a flame graph as an SVG.  Its widths are those of the counts
 * or weights, and its colours say what kind of code a function is.  Without
 * JavaScript it is a picture with texts to hover over; with it, a click on a
 * frame shows what is in it alone, and names can be searched.
 */
#ifndef SKEL_PICTURE_FLAME_PICTURE_H
#define SKEL_PICTURE_FLAME_PICTURE_H

#include "base/buf.h"
#include "layout/flame.h"
#include "picture/origin.h"

/*
 * Append the picture of f's stacks, whose texts are those of a flame tree; unit
 * is the member that weighed them, or NULL: samples were counted.  If memory
 * runs out, out->failed is set.
 */
void flame_picture_write(const struct flame *f, const struct origin *o,
    const char *unit, struct buf *out);

#endif
