/* The tablet: one screen at a time, and the box to sign in. Without this file the page is one long form. */
(function () {
  "use strict";

  var WIDTH = 1000, HEIGHT = 400;

  /* The box: pen, finger or mouse by Pointer Events; points in units of 1000 × 400 with milliseconds. */
  function pad(box) {
    var canvas = box.querySelector("canvas");
    var field = box.parentNode.querySelector("input[name=strokes]") || document.querySelector("input[name=strokes]");
    var state = box.querySelector("[data-pad-state]");
    var pen = canvas.getContext("2d");
    var strokes = [], current = null, pointer = null, began = null, penSeen = false;

    try { strokes = JSON.parse(field.value || "[]"); } catch (error) { strokes = []; }
    if (strokes.length) {
      var last = strokes[strokes.length - 1];
      began = Date.now() - last[last.length - 1][2];
    }
    box.hidden = false;

    function fit() {
      var width = canvas.clientWidth || box.clientWidth;
      if (!width) return;
      var ratio = window.devicePixelRatio || 1;
      canvas.style.height = (width * HEIGHT / WIDTH) + "px";
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(width * HEIGHT / WIDTH * ratio);
      draw();
    }

    function draw() {
      var scale = canvas.width / WIDTH;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, WIDTH, HEIGHT);
      pen.lineWidth = 1.5;
      pen.strokeStyle = "#b4c0c3";
      pen.beginPath();
      pen.moveTo(60, 320);
      pen.lineTo(940, 320);
      pen.stroke();
      pen.lineWidth = 7;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = "#111111";
      strokes.concat(current ? [current] : []).forEach(function (stroke) {
        pen.beginPath();
        pen.moveTo(stroke[0][0], stroke[0][1]);
        if (stroke.length === 1) pen.lineTo(stroke[0][0] + 0.1, stroke[0][1]);
        stroke.forEach(function (point) { pen.lineTo(point[0], point[1]); });
        pen.stroke();
      });
    }

    function keep() {
      field.value = strokes.length ? JSON.stringify(strokes) : "";
      box.classList.toggle("is-signed", strokes.length > 0);
      if (state) state.textContent = state.getAttribute(strokes.length ? "data-signed" : "data-empty");
    }

    function add(event) {
      var frame = canvas.getBoundingClientRect();
      var x = (event.clientX - frame.left - canvas.clientLeft) / canvas.clientWidth * WIDTH;
      var y = (event.clientY - frame.top - canvas.clientTop) / canvas.clientHeight * HEIGHT;
      var at = Math.max(0, Date.now() - began);
      current.push([Math.round(x * 10) / 10, Math.round(y * 10) / 10, at]);
    }

    canvas.addEventListener("pointerdown", function (event) {
      if (pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
      /* Once a pen has written, the palm beside it does not count. */
      if (event.pointerType === "pen") penSeen = true;
      else if (event.pointerType === "touch" && penSeen) return;
      event.preventDefault();
      pointer = event.pointerId;
      if (canvas.setPointerCapture) {
        try { canvas.setPointerCapture(pointer); } catch (error) { /* the pointer has gone */ }
      }
      if (began === null) began = Date.now();
      current = [];
      add(event);
      draw();
    });
    canvas.addEventListener("pointermove", function (event) {
      if (event.pointerId !== pointer || !current) return;
      event.preventDefault();
      var all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      (all.length ? all : [event]).forEach(add);
      draw();
    });
    function lift(event) {
      if (event.pointerId !== pointer || !current) return;
      strokes.push(current);
      current = pointer = null;
      draw();
      keep();
    }
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);

    function undo() {
      strokes.pop();
      draw();
      keep();
    }
    function clear() {
      strokes = [];
      began = null;
      draw();
      keep();
    }
    box.querySelector("[data-pad-undo]").addEventListener("click", undo);
    box.querySelector("[data-pad-clear]").addEventListener("click", clear);
    canvas.addEventListener("keydown", function (event) {
      if (event.key === "Backspace") { event.preventDefault(); undo(); }
      if (event.key === "Delete") { event.preventDefault(); clear(); }
    });
    window.addEventListener("resize", fit);
    document.addEventListener("shown-step", fit);
    document.addEventListener("toggle", fit, true);
    fit();
    keep();
  }

  /* One topic a screen. Errors open the screen they stand on. */
  function steps(body) {
    var screens = Array.prototype.slice.call(document.querySelectorAll("[data-step]"));
    var back = document.querySelector("[data-back]"), next = document.querySelector("[data-next]");
    var submit = document.querySelector("[data-submit]");
    var progress = document.querySelector("[data-progress]");
    var here = 0;
    if (!screens.length || !next) return;
    body.setAttribute("data-steps-on", "");

    function show(index, focus) {
      here = Math.max(0, Math.min(screens.length - 1, index));
      screens.forEach(function (screen, place) { screen.hidden = place !== here; });
      back.hidden = here === 0;
      next.hidden = here === screens.length - 1;
      submit.hidden = !next.hidden;
      if (progress) {
        progress.hidden = false;
        progress.textContent = progress.getAttribute("data-words").replace("{n}", here + 1).replace("{all}", screens.length);
      }
      document.dispatchEvent(new CustomEvent("shown-step"));
      if (focus) {
        window.scrollTo(0, 0);
        screens[here].querySelector("h2").focus();
      }
    }

    function placeOf(element) {
      for (var place = 0; place < screens.length; place += 1) if (screens[place].contains(element)) return place;
      return -1;
    }

    back.addEventListener("click", function () { show(here - 1, true); });
    next.addEventListener("click", function () { show(here + 1, true); });
    document.addEventListener("click", function (event) {
      var link = event.target.closest ? event.target.closest(".error-summary a") : null;
      if (!link) return;
      var target = document.getElementById(link.getAttribute("href").slice(1)) ||
        document.getElementById(link.getAttribute("href").slice(1) + "_0");
      if (target && target.type === "hidden") target = document.getElementById(target.id + "_field") || target;
      var place = target ? placeOf(target) : -1;
      if (place < 0) return;
      event.preventDefault();
      show(place, true);
      if (target.focus) target.focus();
    });
    /* Enter turns the page, from a field or from the heading that has the focus; it never sends a half-read form. */
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || !/^(INPUT|H2|BODY)$/.test(event.target.tagName) || here === screens.length - 1) return;
      event.preventDefault();
      show(here + 1, true);
    });
    var wrong = document.querySelector(".told .field-error");
    show(wrong ? Math.max(0, placeOf(wrong)) : 0, false);
  }

  /* Fields for another signer only when another signs; the name also for one who types it. */
  function another() {
    var box = document.querySelector("[data-for-another]");
    if (!box) return;
    var typed = document.querySelector("input[name=typed]");
    var name = document.querySelector("[data-name]");
    function fit() {
      var chosen = document.querySelector("input[name=signer]:checked");
      box.hidden = !(chosen && chosen.value !== "patient") && !box.querySelector(".field-error");
      name.hidden = box.hidden && !(typed && typed.checked) && !name.querySelector(".field-error");
    }
    document.addEventListener("change", fit);
    fit();
  }

  if (document.body.hasAttribute("data-steps")) steps(document.body);
  another();
  document.querySelectorAll("[data-pad]").forEach(pad);
}());
