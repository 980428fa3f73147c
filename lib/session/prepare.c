#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "base/report.h"
#include "infer/btf-records.h"
#include "infer/count-calls.h"
#include "load/reserve-probe.h"
#include "pack/pack.h"
#include "package/events-option.h"
#include "session/prepare.h"

/* The result begins with the length of the package that was made, which may be
 * 0; the object that counts follows it. */
struct prepare_head {
	uint64_t package;
};

bool
prepare_is_object(const struct buf *input)
{
	return input->len >= SELFMAG &&
	       memcmp(input->data, ELFMAG, SELFMAG) == 0;
}

/* Whether an option names a type that the BTF of the package's object lacks. */
static bool
lacks_stated_type(const struct prepare *p)
{
	const struct btf *btf = p->package->object.btf;
	struct events_option o;
	bool lacks = false;

	for (size_t i = 0; !lacks && i < p->options->nevents; i++) {
		if (events_option_parse(&o, p->options->events[i]) == -1)
			return false;
		lacks = btf != NULL && btf_records_find(btf, o.type) == 0;
		events_option_free(&o);
	}
	return lacks;
}

/* Whether an object has to be packed: the file, or that of the package. */
static bool
has_to_pack(const struct prepare *p)
{
	return p->object != NULL ||
	       (p->package->object_bytes != NULL && lacks_stated_type(p));
}

bool
prepare_is_needed(const struct prepare *p)
{
	if (has_to_pack(p))
		return true;
	return !p->options->as_is && p->package->object.bytes != NULL &&
	       count_calls_is_needed(&p->package->object);
}

void
prepare_ask_kernel(struct prepare *p)
{
	p->tested = !p->options->as_is && reserve_probe_tested();
}

/* Packs the object, and opens the package. */
static int
pack_bytes(const struct prepare *p, const unsigned char *bytes, size_t size,
    struct buf *text, struct package *package)
{
	const struct pack_options options = {
		.name = strcmp(p->name, "<stdin>") == 0 ? "stdin" : NULL,
		.events = p->options->events,
		.nevents = p->options->nevents,
	};

	if (pack_object(bytes, size, p->name, &options, text) == -1)
		return -1;
	return package_parse(package, text->data, text->len, p->name, NULL);
}

/* Packs the package's object again, for the types in its BTF.  What else that
 * finds does not count, and is not reported. */
static int
pack_again(const struct prepare *p, struct buf *text, struct package *package)
{
	struct report_held held;
	int ret;

	report_hold(&held);
	ret = pack_bytes(p, p->package->object_bytes, p->package->object.size,
	    text, package);
	if (ret == 0)
		buf_free(&held.lines);
	report_release_held(&held, NULL);
	return ret;
}

static int
pack_input(const struct prepare *p, struct buf *text, struct package *package)
{
	if (p->object == NULL)
		return pack_again(p, text, package);
	return pack_bytes(p, (const unsigned char *)p->object->data,
	    p->object->len, text, package);
}

static int
count_package(
    const struct prepare *p, const struct package *package, struct buf *reply)
{
	if (p->options->as_is || package->object.bytes == NULL)
		return 0;
	return count_calls(&package->object, p->name, p->tested, reply);
}

int
prepare_run(const struct prepare *p, struct buf *reply)
{
	struct prepare_head head = { 0 };
	struct package packed = { 0 };
	struct buf text = { 0 };
	int ret = 0;

	if (has_to_pack(p))
		ret = pack_input(p, &text, &packed);
	head.package = text.len;
	buf_add(reply, &head, sizeof(head));
	buf_add(reply, text.data, text.len);
	if (ret == 0)
		ret = count_package(
		    p, text.len != 0 ? &packed : p->package, reply);
	package_close(&packed);
	buf_free(&text);
	if (ret == 0 && reply->failed)
		ret = report_nomem();
	return ret;
}

/* Gives the package the object that was packed again. */
static int
take_object(struct package *package, const char *text, size_t len)
{
	struct package packed;
	int ret;

	if (package_parse(&packed, text, len, package->name, NULL) == -1)
		return -1;
	ret = package_set_object(
	    package, packed.object_bytes, packed.object.size);
	package_close(&packed);
	return ret;
}

int
prepare_open(const struct prepare *p, const struct buf *reply,
    struct package *package, struct buf *counted)
{
	struct prepare_head head;
	const char *text;

	if (reply->len < sizeof(head))
		goto wrong;
	memcpy(&head, reply->data, sizeof(head));
	if (head.package > reply->len - sizeof(head))
		goto wrong;
	text = reply->data + sizeof(head);
	buf_add(counted, text + head.package,
	    reply->len - sizeof(head) - head.package);
	if (counted->failed)
		return report_nomem();
	if (p->object == NULL && head.package == 0)
		return 0;
	if (p->object == NULL)
		return take_object(package, text, head.package);
	if (package_parse(package, text, head.package, p->name, NULL) == -1)
		return -1;
	package->packed = true;
	return 0;
wrong:
	report_error("%s: the process that read the object gave a wrong answer",
	    p->name);
	return -1;
}
