const { tasks, entrants } = DATA;
const MOST = 6;
const rows = entrants.flatMap((entrant) => entrant.forms.map((form) => ({ entrant, ...form })));
const now = { sort: "iqm", down: true, chosen: [], linked: null };
const colour = (i) => `var(--s${i})`;
const value = (estimate) => (estimate ? estimate.value : null);

/** How an entrant is drawn: one shape and colour for each that is chosen. */
function styleOf(entrant) {
  const i = now.chosen.indexOf(entrant);
  return i < 0 ? null : { colour: colour(i), shape: SHAPES[i], dash: DASHES[i] };
}

function mark(entrant, filled = true) {
  const style = styleOf(entrant) || { colour: "var(--quiet)", shape: SHAPES[0] };
  return svg("path", { d: style.shape, fill: filled ? style.colour : "var(--panel)", stroke: style.colour, "stroke-width": 1.8 });
}

function icon(entrant) {
  return svg("svg", { width: 18, height: 16, viewBox: "-9 -8 18 16", "aria-hidden": "true" }, mark(entrant));
}

/* The table ----------------------------------------------------------------------------------- */

const family = () => byId("family").value;
const scored = (row) => (family() ? row.families[family()] : row.iqm) || null;

const COLUMNS = [
  { key: "show", label: "", cell: (row) => box(row.entrant) },
  { key: "name", label: "policy", text: true, value: (row) => row.entrant.name, cell: (row) => named(row.entrant) },
  { key: "standing", label: "verified?", text: true, value: (row) => row.entrant.standing, cell: (row) => standing(row.entrant) },
  { key: "harness", label: "harness", text: true, value: (row) => row.entrant.harness },
  ...(new Set(entrants.map((entrant) => entrant.suite)).size > 1 ? [{ key: "suite", label: "suite", text: true, value: (row) => row.entrant.suite }] : []),
  { key: "form", label: "form", text: true, value: (row) => row.form },
  { key: "iqm", label: () => (family() ? `mean, ${family()}` : "IQM"), value: (row) => value(scored(row)), cell: (row) => interval(scored(row)) },
  { key: "picture", label: "0 – 1", cell: (row) => whisker(scored(row)) },
  { key: "gain", label: "interaction gain", value: (row) => row.gain, cell: (row) => hundredths(row.gain) },
  { key: "difference", label: "turns − plan", value: (row) => value(row.difference), cell: (row) => interval(row.difference) },
  { key: "invalid", label: "invalid replies", value: (row) => row.invalid, cell: (row) => (row.invalid === null ? "–" : `${(100 * row.invalid).toFixed(1)} %`) },
  { key: "tokens", label: "tokens per episode", value: (row) => row.tokens, cell: (row) => (row.tokens === null ? "–" : whole(row.tokens)) },
  { key: "seconds", label: "seconds per episode", value: (row) => row.seconds },
];

function box(entrant) {
  const input = el("input", { type: "checkbox", "aria-label": `show ${entrant.name} in the pictures`, onchange: () => choose(entrant) });
  input.checked = now.chosen.includes(entrant);
  input.disabled = !input.checked && now.chosen.length >= MOST;
  return el("span", {}, input, now.chosen.includes(entrant) ? icon(entrant) : null);
}

function named(entrant) {
  return entrant.page ? el("a", { href: encodeURI(entrant.page) }, entrant.name) : entrant.name;
}

/** A number on the ruler from 0 to 1, with two decimals. */
function hundredths(value) { return value === null ? "–" : value.toFixed(2).replace("-0.00", "0.00").replace("-", "−"); }

function interval(estimate) {
  if (!estimate) return "–";
  return el("span", {}, hundredths(estimate.value), estimate.low === null ? null : el("small", {}, ` [${hundredths(estimate.low)}, ${hundredths(estimate.high)}]`));
}

