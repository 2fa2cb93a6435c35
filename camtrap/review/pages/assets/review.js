/**
 * The review page: the queue, the event that is open, the keys, and what they do together.
 */
import { onConnection, patiently, post } from "./api.js";
import { showAudit } from "./audit_words.js";
import { card } from "./cards.js";
import { Conflicts } from "./conflicts.js";
import { Decisions, saidOf } from "./decisions.js";
import { byId, chip, refill } from "./dom.js";
import { EventView } from "./event.js";
import { bindFilters, eventIn, fromHash, narrowed, question, toHash } from "./filters.js";
import { Grid } from "./grid.js";
import { showHelp } from "./help.js";
import { actionAt } from "./keys.js";
import { speakOut, tellStuck, tellWaiting, toast } from "./notices.js";
import { Pictures } from "./pictures.js";
import { Queue } from "./queue.js";
import { askName, onLanguage, open, recount, reviewer } from "./shell.js";
import { SpeciesBox } from "./species.js";
import { Walk } from "./walk.js";
import { animal, count, labelled, learnAnimals, number, say } from "./words.js";

/** @typedef {import("./types.js").Season} Season */

const COUNT_MS = 2500; // the server is asked how much is done no more often than this
const WANT_MS = 70; // a scroll passes over what is not looked at

