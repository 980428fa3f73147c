/* lib/record/member-notes: what is said of members by their names comes to the
 * types of the records, and what cannot be said is reported. */
#include <string.h>

#include "base/util.h"
#include "check.h"
#include "record/member-notes.h"
#include "stream-text.h"

/* 0 u32, 1 struct in, 2 struct event, 3 struct of rb.ret, 4 struct key. */
#define MEMBERS                                                                \
	"\"types\":[{\"kind\":\"int\",\"name\":\"u32\",\"size\":4},"           \
	"{\"kind\":\"struct\",\"name\":\"in\",\"size\":4,\"members\":["        \
	"{\"name\":\"addr\",\"type\":0,\"offset\":0}]},"                       \
	"{\"kind\":\"struct\",\"name\":\"event\",\"size\":12,\"members\":["    \
	"{\"name\":\"ret\",\"type\":0,\"offset\":0,\"as\":\"hex\"},"           \
	"{\"name\":\"n\",\"type\":0,\"offset\":4,\"width\":7},"                \
	"{\"name\":\"in\",\"type\":1,\"offset\":8}]},"                         \
	"{\"kind\":\"struct\",\"name\":\"other\",\"size\":4,\"members\":["     \
	"{\"name\":\"ret\",\"type\":0,\"offset\":0}]},"                        \
	"{\"kind\":\"struct\",\"name\":\"key\",\"size\":4,\"members\":["       \
	"{\"name\":\"cpu\",\"type\":0,\"offset\":0}]}]"
#define THREE_MAPS                                                             \
	HEAD("\"maps\":[{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":2}," \
	     "{\"name\":\"pb\",\"source\":\"perf\",\"value\":3},"              \
	     "{\"name\":\"s\",\"source\":\"sample\",\"key\":4,\"value\":3,"    \
	     "\"sample\":{\"interval\":1000,\"type\":\"default_kv\","          \
	     "\"unit\":\"u\"}}]," MEMBERS)

static const struct type_member *
member(const struct stream_reader *r, unsigned int type, unsigned int m)
{
	return &r->header.types.v[type].members[m];
}

/* Applies one option.  Returns what the function does. */
static int
apply(struct stream_reader *r, const char *option)
{
	CHECK_NUM(open_text(r, THREE_MAPS), STREAM_OPENED);
	check_forget();
	return member_notes_apply_options(&r->header, &option, 1);
}

static void
an_option_is_for_all_maps_or_one(void)
{
	struct stream_reader r;

	CHECK_NUM(apply(&r, "ret=errno"), 0);
	CHECK_NUM(member(&r, 2, 0)->as.kind, KIND_ERRNO);
	CHECK_NUM(member(&r, 3, 0)->as.kind, KIND_ERRNO);
	CHECK_NUM(member(&r, 2, 1)->as.kind, KIND_NONE);
	close_reader(&r);
	CHECK_NUM(apply(&r, "rb.ret=errno"), 0);
	CHECK_NUM(member(&r, 2, 0)->as.kind, KIND_ERRNO);
	CHECK_NUM(member(&r, 3, 0)->as.kind, KIND_NONE);
	close_reader(&r);
	CHECK_NUM(apply(&r, "in.addr=ip4"), 0);
	CHECK_NUM(member(&r, 1, 0)->as.kind, KIND_IP4);
	close_reader(&r);
	CHECK_NUM(apply(&r, "rb.in.addr=ip4"), 0);
	CHECK_NUM(member(&r, 1, 0)->as.kind, KIND_IP4);
	close_reader(&r);
	CHECK_NUM(apply(&r, "ret="), 0);
	CHECK_NUM(member(&r, 2, 0)->as.kind, KIND_NONE);
	CHECK(member(&r, 2, 0)->as.said);
	close_reader(&r);
}

