/* At the packing table: each scanned barcode ticks its row off; a specimen of another batch is told at once. */
(function () {
  "use strict";

  var box = document.querySelector("[data-scan]");
  var rows = Array.prototype.slice.call(document.querySelectorAll("[data-scan-rows] tr[data-barcode]"));
  if (!box || !rows.length) return;
  var input = box.querySelector("input");
  var state = box.querySelector("[data-scan-state]");
  box.hidden = false;
  input.focus();

  function say(text, wrong) {
    state.textContent = text;
    state.classList.toggle("error-text", wrong);
  }

  input.addEventListener("keydown", function (event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    var code = input.value.replace(/\s+/g, "").toUpperCase();
    input.value = "";
    if (!code) return;
    var row = rows.filter(function (one) { return one.getAttribute("data-barcode") === code; })[0];
    if (!row) {
      say(code + " " + input.getAttribute("data-scan-other"), true);
      return;
    }
    row.classList.add("is-scanned");
    var done = rows.filter(function (one) { return one.classList.contains("is-scanned"); }).length;
    say(input.getAttribute("data-scan-of").replace("{n}", done).replace("{all}", rows.length), false);
  });
})();