/** @param {Season} season */
async function begin(season) {
  let filters = fromHash(location.hash);
  let isOver = false; // the list is at its end, and is asked for anew when all is saved
  let isPushed = false; // the event was opened from the queue, so that "back" of the browser closes it
  /** @type {Queue} */
  let queue;
  const form = /** @type {HTMLFormElement} */ (byId("filters"));
  const pictures = new Pictures();

  const view = new EventView(pictures, { say: (label) => void decide(label), accept: () => void accept() });
  const walk = new Walk(view, pictures, {
    opened: (event) => {
      const address = toHash(filters, event);
      if (byId("event").hidden && location.hash !== address) {
        history.pushState(null, "", address);
        isPushed = true;
      } else history.replaceState(null, "", address);
      if (byId("event").hidden) {
        byId("queue").hidden = true;
        byId("event").hidden = false;
        document.body.classList.add("looking");
        byId("stage").focus({ preventScroll: true });
      }
      place();
    },
    failed: (problem) => toast(say("event.not_shown", { why: problem.message }), { bad: true }),
    ended: () => {
      toast(say("queue.end"));
      back();
      // What is on its way would still be in the list.
      isOver = true;
      if (!decisions.outbox.waiting) waiting(0);
    },
  });

  const decisions = new Decisions(
    season.id ?? season.name,
    (letter) => {
      if (letter.kind === "undo") return post("/api/undo", { reviewer: letter.reviewer, ...(letter.batch ? { batch: letter.batch } : {}) });
      const { reviewer: name, event, files, label, species } = letter;
      return post("/api/decide", { reviewer: name, event, files, label, species });
    },
    walk.visits,
    reviewer,
    {
      changed,
      saved: (_, isSaved) => {
        speakOut(say(isSaved ? "event.saved" : "event.unsaved"));
        soonCount();
      },
      conflict: (letter, theirs) => {
        lastSaid(null);
        conflicts.add(letter, theirs);
      },
      refused: (label, problem) => {
        lastSaid(null);
        toast(say(label ? "event.not_saved" : "event.not_undone", { label: labelled(label), why: problem.message }), { bad: true });
      },
      undone: (event, label) => {
        if (event === null) return toast(say("event.nothing_to_undo"));
        lastSaid(null);
        speakOut(say("event.undone", { label: label && labelled(label) }));
        void walk.open(event);
      },
      locked: () => tellStuck(say("shell.locked")),
      waiting,
      stuck: tellStuck,
    },
  );
  const conflicts = new Conflicts(season.id ?? season.name, {
    mine: ({ letter, theirs }) => decisions.insist(letter, theirs),
    open: (event) => void walk.open(event),
  });
  learnAnimals(season.species);
  const species = new SpeciesBox(season.species, (one) => void decide(one.label, one.name), () => byId("stage").focus({ preventScroll: true }));

  const grid = new Grid(byId("scroller"), byId("grid"), {
    fill: (index) => {
      const item = queue?.at(index);
      return card(item, toHash(filters, item?.event ?? null), (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        void walk.go(index);
      });
    },
    want,
    open: (index) => void walk.go(index),
  });

  /** @param {number} n  decisions that are not saved yet */
  function waiting(n) {
    tellWaiting(n);
    if (n || !isOver) return;
    isOver = false;
    void load(true).then(() => walk.event === null && grid.focus(0));
  }

  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let wanting;
  /** @param {number} from @param {number} to */
  function want(from, to) {
    clearTimeout(wanting);
    wanting = setTimeout(() => queue?.want(from, to), WANT_MS);
  }

  /** Begin the queue of the filters. @param {boolean} [fromTop] */
  async function load(fromTop = true) {
    /** @type {Queue} */
    const mine = new Queue((offset, limit) => patiently(question(filters, offset, limit), () => queue === mine), {
      shrinks: filters.reviewed === "no",
      waiting: () => decisions.outbox.waiting,
      changed: () => {
        if (queue !== mine) return;
        summary();
        grid.reset(mine.total);
        if (walk.event !== null) place();
      },
    });
    queue = walk.queue = mine;
    walk.index = -1;
    byId("narrowed").textContent = narrowed(filters) ? number(narrowed(filters)) : "";
    byId("audit").hidden = filters.kind !== "audit";
    showAudit("audit", season.audit);
    byId("scroller").setAttribute("aria-busy", "true");
    try {
      await mine.start();
    } catch (problem) {
      if (queue === mine) toast(problem instanceof Error ? problem.message : String(problem), { bad: true });
    }
    if (queue !== mine) return;
    byId("scroller").removeAttribute("aria-busy");
    grid.reset(mine.total, fromTop);
  }

  function summary() {
    byId("found").textContent = count("queue.found", queue.total);
    byId("nothing").hidden = queue.total > 0;
    byId("nothing").textContent = say(filters.reviewed === "no" ? "queue.all_done" : "queue.nothing");
  }

  function place() {
    const at = queue?.indexOf(walk.event ?? -1) ?? -1;
    byId("place").textContent = at >= 0 ? say("event.place", { n: at + 1, of: queue.total }) : "";
  }

  /** An event's words are others now. @param {number} event */
  function changed(event) {
    const visit = walk.visits.get(event);
    if (!visit) return;
    visit.reviewed = saidOf(visit.frames);
    queue.patch(event, { reviewed: visit.reviewed });
    queue.settle(event, visit.reviewed !== null);
    grid.redraw(queue.indexOf(event));
    if (walk.event === event) view.words();
  }

  let isSaying = false;
  /** @param {string} label @param {string} [name]  of a species */
  async function decide(label, name = "") {
    if (isSaying || walk.event === null) return;
    isSaying = true;
    try {
      if (!reviewer() && !(await askName(season))) return;
      // Nothing is said of a picture before its event is here.
      if (!(await walk.ready) || !view.visit) return;
      decisions.say(view.visit, view.files_meant, label, name);
      lastSaid(label, name);
      walk.tidy((event) => decisions.outbox.letters.some((letter) => letter.kind === "decide" && letter.event === event));
      await walk.onwards();
    } finally {
      isSaying = false;
    }
  }

  async function accept() {
    if (await walk.ready) {
      const label = view.isWhole ? view.visit?.label : view.current?.label;
      if (label) await decide(label, view.isWhole ? view.visit?.species ?? "" : "");
    }
  }

  /** @param {string|null} label @param {string} [name] */
  function lastSaid(label, name = "") {
    byId("last").hidden = label === null;
    if (label) refill(byId("last-said"), chip(label, animal(name) || labelled(label)));
  }

  function back() {
    if (walk.event === null) return;
    if (isPushed) history.back();
    else {
      history.replaceState(null, "", toHash(filters));
      close();
    }
  }

  function close() {
    const at = queue.indexOf(walk.event ?? -1);
    isPushed = false;
    walk.close();
    byId("event").hidden = true;
    byId("queue").hidden = false;
    document.body.classList.remove("looking");
    grid.draw();
    grid.focus(at >= 0 ? at : 0);
  }

  addEventListener("popstate", () => {
    const event = eventIn(location.hash);
    if (event === null && walk.event !== null) close();
    else if (event !== null && event !== walk.event) void walk.open(event);
  });

  let counting = false;
  function soonCount() {
    if (counting) return;
    counting = true;
    setTimeout(async () => {
      counting = false;
      await recount(season);
      if (filters.kind === "audit") showAudit("audit", season.audit);
    }, COUNT_MS);
  }

  const facts = /** @type {HTMLDetailsElement} */ (byId("facts-panel"));
  /** @type {Record<string, () => unknown>} */
  const does = {
    undo: () => decisions.undo(),
    theirs: () => conflicts.theirs(),
    mine: () => conflicts.mine(),
    help: showHelp,
    accept,
    boxes: () => view.boxes(),
    scope: () => view.scope(),
    species: () => species.open(),
    facts: () => (facts.open = !facts.open),
    shade: () => view.shade.toggle(),
    "frame-": () => view.flip(-1),
    "frame+": () => view.flip(1),
    "event-": () => walk.previous(),
    "event+": () => walk.next(),
    before: () => walk.beside("before"),
    after: () => walk.beside("after"),
    "zoom+": () => view.stage.zoom(1),
    "zoom-": () => view.stage.zoom(-1),
    zoom0: () => view.stage.reset(),
    back,
  };
  const anywhere = ["undo", "theirs", "mine", "help"];
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const action = actionAt(event);
    if (walk.event === null && !anywhere.includes(action)) {
      // From nowhere, the arrows lead into the grid.
      if (action && event.target === document.body && /^(event|frame)/.test(action)) grid.focus(grid.current);
      return;
    }
    if (!action) return;
    event.preventDefault();
    if (action.startsWith("say:")) void decide(action.slice(4));
    else void does[action]?.();
  });
  for (const [id, action] of [["undo", "undo"], ["back", "back"], ["help", "help"], ["before", "before"], ["after", "after"], ["next", "event+"], ["previous", "event-"]])
    byId(id).addEventListener("click", () => void does[action]());
  // A pointer leaves the focus where keys are heard as keys of the picture.
  byId("event").addEventListener("click", (event) => {
    if (event.detail > 0 && event.target instanceof Element && event.target.closest(".panel button, .strip button, .over button"))
      byId("stage").focus({ preventScroll: true });
  });

  const bound = bindFilters(form, season, filters, (now) => {
    filters = now;
    history.replaceState(null, "", toHash(filters));
    void load(true);
  });
  onLanguage(() => {
    bound.spell();
    summary();
    place();
    showAudit("audit", season.audit);
    grid.reset(queue.total);
    view.respell();
    conflicts.draw();
  });
  onConnection((here) => {
    if (!here) return;
    void decisions.outbox.flush();
    view.retry();
    grid.reset(queue.total);
    soonCount();
  });

  const asked = eventIn(location.hash);
  if (asked !== null) void walk.open(asked);
  await load(true);
  void decisions.outbox.flush();
  if (!reviewer()) await askName(season);
  if (walk.event === null) grid.focus(0);
  else byId("stage").focus({ preventScroll: true });
}

void open("review", begin);
