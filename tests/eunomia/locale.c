/*
 * A program with a locale whose decimal point is a comma.  JSON and arguments
 * have a point all the same, and the program's locale is in force again when a
 * function of the library returns.
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
