// Files on their way: how far they are, in a bar and in words. Without script the page itself
// is sent, and does the same.

const page = () => document.querySelector("[data-files-page]");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const input = form.querySelector("input[type=file]");
  if (!form.matches("[data-files]") || !input?.files.length) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // portal.js would count it as pressed
  if (form.dataset.sending) send(form, event.submitter);
}, { capture: true });

function send(form, submitter) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const bar = form.querySelector("[data-files-progress]");
  const status = form.querySelector("[data-files-status]");
  let told = -1;
  const say = (words) => { status.textContent = words; };
  const show = (share) => {
    bar.hidden = false;
    bar.querySelector("progress").value = share;
    const tenth = Math.floor(share / 25) * 25; // a reader is told four times, not a hundred
    if (tenth !== told) say(form.dataset.sending.replace("{percent}", String(tenth)));
    told = tenth;
  };
  const failed = () => {
    delete form.dataset.busy;
    bar.hidden = true;
    say(form.dataset.failed);
  };

  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) show(Math.round((100 * event.loaded) / event.total));
  });
  request.upload.addEventListener("load", () => say(form.dataset.checking));
  request.addEventListener("error", failed);
  request.addEventListener("load", () => {
    const came = request.response?.querySelector("[data-files-page]");
    if (!came && request.status >= 400) return failed();
    if (!came) return location.assign(request.responseURL);
    renew(request.response, form.dataset.added);
  });
  request.send(body(form, submitter));
}

/** The fields in the order in which the page has them; the button that was pressed counts too. */
function body(form, submitter) {
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  return data;
}

/** The same page as it came back: its list, its sentences, and where to look first. */
function renew(answer, words) {
  document.title = answer.title;
  document.querySelector("main").replaceWith(document.adoptNode(answer.querySelector("main")));
  const summary = document.querySelector(".govuk-error-summary");
  if (summary) {
    summary.tabIndex = -1;
    summary.focus();
    return;
  }
  const status = page().querySelector("[data-files-status]");
  const next = page().querySelector("input[type=file]") ?? page().querySelector("button");
  next?.focus();
  if (status) setTimeout(() => { status.textContent = words; }, 100);
}