function whisker(estimate) {
  if (!estimate) return "";
  const low = Math.min(0, ...entries().map((row) => (scored(row) ? scored(row).low ?? scored(row).value : 0))), high = 1.05;
  const x = (v) => 4 + ((Math.max(low, Math.min(high, v)) - low) / (high - low)) * 92;
  const said = `${short(estimate.value)} on the scale from 0 (random) to 1 (optimal)`;
  return svg("svg", { width: 100, height: 16, role: "img", "aria-label": said }, svg("title", {}, said),
    svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 1, y2: 15 }), svg("line", { class: "axis", x1: x(1), x2: x(1), y1: 1, y2: 15 }),
    svg("line", { class: "axis", x1: x(0), x2: x(1), y1: 8, y2: 8 }),
    estimate.low === null ? null : svg("line", { stroke: "var(--text)", "stroke-width": 1.6, x1: x(estimate.low), x2: x(estimate.high), y1: 8, y2: 8 }),
    svg("circle", { cx: x(estimate.value), cy: 8, r: 3.6, fill: "var(--text)" }));
}

function standing(entrant) {
  const signs = { verified: "✓ verified", problems: "✗ fails", incomplete: "… incomplete", "not checked": "not checked" };
  return el("span", { class: `standing ${entrant.standing}`, title: entrant.problems.join("\n") || null }, signs[entrant.standing]);
}

function entries() {
  const needle = byId("text").value.trim().toLowerCase(), form = byId("form").value;
  return rows.filter((row) => (!form || row.form === form) && (!family() || row.families[family()]) &&
    (!needle || [row.entrant.name, row.entrant.harness, row.entrant.suite, row.entrant.spec || ""].join(" ").toLowerCase().includes(needle)));
}

/** Rows in the order that was asked for; what has no value comes last either way. */
function sorted(found) {
  const column = COLUMNS.find((each) => each.key === now.sort), sign = now.down ? -1 : 1;
  return [...found].sort((one, other) => {
    const a = column.value(one), b = column.value(other);
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  });
}

function heading(column) {
  const label = typeof column.label === "function" ? column.label() : column.label;
  if (!column.value) return el("th", { scope: "col" }, label);
  const order = now.sort === column.key ? (now.down ? "descending" : "ascending") : "none";
  return el("th", { scope: "col", class: column.text ? "text" : null, "aria-sort": order }, el("button", { type: "button", "data-sort": column.key, onclick: () => sortBy(column) }, label));
}

function sortBy(column) {
  now.down = now.sort === column.key ? !now.down : !column.text;
  now.sort = column.key;
  table();
  byId("table").querySelector(`[data-sort="${column.key}"]`).focus();
}

function table() {
  const found = sorted(entries());
  byId("count").textContent = `${found.length} of ${rows.length} rows`;
  byId("table").tHead.replaceChildren(el("tr", {}, ...COLUMNS.map(heading)));
  byId("table").tBodies[0].replaceChildren(...found.map((row) => el("tr", { class: row.entrant === now.linked ? "linked" : null, "data-entrant": row.entrant.address },
    ...COLUMNS.map((column) => {
      const content = column.cell ? column.cell(row) : column.text ? column.value(row) : short(column.value(row));
      return el("td", { class: column.text ? "text" : null }, content);
    }))));
}

function choose(entrant) {
  now.chosen = now.chosen.includes(entrant) ? now.chosen.filter((each) => each !== entrant) : [...now.chosen, entrant];
  drawAll();
}

/* Pictures ------------------------------------------------------------------------------------ */

function shownForm() { return byId("form").value || (rows.some((row) => row.form === "turns") ? "turns" : rows.length ? rows[0].form : ""); }

function chosenRows() {
  return now.chosen.flatMap((entrant) => rows.filter((row) => row.entrant === entrant && row.form === shownForm()));
}

function keys(target) {
  target.replaceChildren(...now.chosen.map((entrant) => el("span", {}, icon(entrant), entrant.name)));
}

