#include <stdbool.h>
#include <stdlib.h>

#include "base/report.h"
#include "elf/btf-variables.h"
#include "elf/btf.h"

/* The scope of the names of sections; variables have the id of their section.
 */
enum { SECTIONS = 0 };

/* Adds the variables of a section that are static, or those that are not. */
static int
add_variables(struct btf_variables *v, uint32_t section, bool are_static)
{
	const struct btf_type *t = btf__type_by_id(v->btf, section), *var;
	const struct btf_var_secinfo *at = btf_var_secinfos(t);

	for (size_t i = 0; i < btf_vlen(t); i++, at++) {
		var = btf__type_by_id(v->btf, at->type);
		if (var == NULL || !btf_is_var(var) ||
		    (btf_var(var)->linkage == BTF_VAR_STATIC) != are_static)
			continue;
		if (name_table_add(&v->names, section,
			btf_name(v->btf, var->name_off), (uint32_t)v->n) == -1)
			return -1;
		v->v[v->n++] = at;
	}
	return 0;
}

static int
add_section(struct btf_variables *v, uint32_t id)
{
	const char *name =
	    btf_name(v->btf, btf__type_by_id(v->btf, id)->name_off);

	if (name_table_add(&v->names, SECTIONS, name, id) == -1 ||
	    add_variables(v, id, false) == -1)
		return -1;
	return add_variables(v, id, true);
}

int
btf_variables_open(struct btf_variables *v, const struct btf *btf)
{
	uint32_t types = btf != NULL ? btf__type_cnt(btf) : 0;
	const struct btf_type *t;
	size_t n = 0;

	*v = (struct btf_variables){ .btf = btf };
	for (uint32_t id = 1; id < types; id++) {
		t = btf__type_by_id(btf, id);
		n += btf_is_datasec(t) ? btf_vlen(t) : 0;
	}
	if ((v->v = calloc(n + 1, sizeof(*v->v))) == NULL)
		return report_nomem();
	for (uint32_t id = 1; id < types; id++)
		if (btf_is_datasec(btf__type_by_id(btf, id)) &&
		    add_section(v, id) == -1)
			return -1;
	return 0;
}

void
btf_variables_close(struct btf_variables *v)
{
	name_table_free(&v->names);
	free(v->v);
	*v = (struct btf_variables){ 0 };
}

uint32_t
btf_variables_section(const struct btf_variables *v, const char *section)
{
	uint32_t id = name_table_find(&v->names, SECTIONS, section);

	return id != NAME_NONE ? id : 0;
}

const struct btf_var_secinfo *
btf_variables_find(
    const struct btf_variables *v, uint32_t section, const char *name)
{
	uint32_t i = section != SECTIONS
			 ? name_table_find(&v->names, section, name)
			 : NAME_NONE;

	return i != NAME_NONE ? v->v[i] : NULL;
}
