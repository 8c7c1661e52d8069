/* The request page: Enter in a search box searches, and a lapsed session never takes what was typed away. */
(function () {
  "use strict";

  /* htmx listens for the event an input names in data-enter; its button asks for the same, once a value. */
  function ask(input) {
    input.dispatchEvent(new Event(input.getAttribute("data-enter"), { bubbles: true }));
  }

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing || !event.target.getAttribute) return;
    if (event.target.getAttribute("data-button")) {
      event.preventDefault();
      document.getElementById(event.target.getAttribute("data-button")).click();
    } else if (event.target.getAttribute("data-enter") && window.htmx) {
      event.preventDefault();
      ask(event.target);
    }
  });

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-asks]");
    if (!button || !window.htmx) return;
    event.preventDefault();
    ask(document.getElementById(button.getAttribute("data-asks")));
  });

  /* An answer that was asked for before a test was picked must not take the pick away. */
  var picked = null;
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id !== "test-results") return;
    var chosen = event.detail.target.querySelector("input[name=indication]:checked");
    picked = chosen && { value: chosen.value, focused: chosen === document.activeElement };
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (!picked || event.detail.target.id !== "test-results") return;
    var was = picked;
    picked = null;
    var same = Array.prototype.filter.call(
      event.detail.target.querySelectorAll("input[name=indication]"), function (one) { return one.value === was.value; }
    )[0];
    if (!same || same.checked) return;
    same.checked = true;
    if (was.focused) same.focus();
    same.dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* The autosave must not lead away to the sign-in page: say that the session has lapsed, and keep the page. */
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.status !== 401 || !event.target.closest("#request-form")) return;
    event.preventDefault();
    var notice = document.getElementById("session-lapsed");
    if (notice) notice.hidden = false;
  });
})();
