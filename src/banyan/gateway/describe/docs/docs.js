// Draws /openapi.json and /asyncapi.json. Nothing comes from elsewhere, and nothing of what is drawn is taken as HTML.

const VERBS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 8; // of a shape within a shape
const SHOWN = ["content-type", "etag", "location", "ratelimit", "retry-after", "idempotent-replayed", "x-request-id", "cache-control"];

const filter = document.getElementById("filter");
const token = document.getElementById("token");
const index = document.getElementById("index");
const content = document.getElementById("content");

/** An element with attributes (or a class name) and children; text is only ever text. */
function el(name, attributes, ...children) {
  const made = document.createElement(name);
  const given = typeof attributes === "string" ? { class: attributes } : attributes || {};
  for (const [key, value] of Object.entries(given)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== ""));
  return made;
}

/** Text with `code` in it. */
function prose(text) {
  return (text || "").split("`").map((part, place) => (place % 2 ? el("code", null, part) : part));
}

const paragraphs = (text) => (text || "").split(/\n\s*\n/).filter(Boolean).map((part) => el("p", null, prose(part)));

/** What a $ref points to. */
function find(document, schema) {
  let found = schema || {};
  for (let steps = 0; found.$ref && steps < 20; steps++) {
    const path = found.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    found = path.reduce((node, part) => (node || {})[part], document) || {};
  }
  return found;
}

const reference = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : "");

