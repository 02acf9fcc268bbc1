// The GraphQL console. No library, nothing from other hosts: introspection fills the documentation and the completions.
"use strict";

const byId = (id) => document.getElementById(id);
const query = byId("query"), paint = byId("paint"), variables = byId("variables"), answer = byId("answer");
const statusLine = byId("status"), run = byId("run"), completions = byId("complete"), docs = byId("docs"), trail = byId("trail");
const KEPT = "yumascan.console";
const COLOUR_LIMIT = 400_000;
let schema = null;

// ---- colours

const escapeHtml = (text) => text.replace(/[&<>]/g, (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[mark]);

/** Wraps the tokens of `text` by the classes their patterns name. */
function colour(text, pattern, classes) {
  let html = "", end = 0;
  for (const match of text.matchAll(pattern)) {
    html += escapeHtml(text.slice(end, match.index));
    const kind = classes.find((name) => match.groups[name] !== undefined);
    html += `<span class="${kind}">${escapeHtml(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + escapeHtml(text.slice(end));
}

const QUERY_TOKENS = /(?<c>#[^\n]*)|(?<s>"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"?)|(?<w>\b(?:query|fragment|on|true|false|null)\b|\$\w+|@\w+)|(?<n>-?\b\d+(?:\.\d+)?\b|\b[A-Z][A-Z_]+\b)|(?<k>\b\w+(?=\s*:))/g;
const JSON_TOKENS = /(?<k>"(?:\\.|[^"\\])*"(?=\s*:))|(?<s>"(?:\\.|[^"\\])*")|(?<n>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<w>\b(?:true|false|null)\b)/g;

function repaint() {
  paint.innerHTML = colour(query.value, QUERY_TOKENS, ["c", "s", "w", "n", "k"]) + "\n";
  paint.scrollTop = query.scrollTop;
  paint.scrollLeft = query.scrollLeft;
}

function show(text) {
  if (text.length > COLOUR_LIMIT) answer.textContent = text;
  else answer.innerHTML = colour(text, JSON_TOKENS, ["k", "s", "n", "w"]);
}

function say(text, bad) {
  statusLine.textContent = text;
  statusLine.classList.toggle("bad", Boolean(bad));
}

// ---- queries

/** What the variables box holds; throws where that is no JSON object. */
function readVariables() {
  const text = variables.value.trim();
  if (!text) return {};
  const value = JSON.parse(text);
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("not an object");
  return value;
}

function checkVariables() {
  try {
    readVariables();
    byId("variables-state").textContent = "";
    return true;
  } catch (error) {
    byId("variables-state").textContent = `not a JSON object: ${error.message}`;
    return false;
  }
}

async function ask(body, signal) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(body), signal });
  return { text: await response.text(), response };
}

/** The operation the caret stands in, where a document has several. */
function operationAtCaret() {
  const names = [...query.value.matchAll(/\bquery\s+(\w+)/g)];
  if (names.length < 2) return undefined;
  const before = names.filter((match) => match.index <= query.selectionStart);
  return (before.at(-1) ?? names[0])[1];
}

let running = null;
async function execute() {
  if (running) { running.abort(); return; }
  if (!checkVariables()) { byId("variables-box").open = true; variables.focus(); say("the variables are not JSON", true); return; }
  keep();
  running = new AbortController();
  run.textContent = "Stop";
  say("running …");
  const started = performance.now();
  try {
    const { text, response } = await ask({ query: query.value, variables: readVariables(), operationName: operationAtCaret() }, running.signal);
    const took = Math.round(performance.now() - started);
    let parsed = null;
    try { parsed = JSON.parse(text); } catch { /* shown as it came */ }
    show(parsed ? JSON.stringify(parsed, null, 2) : text);
    const failures = parsed?.errors?.length ?? 0;
    const asOf = parsed?.extensions?.asOf ? ` · as of block ${parsed.extensions.asOf.block}` : "";
    const size = text.length > 1024 ? `${Math.round(text.length / 1024)} KiB` : `${text.length} bytes`;
    say(`${failures ? `${failures} error${failures > 1 ? "s" : ""} · ` : ""}${took} ms · ${size}${asOf}`, failures || !response.ok);
  } catch (error) {
    const stopped = error.name === "AbortError";
    say(stopped ? "stopped" : "the server cannot be reached", !stopped);
  } finally {
    running = null;
    run.innerHTML = "Run <kbd>Ctrl ↵</kbd>";
  }
}

/** Indents by braces, one selection a line; strings and comments stay as they are. */
function tidy() {
  const tokens = query.value.match(/#[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|[{}()]|\n|[^\s{}()"#]+|\s+/g) ?? [];
  let text = "", depth = 0, round = 0;
  const line = () => { text = text.replace(/[ \n]+$/, "") + "\n" + "  ".repeat(depth); };
  for (const token of tokens) {
    if (round === 0 && token === "{") { text = text.replace(/\s*$/, text.trim() && !/[{\n]\s*$/.test(text) ? " " : ""); text += "{"; depth += 1; line(); }
    else if (round === 0 && token === "}") { depth = Math.max(0, depth - 1); line(); text += "}"; line(); }
    else if (token === "(") { round += 1; text += token; }
    else if (token === ")") { round = Math.max(0, round - 1); text += token; }
    else if (round > 0) text += /^\s+$/.test(token) ? (text.endsWith(" ") ? "" : " ") : token;
    else if (token === "\n") line();
    else if (/^\s+$/.test(token)) { if (!/\s$/.test(text)) text += " "; }
    else { text += token; if (token.startsWith("#")) line(); }
  }
  query.value = text.replace(/\(\s+/g, "(").replace(/\s+\)/g, ")").trim() + "\n";
  changed();
}

// ---- what is kept: in this browser, and in links

function keep() {
  try { localStorage.setItem(KEPT, JSON.stringify({ query: query.value, variables: variables.value })); } catch { /* private mode */ }
}

function address() {
  const parameters = new URLSearchParams({ query: query.value });
  if (variables.value.trim()) parameters.set("variables", variables.value);
  return `${location.origin}/graphql?${parameters}`;
}

function restore() {
  const parameters = new URLSearchParams(location.search);
  if (parameters.has("query")) {
    query.value = parameters.get("query");
    variables.value = parameters.get("variables") ?? "";
  } else {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
      if (kept) { query.value = kept.query; variables.value = kept.variables; }
    } catch { /* nothing kept */ }
  }
  byId("variables-box").open = Boolean(variables.value.trim());
}

async function loadExamples() {
  const list = await (await fetch("/graphql/assets/examples.json")).json();
  const select = byId("examples");
  list.forEach((example, index) => select.add(new Option(example.title, String(index))));
  select.addEventListener("change", () => {
    const example = list[Number(select.value)];
    if (select.value === "" || !example) return;
    query.value = example.query + "\n";
    variables.value = example.variables ? JSON.stringify(example.variables, null, 2) : "";
    byId("variables-box").open = Boolean(example.variables);
    changed();
    execute();
  });
  if (!query.value.trim() && list[0]) { query.value = list[0].query + "\n"; changed(); }
}

// ---- schema

const INTROSPECTION = `{ __schema { queryType { name } types { kind name description
  fields(includeDeprecated: true) { name description type { ...T } args { name description defaultValue type { ...T } } }
  inputFields { name description defaultValue type { ...T } } enumValues { name description } possibleTypes { name } } } }
  fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const typeText = (type) => type.kind === "NON_NULL" ? `${typeText(type.ofType)}!` : type.kind === "LIST" ? `[${typeText(type.ofType)}]` : type.name;
const typeName = (type) => type.ofType ? typeName(type.ofType) : type.name;

async function loadSchema() {
  const { text } = await ask({ query: INTROSPECTION });
  const { data } = JSON.parse(text);
  const types = new Map(data.__schema.types.map((type) => [type.name, type]));
  schema = { root: data.__schema.queryType.name, types };
  browse([schema.root]);
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function typeButton(type, path) {
  const button = element("button", typeText(type));
  button.type = "button";
  button.addEventListener("click", () => browse([...path, typeName(type)]));
  return button;
}

function entry(list, item, path, nested) {
  const title = element("dt", `${item.name}: `);
  if (nested) title.className = "args";
  if (item.type) title.append(typeButton(item.type, path));
  if (item.defaultValue) title.append(` = ${item.defaultValue}`);
  list.append(title);
  const text = element("dd", item.description ?? "");
  if (nested) text.className = "args";
  list.append(text);
  for (const argument of item.args ?? []) entry(list, argument, path, true);
}

/** Shows the last type of `path`, and the path as a trail back. */
function browse(path) {
  const type = schema.types.get(path.at(-1));
  if (!type) return;
  trail.replaceChildren(...path.flatMap((name, index) => {
    const button = element("button", name);
    button.type = "button";
    button.addEventListener("click", () => browse(path.slice(0, index + 1)));
    return index ? [document.createTextNode(" › "), button] : [button];
  }));
  const list = element("dl");
  for (const item of type.fields ?? type.inputFields ?? []) entry(list, item, path);
  for (const value of type.enumValues ?? []) list.append(element("dt", value.name), element("dd", value.description ?? ""));
  for (const possible of type.possibleTypes ?? []) entry(list, { name: "…", type: { kind: "OBJECT", name: possible.name } }, path);
  docs.replaceChildren(element("h2", type.name), element("p", type.description ?? ""), list);
}

function find(text) {
  if (!schema) return;
  const wanted = text.trim().toLowerCase();
  if (!wanted) { browse([schema.root]); return; }
  const list = element("dl");
  let shown = 0;
  for (const type of schema.types.values()) {
    if (type.name.startsWith("__")) continue;
    const items = [{ name: type.name, description: type.description, type: { kind: type.kind, name: type.name } },
      ...[...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])].map((item) => ({ ...item, args: [], name: `${type.name}.${item.name}` }))];
    for (const item of items) {
      const hit = item.name.toLowerCase().includes(wanted) || (item.description ?? "").toLowerCase().includes(wanted);
      if (hit && shown++ < 80) entry(list, item, [schema.root]);
    }
  }
  trail.replaceChildren();
  docs.replaceChildren(element("h2", shown ? `${Math.min(shown, 80)} of ${shown} matches` : "Nothing has that in its name or description"), list);
}

// ---- completion

/** The type whose fields may stand at the caret, by walking the query up to it; `args` inside parentheses. */
function contextAt(text) {
  const stack = [];
  let pending = schema.root, field = null, round = 0;
  for (const match of text.matchAll(/#[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.\s*on\s+(\w+)|\bfragment\s+\w+\s+on\s+(\w+)|\bquery\b(?:\s+\w+)?|(\w+)\s*:(?=\s*\w+\s*[({\n])|(\w+)|[{}()]/g)) {
    const [token, inline, fragment, , word] = match;
    if (token.startsWith("#") || token.startsWith('"')) continue;
    if (token === "(") round += 1;
    else if (token === ")") round -= 1;
    else if (round > 0) continue;
    else if (inline || fragment) pending = inline ?? fragment;
    else if (token.startsWith("query")) pending = schema.root;
    else if (token === "{") { stack.push(pending); field = null; }
    else if (token === "}") { stack.pop(); field = null; }
    else if (word && stack.length) {
      const type = schema.types.get(stack.at(-1));
      field = type?.fields?.find((candidate) => candidate.name === word) ?? null;
      if (field) pending = typeName(field.type);
    }
  }
  return { type: schema.types.get(stack.at(-1)), field: round > 0 ? field : null };
}

let offered = [], chosen = 0;
function complete() {
  if (!schema) return;
  const caret = query.selectionStart;
  const typed = query.value.slice(0, caret).match(/\w*$/)[0];
  const { type, field } = contextAt(query.value.slice(0, caret - typed.length));
  const candidates = field ? field.args : type?.fields ?? (type?.possibleTypes ?? []).map((possible) => ({ name: `... on ${possible.name}`, type: { kind: "OBJECT", name: possible.name } }));
  offered = (candidates ?? []).filter((item) => item.name.toLowerCase().startsWith(typed.toLowerCase()) && item.name !== typed)
    .map((item) => ({ ...item, typed, insert: field ? `${item.name}: ` : item.name }));
  chosen = 0;
  drawCompletions();
}

function drawCompletions() {
  completions.hidden = offered.length === 0;
  if (completions.hidden) return;
  completions.replaceChildren(...offered.map((item, index) => {
    const row = element("li", `${item.name} `);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(index === chosen));
    row.title = item.description ?? "";
    row.append(element("small", typeText(item.type)));
    row.addEventListener("mousedown", (event) => { event.preventDefault(); chosen = index; take(); });
    return row;
  }));
  const before = query.value.slice(0, query.selectionStart).split("\n");
  const size = parseFloat(getComputedStyle(query).lineHeight);
  const x = Math.min(before.at(-1).length * size * 0.39, query.clientWidth - 230);
  const y = before.length * size + 14 - query.scrollTop;
  completions.style.left = `${Math.max(0, x)}px`;
  completions.style.top = `${Math.min(y, query.clientHeight - 60)}px`;
  completions.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function insert(text, remove = 0) {
  query.setRangeText(text, query.selectionStart - remove, query.selectionEnd, "end");
  changed();
}

function take() {
  const item = offered[chosen];
  if (!item) return;
  insert(item.insert, item.typed.length);
  closeCompletions();
}

function closeCompletions() { offered = []; completions.hidden = true; }

// ---- keyboard

function changed() { repaint(); keep(); }

query.addEventListener("input", (event) => { changed(); if (!completions.hidden || (event.data && /\w/.test(event.data) && offered.length)) complete(); });
query.addEventListener("scroll", repaint);
query.addEventListener("blur", closeCompletions);
query.addEventListener("keydown", (event) => {
  if (!completions.hidden) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); chosen = (chosen + step + offered.length) % offered.length; drawCompletions(); return; }
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey || event.key === "Tab") { event.preventDefault(); take(); return; }
    if (event.key === "Escape") { event.preventDefault(); closeCompletions(); return; }
  }
  if (event.key === " " && event.ctrlKey) { event.preventDefault(); complete(); }
  else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const before = query.value.slice(0, query.selectionStart);
    const indent = before.split("\n").at(-1).match(/^\s*/)[0] + (/[{(]\s*$/.test(before) ? "  " : "");
    const closes = /[{(]\s*$/.test(before) && /^[})]/.test(query.value.slice(query.selectionStart));
    insert(`\n${indent}`);
    if (closes) { const at = query.selectionStart; insert(`\n${indent.slice(2)}`); query.setSelectionRange(at, at); }
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); execute(); }
  else if (event.key.toLowerCase() === "f" && event.ctrlKey && event.shiftKey) { event.preventDefault(); tidy(); }
  else if (event.key.toLowerCase() === "d" && event.altKey) { event.preventDefault(); byId("find").focus(); }
  else if (event.key === "Escape" && document.activeElement === byId("find")) { byId("find").value = ""; find(""); query.focus(); }
});
variables.addEventListener("input", () => { checkVariables(); keep(); });
byId("find").addEventListener("input", (event) => find(event.target.value));
run.addEventListener("click", execute);
byId("format").addEventListener("click", tidy);
byId("link").addEventListener("click", async () => {
  const link = address();
  history.replaceState(null, "", link);
  try { await navigator.clipboard.writeText(link); say("link copied"); } catch { say("the link is in the address bar"); }
});

restore();
repaint();
loadSchema().catch(() => { docs.textContent = "The schema could not be loaded; reload the page to try again."; });
loadExamples().catch(() => say("the examples could not be loaded", true));
if (new URLSearchParams(location.search).has("query")) execute();
