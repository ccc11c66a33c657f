const TIE = 1e-9;
const { texts, tasks, episodes } = DATA;
const low = texts.map((text) => text.toLowerCase());
const several = (values) => new Set(values).size > 1;
const runsDiffer = several(episodes.map((e) => e.run));

for (const e of episodes) {
  e.who = runsDiffer && several(episodes.filter((o) => o.policy === e.policy).map((o) => o.run)) ? `${e.policy} (${e.run})` : e.policy;
  e.lost = e.turns.reduce((sum, turn) => sum + (turn.worth ? turn.worth[1] : 0), 0);
  e.tokens = e.turns.some((turn) => turn.usage) ? e.turns.reduce((sum, t) => sum + (t.usage ? t.usage.read + t.usage.sampled : 0), 0) : null;
  e.words = new Set(e.turns.flatMap((t) => [t.view, t.reply, t.refusal, t.thought]).concat(e.end, e.told).filter((n) => n !== null && n !== undefined));
  e.score = e.scores[0];
}
const groups = Map.groupBy ? Map.groupBy(episodes, groupOf) : grouped(episodes);
function groupOf(e) { return `${e.task} ${e.form}`; }
function grouped(all) {
  const found = new Map();
  for (const e of all) found.set(groupOf(e), [...(found.get(groupOf(e)) || []), e]);
  return found;
}
for (const group of groups.values()) {
  const scores = group.map((e) => e.score);
  for (const e of group) {
    e.best = e.score === Math.max(...scores);
    e.worst = e.score === Math.min(...scores) && !e.best;
  }
}

const now = { listed: [], episode: null, beside: null, turn: 0 };

/* Filters ------------------------------------------------------------------------------------- */

function fill(id, values) {
  byId(id).replaceChildren(el("option", { value: "" }, "all"), ...values.map(([value, label]) => el("option", { value }, label)));
}
fill("policy", [...new Set(episodes.map((e) => e.who))].map((name) => [name, name]));
fill("form", [...new Set(episodes.map((e) => e.form))].map((name) => [name, name]));
fill("task", tasks.map((task, number) => [String(number), task.title]));

function wanted() {
  const value = (id) => byId(id).value;
  const needle = value("text").trim().toLowerCase();
  const found = needle ? new Set(low.flatMap((text, n) => (text.includes(needle) ? [n] : []))) : null;
  const from = value("from") === "" ? -Infinity : Number(value("from")), to = value("to") === "" ? Infinity : Number(value("to"));
  const outcomes = {
    best: (e) => e.best, worst: (e) => e.worst, refused: (e) => e.refusals > 0, forfeited: (e) => e.forfeited !== null,
    lost: (e) => e.lost > TIE, problem: (e) => e.problem !== null,
  };
  const kept = episodes.filter((e) =>
    (!value("policy") || e.who === value("policy")) && (!value("form") || e.form === value("form")) &&
    (!value("task") || String(e.task) === value("task")) && (!value("outcome") || outcomes[value("outcome")](e)) &&
    e.score >= from && e.score <= to && (!found || [...e.words].some((n) => found.has(n))));
  const orders = { low: (e) => e.score, high: (e) => -e.score, lost: (e) => -e.lost, tokens: (e) => -(e.tokens || 0) };
  const order = orders[value("order")];
  return order ? kept.sort((one, other) => order(one) - order(other)) : kept;
}

function list() {
  now.listed = wanted();
  byId("count").textContent = `${whole(now.listed.length)} of ${whole(episodes.length)} episodes`;
  byId("episodes").replaceChildren(...now.listed.map(entry));
  if (!now.listed.includes(now.episode)) show(now.listed[0] || null);
  else show(now.episode, now.turn, now.beside);
}

function entry(e) {
  const numbers = e.normalised === null || e.normalised === undefined ? "" : `normalised ${short(e.normalised)}`;
  const signs = [e.problem && "does not verify", e.forfeited !== null && "forfeited", e.refusals && `${e.refusals} refused`, e.lost > TIE && `gave away ${short(e.lost)}`];
  return el("li", {}, el("button", { "data-episode": episodes.indexOf(e), onclick: () => show(e) },
    el("b", {}, e.game), el("span", { class: "score", title: "score" }, e.scores.map(short).join(" / ")),
    el("small", {}, [e.who, ...signs.filter(Boolean)].join(" · ")), el("span", { class: "tag", title: numbers }, e.form)));
}

