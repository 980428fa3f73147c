/* The steps of a formatter, one after the other, and the text before each. */
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "layout/formatter.h"

void
formatter_add_text(struct formatter *s, const char *text)
{
	buf_str(&s->texts, text);
}

void
formatter_add_styled_text(
    struct formatter *s, const char *text, enum style style)
{
	text_write(&s->texts, text, strlen(text), style);
}

/* Append a step with n bytes of the waiting text. */
static struct step *
push_step_with(
    struct formatter *s, struct step step, size_t n, size_t value_most)
{
	if (s->failed || !array_room(s->v, s->n, s->cap)) {
		s->failed = true;
		return NULL;
	}
	step.text = (uint32_t)s->pending;
	step.text_len = (uint32_t)n;
	step.most = n + value_most;
	s->pending += n;
	s->v[s->n] = step;
	return &s->v[s->n++];
}

/* Steps of text only come before it if the waiting text is long. */
struct step *
formatter_push(struct formatter *s, struct step step, size_t value_most)
{
	while (s->texts.len - s->pending > STEP_TEXT_MAX && !s->failed)
		push_step_with(
		    s, (struct step){ .op = STEP_TEXT_ONLY }, STEP_TEXT_MAX, 0);
	return push_step_with(s, step, s->texts.len - s->pending, value_most);
}

size_t
formatter_end_part(struct formatter *s)
{
	if (s->texts.len > s->pending)
		formatter_push(s, (struct step){ .op = STEP_TEXT_ONLY }, 0);
	formatter_push(s, (struct step){ .op = STEP_END }, 0);
	return s->n;
}

void
formatter_add_step(struct formatter *s, enum step_op op)
{
	formatter_push(s, (struct step){ .op = op },
	    op == STEP_TIME ? TIME_STYLE_MAX : CLOCK_UTC_LEN);
}

size_t
formatter_open_field(struct formatter *s, enum style style)
{
	formatter_push(
	    s, (struct step){ .op = STEP_CELL, .style = (uint8_t)style }, 0);
	return s->n - !s->failed;
}

void
formatter_close_field(struct formatter *s, size_t opened)
{
	formatter_end_part(s);
	if (!s->failed)
		s->v[opened].body = (uint32_t)(s->n - opened - 1);
}
