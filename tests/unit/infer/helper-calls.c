/* lib/infer/helper-calls: what is known of the arguments of helpers, through
 * moves, the stack, branches and functions.  Code of any kind does no harm.
 * lib/infer/wakeup-flags: which calls surely wake the reader of a ring. */
#include "infer/helper-calls.h"
#include "infer/wakeup-flags.h"

#include <elf.h>
#include <linux/bpf.h>
#include <time.h>

#include "base/buf.h"
#include "base/util.h"
#include "check.h"

enum { PROG = 1, TEXT, MAPS, DATA, SYMBOLS, STRINGS, RELOCS, SECTIONS };
enum { RB = 1, HEAP, SEEN, MAIN, SUB, SYMBOLS_N };
enum { MANY = 200000, CHANGES = 3000 };

#define INSN(c, d, s, o, i)                                                    \
	{                                                                      \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o),       \
		.imm = (i)                                                     \
	}
#define MOV(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define SET(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define STORE(d, o, s) INSN(BPF_STX | BPF_MEM | BPF_DW, d, s, o, 0)
#define LOAD(d, s, o) INSN(BPF_LDX | BPF_MEM | BPF_DW, d, s, o, 0)
#define JUMP_IF(d, i, o) INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, i)
#define JUMP(o) INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define HELPER(n) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##n)
#define CALL INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, -1)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* The address of a symbol, whose relocation is made of the number in imm. */
#define ADDRESS(d, symbol)                                                     \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0x7fff, symbol),                 \
	    INSN(0, 0, 0, 0, 0)

struct object {
	struct buf section[SECTIONS], file;
	struct bpf_elf elf;
	struct helper_calls calls;
};

static void
put(struct buf *b, const void *data, size_t n)
{
	buf_add(b, data, n);
}

/* Adds instructions to a section, and the relocations of the first one to
 * that. */
static void
put_code(struct object *o, int section, const struct bpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bpf_insn insn = insns[i];
		Elf64_Rel rel = { .r_offset = i * sizeof(insn) };

		if (insn.off == 0x7fff) {
			rel.r_info =
			    ELF64_R_INFO((uint64_t)(unsigned int)insn.imm, 1);
			insn.off = 0;
			insn.imm = 0;
			put(&o->section[RELOCS], &rel, sizeof(rel));
		} else if (insn.src_reg == BPF_PSEUDO_CALL &&
			   insn.code == (BPF_JMP | BPF_CALL)) {
			rel.r_info = ELF64_R_INFO((uint64_t)SUB, 10);
			put(&o->section[RELOCS], &rel, sizeof(rel));
		}
		put(&o->section[section], &insn, sizeof(insn));
	}
}

static void
put_symbol(
    struct object *o, const char *name, int section, int type, uint64_t value)
{
	Elf64_Sym s = { .st_name = (Elf64_Word)o->section[STRINGS].len,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_shndx = (Elf64_Section)section,
		.st_value = value };

	put(&o->section[STRINGS], name, strlen(name) + 1);
	put(&o->section[SYMBOLS], &s, sizeof(s));
}

static void
put_headers(struct object *o, Elf64_Ehdr *h)
{
	static const char *const names[SECTIONS] = { "", "prog", ".text",
		".maps", ".data", ".symtab", ".strtab", ".relprog" };
	Elf64_Shdr sh[SECTIONS] = { { 0 } };
	size_t at = sizeof(*h);

	for (int i = 1; i < SECTIONS; i++) {
		sh[i].sh_name = (Elf64_Word)o->section[STRINGS].len;
		put(&o->section[STRINGS], names[i], strlen(names[i]) + 1);
	}
	for (int i = 1; i < SECTIONS; i++) {
		sh[i].sh_type = i == SYMBOLS   ? SHT_SYMTAB
				: i == STRINGS ? SHT_STRTAB
				: i == RELOCS  ? SHT_REL
					       : SHT_PROGBITS;
		sh[i].sh_flags = i <= TEXT ? SHF_ALLOC | SHF_EXECINSTR : 0;
		sh[i].sh_link = i == RELOCS ? SYMBOLS : STRINGS;
		sh[i].sh_info = i == RELOCS ? PROG : 0;
		sh[i].sh_entsize = i == RELOCS    ? sizeof(Elf64_Rel)
				   : i == SYMBOLS ? sizeof(Elf64_Sym)
						  : 0;
		sh[i].sh_addralign = sizeof(uint64_t);
		sh[i].sh_offset = at;
		sh[i].sh_size = o->section[i].len;
		while (o->section[i].len % sizeof(uint64_t) != 0)
			buf_chr(&o->section[i], '\0');
		at += o->section[i].len;
	}
	h->e_shoff = at;
	put(&o->file, h, sizeof(*h));
	for (int i = 1; i < SECTIONS; i++)
		put(&o->file, o->section[i].data, o->section[i].len);
	put(&o->file, sh, sizeof(sh));
}

