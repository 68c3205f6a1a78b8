// What script adds: GOV.UK's own behaviour, saving while people type, one press one act, and a
// quick way out. Every page works without it.

const AFTER_TYPING = 5_000;
const BETWEEN_SAVES = 15_000;
const HIDDEN = ".govuk-radios__conditional--hidden, .govuk-checkboxes__conditional--hidden";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
import(document.querySelector("script[data-govuk]").dataset.govuk).then((govuk) => {
  govuk.initAll();
  unexpand();
  document.addEventListener("click", unexpand);
  window.addEventListener("pageshow", unexpand);
});

/** GOV.UK says aria-expanded on radios that open more questions; a radio may not carry it. */
function unexpand() {
  document.querySelectorAll("[type=radio][aria-expanded]").forEach((radio) => radio.removeAttribute("aria-expanded"));
}

/** The fields as they stand, without those inside a choice that is not made. */
function typed(form) {
  const data = new FormData(form);
  for (const closed of form.querySelectorAll(HIDDEN)) {
    for (const input of closed.querySelectorAll("[name]")) data.delete(input.name);
  }
  return data;
}

class Autosave {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-autosave-status]");
    this.lastSave = 0;
    this.since = 0; // when the oldest unsaved letter was typed
    form.addEventListener("input", () => this.typed());
    form.addEventListener("change", () => this.typed());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.since) this.save({ keepalive: true });
    });
  }

  typed() {
    const now = Date.now();
    this.since ||= now;
    const due = Math.min(now + AFTER_TYPING, this.since + BETWEEN_SAVES);
    this.wait(Math.max(due, this.lastSave + BETWEEN_SAVES) - now);
  }

  wait(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  say(which, time = "") {
    if (this.status) this.status.textContent = this.status.dataset[which].replace("{time}", time);
  }

  save(options = {}) {
    if (this.stopped || this.saving) return this.saving;
    clearTimeout(this.timer);
    const since = this.since;
    this.since = 0;
    this.lastSave = Date.now();
    this.saving = this.send(options)
      .then((sent) => { if (!sent) this.since ||= since; })
      .finally(() => {
        this.saving = null;
        if (this.since && !this.stopped) this.wait(BETWEEN_SAVES);
      });
    return this.saving;
  }

  /** True when the words are kept, or when trying again would not help. */
  async send(options) {
    try {
      const answer = await fetch(this.form.dataset.autosave, {
        method: "POST",
        body: typed(this.form),
        redirect: "manual",
        headers: { Accept: "application/json" },
        ...options,
      });
      if (answer.status === 409) {
        this.stopped = true;
        this.say("conflict");
        return true;
      }
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        this.say("signedOut");
        return false;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const { saved_at: savedAt, seen } = await answer.json();
      const input = this.form.querySelector("input[name=seen]");
      if (input && seen !== undefined) input.value = seen;
      this.say("saved", savedAt);
      return true;
    } catch {
      this.say("failed");
      return false;
    }
  }
}

const saver = [...document.querySelectorAll("form[data-autosave]")].map((form) => new Autosave(form))[0];

/** One press, one act; a save under way is let finish, so that the page is not at odds with itself. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (saver?.form === form) {
    clearTimeout(saver.timer);
    if (saver.saving) {
      event.preventDefault();
      const { submitter } = event;
      saver.saving.finally(() => form.requestSubmit(submitter));
      return;
    }
    saver.stopped = true;
  }
  form.dataset.sent = "yes";
  for (const input of form.querySelectorAll(HIDDEN.replaceAll("hidden", "hidden [name]"))) {
    if (!input.disabled) {
      input.disabled = true;
      input.dataset.closed = "yes";
    }
  }
  setTimeout(() => ready(form), BETWEEN_SAVES); // a file came instead of a page
});

function ready(form) {
  delete form.dataset.sent;
  if (saver?.form === form) saver.stopped = false;
  for (const input of form.querySelectorAll("[data-closed]")) {
    input.disabled = false;
    delete input.dataset.closed;
  }
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(ready);
});

/** Leave this page: cover it at once, keep what was typed, and leave no step back to it. */
for (const way of document.querySelectorAll(".p-exit")) {
  way.addEventListener("click", (event) => {
    event.preventDefault();
    document.body.hidden = true;
    document.title = "";
    if (saver?.since) saver.save({ keepalive: true });
    window.location.replace(way.href);
  });
}

/** Words that waited for signing in go on to their page by themselves. */
document.querySelector("form[data-go-on]")?.requestSubmit();
