#!/usr/bin/env python3
"""Make TCP connections in this machine, some of which are refused, and say of each
what the kernel and ss(8) say: an array of JSON with saddr, sport, daddr, dport and
whether it came about.

    connections.py PORT

Its name is kind-client, and it listens at PORT of both versions of IP.
"""
import json
import socket
import subprocess
import sys


def main(port):
    with open("/proc/self/comm", "w", encoding="ascii") as f:
        f.write("kind-client")
    servers, pairs, done = [], [], []
    for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        server = socket.socket(family)
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(8)
        servers.append(server)
    for target in "127.0.0.1", "127.9.250.3", "::1":
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        client = socket.create_connection((target, port))
        accepted, _ = servers[family == socket.AF_INET6].accept()
        (saddr, sport), (daddr, dport) = client.getsockname()[:2], client.getpeername()[:2]
        pairs += [client, accepted]
        done.append({"saddr": saddr, "sport": sport, "daddr": daddr, "dport": dport, "open": True})
        refused = socket.socket(family)
        if refused.connect_ex((target, port + 1)) != 0:
            done.append({"saddr": saddr, "sport": 0, "daddr": target, "dport": port + 1, "open": False})
        refused.close()
    seen = subprocess.run(["ss", "-tnH", "state", "established", f"dport = :{port}"],
                          capture_output=True, text=True, check=True).stdout
    ends = {tuple(line.split()[2:4]) for line in seen.splitlines()}
    for one in done:
        if one["open"]:
            pair = tuple(f"[{a}]:{p}" if ":" in a else f"{a}:{p}" for a, p in
                         ((one["saddr"], one["sport"]), (one["daddr"], one["dport"])))
            assert pair in ends, (pair, ends)
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
