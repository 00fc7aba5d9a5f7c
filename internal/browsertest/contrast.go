package browsertest

// LowContrast is an expression. It lists the texts that differ too little from what is behind them: WCAG 2
// asks for 4.5, or 3 where they are large.
const LowContrast = `(() => {
	const parse = (text) => { const n = text.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
	const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
	const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => { const own = parse(getComputedStyle(e).backgroundColor); return own[3] === 1 || !e.parentElement ? over(own, [255, 255, 255, 1]) : over(own, behind(e.parentElement)); };
	const low = new Set();
	document.querySelectorAll("details").forEach((d) => { d.open = true; });
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
		const style = getComputedStyle(e), color = parse(e instanceof SVGElement ? style.fill : style.color);
		const [a, b] = [light(over(color, behind(e))), light(behind(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) low.add(e.tagName + "." + e.getAttribute("class") + " " + ratio.toFixed(2));
	}
	return [...low];
})()`
