// What pages do beyond links and forms; all of it works without, but uploads.
(() => {
  "use strict";
  document.documentElement.classList.add("has-script");

  // htmx carries the session's token.
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["x-csrf-token"] = document.body.dataset.csrf;
  });

  // The menu of narrow screens.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-menu]");
    if (!button) return;
    const menu = document.getElementById(button.getAttribute("aria-controls"));
    const open = menu.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  });

  // Printed pages show the tables behind figures.
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.closeAgain = "";
    }
  });
  window.addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("details[data-close-again]")) {
      one.open = false;
      delete one.dataset.closeAgain;
    }
  });

  // Uploads: <form data-upload action="…"> sends each chosen or dropped file as the body of a
  // request, the other fields as its query, and follows the address that comes back.
  for (const form of document.querySelectorAll("form[data-upload]")) prepare(form);

  function prepare(form) {
    const input = form.querySelector("input[type=file]");
    const drop = form.querySelector(".drop") || form;
    const say = form.querySelector("[data-say]");
    const bar = form.querySelector("progress");
    for (const kind of ["dragenter", "dragover"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    for (const kind of ["dragleave", "drop"]) {
      drop.addEventListener(kind, () => drop.classList.remove("over"));
    }
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
      say.textContent = [...input.files].map((file) => file.name).join(", ");
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const files = [...input.files];
      if (!files.length) return;
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      bar.hidden = false;
      let next = null;
      try {
        for (const file of files) next = await send(form, file, bar, say);
        window.location.assign(next);
      } catch (problem) {
        say.textContent = problem.message;
        say.setAttribute("role", "alert");
        bar.hidden = true;
        button.disabled = false;
      }
    });
  }

  function send(form, file, bar, say) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrf") query.append(name, value);
    }
    query.append("name", file.name);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${form.action}?${query}`);
      request.setRequestHeader("x-csrf-token", document.body.dataset.csrf);
      request.setRequestHeader("content-type", "application/octet-stream");
      request.setRequestHeader("accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
        say.textContent = file.name;
      });
      request.addEventListener("load", () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* said below */ }
        if (request.status < 300 && answer.next) resolve(answer.next);
        else reject(new Error([answer.error, answer.hint].filter(Boolean).join(" — ") || `HTTP ${request.status}`));
      });
      request.addEventListener("error", () => reject(new Error(form.dataset.lost)));
      request.send(file);
    });
  }

  // Sliders: <input type="range" data-slides="ID"> moves the field with that id, and the other way
  // round. Only the field is sent. It runs before htmx looks at the form.
  const minutes = (text) => {
    const [hours, rest] = text.split(":").map(Number);
    return hours * 60 + rest;
  };
  const clock = (n) => `${String(Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`;
  const mark = (field) => {
    field.closest(".lever").classList.toggle("moved", field.value !== field.dataset.now);
  };
  document.addEventListener("input", (event) => {
    const { slides } = event.target.dataset;
    if (slides) {
      const field = document.getElementById(slides);
      field.value = field.type === "time" ? clock(Number(event.target.value)) : event.target.value;
      mark(field);
    } else if (event.target.closest(".lever")) {
      const slider = document.querySelector(`[data-slides="${event.target.id}"]`);
      if (slider && event.target.value) {
        slider.value = event.target.type === "time" ? minutes(event.target.value) : event.target.value;
      }
      mark(event.target);
    }
  }, true);

  // Progress of work on the server: <div data-events="…"> follows its events until the last one.
  for (const box of document.querySelectorAll("[data-events]")) {
    const events = new EventSource(box.dataset.events);
    events.addEventListener("state", (event) => {
      box.querySelector("[data-say]").textContent = event.data;
    });
    events.addEventListener("over", () => {
      events.close();
      window.location.reload();
    });
  }
})();
