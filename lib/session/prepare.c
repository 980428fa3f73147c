#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "base/report.h"
#include "infer/count-calls.h"
#include "load/reserve-probe.h"
#include "pack/pack.h"
#include "session/prepare.h"

/* The result begins with the length of the package; the object follows. */
struct prepare_head {
	uint64_t package;
};

bool
prepare_is_object(const struct buf *input)
{
	return input->len >= SELFMAG &&
	       memcmp(input->data, ELFMAG, SELFMAG) == 0;
}

bool
prepare_is_needed(const struct prepare *p)
{
	if (p->object != NULL)
		return true;
	return !p->options->as_is && p->package->object.bytes != NULL &&
	       count_calls_is_needed(&p->package->object);
}

void
prepare_ask_kernel(struct prepare *p)
{
	p->tested = !p->options->as_is && reserve_probe_tested();
}

/* Packs the object file, and opens the package. */
static int
pack_input(const struct prepare *p, struct buf *text, struct package *package)
{
	const struct pack_options options = {
		.name = strcmp(p->name, "<stdin>") == 0 ? "stdin" : NULL,
		.events = p->options->events,
		.nevents = p->options->nevents,
	};

	if (pack_object((const unsigned char *)p->object->data, p->object->len,
		p->name, &options, text) == -1)
		return -1;
	return package_parse(package, text->data, text->len, p->name, NULL);
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

	if (p->object != NULL)
		ret = pack_input(p, &text, &packed);
	head.package = text.len;
	buf_add(reply, &head, sizeof(head));
	buf_add(reply, text.data, text.len);
	if (ret == 0)
		ret = count_package(
		    p, p->object != NULL ? &packed : p->package, reply);
	package_close(&packed);
	buf_free(&text);
	if (ret == 0 && reply->failed)
		ret = report_nomem();
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
	if (p->object == NULL)
		return 0;
	if (package_parse(package, text, head.package, p->name, NULL) == -1)
		return -1;
	package->packed = true;
	return 0;
wrong:
	report_error("%s: the process that read the object gave a wrong answer",
	    p->name);
	return -1;
}