/** A schema's type in a few words. */
function kind(document, schema) {
  if (!schema || !Object.keys(schema).length) return "anything";
  if (schema.$ref) return reference(schema);
  const either = schema.anyOf || schema.oneOf;
  if (either) return either.map((each) => kind(document, each)).join(" or ");
  if (schema.allOf) return schema.allOf.map((each) => kind(document, each)).join(" and ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.type === "array") return `list of ${kind(document, schema.items)}`;
  const type = [].concat(schema.type || "object").join(" or ");
  return schema.format ? `${type} (${schema.format})` : type;
}

/** Bounds of a value, where it has any. */
function bounds(schema) {
  const all = [schema, ...(schema.anyOf || [])];
  const names = { minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<", minLength: "length ≥", maxLength: "length ≤", minItems: "items ≥", maxItems: "items ≤", pattern: "like" };
  const said = all.flatMap((each) => Object.entries(names).filter(([name]) => each[name] !== undefined && String(each[name]).length < 40).map(([name, sign]) => `${sign} ${each[name]}`));
  if (schema.default !== undefined && schema.default !== null && schema.default !== "") said.push(`else ${JSON.stringify(schema.default)}`);
  return said.join(", ");
}

/** Where the fields of a schema are: in itself, behind a reference, in a list, or in the one alternative that has any. */
function fields(document, schema) {
  const found = find(document, schema);
  if (found.properties) return found;
  if (found.type === "array") return fields(document, found.items);
  if (found.allOf) {
    const parts = found.allOf.map((each) => fields(document, each)).filter(Boolean);
    return parts.length ? { properties: Object.assign({}, ...parts.map((part) => part.properties)), required: parts.flatMap((part) => part.required || []) } : null;
  }
  const others = (found.anyOf || found.oneOf || []).map((each) => fields(document, each)).filter(Boolean);
  if (others.length) return others[0];
  return found.additionalProperties && typeof found.additionalProperties === "object" ? fields(document, found.additionalProperties) : null;
}

/** A schema as a list of its fields; what lies deeper is drawn when it is opened. */
function shape(document, schema, depth = 0) {
  const found = fields(document, schema);
  if (!found || depth > DEEPEST) return el("p", "type", kind(document, schema));
  const must = new Set(found.required || []);
  return el("ul", "shape", Object.entries(found.properties).map(([name, field]) => {
    const line = [el("code", null, name), " ", el("span", "type", [kind(document, field), bounds(field)].filter(Boolean).join(", ")), must.has(name) ? el("span", "must", "required") : ""];
    const says = field.description ? el("p", null, prose(field.description)) : "";
    if (!fields(document, field)) return el("li", null, line, says);
    const inside = el("details", null, el("summary", null, line));
    whenOpened(inside, () => inside.append(shape(document, field, depth + 1)));
    return el("li", null, inside, says);
  }));
}

/** A value that could be sent. */
function sample(document, schema, depth = 0) {
  const found = find(document, schema);
  if (found.example !== undefined) return found.example;
  if (found.examples && found.examples.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  const either = (found.anyOf || found.oneOf || []).find((each) => each.type !== "null");
  if (either) return sample(document, either, depth);
  if (found.allOf) return Object.assign({}, ...found.allOf.map((each) => sample(document, each, depth)));
  if (depth > DEEPEST) return null;
  if (found.properties) {
    const must = new Set(found.required || Object.keys(found.properties));
    const chosen = Object.entries(found.properties).filter(([name]) => must.has(name));
    return Object.fromEntries(chosen.map(([name, field]) => [name, sample(document, field, depth + 1)]));
  }
  const plain = { array: () => [sample(document, found.items, depth + 1)], integer: () => Math.max(1, found.minimum || 0), number: () => 1, boolean: () => true, null: () => null, object: () => ({}) };
  return (plain[[].concat(found.type)[0]] || (() => "text"))();
}

function whenOpened(details, draw) {
  details.addEventListener("toggle", () => details.open && draw(), { once: true });
}

function parameters(document, operation) {
  const rows = (operation.parameters || []).map((given) => {
    const parameter = find(document, given);
    const told = [kind(document, parameter.schema), bounds(parameter.schema || {})].filter(Boolean).join(", ");
    return el("tr", null,
      el("td", null, el("code", null, parameter.name), parameter.required ? el("span", "must", "required") : ""),
      el("td", null, el("span", "type", `${parameter.in} · ${told}`), el("div", null, prose(parameter.description))));
  });
  return rows.length ? [el("h3", null, "Parameters"), el("table", null, el("tbody", null, rows))] : [];
}

function bodyOf(document, operation) {
  const [type, media] = Object.entries(find(document, operation.requestBody || {}).content || {})[0] || [];
  return type ? { type, schema: media.schema || {} } : null;
}

function answers(document, operation) {
  return [el("h3", null, "Answers"), Object.entries(operation.responses || {}).map(([status, given]) => {
    const response = find(document, given);
    const [type, media] = Object.entries(response.content || {})[0] || [];
    const line = [el("span", "status", status), response.description || "", type ? el("span", "type", `  ${type}`) : ""];
    if (!media || !media.schema) return el("div", "answer", line);
    const drawn = el("details", "answer", el("summary", null, line));
    whenOpened(drawn, () => drawn.append(shape(document, media.schema)));
    return drawn;
  })];
}

/** A form that sends the operation to this very shop. */
function trial(document, verb, path, operation) {
  const asked = (operation.parameters || []).map((each) => find(document, each)).filter((each) => each.in !== "cookie");
  const inputs = asked.map((parameter) => {
    const key = parameter.name.toLowerCase() === "idempotency-key";
    return { parameter, input: el("input", { name: parameter.name, required: parameter.required && !key, placeholder: key ? "made anew each time" : kind(document, parameter.schema), autocomplete: "off" }) };
  });
  const body = bodyOf(document, operation);
  const text = body && body.type.includes("json") ? el("textarea", { spellcheck: "false", "aria-label": "Body" }, JSON.stringify(sample(document, body.schema), null, 2)) : null;
  const file = body && !text ? el("input", { type: "file", "aria-label": "File" }) : null;
  const button = el("button", { type: "submit" }, `Send ${verb.toUpperCase()}`);
  const output = el("output", { "aria-live": "polite" });
  const form = el("form", null,
    inputs.length ? el("div", "fields", inputs.map(({ parameter, input }) => el("label", null, parameter.name, input))) : "", text, file, button, output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      output.replaceChildren(...(await send(verb, path, inputs, body, text, file)));
    } catch (error) {
      output.replaceChildren(el("p", null, `It could not be sent: ${error.message}`));
    } finally {
      button.disabled = false;
    }
  });
  return [el("h3", null, "Try it"), form];
}

async function send(verb, path, inputs, body, text, file) {
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of inputs) {
    const value = input.value || (parameter.name.toLowerCase() === "idempotency-key" ? crypto.randomUUID() : "");
    if (!value) continue;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query") query.append(parameter.name, value);
    else headers[parameter.name] = value;
  }
  if (token.value.trim()) headers.authorization = `Bearer ${token.value.trim()}`;
  let sent;
  if (text) [sent, headers["content-type"]] = [text.value, "application/json"];
  else if (file && body.type.startsWith("multipart/")) {
    sent = new FormData();
    sent.append("file", file.files[0]);
  } else if (file) [sent, headers["content-type"]] = [file.files[0], (file.files[0] || {}).type || body.type];
  const began = performance.now();
  const answer = await fetch(path + (query.size ? `?${query}` : ""), { method: verb.toUpperCase(), headers, body: sent });
  let said = await answer.text();
  const took = Math.round(performance.now() - began);
  try {
    said = JSON.stringify(JSON.parse(said), null, 2);
  } catch { /* it is no JSON, and shown as it is */ }
  const told = SHOWN.filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
  return [el("p", null, el("span", "status", `${answer.status} ${answer.statusText}`), el("span", "type", `${took} ms`)), el("pre", null, told.join("\n")), said ? el("pre", null, said) : ""];
}

