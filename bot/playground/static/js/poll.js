// A poll or a quiz: its options take votes, and show the result to who has voted.

import { avatar, h } from "./dom.js";
import { store } from "./store.js";

const FACES = 4; // voters shown beside an option

export function pollNode(message, speaker, does) {
  const { poll } = message;
  const votes = message.votes ?? {};
  const mine = votes[speaker] ?? [];
  const shown = poll.is_closed || mine.length > 0;
  const right = new Set(poll.correct_option_ids ?? []);
  return h(
    "div",
    { class: "poll", role: "group", "aria-label": poll.question },
    h("div", { class: "poll-question", dir: "auto" }, poll.question),
    h("div", { class: "poll-kind" }, kindOf(poll)),
    poll.options.map((option, at) => choice({ message, option, at, mine, shown, right, votes, does })),
    shown && poll.explanation ? h("div", { class: "poll-explanation", dir: "auto" }, poll.explanation) : null,
    foot(message, mine, does),
  );
}

function kindOf(poll) {
  if (poll.is_closed) return "Final results";
  const what = poll.type === "quiz" ? "quiz" : "poll";
  const kind = poll.is_anonymous ? `Anonymous ${what}` : what === "quiz" ? "Quiz" : "Poll";
  return poll.allows_multiple_answers ? `${kind}, several answers` : kind;
}

function choice({ message, option, at, mine, shown, right, votes, does }) {
  const { poll } = message;
  const share = poll.total_voter_count ? Math.round((100 * option.voter_count) / poll.total_voter_count) : 0;
  const chosen = mine.includes(at);
  const verdict = shown && poll.type === "quiz" ? (right.has(at) ? " right" : chosen ? " wrong" : "") : "";
  const bar = h("span", { class: "poll-bar" });
  bar.style.width = shown ? `${Math.max(share, 2)}%` : "0";
  const locked = poll.is_closed || (mine.length > 0 && !poll.allows_revoting);
  const label = shown ? `${option.text}, ${share} %, ${option.voter_count} votes${verdict}` : option.text;
  return h(
    "button",
    { type: "button", class: `poll-option${verdict}${shown ? " shown" : ""}`, "aria-pressed": String(chosen), "aria-label": label, disabled: locked, onclick: () => does.vote(message, next(poll, mine, at)) },
    h("span", { class: "poll-share", "aria-hidden": "true" }, shown ? `${share}%` : h("i")),
    h("span", { class: "poll-text", dir: "auto" }, option.text, verdict ? h("b", {}, verdict === " right" ? "✓" : "✗") : chosen ? h("b", {}, "✓") : null),
    shown && !poll.is_anonymous ? faces(votes, at) : null,
    bar,
  );
}

/** What one votes for after choosing an option: it alone, or with the others where several are allowed. */
function next(poll, mine, at) {
  if (!poll.allows_multiple_answers) return [at];
  return mine.includes(at) ? mine.filter((each) => each !== at) : [...mine, at].sort((one, other) => one - other);
}

function faces(votes, at) {
  const voters = Object.keys(votes).filter((id) => votes[id].includes(at)).map((id) => store.people.get(Number(id)));
  return h("span", { class: "poll-faces" }, voters.slice(0, FACES).map((person) => avatar(person, "mini")));
}

function foot(message, mine, does) {
  const { poll } = message;
  const count = poll.total_voter_count;
  const back = mine.length && poll.allows_revoting && !poll.is_closed;
  return h(
    "div",
    { class: "poll-foot" },
    count === 0 ? "No votes yet" : count === 1 ? "1 vote" : `${count} votes`,
    back ? h("button", { type: "button", class: "quiet", onclick: () => does.vote(message, []) }, "Take back") : null,
  );
}