/* Reads a program, and a function sub() that it may call. */
static void
open_code(struct object *o, const struct bpf_insn *prog, size_t n,
    const struct bpf_insn *sub, size_t nsub)
{
	static const char zeros[64];
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_BPF,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(h),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = STRINGS };

	*o = (struct object){ .file = { 0 } };
	put_code(o, PROG, prog, n);
	put_code(o, TEXT, sub, nsub);
	put(&o->section[MAPS], zeros, sizeof(zeros));
	put(&o->section[DATA], zeros, sizeof(zeros));
	buf_chr(&o->section[STRINGS], '\0');
	put(&o->section[SYMBOLS], zeros, sizeof(Elf64_Sym));
	put_symbol(o, "rb", MAPS, STT_OBJECT, 0);
	put_symbol(o, "heap", MAPS, STT_OBJECT, 32);
	put_symbol(o, "seen", DATA, STT_OBJECT, 8);
	put_symbol(o, "main", PROG, STT_FUNC, 0);
	put_symbol(o, "sub", nsub != 0 ? TEXT : PROG, STT_FUNC, 0);
	put_headers(o, &h);
	if (bpf_elf_open(&o->elf, (unsigned char *)o->file.data, o->file.len,
		"x.bpf.o") == -1 ||
	    helper_calls_open(&o->calls, &o->elf) == -1) {
		fprintf(stderr, "%s", check_reports);
		exit(1);
	}
}

static void
close_code(struct object *o)
{
	helper_calls_close(&o->calls);
	bpf_elf_close(&o->elf);
	for (int i = 0; i < SECTIONS; i++)
		buf_free(&o->section[i]);
	buf_free(&o->file);
}

#define OPEN(o, prog) open_code(&(o), (prog), nitems(prog), NULL, 0)

/* The writes of the only helper that passes records. */
static size_t
get_writes(const struct object *o, struct helper_write *w)
{
	for (size_t i = 0; i < o->calls.n; i++)
		if (helper_shape_find(o->calls.v[i].helper) != NULL)
			return helper_calls_writes(
			    &o->calls, &o->calls.v[i], w);
	return 0;
}

/* Whether the flags of a bpf_ringbuf_submit(), the last of n instructions but
 * the exit, are plain. */
static bool
is_plain(const struct bpf_insn *insns, size_t n)
{
	struct object o;
	bool plain;

	open_code(&o, insns, n, NULL, 0);
	plain = wakeup_flags_are_plain(&o.elf);
	close_code(&o);
	return plain;
}

#define PLAIN(...)                                                             \
	is_plain((const struct bpf_insn[]){ __VA_ARGS__,                       \
		     HELPER(ringbuf_submit), EXIT },                           \
	    sizeof((const struct bpf_insn[]){ __VA_ARGS__, EXIT, EXIT }) /     \
		sizeof(struct bpf_insn))

static void
tell_flags_that_wake(void)
{
	CHECK(PLAIN(MOV(1, 6), SET(2, 0)));
	CHECK(PLAIN(SET(2, BPF_RB_FORCE_WAKEUP), MOV(1, 6)));
	CHECK(PLAIN(SET(2, 0), ADDRESS(1, RB)));
	CHECK(PLAIN(SET(2, 0), JUMP_IF(6, 0, 1)));
	/* They are told not to wake. */
	CHECK(!PLAIN(MOV(1, 6), SET(2, BPF_RB_NO_WAKEUP)));
	/* They come from somewhere else, or may. */
	CHECK(!PLAIN(MOV(1, 6), MOV(2, 7)));
	CHECK(!PLAIN(MOV(1, 6)));
	CHECK(!PLAIN(SET(2, 0), LOAD(2, 6, 0)));
	CHECK(!PLAIN(SET(2, 0), ADD(2, 1)));
	CHECK(!PLAIN(SET(2, 0), ADDRESS(2, RB)));
	CHECK(!PLAIN(SET(2, 0), HELPER(get_smp_processor_id)));
	CHECK(!PLAIN(SET(2, 1), JUMP_IF(6, 0, 1), SET(2, 0)));
	CHECK(!PLAIN(SET(2, 0), JUMP(0)));
}

