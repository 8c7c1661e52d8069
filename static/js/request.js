/* The request page: Enter in a search box searches, and a lapsed session never takes what was typed away. */
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing || !event.target.getAttribute) return;
    var button = document.getElementById(event.target.getAttribute("data-enter") || "");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* The autosave must not lead away to the sign-in page: say that the session has lapsed, and keep the page. */
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.status !== 401 || !event.target.closest("#request-form")) return;
    event.preventDefault();
    var notice = document.getElementById("session-lapsed");
    if (notice) notice.hidden = false;
  });
})();
