#include <elf.h>
#include <string.h>

#include "package/pack.h"
#include "session/prepare.h"

bool
prepare_is_object(const struct buf *input)
{
	return input->len >= SELFMAG &&
	       memcmp(input->data, ELFMAG, SELFMAG) == 0;
}

int
prepare_run(const struct prepare *p, struct buf *reply)
{
	const struct pack_options options = {
		.name = strcmp(p->name, "<stdin>") == 0 ? "stdin" : NULL,
	};

	return pack_object((const unsigned char *)p->object->data,
	    p->object->len, p->name, &options, reply);
}

int
prepare_open(
    const struct prepare *p, const struct buf *reply, struct package *package)
{
	return package_parse(package, reply->data, reply->len, p->name, NULL);
}
