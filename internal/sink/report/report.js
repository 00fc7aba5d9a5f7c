"use strict";
// Without this script the page has all findings, charts and tables. With it every event
// can be searched, and a part of the time line be chosen. Names come from others, so
// they only ever become text: nothing here parses markup.
(() => {
	const byID = (id) => document.getElementById(id);
	const element = (tag, text, names) => {
		const made = document.createElement(tag);
		if (text !== undefined) made.textContent = text;
		if (names) made.className = names;
		return made;
	};
	const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

	// The values of an event, in the order in which held.go writes them.
	const [TIME, ID, RUN, DIR, CAUSE, LOCAL, LOCAL_PORT, PEER, PEER_PORT, OWNER, ERRNO, STATE, FINDING, OTHER, SUMMARY, REMEDY, BECAUSE,
		UNREAD, UNSENT, UNACKED, SILENCE, AGE, RECEIVED, SENT, FLAGS, TTL, HOOK, REASON, NETNS, CERTAINTY, FROM_LOCAL, PACKETS] = Array(32).keys();

	let rows = [], strings = [], start = 0, dated = false;
	const into = new Map(), followups = new Map();
	const say = (row, column) => strings[row[column]];
	const endpoint = (address, port) => (address.includes(":") ? "[" + address + "]" : address) + ":" + port;
	const local = (row) => endpoint(say(row, LOCAL), row[LOCAL_PORT]);
	const peer = (row) => endpoint(say(row, PEER), row[PEER_PORT]);
	const finding = (row) => into.get(row[FINDING]) ?? row[FINDING];
	const lost = (row) => row[UNREAD] + row[UNSENT] + row[UNACKED];
	const moment = (row) => (start + row[TIME]) / 1000;
	const clock = (millis) => {
		const text = new Date(Math.floor(millis)).toISOString();
		return dated ? text.slice(0, 10) + " " + text.slice(11, 23) : text.slice(11, 23);
	};
	const span = (n) => {
		const units = [[1000, 1, " ms", 0], [120000, 1000, " s", 1], [7200000, 60000, " min", 1], [172800000, 3600000, " h", 1], [Infinity, 86400000, " days", 1]];
		const [, unit, name, digits] = units.find(([below]) => n < below);
		return (n / unit).toFixed(digits) + name;
	};

	async function unpack() {
		const stream = new Blob([bytesOf(byID("packed").textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
		return new Response(stream).json();
	}
	function bytesOf(base64) {
		if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
		const letters = atob(base64), bytes = new Uint8Array(letters.length);
		for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
		return bytes;
	}

	// What is shown: all words, one finding, and a part of the time.
	const wanted = { words: [], excluded: [], finding: 0, from: -Infinity, to: Infinity };
	let shown = [], selected = -1;
	const haystacks = [];
	const haystack = (at) => {
		if (haystacks[at] === undefined) {
			const row = rows[at];
			haystacks[at] = [clock(moment(row)), "#" + row[ID], say(row, DIR), say(row, CAUSE), local(row), peer(row), say(row, OWNER), say(row, ERRNO), say(row, STATE),
				row[SUMMARY], say(row, REMEDY), say(row, HOOK), say(row, REASON), say(row, NETNS), say(row, CERTAINTY), "finding:" + finding(row),
				(followups.get(row[RUN] + ":" + row[ID]) ?? []).join(" ")].join("\n").toLowerCase();
		}
		return haystacks[at];
	};
	const matches = (at) => {
		const row = rows[at], time = moment(row);
		if (time < wanted.from || time > wanted.to) return false;
		if (wanted.finding && finding(row) !== wanted.finding) return false;
		if (!wanted.words.length && !wanted.excluded.length) return true;
		const text = haystack(at);
		return wanted.words.every((word) => text.includes(word)) && !wanted.excluded.some((word) => text.includes(word));
	};

	// The list draws the rows that can be seen, and no others.
	const height = 26;
	let box, all, head;
	const columns = [["Time", (r) => clock(moment(r))], ["Number", (r) => "#" + r[ID]], ["Direction", (r) => say(r, DIR)], ["Cause", (r) => say(r, CAUSE), "name"],
		["This end, other end", (r) => local(r) + (r[FROM_LOCAL] ? " → " : " ← ") + peer(r)], ["Owner", (r) => say(r, OWNER)], ["Error", (r) => say(r, ERRNO)],
		["Lost", (r) => lost(r) ? grouped(lost(r)) : ""]];
	function build() {
		box = element("div", undefined, "rows");
		box.tabIndex = 0;
		box.setAttribute("role", "grid");
		box.setAttribute("aria-label", "Events");
		head = element("div", undefined, "row head" + (dated ? " dated" : ""));
		head.setAttribute("role", "row");
		for (const [title] of columns) {
			const cell = element("span", title);
			cell.setAttribute("role", "columnheader");
			head.append(cell);
		}
		all = element("div", undefined, "all");
		all.setAttribute("role", "presentation");
		box.append(all);
		byID("list").append(box);
		box.addEventListener("scroll", () => requestAnimationFrame(draw));
		box.addEventListener("keydown", move);
		all.addEventListener("click", (e) => {
			const row = e.target.closest(".row[data-at]");
			if (row) select(Number(row.dataset.at));
		});
	}
	function draw() {
		const first = Math.max(0, Math.floor(box.scrollTop / height) - 5);
		const last = Math.min(shown.length, first + Math.ceil(box.clientHeight / height) + 10);
		const drawn = [head];
		head.style.position = "sticky";
		for (let at = first; at < last; at++) {
			const row = rows[shown[at]], line = element("div", undefined, "row" + (dated ? " dated" : ""));
			line.dataset.at = at;
			line.id = "row-" + at;
			line.style.top = (at + 1) * height + "px";
			line.setAttribute("role", "row");
			line.setAttribute("aria-rowindex", at + 2);
			line.setAttribute("aria-selected", at === selected);
			for (const [, write, names] of columns) {
				const cell = element("span", write(row), names);
				cell.title = cell.textContent;
				cell.setAttribute("role", "gridcell");
				line.append(cell);
			}
			drawn.push(line);
		}
		all.style.height = (shown.length + 1) * height + "px";
		all.replaceChildren(...drawn);
		if (selected >= 0) box.setAttribute("aria-activedescendant", "row-" + selected);
		else box.removeAttribute("aria-activedescendant");
	}
	function move(e) {
		const page = Math.max(1, Math.floor(box.clientHeight / height) - 2);
		const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
		if (!(e.key in steps) || !shown.length) return;
		e.preventDefault();
		const at = Math.min(shown.length - 1, Math.max(0, (selected < 0 ? -1 : selected) + steps[e.key]));
		const top = at * height, room = box.clientHeight - 2 * height;
		if (top < box.scrollTop) box.scrollTop = top;
		else if (top > box.scrollTop + room) box.scrollTop = top - room;
		select(at);
	}
	function select(at) {
		selected = at;
		draw();
		const row = rows[shown[at]], card = element("article", undefined, "card");
		card.append(element("h3", "#" + row[ID] + " " + say(row, CAUSE)), element("p", row[SUMMARY], "summary"));
		const list = element("dl", undefined, "proof");
		const add = (what, text) => { if (text !== "") list.append(element("dt", what), element("dd", text)); };
		const known = (column, write) => row[column] < 0 ? "" : write(row[column]);
		for (const text of followups.get(row[RUN] + ":" + row[ID]) ?? []) add("Afterwards", text);
		if (row[REMEDY]) add("What to change", say(row, REMEDY));
		add("Because", say(row, BECAUSE));
		add("Time", new Date(Math.floor(moment(row))).toISOString().slice(0, 23).replace("T", " ") + " UTC");
		add("Direction", say(row, DIR) + ", " + say(row, CERTAINTY));
		add("This end", local(row) + (say(row, STATE) ? ", " + say(row, STATE) : ""));
		add("Other end", peer(row));
		add("Owner", say(row, OWNER));
		add("Error", say(row, ERRNO));
		add("Lost", [[UNREAD, "unread"], [UNSENT, "unsent"], [UNACKED, "unacknowledged"]].filter(([c]) => row[c]).map(([c, name]) => grouped(row[c]) + " bytes " + name).join(", "));
		add("Silence before the end", known(SILENCE, span));
		add("Age", known(AGE, span));
		add("Bytes", known(RECEIVED, (n) => grouped(n) + " received, " + grouped(row[SENT]) + " acknowledged"));
		add("RST", [say(row, FLAGS) === "[none]" ? "" : say(row, FLAGS), known(TTL, (n) => "TTL " + n)].filter(Boolean).join(", "));
		add("Packet", say(row, PACKETS));
		add("Seen at", say(row, HOOK));
		add("Kernel's reason", say(row, REASON));
		add("Network namespace", say(row, NETNS));
		card.append(list);
		if (row[OTHER]) {
			const other = rows.findIndex((r) => r[RUN] === row[RUN] && r[ID] === row[OTHER]);
			const button = element("button", "Other end: #" + row[OTHER]);
			button.type = "button";
			button.disabled = other < 0;
			button.addEventListener("click", () => { if (!shown.includes(other)) clear(); reveal(shown.indexOf(other)); });
			card.append(button, " ");
		}
		if (finding(row) && byID("finding-" + finding(row))) {
			const link = element("a", "Finding #" + finding(row));
			link.href = "#finding-" + finding(row);
			card.append(link);
		}
		byID("one").replaceChildren(card);
	}
	function reveal(at) {
		if (at < 0) return;
		box.scrollTop = at * height;
		select(at);
	}

	function apply() {
		const all = !wanted.words.length && !wanted.excluded.length && !wanted.finding && wanted.from === -Infinity;
		shown = all ? Array.from(rows.keys()) : [];
		if (!all) for (let at = 0; at < rows.length; at++) if (matches(at)) shown.push(at);
		selected = -1;
		box.scrollTop = 0;
		box.setAttribute("aria-rowcount", shown.length + 1);
		byID("one").replaceChildren();
		const parts = [grouped(shown.length) + (shown.length === 1 ? " event" : " events")];
		if (wanted.finding) parts.push("of finding #" + wanted.finding);
		if (wanted.from > -Infinity) parts.push("from " + clock(wanted.from) + " to " + clock(wanted.to));
		byID("matches").textContent = parts.join(" ") + commonest();
		draw();
	}
	// commonest says what the chosen events are, if they are a part of all.
	function commonest() {
		if (!shown.length || shown.length === rows.length) return "";
		const top = (column) => {
			const counts = new Map();
			for (const at of shown) counts.set(rows[at][column], (counts.get(rows[at][column]) ?? 0) + 1);
			const [value, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
			return strings[value] + " (" + grouped(n) + ")";
		};
		return ", mostly " + top(CAUSE) + ", " + top(OWNER) + ", " + top(PEER);
	}
	function clear() {
		Object.assign(wanted, { words: [], excluded: [], finding: 0, from: -Infinity, to: Infinity });
		byID("search").value = "";
		brush.clear();
		apply();
	}

	// A part of the time line is chosen by dragging, or by two sliders.
	const brush = (() => {
		const line = byID("timeline");
		if (!line) return { build() {}, clear() {} };
		const [first, length] = line.dataset.value.split(" ").map(Number);
		const steps = 1000, svg = line.querySelector("svg");
		const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
		let sliders = [], anchor = -1;
		function mark(from, to) {
			[from, to] = [Math.min(from, to), Math.max(from, to)];
			rect.setAttribute("x", from / steps * 100 + "%");
			rect.setAttribute("width", (to - from) / steps * 100 + "%");
			rect.toggleAttribute("hidden", from === 0 && to === steps);
			[sliders[0].value, sliders[1].value] = [from, to];
			sliders.forEach((s) => s.setAttribute("aria-valuetext", clock(first + s.value / steps * length)));
			const whole = from <= 0 && to >= steps;
			wanted.from = whole ? -Infinity : first + from / steps * length;
			wanted.to = whole ? Infinity : first + to / steps * length;
		}
		return {
			build() {
				rect.setAttribute("class", "brush");
				rect.setAttribute("y", "0");
				rect.setAttribute("height", "200");
				rect.toggleAttribute("hidden", true);
				svg.append(rect);
				const at = (e) => {
					const place = svg.getBoundingClientRect();
					return Math.round(Math.min(1, Math.max(0, (e.clientX - place.left) / place.width)) * steps);
				};
				line.addEventListener("pointerdown", (e) => { if (e.button === 0 && e.target.tagName !== "INPUT") { anchor = at(e); line.setPointerCapture(e.pointerId); } });
				line.addEventListener("pointermove", (e) => { if (anchor >= 0) mark(anchor, at(e)); });
				line.addEventListener("pointerup", (e) => {
					if (anchor < 0) return;
					const to = at(e);
					if (Math.abs(to - anchor) < 3) mark(0, steps);
					else mark(anchor, to);
					anchor = -1;
					apply();
				});
				line.addEventListener("pointercancel", () => { anchor = -1; });
				const ends = element("div", undefined, "ends");
				sliders = ["From", "To"].map((name, i) => {
					const slider = element("input"), label = element("label", name);
					Object.assign(slider, { type: "range", min: 0, max: steps, value: i * steps, id: "brush-" + i });
					label.htmlFor = slider.id;
					slider.addEventListener("input", () => mark(Number(sliders[0].value), Number(sliders[1].value)));
					slider.addEventListener("change", apply);
					ends.append(label, slider);
					return slider;
				});
				line.after(ends);
			},
			clear() { mark(0, steps); },
		};
	})();

	async function begin() {
		const data = await unpack();
		({ rows, strings } = data);
		start = data.start;
		for (const [from, to] of data.into) into.set(from, to);
		for (const [run, id, text] of data.followups) followups.set(run + ":" + id, [...(followups.get(run + ":" + id) ?? []), text]);
		const days = new Set([rows[0], rows.at(-1)].filter(Boolean).map((row) => new Date(moment(row)).toISOString().slice(0, 10)));
		dated = days.size > 1;
		build();
		brush.build();
		byID("listed").hidden = true;
		byID("explorer").hidden = false;
		document.documentElement.classList.add("ready");
		let later;
		byID("search").addEventListener("input", () => {
			clearTimeout(later);
			later = setTimeout(() => {
				const words = byID("search").value.toLowerCase().split(/\s+/).filter(Boolean);
				wanted.words = words.filter((word) => !word.startsWith("-"));
				wanted.excluded = words.filter((word) => word.length > 1 && word.startsWith("-")).map((word) => word.slice(1));
				apply();
			}, 80);
		});
		byID("reset").addEventListener("click", clear);
		for (const button of document.querySelectorAll("button.show")) {
			button.hidden = false;
			button.addEventListener("click", () => {
				clear();
				wanted.finding = Number(button.dataset.value);
				apply();
				byID("events").scrollIntoView();
				box.focus({ preventScroll: true });
			});
		}
		apply();
		document.documentElement.dataset.ready = Math.round(performance.now());
	}
	addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
	begin().catch((problem) => {
		byID("events-title").after(element("p", "This browser cannot unpack the events: " + problem.message + ". The tables are complete without them.", "warning"));
	});
})();
