#include <linux/bpf.h>

#include "base/array.h"
#include "base/util.h"
#include "infer/helper-calls.h"

enum { CALLERS_DEPTH_MAX = 8 }; /* functions that call one another */

static const struct helper_shape helper_shapes[] = {
	{ .helper = BPF_FUNC_perf_event_output,
	    .map = 2,
	    .data = 4,
	    .size = 5 },
	{ .helper = BPF_FUNC_skb_output, .map = 2, .data = 4, .size = 5 },
	{ .helper = BPF_FUNC_xdp_output, .map = 2, .data = 4, .size = 5 },
	{ .helper = BPF_FUNC_seq_write, .data = 2, .size = 3 },
	{ .helper = BPF_FUNC_ringbuf_output, .map = 1, .data = 2, .size = 3 },
	{ .helper = BPF_FUNC_ringbuf_reserve,
	    .reserves = true,
	    .map = 1,
	    .size = 2 },
	{ .helper = BPF_FUNC_ringbuf_reserve_dynptr,
	    .reserves = true,
	    .map = 1,
	    .size = 2 },
};

const struct helper_shape *
helper_shape_find(uint32_t helper)
{
	for (size_t i = 0; i < nitems(helper_shapes); i++)
		if (helper_shapes[i].helper == helper)
			return &helper_shapes[i];
	return NULL;
}

/* A way that is being followed back from the helper to those who call its
 * function. */
struct way {
	struct code_value map, size, data;
	struct code_place start;        /* of the last function */
	struct code_place at, at_start; /* at_start: of the function of at */
	const char *function;
	uint16_t registers;
	int16_t spilled;
};

/* The ways that were found. */
struct ways {
	const struct helper_calls *calls; /* borrowed, as all here */
	const struct helper_call *call;
	struct helper_write *v;
	size_t n;
	bool too_many;
};

static void
end_way(struct ways *w, const struct way *way)
{
	struct helper_write *to;

	if (w->n == HELPER_WRITES_MAX) {
		w->too_many = true;
		return;
	}
	to = &w->v[w->n++];
	*to = (struct helper_write){ .call = w->call,
		.size = -1,
		.data = way->data,
		.at = way->at,
		.start = way->at_start,
		.function = way->function,
		.registers = way->registers,
		.spilled = way->spilled };
	if (way->map.kind == CODE_MAP)
		to->map = way->map.map;
	if (way->size.kind == CODE_CONSTANT && way->size.offset >= 0)
		to->size = way->size.offset;
	if (way->data.kind == CODE_PARAMETER)
		to->data.kind = CODE_UNKNOWN;
}

/* The value of v in the function that makes the call. */
static struct code_value
pass_back(struct code_value v, const struct function_call *call)
{
	struct code_value from;

	if (v.kind != CODE_PARAMETER)
		return v;
	from = call->argument[v.number - 1];
	if (from.kind == CODE_UNKNOWN ||
	    (from.kind == CODE_CONSTANT && v.inexact))
		return (struct code_value){ .kind = CODE_UNKNOWN };
	from.offset += v.offset;
	from.inexact |= v.inexact;
	return from;
}

static struct way
go_back(const struct way *way, const struct function_call *call)
{
	struct way back = *way;

	back.map = pass_back(way->map, call);
	back.size = pass_back(way->size, call);
	back.data = pass_back(way->data, call);
	back.start = call->start;
	if (way->data.kind != CODE_PARAMETER)
		return back;
	back.at = call->place;
	back.at_start = call->start;
	back.function = call->function;
	back.registers = 0;
	back.spilled = 0;
	if (way->data.offset == 0 && !way->data.inexact) {
		back.registers = call->registers[way->data.number - 1];
		back.spilled = call->spilled[way->data.number - 1];
	}
	return back;
}

/* The number of the first call of the function that starts there. */
static size_t
find_first_caller(const struct helper_calls *c, struct code_place start)
{
	size_t low;

	array_partition(low, c->nfunctions,
	    code_place_compare(c->functions[low].callee, start) < 0);
	return low;
}

/* Follows a way to the callers of its function, as long as they decide. */
static void
follow_way(struct ways *w, const struct way *way, int depth)
{
	size_t i = find_first_caller(w->calls, way->start), first = i;
	struct way back;

	if (way->map.kind == CODE_PARAMETER ||
	    way->size.kind == CODE_PARAMETER ||
	    way->data.kind == CODE_PARAMETER) {
		for (; depth < CALLERS_DEPTH_MAX && !w->too_many &&
		       i < w->calls->nfunctions &&
		       code_place_compare(
			   w->calls->functions[i].callee, way->start) == 0;
		     i++) {
			back = go_back(way, &w->calls->functions[i]);
			follow_way(w, &back, depth + 1);
		}
	}
	if (i == first)
		end_way(w, way);
}

static struct code_value
get_argument(const struct helper_call *call, unsigned char number)
{
	return number != 0 ? call->argument[number - 1]
			   : (struct code_value){ .kind = CODE_UNKNOWN };
}

size_t
helper_calls_writes(const struct helper_calls *c,
    const struct helper_call *call, struct helper_write *w)
{
	const struct helper_shape *shape = helper_shape_find(call->helper);
	struct ways ways = { .calls = c, .call = call, .v = w };
	struct way way = { .start = call->start,
		.at = call->place,
		.at_start = call->start,
		.function = call->function };

	way.map = get_argument(call, shape->map);
	way.size = get_argument(call, shape->size);
	way.data = get_argument(call, shape->data);
	if (shape->data != 0) {
		way.registers = call->registers[shape->data - 1];
		way.spilled = call->spilled[shape->data - 1];
	}
	if (shape->reserves) {
		way.data.kind = CODE_RESERVATION;
		way.data.call = call->place;
	}
	follow_way(&ways, &way, 0);
	if (ways.too_many) {
		ways.n = 0;
		end_way(&ways, &way);
	}
	return ways.n;
}