/* Side by side -------------------------------------------------------------------------------- */

/** Other episodes on the same instance, those with the same chance and form first. */
function partners(e) {
  const near = (o) => [o.seed !== e.seed, o.form !== e.form, o.who === e.who].map(Number).join("");
  return episodes.filter((o) => o !== e && o.task === e.task && o.instance === e.instance)
    .sort((one, other) => near(one).localeCompare(near(other))).slice(0, 40);
}

function partnerLabel(e, o) {
  return `${o.who} · ${o.form} · ${o.scores.map(short).join(" / ")}${o.seed === e.seed ? "" : " · other seed"}`;
}

/* One episode --------------------------------------------------------------------------------- */

function show(e, turn = 0, beside = undefined) {
  now.episode = e;
  const others = e ? partners(e) : [];
  if (beside === undefined) beside = now.beside && e ? others.find((o) => o.who === now.beside.who && o.form === now.beside.form) || null : null;
  now.beside = others.includes(beside) ? beside : null;
  byId("beside").replaceChildren(
    el("option", { value: "" }, others.length ? "nothing" : "no other on this instance"),
    ...others.map((o) => el("option", { value: episodes.indexOf(o), selected: o === now.beside }, partnerLabel(e, o))));
  byId("beside").disabled = !others.length;
  for (const button of byId("episodes").querySelectorAll("button")) {
    const current = e && Number(button.dataset.episode) === episodes.indexOf(e);
    if (current) { button.setAttribute("aria-current", "true"); button.scrollIntoView({ block: "nearest" }); }
    else button.removeAttribute("aria-current");
  }
  const columns = e ? [e, now.beside].filter(Boolean) : [];
  document.body.style.setProperty("--columns", columns.length);
  if (!e) {
    byId("heads").replaceChildren(); byId("where").textContent = "";
    byId("turns").replaceChildren(el("p", { class: "empty" }, "No episode passes the filters."));
    return;
  }
  byId("heads").replaceChildren(...columns.map(head));
  draw();
  const rows = longest(columns);
  byId("turns").replaceChildren(
    el("div", { class: "row" }, ...columns.map(instructions)),
    ...Array.from({ length: rows + 1 }, (_, t) => el("div", { class: "row", "data-turn": t, onclick: () => select(t, false) },
      ...columns.map((c) => inRow(c, t - shift(c, columns))))));
  select(Math.min(turn, rows));
}

const isOneShot = (e) => e.turns.length > 0 && e.turns[0].kind === "whole";

/** How many rows lower an episode begins, so that its first turn stands beside the first move of a one-shot form. */
function shift(e, columns) { return columns.some(isOneShot) && !isOneShot(e) ? 1 : 0; }

function longest(columns) { return Math.max(...columns.map((c) => c.turns.length + shift(c, columns))); }

function inRow(e, t) {
  return t >= 0 && t < e.turns.length ? card(e, t) : t === e.turns.length ? ending(e) : el("div", {});
}

function head(e) {
  const facts = [
    `instance ${e.instance}`, e.index === null ? `seed ${e.seed}` : `episode ${e.index}`, `split ${e.split}`,
    e.normalised === null || e.normalised === undefined ? null : `normalised ${short(e.normalised)}`,
    tasks[e.task].optimal === undefined ? null : `optimal ${short(tasks[e.task].optimal)}, random ${short(tasks[e.task].random)} on average`,
    e.tokens === null ? null : `${whole(e.tokens)} tokens`, e.seconds === null ? null : `${short(e.seconds)} s`, e.place,
  ];
  return el("section", { class: "head" },
    el("h2", {}, el("span", {}, e.game), el("span", { class: "tag" }, e.form), el("span", {}, e.who), el("span", {}, `score ${e.scores.map(short).join(" / ")}`)),
    el("p", { class: "note" }, facts.filter(Boolean).join(" · ")),
    e.problem ? el("p", { class: "problem" }, `This episode does not verify, so only what was recorded is shown: ${e.problem}`) : null,
    svg("svg", { role: "img", "aria-label": "score so far and what is within reach, turn by turn" }),
    legend(e),
    e.unknown ? el("p", { class: "note unknown" }, `What optimal play would still earn is left out: ${e.unknown}.`) : null);
}