function radar() {
  const shown = chosenRows(), axes = [...new Set(shown.flatMap((row) => Object.keys(row.families)))].sort();
  const legend = el("div", { class: "legend" });
  keys(legend);
  if (!axes.length) return byId("radar").replaceChildren(el("p", { class: "empty" }, "Choose policies above."));
  const values = shown.flatMap((row) => axes.flatMap((axis) => (row.families[axis] ? [row.families[axis].value] : [])));
  const low = Math.min(-0.25, ...values), high = Math.max(1, ...values);
  const radius = 150, r = (v) => ((v - low) / (high - low)) * radius;
  const at = (i, v) => { const angle = (2 * Math.PI * i) / axes.length - Math.PI / 2; return [r(v) * Math.cos(angle), r(v) * Math.sin(angle)]; };
  const rings = [0, 0.25, 0.5, 0.75, 1].map((v) => svg("circle", { class: v === 0 ? "ring nought" : "ring", r: r(v) }));
  const labels = [0, 0.5, 1].map((v) => svg("text", { x: r(v) * Math.sin(Math.PI / axes.length), y: 4 - r(v) * Math.cos(Math.PI / axes.length), "text-anchor": "middle" }, short(v)));
  const spokes = axes.map((axis, i) => {
    const [x, y] = at(i, high), [tx, ty] = at(i, high + 0.12 * (high - low));
    const anchor = Math.abs(tx) < 12 ? "middle" : tx > 0 ? "start" : "end";
    return svg("g", {}, svg("line", { class: "axis", x2: x, y2: y }), svg("text", { class: "name", x: tx, y: ty + 4, "text-anchor": anchor }, axis));
  });
  const shapes = shown.map((row) => {
    const style = styleOf(row.entrant), known = axes.map((axis, i) => (row.families[axis] ? at(i, row.families[axis].value) : null));
    const path = known.filter(Boolean).map((point, i) => `${i ? "L" : "M"}${point}`).join("") + "Z";
    return svg("g", {}, svg("path", { d: path, fill: style.colour, "fill-opacity": 0.06, stroke: style.colour, "stroke-width": 2, "stroke-dasharray": style.dash }),
      ...known.map((point, i) => point && svg("g", { transform: `translate(${point})` }, mark(row.entrant),
        svg("title", {}, `${row.entrant.name}, ${axes[i]}, ${row.form}: ${short(row.families[axes[i]].value)}${row.families[axes[i]].low === null ? "" : ` [${short(row.families[axes[i]].low)}, ${short(row.families[axes[i]].high)}]`}`))));
  });
  byId("radar").replaceChildren(el("p", { class: "note" }, `Form: ${shownForm()}.`), legend,
    svg("svg", { viewBox: "-270 -195 540 390", role: "img", "aria-label": "normalised scores by family" }, ...rings, ...spokes, ...shapes, ...labels));
}

