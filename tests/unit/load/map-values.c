/* lib/load/map-values: how the text of an option is cut. */
#include "load/map-values.h"
#include "check.h"

static void
check_setting(
    const char *text, const char *map, const char *key, const char *value)
{
	struct map_setting s;

	CHECK_NUM(map_setting_parse(&s, text), 0);
	CHECK_STR(s.map, map);
	CHECK_STR(s.key, key);
	CHECK_STR(s.value, value);
	CHECK(s.file == NULL);
	map_setting_free(&s);
}

static void
check_no_setting(const char *text)
{
	struct map_setting s;

	check_forget();
	CHECK_NUM(map_setting_parse(&s, text), -1);
	CHECK_SAID("expected MAP[KEY]=VALUE, or MAP=@FILE");
	CHECK(s.words == NULL);
}

int
main(void)
{
	struct map_setting s;

	check_setting("m[1]=2", "m", "1", "2");
	check_setting("m[]=", "m", "", "");
	check_setting("m[{a=[1,2]}]={b=[3]}", "m", "{a=[1,2]}", "{b=[3]}");
	check_setting("m[\"]\\\"]=\"]=x", "m", "\"]\\\"]=\"", "x");
	check_setting("m[1]=@f", "m", "1", "@f");
	CHECK_NUM(map_setting_parse(&s, "m=@a=[b]"), 0);
	CHECK_STR(s.map, "m");
	CHECK_STR(s.file, "a=[b]");
	CHECK(s.value == NULL);
	map_setting_free(&s);
	check_no_setting("");
	check_no_setting("m");
	check_no_setting("m=1");
	check_no_setting("m=@");
	check_no_setting("[1]=2");
	check_no_setting("m[1]");
	check_no_setting("m[1");
	check_no_setting("m[1]2");
	check_no_setting("m[\"]=2");
	return check_done();
}
