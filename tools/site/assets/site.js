"use strict";
// The search: every word must be in a section. What is in its heading counts most.
(() => {
	const root = document.documentElement.dataset.root;
	const form = document.querySelector(".search"), input = form.querySelector("input"), found = document.getElementById("found");
	const most = 20, around = 70;
	let sections = null, loading = false;
	form.hidden = false;

	// In a low window the place of this page is below the edge of the navigation.
	const nav = document.getElementById("nav"), here = nav.querySelector("[aria-current]");
	if (here) nav.scrollTop = here.offsetTop - nav.clientHeight / 2;

	// The index is loaded when somebody wants to search.
	const load = () => {
		if (loading) return;
		loading = true;
		const script = document.createElement("script");
		script.src = root + "search.js";
		script.onload = () => {
			sections = globalThis.searchIndex.map(([url, page, heading, text]) => ({ url, page, heading, text, title: page + " " + heading }));
			show();
		};
		document.head.append(script);
	};

	// A word is found where a word of the text begins with it.
	const pattern = (word) => new RegExp("(?<![\\p{L}\\p{N}_])" + word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
	const count = (text, pattern) => text.match(pattern)?.length ?? 0;

	const score = (section, patterns) => {
		let sum = 0;
		for (const pattern of patterns) {
			const inText = count(section.text, pattern), inTitle = count(section.title, pattern), own = count(section.heading, pattern);
			if (!inText && !inTitle) return 0;
			sum += Math.min(inText, 8) + 10 * inTitle + 30 * own;
		}
		return sum;
	};

	// A part of the text around a word, with all words marked. The longest says most.
	const excerpt = (section, patterns) => {
		const places = patterns.map((pattern) => section.text.search(pattern));
		const from = Math.max(0, (places.find((at) => at >= 0) ?? 0) - around), part = section.text.slice(from, from + 3 * around);
		const line = document.createElement("span");
		if (from > 0) line.append("… ");
		let at = 0;
		const hits = patterns.flatMap((pattern) => [...part.matchAll(pattern)]).sort((a, b) => a.index - b.index);
		for (const hit of hits) {
			if (hit.index < at) continue; // another word covers it
			const mark = document.createElement("mark");
			mark.textContent = hit[0];
			line.append(part.slice(at, hit.index), mark);
			at = hit.index + hit[0].length;
		}
		line.append(part.slice(at), from + part.length < section.text.length ? " …" : "");
		return line;
	};

	const show = () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean), patterns = words.sort((a, b) => b.length - a.length).map(pattern);
		found.replaceChildren();
		found.hidden = !words.length;
		if (!words.length || !sections) return;
		const exact = (section) => (section.heading.toLowerCase() === words.join(" ") ? 100 : 0);
		const hits = sections.map((section) => ({ section, score: score(section, patterns) + exact(section) })).filter((hit) => hit.score > 0).sort((a, b) => b.score - a.score);
		for (const { section } of hits.slice(0, most)) {
			const link = document.createElement("a"), title = document.createElement("strong");
			link.href = root + section.url;
			title.textContent = section.heading === section.page ? section.page : section.page + " › " + section.heading;
			link.append(title, excerpt(section, patterns));
			found.append(link);
		}
		const rest = document.createElement("p");
		rest.textContent = !hits.length ? "Nothing has all of these words." : hits.length > most ? `${most} of ${hits.length} places. Add a word to see fewer.` : "";
		if (rest.textContent) found.append(rest);
	};

	const close = () => { found.hidden = true; };
	input.addEventListener("focus", load);
	input.addEventListener("input", () => { load(); show(); });
	input.addEventListener("focus", show);
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		found.querySelector("a")?.click();
	});
	form.addEventListener("keydown", (event) => {
		const links = [...found.querySelectorAll("a")], at = links.indexOf(document.activeElement);
		if (event.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
		else if (event.key === "ArrowUp") (links[at - 1] ?? input).focus();
		else if (event.key === "Escape") { close(); input.blur(); }
		else return;
		event.preventDefault();
	});
	found.addEventListener("click", close);
	document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
	document.addEventListener("keydown", (event) => {
		if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || document.activeElement === input) return;
		event.preventDefault();
		input.focus();
	});
})();
