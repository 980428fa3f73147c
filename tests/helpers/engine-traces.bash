# Traces for viewers, made by skel-fmt --trace, in the current directory: NAME.json in
# TRACES; and what a viewer of npm's packages needs.

# need_npm PACKAGE@VERSION...: end the script, with the reason, unless the packages are
# there or can be installed, in $KEEP/npm.
need_npm() {
	local package
	need node npm
	for package; do
		[ -d "$KEEP/npm/node_modules/${package%@*}" ] ||
			npm --prefix "$KEEP/npm" install --no-audit --no-fund --ignore-scripts "$package" >npm.log 2>&1 ||
			{ echo "skip needs $package, and npm cannot install it: $(tail -n 1 npm.log)"; exit 0; }
	done
}

# A stream of JSON records without a header: PAIRS of begins and ends, of 7 processes with
# two threads each, whose names are hostile ones.
pairs() { # PAIRS
	python3 - "$1" <<-'PYTHON'
		import json, sys
		for i in range(2 * int(sys.argv[1])):
		    s, ns = divmod(i * 1234567 + 1, 10**9)
		    m, s = divmod(s, 60)
		    p = i // 2 % 14
		    print(json.dumps({"@map": "leave" if i % 2 else "enter", "tgid": 100 + p // 2 * 2, "pid": 100 + p,
		                      "comm": ['"</script>', "\u202e<b>&amp;", "a\\"][p % 3] + str(p), "n": 2**64 - 1 - i,
		                      "@time": f"2026-11-22T00:{m:02}:{s:02}.{ns:09}Z"}, ensure_ascii=False))
	PYTHON
}

# The processes that start and end on this machine meanwhile.
record_processes() { # FILE SECONDS
	local loader
	skel-load -t "$2" "$ROOT/assets/bootstrap.json" >"$1" &
	loader=$!
	until grep -aq '^=' "$1" 2>/dev/null; do /bin/true; sleep 0.1; done
	for _ in {1..50}; do (/bin/true; sleep 0.01; /bin/echo >/dev/null); done
	wait "$loader"
}

make_traces() {
	TRACES="pairs merged"
	pairs 10000 >pairs.ndjson
	skel-fmt -q --trace=pairs.json --pair enter=leave pairs.ndjson || return
	two_hosts
	skel-fmt -q --trace=merged.json --pair EXEC=EXIT two-hosts.skel || return
	if why=$("$HELPERS/has-bpf"); then
		record_processes real.skel 3 || return
		skel-fmt -q --trace=durations.json real.skel || return
		# Each viewer ends those that have no end where it likes.
		skel-fmt -q --trace --pair EXEC=EXIT real.skel | grep -v '"ph":"B"' >real-pairs.json || return
		TRACES+=" durations real-pairs"
	else
		echo "skip a recording of this machine: $why"
	fi
}

# Two hosts with the same processes, merged.
two_hosts() {
	local host
	for host in web db; do
		{
			echo '{"skel":"stream","version":1,"name":"p","encoding":"json","host":"'$host'","boot_id":"'$host'",
				"started":"2026-11-22T14:48:00Z","maps":[{"name":"rb","source":"ringbuf","value":3}],
				"types":[{"kind":"int","name":"u32","size":4,"signed":false},
					{"kind":"enum","name":"what","size":4,"signed":false,"values":[["EXEC",0],["EXIT",1]]},
					{"kind":"char","name":"char","size":1,"signed":true},
					{"kind":"struct","name":"e","size":24,"members":[{"name":"what","type":1,"offset":0},
						{"name":"pid","type":0,"offset":4},{"name":"comm","type":4,"offset":8}]},
					{"kind":"array","of":2,"count":16,"size":16}]}' | tr -d '\n\t'
			echo
			python3 - "$host" <<-'PYTHON'
				import sys
				d = 3 if sys.argv[1] == "db" else 0
				for i in range(3000):
				    ns = i * 1000001 + (d if i % 6 < 3 else 2 * d)
				    print('{"@map":"rb","@time":"2026-11-22T14:48:%02d.%09dZ","what":"%s","pid":%d,"comm":"sh"}'
				          % (*divmod(ns, 10**9), "EXIT(1)" if i % 6 > 2 else "EXEC(0)", i % 3 + 5))
			PYTHON
			echo '{"@end":{"records":3000,"lost":0}}'
		} >$host.skel
	done
	skel-merge web.skel db.skel >two-hosts.skel
}