function entry(id, verb, name, says, draw) {
  const inside = el("div", "inside");
  const made = el("details", { class: `entry ${verb}`, id }, el("summary", null, el("span", "verb", verb), el("span", "path", name), says ? el("span", "says", prose(says)) : ""), inside);
  whenOpened(made, () => inside.append(...draw().flat(3).filter(Boolean)));
  return made;
}

const line = (id, verb, name) => el("li", { "data-words": name.toLowerCase() }, el("a", { href: `#${id}`, class: verb }, el("span", "verb", verb === "delete" ? "del" : verb), el("span", null, name)));

function drawOperations(api) {
  const found = Object.entries(api.paths).flatMap(([path, item]) => VERBS.filter((verb) => item[verb]).map((verb) => ({ path, verb, operation: item[verb] })));
  const section = el("section", { id: "operations", "data-tab": "operations" }, el("h1", null, `${api.info.title} API`), el("p", "intro", prose(api.info.description)));
  for (const tag of api.tags) {
    const own = found.filter(({ operation }) => operation.tags.includes(tag.name));
    const group = el("div", "group", el("h2", null, tag.name), el("p", null, prose(tag.description)));
    section.append(group);
    index.append(el("h2", { "data-tab": "operations" }, tag.name), el("ul", { "data-tab": "operations" }, own.map(({ path, verb, operation }) => line(operation.operationId, verb, path))));
    for (const { path, verb, operation } of own) {
      const says = (operation.description || "").split("\n")[0] || operation.summary;
      group.append(entry(operation.operationId, verb, path, says, () => {
        const body = bodyOf(api, operation);
        const wanted = body ? [el("h3", null, "Body "), el("p", "type", body.type), shape(api, body.schema)] : [];
        return [operation.description === says ? [] : paragraphs(operation.description), parameters(api, operation), wanted, answers(api, operation), trial(api, verb, path, operation)];
      }));
    }
  }
  content.append(section);
}

function drawEvents(api) {
  const section = el("section", { id: "events", "data-tab": "events", hidden: true }, el("h1", null, "Events"), el("p", "intro", prose(api.info.description)));
  for (const [owner, channel] of Object.entries(api.channels)) {
    const group = el("div", "group", el("h2", null, channel.title), el("p", null, prose(channel.description)));
    section.append(group);
    index.append(el("h2", { "data-tab": "events", hidden: true }, owner), el("ul", { "data-tab": "events", hidden: true }, Object.keys(channel.messages).map((name) => line(name, "event", name.split(".")[1]))));
    for (const given of Object.values(channel.messages)) {
      const message = find(api, given);
      group.append(entry(message.name, "event", message.name, message.summary, () => [
        paragraphs(message.description), el("h3", null, "Fields of data"), shape(api, message.payload.allOf[1].properties.data), el("h3", null, "Example"), el("pre", null, JSON.stringify(message.examples[0].payload, null, 2)),
      ]));
    }
  }
  content.append(section);
}

/** Show the tab that the address names, or that holds what it names, and open that. */
function follow() {
  const name = decodeURIComponent(location.hash.slice(1)) || "operations";
  const target = document.getElementById(name);
  const tab = target?.closest("section")?.dataset.tab || "operations";
  for (const part of document.querySelectorAll("section[data-tab], #index [data-tab]")) part.hidden = part.dataset.tab !== tab;
  for (const link of document.querySelectorAll(".tabs [data-tab]")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    requestAnimationFrame(() => target.scrollIntoView({ block: "start" }));
  }
  narrow();
}

function narrow() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of index.querySelectorAll("li")) {
    const id = item.firstChild.getAttribute("href").slice(1);
    const drawn = document.getElementById(id);
    const text = `${item.dataset.words} ${id.toLowerCase()} ${drawn.querySelector("summary").textContent.toLowerCase()}`;
    item.hidden = drawn.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of document.querySelectorAll(".group")) group.classList.toggle("empty", !group.querySelector(".entry:not([hidden])"));
  for (const list of index.querySelectorAll("ul")) {
    const empty = !list.querySelector("li:not([hidden])");
    for (const part of [list, list.previousElementSibling]) part.classList.toggle("empty", empty);
  }
}

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function begin() {
  token.value = sessionStorage.getItem("token") || "";
  token.addEventListener("change", () => sessionStorage.setItem("token", token.value));
  filter.addEventListener("input", narrow);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !(event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)) {
      event.preventDefault();
      filter.focus();
    }
  });
  const [operations, events] = await Promise.all([read("/openapi.json"), read("/asyncapi.json")]);
  document.getElementById("version").textContent = operations.info.version;
  document.getElementById("loading").remove();
  drawOperations(operations);
  drawEvents(events);
  follow();
}

begin().catch((error) => {
  document.getElementById("loading").textContent = `The descriptions cannot be read just now (${error.message}). Reload to try again.`;
});