function legend(e) {
  const key = (cls, label, extra = {}) => el("span", {}, svg("svg", { viewBox: "0 0 26 10" }, svg("line", { class: cls, x1: 0, x2: 26, y1: 5, y2: 5, ...extra })), label);
  const known = e.turns.some((t) => t.worth);
  return el("div", { class: "legend" }, key("sofar", "score so far"),
    known ? key("reach", "plus what optimal play would still earn") : null,
    known ? key("lost", `given away by the reply${e.lost > TIE ? `: ${short(e.lost)} in all` : ""}`, { "stroke-width": 8, x1: 8, x2: 16 }) : null,
    e.refusals ? el("span", {}, el("b", { class: "loss" }, "× "), "refused") : null);
}

function instructions(e) {
  const open = e.told.map((n, player) => el("pre", {}, (e.told.length > 1 ? `[player ${player}] ` : "") + texts[n]));
  return el("details", { class: "turn instructions" }, el("summary", {}, "Instructions"), ...open);
}

function card(e, t) {
  const turn = e.turns[t];
  const unseen = turn.kind === "move";
  const before = t ? e.turns[t - 1].scores : null;
  const earned = turn.scores && turn.scores[turn.player] - (before ? before[turn.player] : 0);
  const lost = turn.worth && turn.worth[1] > TIE ? turn.worth[1] : 0;
  const header = [
    el("b", {}, unseen ? `Move ${t}` : turn.kind === "whole" ? "The whole reply" : `Turn ${t + 1}`),
    e.scores.length > 1 ? el("span", {}, `player ${turn.player}`) : null,
    turn.scores && turn.kind !== "whole" ? el("span", {}, "earned ", el("b", {}, signed(earned)), `, score ${short(turn.scores[turn.player])}`) : null,
    turn.paid !== undefined && turn.scores && turn.kind === "reply" && Math.abs(turn.paid - earned) > TIE ? el("span", {}, `paid ${signed(turn.paid)}`) : null,
    turn.worth ? el("span", {}, `optimal play would still earn ${short(turn.worth[0])}`) : null,
    lost ? el("span", { class: "loss" }, `▌ gave away ${short(lost)}`) : null,
    turn.usage ? el("span", { title: `${whole(turn.usage.calls)} calls, ${whole(turn.usage.cached)} ids cached, ${whole(turn.usage.thought)} of thought` },
      `tokens: ${whole(turn.usage.read)} read, ${whole(turn.usage.sampled)} written`) : null,
  ];
  return el("article", { class: `turn${lost ? " wrong" : ""}${unseen ? " unseen" : ""}` }, el("header", {}, ...header.filter(Boolean)),
    turn.view === null ? null : el("p", { class: "what" }, unseen ? "situation, not shown to the player" : "view"),
    turn.view === null ? null : el("pre", { class: "view" }, ...marked(turn.view)),
    turn.thought === undefined ? null : el("p", { class: "what" }, "thought"),
    turn.thought === undefined ? null : el("pre", { class: "thought" }, ...marked(turn.thought)),
    unseen && texts[turn.reply] === "" ? null : el("p", { class: "what" }, unseen ? "move" : "reply"),
    unseen && texts[turn.reply] === "" ? null : el("pre", { class: "reply" }, ...(texts[turn.reply] === "" ? ["(empty)"] : marked(turn.reply))),
    turn.refusal === null || turn.refusal === undefined ? null : el("div", { class: "refusal" }, el("b", {}, "× Refused: "), ...marked(turn.refusal)));
}

function ending(e) {
  const shown = e.end.map((n, player) => el("pre", { class: "view" }, e.end.length > 1 ? `[player ${player}] ` : "", ...marked(n)));
  return el("article", { class: "turn" }, el("header", {}, el("b", {}, "The end"), el("span", {}, `score ${e.scores.map(short).join(" / ")}`),
    e.forfeited === null ? null : el("span", { class: "loss" }, "forfeited by refusals in a row")), ...shown);
}

