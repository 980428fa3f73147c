#include <dwarf.h>

#include "base/array.h"
#include "base/util.h"
#include "dwarf/dwarf-form.h"

/* The storage of the number of which a form consists. */
enum form_width {
	WIDTH_NONE = 0, /* 1 to 8: as many bytes */
	WIDTH_ULEB = 16,
	WIDTH_SLEB,
	WIDTH_OFFSET,  /* as offsets of the unit */
	WIDTH_ADDRESS, /* as addresses of the unit */
	WIDTH_UNIT,    /* as offsets, but as addresses in version 2 */
};

/* Which table a number is an index into, or an offset from. */
enum form_use {
	USE_PLAIN,
	USE_ADDRESS_INDEX,
	USE_STRING_INDEX,
	USE_STRING,
	USE_LINE_STRING,
	USE_UNIT_REFERENCE,
	USE_BLOCK_LENGTH,
};

static const struct form {
	uint16_t form;
	unsigned char width, use, kind;
} forms[] = {
	{ DW_FORM_addr, WIDTH_ADDRESS, USE_PLAIN, DWARF_ADDRESS_VALUE },
	{ DW_FORM_block2, 2, USE_BLOCK_LENGTH, DWARF_BLOCK },
	{ DW_FORM_block4, 4, USE_BLOCK_LENGTH, DWARF_BLOCK },
	{ DW_FORM_data2, 2, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_data4, 4, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_data8, 8, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_block, WIDTH_ULEB, USE_BLOCK_LENGTH, DWARF_BLOCK },
	{ DW_FORM_block1, 1, USE_BLOCK_LENGTH, DWARF_BLOCK },
	{ DW_FORM_data1, 1, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_flag, 1, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_sdata, WIDTH_SLEB, USE_PLAIN, DWARF_SIGNED_CONSTANT },
	{ DW_FORM_strp, WIDTH_OFFSET, USE_STRING, DWARF_TEXT },
	{ DW_FORM_udata, WIDTH_ULEB, USE_PLAIN, DWARF_CONSTANT },
	{ DW_FORM_ref_addr, WIDTH_UNIT, USE_PLAIN, DWARF_REFERENCE },
	{ DW_FORM_ref1, 1, USE_UNIT_REFERENCE, DWARF_REFERENCE },
	{ DW_FORM_ref2, 2, USE_UNIT_REFERENCE, DWARF_REFERENCE },
	{ DW_FORM_ref4, 4, USE_UNIT_REFERENCE, DWARF_REFERENCE },
	{ DW_FORM_ref8, 8, USE_UNIT_REFERENCE, DWARF_REFERENCE },
	{ DW_FORM_ref_udata, WIDTH_ULEB, USE_UNIT_REFERENCE, DWARF_REFERENCE },
	{ DW_FORM_sec_offset, WIDTH_OFFSET, USE_PLAIN, DWARF_SECTION_OFFSET },
	{ DW_FORM_exprloc, WIDTH_ULEB, USE_BLOCK_LENGTH, DWARF_BLOCK },
	{ DW_FORM_strx, WIDTH_ULEB, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_addrx, WIDTH_ULEB, USE_ADDRESS_INDEX, DWARF_ADDRESS_VALUE },
	{ DW_FORM_ref_sup4, 4, USE_PLAIN, DWARF_ABSENT },
	{ DW_FORM_strp_sup, WIDTH_OFFSET, USE_PLAIN, DWARF_ABSENT },
	{ DW_FORM_line_strp, WIDTH_OFFSET, USE_LINE_STRING, DWARF_TEXT },
	{ DW_FORM_ref_sig8, 8, USE_PLAIN, DWARF_ABSENT },
	{ DW_FORM_loclistx, WIDTH_ULEB, USE_PLAIN, DWARF_LIST_INDEX },
	{ DW_FORM_rnglistx, WIDTH_ULEB, USE_PLAIN, DWARF_LIST_INDEX },
	{ DW_FORM_ref_sup8, 8, USE_PLAIN, DWARF_ABSENT },
	{ DW_FORM_strx1, 1, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_strx2, 2, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_strx3, 3, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_strx4, 4, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_addrx1, 1, USE_ADDRESS_INDEX, DWARF_ADDRESS_VALUE },
	{ DW_FORM_addrx2, 2, USE_ADDRESS_INDEX, DWARF_ADDRESS_VALUE },
	{ DW_FORM_addrx3, 3, USE_ADDRESS_INDEX, DWARF_ADDRESS_VALUE },
	{ DW_FORM_addrx4, 4, USE_ADDRESS_INDEX, DWARF_ADDRESS_VALUE },
	{ DW_FORM_GNU_addr_index, WIDTH_ULEB, USE_ADDRESS_INDEX,
	    DWARF_ADDRESS_VALUE },
	{ DW_FORM_GNU_str_index, WIDTH_ULEB, USE_STRING_INDEX, DWARF_TEXT },
	{ DW_FORM_GNU_ref_alt, WIDTH_OFFSET, USE_PLAIN, DWARF_ABSENT },
	{ DW_FORM_GNU_strp_alt, WIDTH_OFFSET, USE_PLAIN, DWARF_ABSENT },
};

