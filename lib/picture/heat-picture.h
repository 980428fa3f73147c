/*
 * Heat pictures: a heat map as an SVG.  Time goes to the right and the slots of
 * the histograms upwards; the colour is the count.
 */
#ifndef SKEL_PICTURE_HEAT_PICTURE_H
#define SKEL_PICTURE_HEAT_PICTURE_H

#include "base/buf.h"
#include "picture/heat.h"
#include "picture/origin.h"

/* Append the picture; the series become sorted.  If memory runs out,
 * out->failed is set. */
void heat_picture_write(
    struct heat *h, const struct origin *o, struct buf *out);

#endif