static void
follow_moves_and_spills(void)
{
	static const struct bpf_insn prog[] = {
		ADDRESS(6, RB),
		STORE(10, -16, 6),
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -24, 40),
		LOAD(1, 10, -16),
		MOV(2, 10),
		ADD(2, -64),
		LOAD(3, 10, -24),
		SET(4, 0),
		HELPER(ringbuf_output),
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK_STR(w[0].map, "rb");
	CHECK_NUM(w[0].size, 40);
	CHECK_NUM(w[0].data.kind, CODE_STACK);
	CHECK_NUM(w[0].data.offset, -64);
	CHECK_STR(w[0].function, "main");
	CHECK_NUM(o.calls.v[0].registers[0], 1 << 1 | 1 << 6);
	CHECK_NUM(o.calls.v[0].spilled[0], -16);
	CHECK_NUM(o.calls.v[0].place.offset, 72);
	CHECK(!o.calls.incomplete);
	close_code(&o);
}

/* A number on the stack is not known any more after a helper was given the
 * place; a map is, since no verifier would accept another one. */
static void
forget_what_helpers_may_change(void)
{
	static const struct bpf_insn prog[] = {
		ADDRESS(6, RB),
		STORE(10, -8, 6),
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -16, 40),
		MOV(1, 10),
		ADD(1, -16),
		SET(2, 16),
		HELPER(get_current_comm),
		LOAD(1, 10, -8),
		LOAD(2, 10, -16),
		SET(3, 0),
		HELPER(ringbuf_reserve),
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK_STR(w[0].map, "rb");
	CHECK_NUM(w[0].size, -1);
	close_code(&o);
}

