#include <gelf.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "session/printk-record.h"

/* Whether one of the instructions calls a helper that prints. */
static bool
calls_printk(const unsigned char *code, size_t n)
{
	struct bpf_insn insn;

	/* The code need not be aligned. */
	for (size_t i = 0; i < n; i++) {
		memcpy(&insn, code + i * sizeof(insn), sizeof(insn));
		if (insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == 0 &&
		    (insn.imm == BPF_FUNC_trace_printk ||
			insn.imm == BPF_FUNC_trace_vprintk))
			return true;
	}
	return false;
}

bool
printk_is_used(const struct bpf_elf *elf)
{
	Elf_Scn *section = NULL;
	Elf_Data *data;
	GElf_Shdr head;

	while ((section = elf_nextscn(elf->elf, section)) != NULL) {
		if (gelf_getshdr(section, &head) == NULL ||
		    head.sh_type != SHT_PROGBITS ||
		    (head.sh_flags & SHF_EXECINSTR) == 0 ||
		    (data = elf_getdata(section, NULL)) == NULL ||
		    data->d_buf == NULL)
			continue;
		if (calls_printk(
			data->d_buf, data->d_size / sizeof(struct bpf_insn)))
			return true;
	}
	return false;
}

/* Adds a type of that name.  Returns its index, or TYPE_NONE. */
static uint32_t
add_printk_type(struct stream_header *h, struct type t, const char *name)
{
	if ((t.name = strdup(name)) != NULL)
		return types_add(&h->types, &t, "map printk");
	types_free_type(&t);
	report_nomem();
	return TYPE_NONE;
}

static uint32_t
add_text_type(struct stream_header *h, uint32_t of, uint64_t count)
{
	return add_printk_type(h,
	    (struct type){
		.kind = TYPE_ARRAY, .size = count, .of = of, .count = count },
	    "");
}

/* Adds the struct whose members have these types. */
static uint32_t
add_record_type(struct stream_header *h, const uint32_t types[4])
{
	static const struct {
		const char *name;
		size_t offset;
	} members[] = {
		{ "comm", offsetof(struct printk_record, comm) },
		{ "pid", offsetof(struct printk_record, pid) },
		{ "cpu", offsetof(struct printk_record, cpu) },
		{ "text", offsetof(struct printk_record, text) },
	};
	struct type t = { .kind = TYPE_STRUCT,
		.size = sizeof(struct printk_record) };

	t.members = calloc(nitems(members), sizeof(*t.members));
	for (size_t i = 0; t.members != NULL && i < nitems(members); i++) {
		struct type_member *m = &t.members[t.nmembers];

		if ((m->name = strdup(members[i].name)) == NULL)
			break;
		m->offset = members[i].offset;
		m->type = types[i];
		t.nmembers++;
	}
	if (t.nmembers == nitems(members))
		return add_printk_type(h, t, "printk");
	types_free_type(&t);
	report_nomem();
	return TYPE_NONE;
}

int
printk_add_map(struct stream_header *h)
{
	uint32_t character, types[4], record = TYPE_NONE;
	struct stream_map *m;

	character = add_printk_type(
	    h, (struct type){ .kind = TYPE_CHAR, .size = 1 }, "char");
	if (character == TYPE_NONE)
		return -1;
	types[0] = add_text_type(h, character, COMM_SIZE);
	types[1] = add_printk_type(h,
	    (struct type){ .kind = TYPE_INT, .size = 4, .is_signed = true },
	    "int");
	types[2] = add_printk_type(
	    h, (struct type){ .kind = TYPE_INT, .size = 4 }, "unsigned int");
	types[3] = add_text_type(h, character, PRINTK_TEXT_MAX);
	if (types[0] != TYPE_NONE && types[1] != TYPE_NONE &&
	    types[2] != TYPE_NONE && types[3] != TYPE_NONE)
		record = add_record_type(h, types);
	if (record == TYPE_NONE ||
	    (m = stream_header_add_map(h, "printk")) == NULL)
		return -1;
	m->source = STREAM_PRINTK;
	m->value = record;
	stream_map_set_sizes(h, (unsigned int)h->nmaps - 1);
	return (int)h->nmaps - 1;
}

void
printk_set_task(
    struct printk_record *r, const char *comm, int32_t pid, unsigned int cpu)
{
	memset(r, 0, offsetof(struct printk_record, text));
	r->pid = pid;
	r->cpu = cpu;
	if (comm != NULL)
		memcpy(r->comm, comm, strnlen(comm, COMM_SIZE - 1));
}

size_t
printk_set_text(struct printk_record *r, const char *text, size_t len)
{
	if (len >= PRINTK_TEXT_MAX)
		len = PRINTK_TEXT_MAX - 1;
	memcpy(r->text, text, len);
	r->text[len] = '\0';
	return offsetof(struct printk_record, text) + len + 1;
}
