#include <bpf/libbpf.h>

#include "base/report.h"
#include "load/possible-cpus.h"

int
possible_cpus(const char *map)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus > 0)
		return cpus;
	report_error("map %s: the number of CPUs cannot be read from "
		     "/sys/devices/system/cpu/possible: %s",
	    map, report_error_text(-cpus));
	return -1;
}