static void
join_branches(int second, int64_t size)
{
	const struct bpf_insn prog[] = {
		SET(2, 24),
		HELPER(get_smp_processor_id),
		SET(7, 24),
		JUMP_IF(0, 0, 1),
		SET(7, second),
		ADDRESS(1, RB),
		MOV(2, 7),
		HELPER(ringbuf_reserve),
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK_NUM(w[0].size, size);
	CHECK_NUM(w[0].data.kind, CODE_RESERVATION);
	CHECK_NUM(o.calls.ncopies, 1);
	close_code(&o);
}

/* Of two maps none is taken, and of two offsets in one the distance is open. */
static void
join_pointers(void)
{
	static const struct bpf_insn prog[] = {
		HELPER(get_smp_processor_id),
		ADDRESS(6, RB),
		ADDRESS(7, SEEN),
		JUMP_IF(0, 0, 3),
		ADDRESS(6, HEAP),
		ADD(7, 8),
		MOV(1, 6),
		MOV(2, 7),
		SET(3, 8),
		HELPER(ringbuf_output),
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK(w[0].map == NULL);
	CHECK_NUM(w[0].data.kind, CODE_GLOBAL);
	CHECK(w[0].data.inexact);
	CHECK_NUM(w[0].registers, 0);
	close_code(&o);
}

/* A pointer that one branch sets to NULL is still that pointer. */
static void
find_value_of_map(void)
{
	static const struct bpf_insn prog[] = {
		ADDRESS(1, HEAP),
		MOV(2, 10),
		ADD(2, -8),
		HELPER(map_lookup_elem),
		MOV(6, 0),
		JUMP_IF(6, 0, 1),
		JUMP(1),
		SET(6, 0),
		ADDRESS(2, RB),
		MOV(4, 6),
		SET(5, 8),
		HELPER(perf_event_output),
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK_NUM(w[0].data.kind, CODE_MAP_VALUE);
	CHECK_STR(w[0].data.map, "heap");
	CHECK_STR(w[0].map, "rb");
	CHECK_NUM(w[0].registers, 1 << 0 | 1 << 4 | 1 << 6);
	close_code(&o);
}

static void
follow_parameters_to_callers(void)
{
	static const struct bpf_insn sub[] = {
		MOV(6, 2),
		MOV(2, 1),
		INSN(BPF_ALU64 | BPF_LSH | BPF_K, 6, 0, 0, 32),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, 6, 0, 0, 32),
		MOV(1, 3),
		MOV(3, 6),
		HELPER(ringbuf_output),
		EXIT,
	};
	static const struct bpf_insn prog[] = {
		MOV(1, 10),
		ADD(1, -16),
		SET(2, 16),
		ADDRESS(3, RB),
		CALL,
		ADDRESS(1, SEEN),
		SET(2, 8),
		ADDRESS(3, HEAP),
		CALL,
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	open_code(&o, prog, nitems(prog), sub, nitems(sub));
	CHECK_NUM(get_writes(&o, w), 2);
	CHECK_STR(w[0].map, "rb");
	CHECK_NUM(w[0].size, 16);
	CHECK_NUM(w[0].data.kind, CODE_STACK);
	CHECK_STR(w[0].function, "main");
	CHECK_STR(w[1].map, "heap");
	CHECK_NUM(w[1].size, 8);
	CHECK_NUM(w[1].data.kind, CODE_GLOBAL);
	CHECK_NUM(w[1].data.section, DATA);
	CHECK_NUM(w[1].data.offset, 8);
	close_code(&o);
}

/* A function passes a part of what its parameter points to. */
static void
add_what_functions_add(void)
{
	static const struct bpf_insn sub[] = {
		MOV(6, 2),
		MOV(2, 1),
		ADD(2, 8),
		MOV(1, 3),
		MOV(3, 6),
		HELPER(ringbuf_output),
		EXIT,
	};
	static const struct bpf_insn prog[] = {
		MOV(1, 10),
		ADD(1, -24),
		SET(2, 16),
		ADDRESS(3, RB),
		CALL,
		EXIT,
	};
	struct helper_write w[HELPER_WRITES_MAX];
	struct object o;

	open_code(&o, prog, nitems(prog), sub, nitems(sub));
	CHECK_NUM(get_writes(&o, w), 1);
	CHECK_NUM(w[0].size, 16);
	CHECK_NUM(w[0].data.kind, CODE_STACK);
	CHECK_NUM(w[0].data.offset, -16);
	CHECK_NUM(w[0].registers, 0);
	close_code(&o);
}

static void
note_written_variables(void)
{
	static const struct bpf_insn prog[] = {
		ADDRESS(6, SEEN),
		INSN(BPF_STX | BPF_MEM | BPF_W, 6, 1, 4, 0),
		HELPER(get_prandom_u32),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 6, 0, 0, 0),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 6, 1, 0, BPF_ADD),
		EXIT,
		HELPER(trace_printk),
	};
	struct object o;

	OPEN(o, prog);
	CHECK_NUM(o.calls.nstores, 2);
	CHECK_NUM(o.calls.stores[0].section, DATA);
	CHECK_NUM(o.calls.stores[0].offset, 8);
	CHECK_NUM(o.calls.stores[1].offset, 12);
	CHECK_NUM(o.calls.n, 2);
	CHECK(o.calls.v[0].reached);
	CHECK(!o.calls.v[1].reached);
	close_code(&o);
}

/* Work is bounded: each block jumps far back, with another value each time. */
static void
bound_work(void)
{
	struct bpf_insn *prog = calloc(MANY, sizeof(*prog));
	clock_t start = clock();
	struct object o;

	for (int i = 0; prog != NULL && i < MANY; i++)
		prog[i] = i % 3 == 0 ? (struct bpf_insn)ADD(1 + i % 5, 8)
			  : i % 3 == 1
			      ? (struct bpf_insn)STORE(10, -8 * (1 + i % 64), 1)
			      : (struct bpf_insn)JUMP_IF(
				    0, i, (int16_t)(-(i % 30000)));
	open_code(&o, prog, MANY, NULL, 0);
	CHECK((clock() - start) / CLOCKS_PER_SEC < 10);
	close_code(&o);
	free(prog);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Instructions of any kind are read to the end. */
static void
bear_any_code(void)
{
	struct helper_write w[HELPER_WRITES_MAX];
	struct bpf_insn prog[64];
	uint32_t seed = 1;
	struct object o;

	for (int n = 0; n < CHANGES; n++) {
		for (size_t i = 0; i < sizeof(prog); i++)
			((unsigned char *)prog)[i] =
			    (unsigned char)next_random(&seed);
		for (size_t i = 0; i < nitems(prog); i += 2) {
			prog[i].code = BPF_JMP | BPF_CALL;
			prog[i].src_reg = next_random(&seed) % 2;
			prog[i].imm = (int32_t)(next_random(&seed) % 256);
			prog[i].off = 0;
			prog[i + 1].off %= 64;
		}
		open_code(&o, prog, nitems(prog), prog, nitems(prog));
		for (size_t i = 0; i < o.calls.n; i++)
			if (helper_shape_find(o.calls.v[i].helper) != NULL)
				CHECK(helper_calls_writes(
					  &o.calls, &o.calls.v[i], w) > 0);
		close_code(&o);
	}
}

int
main(void)
{
	check_forget();
	tell_flags_that_wake();
	follow_moves_and_spills();
	forget_what_helpers_may_change();
	join_branches(24, 24);
	join_branches(32, -1);
	join_pointers();
	find_value_of_map();
	follow_parameters_to_callers();
	add_what_functions_add();
	note_written_variables();
	bound_work();
	bear_any_code();
	return check_done();
}
