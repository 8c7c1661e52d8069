/* At the packing table and at the hand-over: each scanned barcode ticks its row off and goes into the list that is sent;
   a specimen that does not belong is told at once. The server judges the list again. */
(function () {
  "use strict";

  function each(found, act) { Array.prototype.forEach.call(found, act); }

  each(document.querySelectorAll("[data-scan-scope]"), function (scope, place) {
    var box = scope.querySelector("[data-scan]");
    var rows = Array.prototype.slice.call(scope.querySelectorAll("tr[data-barcode]"));
    var list = scope.querySelector("textarea[name=scanned]");
    if (!box || !rows.length || !list) return;
    var input = box.querySelector("input");
    var state = box.querySelector("[data-scan-state]");
    box.hidden = false;
    if (place === 0) input.focus();

    function say(text, wrong) {
      state.textContent = text;
      state.classList.toggle("error-text", wrong);
    }

    function codes() {
      return list.value.toUpperCase().split(/[\s,，]+/).filter(Boolean);
    }

    function tick() {
      var read = codes();
      var done = 0;
      rows.forEach(function (row) {
        var is = read.indexOf(row.getAttribute("data-barcode")) >= 0;
        row.classList.toggle("is-scanned", is);
        if (is) done += 1;
      });
      return done;
    }

    input.addEventListener("keydown", function (event) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      var code = input.value.replace(/\s+/g, "").toUpperCase();
      input.value = "";
      if (!code) return;
      if (!rows.some(function (one) { return one.getAttribute("data-barcode") === code; })) {
        say(code + " " + input.getAttribute("data-scan-other"), true);
        return;
      }
      if (codes().indexOf(code) < 0) list.value = codes().concat(code).join("\n");
      say(input.getAttribute("data-scan-of").replace("{n}", tick()).replace("{all}", rows.length), false);
    });
    list.addEventListener("input", tick);
    tick();
  });
})();
