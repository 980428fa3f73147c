/* A rival: libbpf's dumper of typed data, which bpftool uses.  It writes C
 * initializers, not JSON. */
#include <bpf/btf.h>
#include <stdarg.h>
#include <stddef.h>

#include "event.h"

static struct btf_dump *dump;
static int type;

static void
print(void *ctx, const char *format, va_list ap)
{
	(void)ctx;
	vprintf(format, ap);
}

static struct btf *
describe(void)
{
	struct btf *btf = btf__new_empty();
	int i, u, ull, c, b, comm, filename, kind;

	if (btf == NULL)
		exit(EXIT_FAILURE);
	i = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	u = btf__add_int(btf, "unsigned int", 4, 0);
	ull = btf__add_int(btf, "unsigned long long", 8, 0);
	c = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	b = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	comm = btf__add_array(btf, i, c, sizeof(((struct event *)0)->comm));
	filename =
	    btf__add_array(btf, i, c, sizeof(((struct event *)0)->filename));
	kind = btf__add_enum(btf, "event_kind", 4);
	btf__add_enum_value(btf, kinds[0], 0);
	btf__add_enum_value(btf, kinds[1], 1);
	type = btf__add_struct(btf, "event", sizeof(struct event));
#define MEMBER(name, of)                                                       \
	btf__add_field(btf, #name, of, offsetof(struct event, name) * 8, 0)
	if (MEMBER(pid, i) != 0 || MEMBER(ppid, i) != 0 ||
	    MEMBER(exit_code, u) != 0 || MEMBER(duration_ns, ull) != 0 ||
	    MEMBER(comm, comm) != 0 || MEMBER(filename, filename) != 0 ||
	    MEMBER(exit_event, b) != 0 || MEMBER(kind, kind) != 0)
		exit(EXIT_FAILURE);
	return btf;
}

static void
put(const struct timed *t)
{
	LIBBPF_OPTS(btf_dump_type_data_opts, opts, .compact = true);

	if (btf_dump__dump_type_data(
		dump, (uint32_t)type, &t->e, sizeof(t->e), &opts) < 0)
		exit(EXIT_FAILURE);
	putchar('\n');
}

int
main(void)
{
	struct btf *btf = describe();
	int ret;

	dump = btf_dump__new(btf, print, NULL, NULL);
	if (dump == NULL)
		return EXIT_FAILURE;
	ret = rival_main(put);
	btf_dump__free(dump);
	btf__free(btf);
	return ret;
}
