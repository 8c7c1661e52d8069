/* Small comforts. Everything works without this file. */
(function () {
  "use strict";

  var search = document.getElementById("search-box");
  var help = document.getElementById("shortcuts");

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function moveRow(step) {
    var links = Array.prototype.slice.call(document.querySelectorAll("main .table tbody [data-row-link]"));
    if (!links.length) return false;
    var next = links.indexOf(document.activeElement) + step;
    links[Math.max(0, Math.min(links.length - 1, next))].focus();
    return true;
  }

  /* Ctrl+Enter sends the form from a field of several lines, where Enter only begins a new line. */
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.ctrlKey || event.target.tagName !== "TEXTAREA" || !event.target.form) return;
    var form = event.target.form;
    var send = form.querySelector("button.button-main[type=submit]") || form.querySelector("button[type=submit]:not([aria-hidden])");
    if (send) {
      event.preventDefault();
      send.click();
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      return;
    }
    if (typing(event.target)) return;
    if (event.key === "n") {
      var next = document.querySelector("main a[data-main]");
      if (next) {
        event.preventDefault();
        next.click();
      }
    } else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?" && help) {
      event.preventDefault();
      if (help.showModal) {
        if (!help.open) help.showModal();
      } else {
        window.location = help.getAttribute("data-page");
      }
    } else if (event.key === "j" || event.key === "k") {
      if (moveRow(event.key === "j" ? 1 : -1)) event.preventDefault();
    }
  });

  /* An opened gate takes a whole line, so that the others keep together. */
  document.addEventListener("toggle", function (event) {
    if (event.target.classList && event.target.classList.contains("gate")) {
      event.target.parentNode.classList.toggle("is-open", event.target.open);
    }
  }, true);

  /* One open menu at a time; a click elsewhere closes it. */
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (event.target.closest && event.target.closest("[data-close]") && help && help.open) help.close();
    if (event.target.closest && event.target.closest("[data-print]")) window.print();
  });

  /* A second click on the same button sends nothing. A button's own name and value still travel with the
     first submit, because it is put out only after the form has been read. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.hasAttribute("data-many")) return;
    if (form.getAttribute("data-sent")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("data-sent", "1");
    window.setTimeout(function () {
      if (event.defaultPrevented) {
        form.removeAttribute("data-sent");
        return;
      }
      form.querySelectorAll("button:not([type=button])").forEach(function (button) {
        button.classList.add("is-busy");
        button.setAttribute("aria-disabled", "true");
      });
    }, 0);
    /* Whoever stops the page half-way may send again; a second arrival is refused by the server all the same. */
    window.setTimeout(rearm, 15000);
  });

  function rearm() {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      form.removeAttribute("data-sent");
      form.querySelectorAll("button.is-busy").forEach(function (button) {
        button.classList.remove("is-busy");
        button.removeAttribute("aria-disabled");
      });
    });
  }
  window.addEventListener("pageshow", rearm);

  /* A download answers without leaving the page, so its form must live again. */
  document.addEventListener("submit", function (event) {
    if (event.target.hasAttribute("data-download")) window.setTimeout(rearm, 3000);
  });

  /* A lapsed session answers a fragment with the login page: say so, and keep what stands on the page. */
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    var text = event.detail.xhr.responseText || "";
    if (text.indexOf("data-login-page") === -1) return;
    event.detail.shouldSwap = false;
    var notice = document.getElementById("session-lapsed");
    if (notice) {
      notice.hidden = false;
      notice.scrollIntoView();
    }
  });
  document.body.addEventListener("htmx:afterRequest", rearm);

  /* A file dropped on the upload field. */
  document.querySelectorAll("[data-drop]").forEach(function (zone) {
    var input = zone.querySelector("input[type=file]");
    var chosen = zone.querySelector("[data-chosen]");
    if (!input) return;
    function show() {
      if (chosen) chosen.textContent = input.files.length ? input.files[0].name : "";
    }
    input.addEventListener("change", show);
    ["dragenter", "dragover"].forEach(function (name) {
      zone.addEventListener(name, function (event) {
        event.preventDefault();
        zone.classList.add("is-over");
      });
    });
    ["dragleave", "drop"].forEach(function (name) {
      zone.addEventListener(name, function (event) {
        event.preventDefault();
        zone.classList.remove("is-over");
      });
    });
    zone.addEventListener("drop", function (event) {
      if (event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        show();
      }
    });
  });

  /* What was typed into a form that came too late: kept in this tab until the form opens again after sign-in, then
     put back and forgotten. Passwords, files and hidden fields are never kept; signing out, or someone else signing in
     on the same tab, forgets everything. */
  var store = null;
  try { store = window.sessionStorage; } catch (error) { store = null; }

  function putBack(form) {
    var key = "kept:" + new URL(form.action || window.location.href, window.location.href).pathname;
    var kept = store.getItem(key);
    if (!kept || form.querySelector(".error-summary")) return;
    store.removeItem(key);
    var seen = {};
    JSON.parse(kept).forEach(function (pair) {
      form.querySelectorAll("[name]").forEach(function (field) {
        if (field.name !== pair[0] || /^(hidden|password|file|submit)$/.test(field.type) || field.type === "button") return;
        if (field.type === "checkbox" || field.type === "radio") field.checked = field.checked || field.value === pair[1];
        else if (!seen[pair[0]]) field.value = pair[1];
      });
      seen[pair[0]] = true;
    });
  }

  if (store) {
    var late = document.querySelector("form[data-kept]");
    if (late) {
      var pairs = Array.prototype.map.call(late.elements, function (field) { return [field.name, field.value]; });
      store.setItem("kept:" + late.getAttribute("data-kept"), JSON.stringify(pairs));
    }
    var who = document.body.getAttribute("data-who");
    if (who) {
      if (store.getItem("who") !== who) store.clear();
      store.setItem("who", who);
      document.querySelectorAll("main form[method=post]").forEach(putBack);
    }
    document.querySelectorAll("form[data-forget]").forEach(function (form) {
      form.addEventListener("submit", function () { store.clear(); });
    });
  }

  /* A page with one thing to do begins there: at the first field to fill, else at the button. */
  var first = document.querySelector("main form[data-first]");
  if (first && !document.querySelector("main [autofocus], .error-summary") && !window.location.hash) {
    var begin = first.getAttribute("data-first") === "button" ? null : first.querySelector(
      "input:not([type=hidden]):checked, input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select, textarea, input[type=radio]");
    begin = begin || first.querySelector("button[type=submit]");
    if (begin) begin.focus({ preventScroll: true });
  }

  /* Errors at the top take the focus, so a screen reader and a keyboard begin there. */
  var errors = document.querySelector(".error-summary");
  if (errors) errors.focus();
})();