static uint64_t
read_width(const struct dwarf_unit *u, struct dwarf_cursor *c, unsigned width)
{
	switch (width) {
	case WIDTH_ULEB:
		return dwarf_uleb(c);
	case WIDTH_SLEB:
		return (uint64_t)dwarf_sleb(c);
	case WIDTH_OFFSET:
		return dwarf_number(c, u->offset_bytes);
	case WIDTH_ADDRESS:
		return dwarf_number(c, u->address_bytes);
	case WIDTH_UNIT:
		return dwarf_number(
		    c, u->version < 3 ? u->address_bytes : u->offset_bytes);
	default:
		return dwarf_number(c, width);
	}
}

/* The string at the offset of the section; NULL if there is none, or a longer
 * one than a path may be. */
static const char *
get_section_string(
    const struct dwarf_info *d, enum dwarf_section section, uint64_t offset)
{
	struct dwarf_cursor c =
	    dwarf_cursor_at(&d->sections.v[section], offset);

	return dwarf_string(&c, DWARF_STRING_MAX);
}

static const char *
get_indexed_string(
    const struct dwarf_info *d, const struct dwarf_unit *u, uint64_t index)
{
	struct dwarf_cursor c;
	uint64_t offset;

	if (index >= UINT32_MAX)
		return NULL;
	c = dwarf_cursor_at(
	    &d->sections.v[DWARF_STR_OFFSETS], u->str_offsets_base);
	dwarf_skip(&c, index * u->offset_bytes);
	offset = dwarf_number(&c, u->offset_bytes);
	return c.failed ? NULL : get_section_string(d, DWARF_STR, offset);
}

bool
dwarf_address_find(const struct dwarf_info *d, const struct dwarf_unit *u,
    uint64_t index, uint64_t *address)
{
	struct dwarf_cursor c =
	    dwarf_cursor_at(&d->sections.v[DWARF_ADDR], u->addr_base);

	if (index > UINT32_MAX)
		return false;
	dwarf_skip(&c, index * u->address_bytes);
	*address = dwarf_number(&c, u->address_bytes);
	return !c.failed;
}

/* Replaces the number of v by the value that it stands for. */
static void
resolve_number(const struct dwarf_info *d, const struct dwarf_unit *u,
    unsigned use, struct dwarf_value *v)
{
	switch (use) {
	case USE_ADDRESS_INDEX:
		if (!dwarf_address_find(d, u, v->number, &v->number))
			v->kind = DWARF_ABSENT;
		break;
	case USE_STRING_INDEX:
		v->text = get_indexed_string(d, u, v->number);
		break;
	case USE_STRING:
		v->text = get_section_string(d, DWARF_STR, v->number);
		break;
	case USE_LINE_STRING:
		v->text = get_section_string(d, DWARF_LINE_STR, v->number);
		break;
	case USE_UNIT_REFERENCE:
		v->number += u->header;
		break;
	}
}

static const struct form *
find_form_row(uint64_t form)
{
	/* The table is sorted, but for gaps. */
	size_t i;

	array_partition(i, nitems(forms), forms[i].form < form);
	return i < nitems(forms) && forms[i].form == form ? &forms[i] : NULL;
}

struct dwarf_value
dwarf_form_read(const struct dwarf_info *d, const struct dwarf_unit *u,
    struct dwarf_cursor *c, const struct dwarf_attribute_form *f)
{
	struct dwarf_value v = { .kind = DWARF_ABSENT };
	uint64_t number = f->form;
	const struct form *form;

	if (number == DW_FORM_indirect)
		number = dwarf_uleb(c);
	switch (number) {
	case DW_FORM_implicit_const:
		/* Only an abbreviation has the constant. */
		if (f->form != number)
			break;
		v.kind = DWARF_SIGNED_CONSTANT;
		v.number = (uint64_t)f->constant;
		return v;
	case DW_FORM_flag_present:
		v.kind = DWARF_CONSTANT;
		v.number = 1;
		return v;
	case DW_FORM_data16:
		dwarf_skip(c, 16);
		return v;
	case DW_FORM_string:
		v.kind = DWARF_TEXT;
		v.text = dwarf_string(c, DWARF_STRING_MAX);
		return v;
	default:
		if ((form = find_form_row(number)) == NULL)
			break;
		v.kind = form->kind;
		v.number = read_width(u, c, form->width);
		if (form->use == USE_BLOCK_LENGTH) {
			v.block.n = (size_t)v.number;
			v.block.v = dwarf_skip(c, v.number);
		} else if (d != NULL && !c->failed) {
			resolve_number(d, u, form->use, &v);
		}
		if (c->failed)
			v.kind = DWARF_ABSENT;
		return v;
	}
	c->failed = true;
	return v;
}
