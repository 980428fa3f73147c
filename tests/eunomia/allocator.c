/*
 * A program that uses jansson with an allocator of its own.  The library leaves
 * that allocator in place and uses it for its own documents.
 */
#include <jansson.h>

#include "check.h"

static const char meta[] =
    "{\"bpf_skel\":{\"maps\":[],\"progs\":[],\"data_sections\":["
    "{\"name\":\".rodata\",\"variables\":["
    "{\"name\":\"f\",\"type\":\"unsigned long long\"}]}]}}";

static long calls, in_use;

static void *
get(size_t size)
{
	void *p = malloc(size);

	calls++;
	in_use += p != NULL;
	return p;
}

static void
put(void *p)
{
	in_use -= p != NULL;
	free(p);
}

int
main(void)
{
	char name[] = "prog", option[] = "--f=18446744073709551615";
	char *args[] = { name, option }, out[512];
	json_malloc_t malloc_fn;
	json_free_t free_fn;

	json_set_alloc_funcs(get, put);
	CHECK(parse_args_to_json_config(meta, args, 2, out, sizeof(out)) == 0);
	CHECK(strstr(out, "\"value\":18446744073709551615}") != NULL);
	CHECK(open_eunomia_skel_from_json_package("{") == NULL);
	json_get_alloc_funcs(&malloc_fn, &free_fn);
	CHECK(malloc_fn == get && free_fn == put);
	CHECK(calls > 0 && in_use == 0);
	return failures > 0;
}