function pareto() {
  const shown = entries().filter((row) => row.form === shownForm() && scored(row) && row.tokens !== null);
  const width = 560, height = 380, left = 58, right = 24, above = 16, below = 52, gap = 74;
  const spent = shown.filter((row) => row.tokens >= 1).map((row) => Math.log10(row.tokens));
  const first = Math.floor(Math.min(...spent, 2)), last = Math.max(first + 1, Math.ceil(Math.max(...spent, 3)));
  const x = (tokens) => (tokens >= 1 ? left + gap + ((Math.log10(tokens) - first) / (last - first)) * (width - left - right - gap) : left + gap / 3);
  const values = shown.flatMap((row) => [scored(row).value, scored(row).low ?? 0]);
  const low = Math.min(0, ...values), high = Math.max(1, ...values);
  const y = (v) => height - below - ((v - low) / (high - low)) * (height - above - below);
  const parts = ticks(low, high, 5).flatMap((v) => [svg("line", { class: Math.abs(v) < 1e-9 ? "zero" : "axis", x1: left, x2: width - right, y1: y(v), y2: y(v) }), svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, short(v))]);
  for (let k = first; k <= last; k++) parts.push(svg("line", { class: "axis", x1: x(10 ** k), x2: x(10 ** k), y1: above, y2: height - below }), svg("text", { x: x(10 ** k), y: height - below + 18, "text-anchor": "middle" }, k < 4 ? whole(10 ** k) : k < 6 ? `${10 ** (k - 3)} k` : `${10 ** (k - 6)} M`));
  parts.push(svg("text", { x: x(0), y: height - below + 18, "text-anchor": "middle" }, "none"), svg("text", { x: (left + width) / 2, y: height - 10, "text-anchor": "middle" }, "tokens per episode (logarithmic)"),
    svg("text", { "text-anchor": "middle", transform: `translate(15 ${(height - below + above) / 2}) rotate(-90)` }, family() ? `mean normalised score, ${family()}` : "IQM of normalised scores"));
  let best = -Infinity, front = "";
  for (const row of [...shown].sort((one, other) => one.tokens - other.tokens || scored(other).value - scored(one).value)) {
    if (scored(row).value <= best) continue;
    front += front ? `H${x(row.tokens)}V${y(scored(row).value)}` : `M${x(row.tokens)},${y(scored(row).value)}`;
    best = scored(row).value;
  }
  if (front) parts.push(svg("path", { class: "front", d: `${front}H${width - right}` }));
  const taken = [];
  const told = (row) => shown.length <= MOST || styleOf(row.entrant);  // more names than that would cover each other
  for (const row of [...shown].sort((one, other) => scored(other).value - scored(one).value)) {
    const cx = x(row.tokens), estimate = scored(row), cy = y(estimate.value);
    let ly = cy + 4;
    while (told(row) && taken.some(([tx, ty]) => Math.abs(tx - cx) < 130 && Math.abs(ty - ly) < 13)) ly += 13;
    if (told(row)) taken.push([cx, ly]);
    const onLeft = cx > width * 0.72;
    parts.push(svg("g", {}, estimate.low === null ? null : svg("line", { class: "rule", x1: cx, x2: cx, y1: y(estimate.low), y2: y(estimate.high) }),
      svg("g", { transform: `translate(${cx} ${cy})` }, mark(row.entrant)), told(row) && svg("text", { class: "name", x: cx + (onLeft ? -11 : 11), y: ly, "text-anchor": onLeft ? "end" : "start" }, row.entrant.name),
      svg("title", {}, `${row.entrant.name}, ${row.form}: ${short(estimate.value)} for ${whole(row.tokens)} tokens an episode`)));
  }
  byId("pareto").replaceChildren(el("p", { class: "note" }, `Form: ${shownForm()}.`), svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "normalised score against tokens per episode" }, ...parts));
}

/* Rulers -------------------------------------------------------------------------------------- */

function ruler(known) {
  if (known.kind === "exact") return short(known.low);
  return el("i", { class: "bounds", title: known.kind }, known.low === known.high ? short(known.low) : `${short(known.low)} … ${short(known.high)}`);
}

