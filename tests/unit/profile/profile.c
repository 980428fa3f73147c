/* lib/profile: the bytes of protocol buffers, and what a profile adds up. */
#include <string.h>
#include <zlib.h>

#include "check.h"
#include "profile/gzip.h"
#include "profile/profile.h"
#include "profile/protobuf.h"

static void
check_bytes(const struct buf *b, const char *want, size_t len, int line)
{
	check_num((int64_t)b->len, (int64_t)len, __FILE__, line);
	check_num(b->len != len || memcmp(b->data, want, len) != 0, 0, __FILE__,
	    line);
}

/* The examples of protobuf.dev's description of the encoding, and ends of the
 * range. */
static void
fields_are_as_described(void)
{
	struct buf b = { 0 };

	protobuf_number(&b, 1, 150);
	check_bytes(&b, "\x08\x96\x01", 3, __LINE__);
	b.len = 0;
	protobuf_bytes(&b, 2, "testing", 7);
	check_bytes(&b, "\x12\x07testing", 9, __LINE__);
	b.len = 0;
	protobuf_number(&b, 1, 0);
	protobuf_bytes(&b, 6, "", 0);
	check_bytes(&b, "\x32\x00", 2, __LINE__);
	b.len = 0;
	protobuf_varint(&b, 127);
	protobuf_varint(&b, 128);
	protobuf_varint(&b, UINT64_MAX);
	check_bytes(&b, "\x7f\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	    13, __LINE__);
	b.len = 0;
	protobuf_number(&b, 16, 1);
	check_bytes(&b, "\x80\x01\x01", 3, __LINE__);
	buf_free(&b);
}

/* What the gzip'd bytes are, in out. */
static void
gunzip(const struct buf *b, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)b->data, .avail_in = (uInt)b->len };
	char *room = buf_room(out, 1 << 20);

	z.next_out = (Bytef *)room;
	z.avail_out = 1 << 20;
	CHECK_NUM(inflateInit2(&z, 15 + 16), Z_OK);
	CHECK_NUM(inflate(&z, Z_FINISH), Z_STREAM_END);
	CHECK_NUM(z.avail_in, 0);
	out->len += z.total_out;
	inflateEnd(&z);
}

static void
gzip_keeps_all_bytes(void)
{
	struct buf text = { 0 }, zipped = { 0 }, out = { 0 };

	for (unsigned int i = 0; i < 200000; i++)
		buf_chr(&text, (char)(i * 2654435761U >> 24));
	gzip_write(&zipped, text.data, text.len);
	gunzip(&zipped, &out);
	check_bytes(&out, text.data, text.len, __LINE__);
	zipped.len = out.len = 0;
	gzip_write(&zipped, "", 0);
	gunzip(&zipped, &out);
	CHECK_NUM(out.len, 0);
	/* Of gzip's header only the system may be something. */
	CHECK(memcmp(zipped.data, "\x1f\x8b\x08\0\0\0\0\0\0", 9) == 0);
	buf_free(&text);
	buf_free(&zipped);
	buf_free(&out);
}

static void
add(struct profile *p, const struct profile_source *s, uint64_t stack,
    uint32_t pass, uint64_t n)
{
	struct hash_key k = s->key;
	const struct profile_line line = { "f", NULL, stack };

	hash_mix(&k, &stack, sizeof(stack));
	if (profile_count(p, &k, pass, n, n))
		return;
	profile_begin_sample(p);
	profile_add_location(p, NULL, stack, &line, 1);
	CHECK_NUM(profile_end_sample(p, s, &k, pass, n, n), 0);
}

/* Whether the profile contains a sample with these bytes. */
static bool
has_sample(const struct buf *plain, const char *bytes, size_t len)
{
	return memmem(plain->data, plain->len, bytes, len) != NULL;
}

static void
counts_of_a_pass_replace_the_last(void)
{
	struct profile *p = profile_new();
	struct profile_source a = { .counts = true }, b = { .counts = true };
	struct buf zipped = { 0 }, plain = { 0 };

	profile_add_source(p, &a, 0);
	profile_add_source(p, &b, 0);
	add(p, &a, 1, 0, 3);
	add(p, &a, 1, 0, 4);
	add(p, &a, 2, 0, 5);
	add(p, &a, 2, 1, 6);
	add(p, &a, 3, 0, UINT64_MAX);
	add(p, &a, 3, 0, 1);
	/* The same stack of another source is the same sample. */
	add(p, &b, 1, 0, 10);
	add(p, &b, 4, 0, 0);
	profile_write(p, &zipped);
	gunzip(&zipped, &plain);
	CHECK(has_sample(&plain, "\x12\x06\x0a\x01\x01\x12\x01\x11", 8));
	CHECK(has_sample(&plain, "\x12\x06\x0a\x01\x02\x12\x01\x06", 8));
	/* The most that a value can be. */
	CHECK(has_sample(&plain,
	    "\x12\x0e\x0a\x01\x03\x12\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	    16));
	/* What was never seen is left out. */
	CHECK(!has_sample(&plain, "\x0a\x01\x04\x12", 4));
	profile_free(p);
	buf_free(&zipped);
	buf_free(&plain);
}

static void
there_is_time_only_if_all_have_a_period(void)
{
	static const char period[] =
	    "\x5a\x04\x08\x03\x10\x04\x60\x80\xad\xe2\x04";

	for (int differ = 0; differ < 2; differ++) {
		struct profile *p = profile_new();
		struct profile_source s = { .counts = true,
			.period_ns = 10000000 },
				      other = { .counts = true };
		struct profile_source weights = { .period_ns = 5 };
		struct buf zipped = { 0 }, plain = { 0 };

		profile_add_source(p, &s, 0);
		profile_add_source(p, &weights, 0);
		other.period_ns = s.period_ns << differ;
		profile_add_source(p, &other, 0);
		add(p, &s, 1, 0, 2);
		profile_write(p, &zipped);
		gunzip(&zipped, &plain);
		CHECK_NUM(
		    has_sample(&plain, period, sizeof(period) - 1), !differ);
		CHECK_NUM(has_sample(&plain, period, 2), !differ);
		/* 2 samples, 20000000 ns. */
		CHECK_NUM(has_sample(&plain, "\x12\x05\x02\x80\xda\xc4\x09", 7),
		    !differ);
		profile_free(p);
		buf_free(&zipped);
		buf_free(&plain);
	}
}

static void
there_are_only_so_many_units(void)
{
	struct profile *p = profile_new();
	char name[8] = "a";

	check_forget();
	for (unsigned int i = 1; i <= PROFILE_UNITS_MAX; i++, name[0]++)
		CHECK_NUM(profile_unit(p, name, "bytes"), i);
	CHECK_NUM(profile_unit(p, "a", "bytes"), 1);
	CHECK_NUM(profile_unit(p, "a", "seconds"), 0);
	CHECK_SAID("--pprof: the values are of more than 16 sorts; those of a "
		   "are left out");
	profile_free(p);
}

int
main(void)
{
	fields_are_as_described();
	gzip_keeps_all_bytes();
	counts_of_a_pass_replace_the_last();
	there_is_time_only_if_all_have_a_period();
	there_are_only_so_many_units();
	return check_done();
}