static void
wrong_options_are_told(void)
{
	static const struct {
		const char *option, *said;
	} wrong[] = {
		{ "rett=errno", "--as: rett=errno: no map has a member \"rett\""
				"; the nearest: ret" },
		{ "pb.n=errno", "--as: pb.n=errno: no map has a member "
				"\"pb.n\"" },
		{ "ret=errrno", "--as: ret=errrno: unknown kind" },
		{ "ret=mac", "--as: ret cannot be of kind mac" },
		{ "in.addr=ip(family=x)", "--as: kind ip needs an integer "
					  "called \"x\"" },
		{ "=ip4", "--as: =ip4: expected MEMBER=KIND" },
		{ "ret", "--as: ret: expected MEMBER=KIND" },
	};

	for (size_t i = 0; i < nitems(wrong); i++) {
		struct stream_reader r;

		CHECK_NUM(apply(&r, wrong[i].option), -1);
		CHECK_SAID(wrong[i].said);
		close_reader(&r);
	}
	CHECK_NUM(member_notes_check_option("a.b=flags(x)"), 0);
	CHECK_NUM(member_notes_check_option("a.b=flags"), -1);
	CHECK_NUM(member_notes_check_option("a.b"), -1);
}

/* A key that is a number, and not a struct, has a column but is no member. */
static void
a_whole_key_is_no_member(void)
{
	const char *option = "key=syscall";
	struct stream_reader r;

	CHECK_NUM(open_text(&r, HEAD("\"maps\":[{\"name\":\"s\",\"source\":"
				     "\"sample\",\"key\":0,\"value\":3," SAMPLE
				     "}]," MEMBERS)),
	    STREAM_OPENED);
	check_forget();
	CHECK_NUM(member_notes_apply_options(&r.header, &option, 1), -1);
	CHECK_SAID("--as: key=syscall: \"key\" is a whole key or value");
	close_reader(&r);
}

static void
notes_of_a_package_are_set(void)
{
	const struct member_note notes[] = {
		{ .name = "ret", .as = "errno", .help = "what came" },
		{ .name = "n", .hide = true },
		{ .name = "in.addr", .time = true, .width = 12 },
	};
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE_MAPS), STREAM_OPENED);
	CHECK_NUM(member_notes_set(&r.header, "rb", notes, 3, "x.json"), 0);
	CHECK_NUM(member(&r, 2, 0)->as.kind, KIND_ERRNO);
	CHECK_STR(member(&r, 2, 0)->help, "what came");
	CHECK(!member(&r, 2, 0)->hidden && !member(&r, 2, 0)->time);
	CHECK(member(&r, 2, 1)->hidden);
	CHECK_NUM(member(&r, 2, 1)->width, 7);
	CHECK(member(&r, 1, 0)->time && !member(&r, 1, 0)->hidden);
	CHECK_NUM(member(&r, 1, 0)->width, 12);
	/* Of no other map. */
	CHECK_NUM(member(&r, 3, 0)->as.kind, KIND_NONE);
	check_forget();
	CHECK_NUM(member_notes_set(&r.header, "pb", notes + 1, 1, "x.json"), 0);
	CHECK_SAID("x.json: the records of pb have no member \"n\"");
	close_reader(&r);
}

static void
members_of_keys_have_notes(void)
{
	const struct member_note note = { .name = "key.cpu", .as = "hex" },
				 value = { .name = "value.ret", .hide = true };
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE_MAPS), STREAM_OPENED);
	CHECK_NUM(member_notes_set(&r.header, "s", &note, 1, "x"), 0);
	CHECK_NUM(member(&r, 4, 0)->as.kind, KIND_HEX);
	CHECK_NUM(member_notes_set(&r.header, "s", &value, 1, "x"), 0);
	CHECK(member(&r, 3, 0)->hidden);
	close_reader(&r);
}

int
main(void)
{
	an_option_is_for_all_maps_or_one();
	wrong_options_are_told();
	a_whole_key_is_no_member();
	notes_of_a_package_are_set();
	members_of_keys_have_notes();
	return check_done();
}