function strip(task) {
  const { random, optimal, plan, myopic } = task.rulers;
  const scores = now.chosen.flatMap((entrant) => entrant.cells.filter((cell) => cell.task === task.key && (!byId("form").value || cell.form === byId("form").value)).map((cell) => ({ entrant, ...cell })));
  const known = [myopic, plan].filter((each) => each.kind !== "bounds").map((each) => each.low);
  const values = [random.low, optimal.high, ...known, ...scores.map((cell) => cell.score.value)];
  const low = Math.min(...values), high = Math.max(...values, low + 1e-9), width = 416;
  const x = (v) => 14 + ((v - low) / (high - low)) * (width - 28);
  const named = [["random", random, "R"], ["myopic", myopic, "M"], ["plan", plan, "P"], ["optimal", optimal, "O"]];
  const parts = [svg("line", { class: "axis", x1: x(random.low), x2: x(optimal.high), y1: 17, y2: 17 })];
  const letters = new Map();
  for (const [name, known, letter] of named) {
    if (known.high - known.low > 1e-9) parts.push(svg("rect", { class: "band", x: x(known.low), width: Math.max(2, x(Math.min(high, known.high)) - x(known.low)), y: 12, height: 10, "fill-opacity": 0.5 }, svg("title", {}, `${name}: ${short(known.low)} … ${short(known.high)} (${known.kind})`)));
    if (known.kind === "bounds" && known.high - known.low > 1e-9) continue;
    const middle = (known.low + known.high) / 2, near = [...letters.keys()].find((at) => Math.abs(at - x(middle)) < 12);
    parts.push(svg("line", { class: "rule", x1: x(middle), x2: x(middle), y1: 9, y2: 25 }, svg("title", {}, `${name}: ${short(middle)}`)));
    letters.set(near ?? x(middle), [...(letters.get(near) || []), letter]);
  }
  for (const [at, those] of letters) parts.push(svg("text", { x: Math.min(at, width - 6 * those.length), y: 38, "text-anchor": "middle" }, those.join(" ")));
  for (const cell of scores) parts.push(svg("g", { transform: `translate(${x(cell.score.value)} 17) scale(.95)` }, mark(cell.entrant, cell.form === "turns"),
    svg("title", {}, `${cell.entrant.name}, ${cell.form}: ${short(cell.score.value)}${cell.score.low === null ? "" : ` [${short(cell.score.low)}, ${short(cell.score.high)}]`}`)));
  return svg("svg", { viewBox: `0 0 ${width} 44`, role: "img", "aria-label": `scores in ${task.title} between random and optimal play` }, ...parts);
}

function rulersTable() {
  const shown = tasks.filter((task) => !family() || task.family === family());
  keys(byId("marks"));
  byId("marks").append(el("span", {}, "R random · M myopic · P best plan · O optimal"));
  byId("rulers").tHead.replaceChildren(el("tr", {}, ...["task", "family", "split"].map((label) => el("th", { class: "text" }, label)), ...["random", "myopic", "plan", "optimal"].map((label) => el("th", {}, label)), el("th", { class: "text" }, "scores (return)")));
  byId("rulers").tBodies[0].replaceChildren(...shown.map((task) => el("tr", {}, el("td", { class: "text" }, task.title), el("td", { class: "text" }, task.family), el("td", { class: "text" }, task.split),
    ...["random", "myopic", "plan", "optimal"].map((name) => el("td", {}, ruler(task.rulers[name]))), el("td", { class: "text" }, strip(task)))));
}

function runs() {
  byId("runs").append(...entrants.map((entrant) => {
    const facts = [["spec", entrant.spec], ["suite", entrant.suite], ...Object.entries(entrant.settings), ["episodes", `${entrant.episodes} of each task in each form`], ["finished", entrant.finished],
      ["textenvs", entrant.textenvs], ["commitment", entrant.commitment], ...entrant.skipped.map((each) => ["not played", `${each.title}, ${each.form}: ${each.reason}`]), ...entrant.problems.map((problem) => ["does not verify", problem])];
    return el("details", {}, el("summary", {}, entrant.name, " ", standing(entrant)), el("dl", {}, ...facts.filter(([, fact]) => fact).flatMap(([name, fact]) => [el("dt", {}, name), el("dd", {}, fact)])));
  }));
}

function drawAll() { table(); radar(); pareto(); rulersTable(); }

function fill(id, values) { byId(id).replaceChildren(el("option", { value: "" }, "all"), ...values.map((each) => el("option", { value: each }, each))); }
fill("form", [...new Set(rows.map((row) => row.form))]);
fill("family", [...new Set(tasks.map((task) => task.family))].sort());
byId("filters").addEventListener("input", drawAll);
byId("filters").addEventListener("submit", (event) => event.preventDefault());

function follow() {
  const address = decodeURIComponent(location.hash.slice(1));
  now.linked = entrants.find((entrant) => entrant.address === address) || null;
  if (now.linked && !now.chosen.includes(now.linked)) now.chosen = [now.linked, ...now.chosen].slice(0, MOST);
  drawAll();
  const row = now.linked && byId("table").querySelector("tr.linked");
  if (row) row.scrollIntoView({ block: "center" });
}
now.chosen = entrants.slice(0, 3);
runs();
window.addEventListener("hashchange", follow);
follow();