/** A text as nodes, with what is searched for marked. */
function marked(number) {
  const text = texts[number], needle = byId("text").value.trim().toLowerCase();
  if (!needle || low[number].length !== text.length) return [text];
  const nodes = [];
  let from = 0;
  for (let at = low[number].indexOf(needle); at >= 0; at = low[number].indexOf(needle, from)) {
    nodes.push(text.slice(from, at), el("mark", {}, text.slice(at, at + needle.length)));
    from = at + needle.length;
  }
  return [...nodes, text.slice(from)];
}

/* The picture --------------------------------------------------------------------------------- */

function draw() {
  const columns = [now.episode, now.beside].filter(Boolean);
  const values = columns.flatMap((e) => curve(e).flatMap((p) => [p.score, p.reach].filter((v) => v !== null)));
  const bottom = Math.min(0, ...values), top = Math.max(0, ...values) - bottom > TIE ? Math.max(0, ...values) : bottom + 1;
  const pictures = byId("heads").querySelectorAll(".head > svg");
  columns.forEach((e, i) => chart(pictures[i], e, bottom, top, longest(columns), shift(e, columns)));
}

/** Score and reach at each boundary between turns. */
function curve(e) {
  const points = e.turns.map((turn, t) => {
    const score = t ? e.turns[t - 1].scores : e.scores.map(() => 0);
    return { score: score ? score[0] : null, reach: turn.worth && score ? score[0] + turn.worth[0] : null, turn };
  });
  const known = e.turns.length && e.turns[e.turns.length - 1].worth;
  return [...points, { score: e.score, reach: known ? e.score : null, turn: null }];
}

