/*
 * A program whose locale writes 1,5: JSON and arguments have points all the
 * same, and the locale is the program's own when the library returns.
 */
#include <locale.h>

#include "check.h"

static const char meta[] =
    "{\"bpf_skel\":{\"maps\":[],\"progs\":[],\"data_sections\":["
    "{\"name\":\".rodata\",\"variables\":["
    "{\"name\":\"f\",\"type\":\"float\"}]}]}}";

int
main(void)
{
	char name[] = "prog", point[] = "--f=1.5", comma[] = "--f=1,5";
	char *args[] = { name, point }, out[512];

	CHECK(setlocale(LC_ALL, "de_DE.UTF-8") != NULL);
	CHECK(parse_args_to_json_config(meta, args, 2, out, sizeof(out)) == 0);
	CHECK(strstr(out, "\"value\":1.5}") != NULL);
	args[1] = comma;
	CHECK(parse_args_to_json_config(meta, args, 2, out, sizeof(out)) == -2);
	printf("%.1f\n", 1.5);
	return failures > 0;
}
