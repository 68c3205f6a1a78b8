// Says before a session ends that it will, and lets it go on without leaving the page.

const LOOK_EVERY = 10_000;
const dialog = document.querySelector("dialog[data-ends]");

class Ends {
  constructor(box) {
    this.box = box;
    this.form = box.querySelector("form");
    this.words = box.querySelector("[aria-live]");
    this.warn = Number(box.dataset.warn);
    this.set(Number(box.dataset.left), false);
    this.form.addEventListener("submit", (event) => this.stay(event));
    box.querySelector("[data-close]").addEventListener("click", () => this.close());
    box.addEventListener("cancel", () => this.close());
    this.timer = setInterval(() => this.look(), LOOK_EVERY);
    document.addEventListener("visibilitychange", () => this.look());
  }

  set(seconds, last) {
    this.end = Date.now() + seconds * 1_000;
    this.last = last;
  }

  get left() {
    return Math.ceil((this.end - Date.now()) / 1_000);
  }

  /** Asks the server first: another window, or saving while typing, may have gone on. */
  async look() {
    if (this.over || this.left > this.warn) return;
    if (!this.box.open) {
      if (this.closed && this.left > 0) return;
      await this.ask("GET");
      if (this.left > this.warn) return;
      this.box.showModal();
      this.box.querySelector("h2").focus();
    }
    this.say();
  }

  say() {
    const minutes = Math.ceil(this.left / 60);
    this.over = this.left <= 0;
    const which = this.over ? "over" : this.last ? "last" : minutes > 1 ? "many" : "one";
    const text = this.words.dataset[which].replace("{minutes}", minutes);
    if (this.words.textContent !== text) this.words.textContent = text; // said once a minute
    if (this.over || this.last) this.form.querySelector("[type=submit]")?.remove();
    if (this.over) clearInterval(this.timer);
  }

  async ask(method) {
    const body = method === "POST" ? new FormData(this.form) : undefined;
    try {
      const answer = await fetch(this.form.action, {
        method,
        body,
        redirect: "manual",
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return this.set(0, false);
      const { left, last } = await answer.json();
      this.set(left, last);
    } catch {
      // The network is away: the time that is known still runs.
    }
  }

  async stay(event) {
    event.preventDefault();
    await this.ask("POST");
    if (this.left > this.warn) this.close(false);
    else this.say();
  }

  close(closed = true) {
    this.closed = closed;
    this.box.close();
  }
}

if (dialog) new Ends(dialog);