function chart(picture, e, bottom, top, rows, shift) {
  const width = picture.clientWidth || 600, height = picture.clientHeight || 128, left = 52, right = 12, above = 10, below = 32;
  const x = (t) => left + ((t + shift) / Math.max(rows, 1)) * (width - left - right);
  const y = (v) => height - below - ((v - bottom) / (top - bottom)) * (height - above - below);
  const points = curve(e), line = (key) => {
    let path = "", pen = "M";
    points.forEach((p, t) => {
      if (p[key] === null) { pen = "M"; return; }
      path += `${pen}${x(t)},${y(p[key])}`;
      pen = "L";
    });
    return path;
  };
  const [, second = 1] = ticks(0, rows, Math.floor(width / 60)), every = Math.max(1, second), first = isOneShot(e) ? 0 : 1;
  const parts = [svg("rect", { class: "here", y: above - 6, height: height - above - below + 12, rx: 3 })];
  for (const v of ticks(bottom, top, 3)) {
    parts.push(svg("line", { class: Math.abs(v) < TIE ? "zero" : "axis", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
      svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, short(v)));
  }
  e.turns.forEach((_, t) => {
    if (t && (t + first) % every) return;
    parts.push(svg("text", { x: (x(t) + x(t + 1)) / 2, y: height - 18, "text-anchor": "middle" }, String(t + first)));
  });
  parts.push(svg("text", { x: width - right, y: height - 4, "text-anchor": "end" }, isOneShot(e) ? "move (0: the whole reply)" : "turn"),
    svg("text", { x: 11, y: (height - below + above) / 2, "text-anchor": "middle", transform: `rotate(-90 11 ${(height - below + above) / 2})` }, "return"));
  const thick = Math.max(3, Math.min(10, (x(1) - x(0)) * 0.35));
  points.forEach((p, t) => {
    if (p.reach !== null && p.turn && p.turn.worth[1] > TIE)
      parts.push(svg("line", { class: "lost", "stroke-width": thick, x1: x(t) + thick / 2, x2: x(t) + thick / 2, y1: y(p.reach), y2: y(p.reach - p.turn.worth[1]) }));
  });
  parts.push(svg("path", { class: "reach", d: line("reach") }), svg("path", { class: "sofar", d: line("score") }));
  points.forEach((p, t) => {
    if (p.turn && p.turn.refusal !== null && p.turn.refusal !== undefined && p.turn.kind !== "whole" && p.score !== null) {
      const cx = (x(t) + x(t + 1)) / 2, cy = y(p.score);
      parts.push(svg("path", { class: "refused", d: `M${cx - 4},${cy - 4}l8,8m0,-8l-8,8` }));
    }
  });
  e.turns.forEach((turn, t) => {
    const said = [`${turn.kind === "move" ? "move" : "turn"} ${turn.kind === "reply" ? t + 1 : t}`,
      turn.scores ? `score ${short(turn.scores[0])}` : null, turn.worth ? `optimal play would still earn ${short(turn.worth[0])}` : null,
      turn.worth && turn.worth[1] > TIE ? `gave away ${short(turn.worth[1])}` : null];
    parts.push(svg("rect", { x: x(t), width: x(t + 1) - x(t), y: 0, height, fill: "transparent", onclick: () => select(t + shift) }, svg("title", {}, said.filter(Boolean).join("\n"))));
  });
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.replaceChildren(...parts);
  picture.dataset.step = x(1) - x(0);
  place(picture);
}

function place(picture) {
  const band = picture.querySelector(".here"), step = Number(picture.dataset.step);
  band.setAttribute("x", 52 + now.turn * step);
  band.setAttribute("width", now.turn < Number(byId("turns").dataset.last || 0) ? step : 4);
}

/* Moving about -------------------------------------------------------------------------------- */

function select(turn, scroll = true) {
  if (!now.episode) return;
  const rows = [...byId("turns").querySelectorAll("[data-turn]")];
  const last = rows.length - 1;
  now.turn = Math.max(0, Math.min(turn, last));
  byId("turns").dataset.last = last;
  rows.forEach((row, t) => row.classList.toggle("now", t === now.turn));
  byId("where").textContent = now.turn === last ? `end of ${last}` : `${now.turn + 1} of ${last}`;
  byId("back").disabled = now.turn === 0;
  byId("forth").disabled = now.turn === last;
  const at = now.listed.indexOf(now.episode);
  byId("previous").disabled = at <= 0;
  byId("next").disabled = at < 0 || at === now.listed.length - 1;
  byId("mistake").disabled = nextLoss() === null;
  for (const picture of byId("heads").querySelectorAll(".head > svg")) place(picture);
  if (scroll) {
    document.querySelector("main").style.scrollPaddingTop = `${byId("bar").offsetHeight + 10}px`;
    if (now.turn === 0) document.querySelector("main").scrollTop = 0;
    else rows[now.turn].scrollIntoView({ block: "nearest" });
  }
  const parts = [`e=${episodes.indexOf(now.episode)}`, `t=${now.turn}`, now.beside ? `with=${episodes.indexOf(now.beside)}` : null];
  history.replaceState(null, "", `#${parts.filter(Boolean).join("&")}`);
}

function nextLoss() {
  const columns = [now.episode, now.beside].filter(Boolean);
  const losses = columns.flatMap((e) => e.turns.flatMap((turn, t) => (turn.worth && turn.worth[1] > TIE && t + shift(e, columns) > now.turn ? [t + shift(e, columns)] : [])));
  return losses.length ? Math.min(...losses) : null;
}

function go(steps) {
  const next = now.listed[now.listed.indexOf(now.episode) + steps];
  if (next) show(next);
}

function besideNext() {
  const others = partners(now.episode);
  show(now.episode, now.turn, others[others.indexOf(now.beside) + 1] || null);
}

const KEYS = {
  j: () => select(now.turn + 1), ArrowRight: () => select(now.turn + 1), ArrowDown: () => select(now.turn + 1),
  k: () => select(now.turn - 1), ArrowLeft: () => select(now.turn - 1), ArrowUp: () => select(now.turn - 1),
  Home: () => select(0), End: () => select(Infinity), m: () => nextLoss() !== null && select(nextLoss()),
  n: () => go(1), p: () => go(-1), c: () => now.episode && besideNext(), "/": () => byId("text").focus(), "?": () => byId("keys").showModal(),
};
document.addEventListener("keydown", (event) => {
  if (byId("keys").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
});
for (const [id, key] of Object.entries({ previous: "p", next: "n", back: "k", forth: "j", mistake: "m", help: "?" })) byId(id).addEventListener("click", () => KEYS[key]());
byId("beside").addEventListener("change", (event) => show(now.episode, now.turn, episodes[event.target.value] || null));
byId("filters").addEventListener("input", list);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("resize", () => now.episode && draw());

const link = new URLSearchParams(location.hash.slice(1));
const first = episodes[Number(link.get("e") || 0)] || null;
now.episode = first;
now.turn = Number(link.get("t") || 0);
now.beside = link.get("with") !== null ? episodes[Number(link.get("with"))] : runsDiffer && first ? partners(first).find((o) => o.run !== first.run) || null : null;
list();
