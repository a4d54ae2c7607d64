// Making nodes. Text becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button", {class: "x", onclick: f, "aria-label": "…"}, "text", node, …). */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** An icon of the sprite in the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A round picture: the parrot for the bot, coloured initials for people, an icon for groups. */
export function avatar(who, size = "") {
  if (who.bot) return h("span", { class: `avatar ${size}` }, h("img", { src: "/parrot.svg", alt: "" }));
  if (who.group) return h("span", { class: `avatar tone-${who.icon ? tone(who.id) : 5} ${size}`, "aria-hidden": "true" }, icon(who.icon ?? "group"));
  const initial = [...who.name][0] || "?";
  return h("span", { class: `avatar tone-${tone(who.id)} ${size}`, "aria-hidden": "true" }, initial.toUpperCase());
}

/** A colour for a person, always the same. */
export const tone = (id) => Math.abs(id) % 6;

export const byId = (id) => document.getElementById(id);
