"""Time skel-merge beside skel-fmt --csv of as many records; part of `make bench`.

The records of the recording are shared between two hosts, one for each in turn.
"""
import os
import subprocess
import sys


def share(bench):
    """Write the recording as those of two hosts.  Returns their names."""
    names = [bench.path(f"host{i}.skel") for i in (1, 2)]
    with open(bench.stream, "rb") as source:
        header = source.readline()
        out = [open(name, "wb") for name in names]
        for i, file in enumerate(out):
            file.write(header.replace(b'"host":"', b'"host":"%d' % i, 1))
        n = [0, 0]
        for i, line in enumerate(x for x in source if x.startswith(b"=")):
            out[i % 2].write(line)
            n[i % 2] += 1
        for count, file in zip(n, out):
            file.write(b'{"@end":{"records":%d,"lost":0}}\n' % count)
            file.close()
    if header.count(b'"host":"') == 0 or sum(n) != bench.records:
        sys.exit("the recording cannot be shared between hosts")
    return names


def table(bench, medians, row):
    merge = os.path.join(os.path.dirname(bench.fmt), "skel-merge")
    names = share(bench)
    commands = [(f"skel-merge{option} of two hosts", [merge, *option.split(), *names],
                 "/dev/null", "/dev/null") for option in ("", " --order")]
    for _, argv, *_ in commands:
        merged = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
        if merged.count(b"\n=") != bench.records:
            sys.exit(f"{' '.join(argv)}: it has not all records")
    csv = ("skel-fmt --csv, of one", [bench.fmt, "--csv"], bench.stream, "/dev/null")
    got = medians([csv, *commands], bench.records)
    row(f"Merge of {bench.records} events", "ns/record", "/ --csv")
    for name, ns in got.items():
        row(name, f"{ns:.0f}", f"{ns / got[csv[0]]:.1f}")
    for name in names:
        os.unlink(name)
