// The page is whole without this script: it sorts, filters, opens and saves.
(function () {
  "use strict";
  var each = function (list, f) { Array.prototype.forEach.call(list, f); };
  var all = function (selector) { return document.querySelectorAll(selector); };
  each(all(".tools"), function (tools) { tools.hidden = false; });

  function open(selector, value) {
    each(all(selector), function (d) { if (!d.hidden) { d.open = value; } });
  }
  each(all("[data-open]"), function (button) {
    button.addEventListener("click", function () { open("details.app", button.dataset.open === "1"); });
  });

  // What is printed is printed whole, and is as it was afterwards.
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.prototype.filter.call(all("details:not([open])"), function (d) { return !d.hidden; });
    closed.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (d) { d.open = false; });
    closed = [];
  });

  // A link to an app opens it.
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    var details = target && target.closest("details");
    if (details && !details.open) {
      details.open = true;
      target.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  var save = document.getElementById("save");
  if (save) {
    save.addEventListener("click", function () {
      var text = JSON.stringify(JSON.parse(document.getElementById("report").textContent), null, 2) + "\n";
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = "audit.json";
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    });
  }

  var table = document.getElementById("apps-table");
  if (!table) { return; }
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);

  // A long table shows its first rows, so that it answers at once. Rows that a
  // filter leaves out are hidden; the rest of those that it leaves is put off.
  var first = 500;
  var most = first;
  function cut() {
    var shown = 0;
    var rest = 0;
    each(body.rows, function (row) {
      shown += row.dataset.out ? 0 : 1;
      var later = !row.dataset.out && shown > most;
      row.hidden = row.dataset.out === "1" || later;
      row.classList.toggle("rest", later);
      rest += later ? 1 : 0;
    });
    document.getElementById("rest").hidden = rest === 0;
    document.getElementById("shown").textContent = (shown === rows.length ? "" : shown + " of ") + rows.length + " apps" + (rest ? ", the first " + most + " are shown" : "");
    document.getElementById("none").hidden = shown > 0;
  }
  document.getElementById("rest").firstChild.addEventListener("click", function () {
    most = rows.length;
    cut();
  });

  // A cell without a value comes last in either direction.
  function key(row, column) {
    var cell = row.cells[column];
    return "v" in cell.dataset ? cell.dataset.v : cell.textContent.toLowerCase();
  }
  function sort(column, way) {
    var keyed = rows.map(function (row, i) { return { row: row, key: key(row, column), at: i }; });
    var numbers = keyed.every(function (k) { return k.key === "" || !isNaN(k.key); });
    keyed.sort(function (a, b) {
      if (a.key === "" || b.key === "") { return (a.key === "") - (b.key === "") || a.at - b.at; }
      var order = numbers ? a.key - b.key : (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
      return order * way || a.at - b.at;
    });
    var sorted = document.createDocumentFragment();
    keyed.forEach(function (k) { sorted.appendChild(k.row); });
    body.appendChild(sorted);
    cut();
  }
  each(table.tHead.rows[0].cells, function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      each(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      sort(column, way);
    });
  });

  var form = document.getElementById("filter");
  var field = function (name) { return document.getElementById("f-" + name); };
  var details = {};
  each(all("details.app"), function (d) { details[d.dataset.app] = d; });
  var texts = rows.map(function (row) { return (row.cells[0].textContent + " " + row.dataset.rules).toLowerCase(); });
  var tasks = Array.prototype.map.call(all("[data-apps]"), function (task) { return { task: task, apps: task.dataset.apps.split(" ") }; });
  function filter() {
    var text = field("text").value.trim().toLowerCase();
    var wants = { verdict: field("verdict").value, route: field("route").value, org: field("org") ? field("org").value : "" };
    var level = field("level").value;
    var due = field("due").checked;
    rows.forEach(function (row, i) {
      var shown = texts[i].indexOf(text) >= 0 && (!due || row.dataset.due !== "");
      for (var name in wants) { shown = shown && (wants[name] === "" || row.dataset[name] === wants[name]); }
      shown = shown && (level === "" || row.dataset.levels.indexOf(level) >= 0);
      row.dataset.out = shown ? "" : "1";
      if (details[row.dataset.app]) { details[row.dataset.app].hidden = !shown; }
    });
    tasks.forEach(function (t) {
      t.task.hidden = !t.apps.some(function (n) { return !details[n] || !details[n].hidden; });
    });
    cut();
  }
  var waiting;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(filter, rows.length > first ? 200 : 0);
  }
  form.addEventListener("input", soon);
  form.addEventListener("reset", soon);
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  filter();
})();
