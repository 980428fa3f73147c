"use strict";
// Zooms into frames and searches them.  What a frame is called and how much it
// counts is read from the picture, as text; nothing is made of it but text.
(function () {
	const WIDTH = 1180, LEFT = 10, PADDING = 3, CHARACTER = 7.3, ROW = 17;
	const SVG = "http://www.w3.org/2000/svg";
	const XHTML = "http://www.w3.org/1999/xhtml";
	const head = document.getElementById("head");
	const details = document.getElementById("details");
	const matched = document.getElementById("matched");
	const reset = document.getElementById("reset");
	const frames = [], rows = new Map();
	let ground = null, view = null, current = null, needle = "";

	function columns(character) {
		return character.codePointAt(0) < 0x1100 ? 1 : 2;
	}

	// The name as far as it fits, as the picture has it at first.
	function label(name, width) {
		const room = Math.floor((width - 2 * PADDING) / CHARACTER);
		let used = 0, text = "";

		if (room < 3)
			return "";
		for (const c of name) {
			used += columns(c);
			text += c;
		}
		if (used <= room)
			return text;
		used = 0;
		text = "";
		for (const c of name) {
			used += columns(c);
			if (used > room - 1)
				break;
			text += c;
		}
		return text + "\u2026";
	}

	function number(n) {
		return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, "\u00a0");
	}

	function percent(part, whole) {
		return (whole === 0 ? 0 : part * 100 / whole).toFixed(2) + "%";
	}

	// Whether a is a frame that b is in, or b itself.
	function contains(a, b) {
		return a.row <= b.row && a.start <= b.start &&
		    a.start + a.count >= b.start + b.count;
	}

	function place(f) {
		const outer = f !== view && contains(f, view);
		const inside = contains(view, f);
		let left = LEFT, width = WIDTH;

		f.node.style.display = outer || inside ? "" : "none";
		f.node.classList.toggle("out", outer);
		if (!outer && !inside)
			return;
		if (inside && view.count > 0) {
			left += (f.start - view.start) / view.count * WIDTH;
			width = f.count / view.count * WIDTH;
		}
		f.rect.setAttribute("x", left.toFixed(2));
		f.rect.setAttribute("width", width.toFixed(2));
		f.text.setAttribute("x", (left + PADDING).toFixed(2));
		f.text.textContent = label(f.name, width);
	}

	function show(f) {
		details.textContent = f === null ? "" : f.title +
		    (view === ground || !contains(view, f) ? "" :
		    ", " + percent(f.count, view.count) + " of what is shown");
	}

	function zoom(f) {
		view = f;
		frames.forEach(place);
		reset.setAttribute("visibility",
		    view === ground ? "hidden" : "visible");
		search(needle);
		show(f === ground ? null : f);
	}

	// Marks the frames whose names contain the text, and says how much of what
	// is shown they make up together; frames in each other count once.
	function search(text) {
		const found = [];
		let sum = 0, end = -1;

		needle = text.toLowerCase();
		for (const f of frames) {
			const hit = needle !== "" && f !== ground &&
			    f.name.toLowerCase().includes(needle);

			f.node.classList.toggle("found", hit);
			if (hit && contains(view, f))
				found.push(f);
			else if (hit && contains(f, view))
				found.push({ start: view.start, count: view.count });
		}
		found.sort(function (a, b) {
			return a.start - b.start || b.count - a.count;
		});
		for (const f of found) {
			if (f.start < end)
				continue;
			sum += f.count;
			end = f.start + f.count;
		}
		matched.textContent = needle === "" ? "" :
		    "matched: " + percent(sum, view.count) + " (" + number(sum) + ")";
	}

	function focus(f) {
		if (current !== null)
			current.node.setAttribute("tabindex", "-1");
		current = f;
		f.node.setAttribute("tabindex", "0");
		f.node.focus();
		show(f);
	}

	function isShown(f) {
		return f.node.style.display !== "none";
	}

	// The frame to which an arrow key leads.
	function neighbour(f, key) {
		const up = key === "ArrowUp", down = key === "ArrowDown";
		const row = (rows.get(f.row + (up ? 1 : down ? -1 : 0)) || [])
		    .filter(isShown);

		if (down)
			return row.find(function (g) { return contains(g, f); });
		if (up)
			return row.filter(function (g) { return contains(f, g); })
			    .sort(function (a, b) { return b.count - a.count; })[0];
		return row[row.indexOf(f) + (key === "ArrowRight" ? 1 : -1)];
	}

	function onFrameKey(event) {
		const f = current;

		if (f === null)
			return;
		if (event.key === "Enter" || event.key === " ") {
			zoom(f);
		} else if (event.key.startsWith("Arrow")) {
			const g = neighbour(f, event.key);

			if (g)
				focus(g);
		} else {
			return;
		}
		event.preventDefault();
	}

	function addFrame(node) {
		const rect = node.querySelector("rect");
		const title = node.querySelector("title").textContent;
		const f = {
			node: node,
			rect: rect,
			text: node.querySelector("text"),
			title: title,
			name: title.slice(0, title.lastIndexOf(" (")),
			start: Number(node.dataset.s),
			count: Number(node.dataset.c),
			row: 0,
		};

		frames.push(f);
		if (ground === null)
			ground = view = f;
		f.row = Math.round((Number(ground.rect.getAttribute("y")) -
		    Number(rect.getAttribute("y"))) / ROW);
		if (!rows.has(f.row))
			rows.set(f.row, []);
		rows.get(f.row).push(f);
		node.setAttribute("tabindex", "-1");
		node.addEventListener("click", function () {
			current = f;
			zoom(f);
		});
		node.addEventListener("mouseenter", function () { show(f); });
		node.addEventListener("focus", function () {
			current = f;
			show(f);
		});
	}

	function addField() {
		const around = document.createElementNS(SVG, "foreignObject");
		const field = document.createElementNS(XHTML, "input");

		around.setAttribute("x", "1010");
		around.setAttribute("y", "8");
		around.setAttribute("width", "180");
		around.setAttribute("height", "26");
		field.setAttribute("type", "search");
		field.setAttribute("id", "search");
		field.setAttribute("placeholder", "search (Ctrl-F)");
		field.setAttribute("aria-label", "search names of functions");
		field.setAttribute("style", "box-sizing: border-box; width: 178px;" +
		    "height: 24px; font: 12px monospace; padding: 2px 6px;" +
		    "border: 1px solid #777; border-radius: 3px; background: #fff;" +
		    "color: #1b1b1b");
		field.addEventListener("input", function () {
			search(field.value);
		});
		around.appendChild(field);
		head.appendChild(around);
		return field;
	}

	document.querySelectorAll("#frames > .f").forEach(addFrame);
	document.getElementById("frames").addEventListener("mouseleave",
	    function () { show(null); });
	document.getElementById("frames").addEventListener("keydown", onFrameKey);
	reset.setAttribute("tabindex", "0");
	reset.setAttribute("role", "button");
	reset.addEventListener("click", function () { zoom(ground); });
	reset.addEventListener("keydown", function (event) {
		if (event.key === "Enter" || event.key === " ")
			zoom(ground);
	});
	ground.node.setAttribute("tabindex", "0");

	const field = addField();

	// Stacks stand on the ground: of a picture that is taller than the window
	// that is what is seen first, and the head stays in sight.
	window.addEventListener("scroll", function () {
		head.setAttribute("transform",
		    "translate(0," + Math.max(0, window.scrollY) + ")");
	});
	window.addEventListener("load", function () {
		// There is nothing to scroll before the first layout.
		requestAnimationFrame(function () {
			window.scrollTo(0, document.documentElement.scrollHeight);
		});
	});

	window.addEventListener("keydown", function (event) {
		if ((event.ctrlKey || event.metaKey) && event.key === "f") {
			event.preventDefault();
			field.focus();
			field.select();
		} else if (event.key === "Escape" && event.target === field) {
			field.value = "";
			search("");
			field.blur();
		} else if (event.key === "Escape") {
			zoom(ground);
		}
	});
})();
