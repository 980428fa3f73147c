/* --set MAP[KEY]=VALUE and --map MAP=SIZES.  The first byte chooses the type of
 * the value; what a value becomes has to be a literal of the same value. */
#include "base/json-doc.h"
#include "fuzz.h"
#include "load/map-size.h"
#include "load/map-values.h"
#include "types/value.h"

/* Indexes 0 to 9; of several dimensions, with bitfields and a union. */
static const char types_text[] =
    "[{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false},"
    "{\"kind\":\"char\",\"name\":\"char\",\"size\":1,\"signed\":true},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":8,\"of\":1,\"count\":8},"
    "{\"kind\":\"int\",\"name\":\"u8\",\"size\":1,\"signed\":false},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":4,\"of\":3,\"count\":4},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":8,\"of\":4,\"count\":2},"
    "{\"kind\":\"enum\",\"name\":\"e\",\"size\":4,\"signed\":true,"
    "\"values\":[[\"ONE\",1],[\"LEAST\",-1]]},"
    "{\"kind\":\"union\",\"name\":\"\",\"size\":4,\"members\":["
    "{\"name\":\"whole\",\"type\":0,\"offset\":0},"
    "{\"name\":\"bytes\",\"type\":4,\"offset\":0}]},"
    "{\"kind\":\"float\",\"name\":\"double\",\"size\":8},"
    "{\"kind\":\"struct\",\"name\":\"s\",\"size\":44,\"members\":["
    "{\"name\":\"n\",\"type\":0,\"offset\":0},"
    "{\"name\":\"text\",\"type\":2,\"offset\":4},"
    "{\"name\":\"grid\",\"type\":5,\"offset\":12},"
    "{\"name\":\"e\",\"type\":6,\"offset\":20},"
    "{\"name\":\"\",\"type\":7,\"offset\":24},"
    "{\"name\":\"lo\",\"type\":0,\"offset\":28,\"bit_offset\":0,\"bits\":3},"
    "{\"name\":\"hi\",\"type\":0,\"offset\":28,\"bit_offset\":3,\"bits\":9},"
    "{\"name\":\"d\",\"type\":8,\"offset\":32}]}]";

static struct types types;

static void
make_fuzz_types(void)
{
	json_t *json =
	    json_doc_parse(types_text, sizeof(types_text) - 1, "types", 0);

	if (json == NULL || types_parse(&types, json, "types") == -1)
		fuzz_wrong("the types are wrong");
	json_decref(json);
}

/* Stores the literal; of a struct, also the literal that its JSON is. */
static void
store_literal(uint32_t type, const char *text)
{
	json_t *v = value_from_literal(&types, type, text, NULL, "x"), *again;
	size_t size = (size_t)types_get(&types, type)->size;
	unsigned char bytes[64] = { 0 }, same[64] = { 0 };
	struct buf json = { 0 };

	if (v == NULL) {
		fuzz_refused();
		return;
	}
	if (value_to_bytes(&types, type, v, bytes, size, "x") == 0 &&
	    json_is_object(v)) {
		json_doc_write(v, &json);
		buf_chr(&json, '\0');
		again = value_from_literal(&types, type, json.data, NULL, "x");
		if (again == NULL ||
		    value_to_bytes(&types, type, again, same, size, "x") ==
			-1 ||
		    memcmp(bytes, same, size) != 0)
			fuzz_wrong("its JSON is another value");
		json_decref(again);
	}
	buf_free(&json);
	json_decref(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct map_setting s = { 0 };
	struct map_size sizes = { 0 };
	uint32_t type;
	char *text;

	if (types.n == 0)
		make_fuzz_types();
	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	type = data[0] % (uint32_t)types.n;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	fuzz_start();
	if (map_size_parse(&sizes, text) == -1)
		fuzz_refused();
	map_size_free(&sizes);
	fuzz_start();
	if (map_setting_parse(&s, text) == -1) {
		fuzz_refused();
	} else if (s.value != NULL) {
		fuzz_start();
		store_literal(type, s.key);
		fuzz_start();
		store_literal(type, s.value);
	}
	map_setting_free(&s);
	free(text);
	return 0;
}
