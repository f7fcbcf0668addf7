/* Keeps a page true while one looks at it. Without this file, or when nothing comes, a reload does the same.
   The server names what changed; the page asks for that piece of itself and puts it in its place. */
(function (d) {
  "use strict";
  var main = d.getElementById("main"), root = d.documentElement;
  if (!window.fetch || !window.DOMParser) return;

  var QUIET = 10000, GAP = 250;
  var voice = d.getElementById("voice"), waiting = "", spoke = -QUIET;

  /* One line for all that happens, at most one in ten seconds; the last one wins. */
  function speak(sentence) {
    var idle = !waiting;
    waiting = sentence;
    if (idle) setTimeout(function () {
      voice.textContent = waiting;
      waiting = "";
      spoke = performance.now();
    }, Math.max(0, spoke + QUIET - performance.now()));
  }

  function ask(address, options) {
    var limit = window.AbortSignal && AbortSignal.timeout ? {signal: AbortSignal.timeout(15000)} : {};
    return fetch(address, Object.assign({credentials: "same-origin"}, limit, options)).then(function (answer) {
      if (answer.status === 204) return null;
      if (!answer.ok) return Promise.reject(answer.status);
      return answer.text().then(function (text) { return new DOMParser().parseFromString(text, "text/html"); });
    });
  }

  /* The same control keeps the focus; where it is gone, what it belonged to gets it. */
  function put(old, fresh) {
    var held = old.contains(d.activeElement) ? d.activeElement : null, again;
    if (old.matches(".ticket:not(.ticket--gone)") && fresh.matches(".ticket--gone")) fresh.classList.add("ticket--tearing");
    old.replaceWith(fresh);
    if (held) {
      again = held.getAttribute("href") ? fresh.querySelector('[href="' + CSS.escape(held.getAttribute("href")) + '"]') : fresh.querySelector("button");
      if (!again) { again = fresh; fresh.tabIndex = -1; }
      again.focus({preventScroll: true});
    }
    d.dispatchEvent(new CustomEvent("put", {detail: fresh}));
  }

  function text(one) { return one.className.replace(/ ?ticket--tearing/, "") + one.textContent.replace(/\s+/g, ""); }

  /* Of a page as it is now: the pieces that are not as they were. Of two pages that were asked for, the first may come
     last, and is older than what stands there. */
  var turn = 0, fitted = 0;
  function refit(page, mine) {
    var sentence = "";
    if (mine < fitted) return sentence;
    fitted = mine;
    page.querySelectorAll("[data-part]").forEach(function (fresh) {
      var old = d.getElementById(fresh.id);
      if (!old || (text(old) === text(fresh) && !fresh.dataset.left)) return;
      if (fresh.dataset.news && fresh.dataset.news !== old.dataset.news) sentence = fresh.dataset.news;
      put(old, d.importNode(fresh, true));
    });
    return sentence;
  }

  /* Five minutes more without a reload, which would empty the card's fields. Where that fails it is asked for as
     without this file, by the form that stands there by now. */
  function extending(form) {
    form.addEventListener("submit", function (e) {
      var mine = ++turn;
      e.preventDefault();
      ask(form.action, {method: "POST"}).then(function (page) {
        var no = page.querySelector(".notice--hold.flash"), done = form.dataset.done;
        refit(page, mine);
        if (no) d.querySelector("h1").before(d.importNode(no, true));
        speak(no ? no.textContent : done);
      }, function () { (d.querySelector("[data-extend]") || form).submit(); });
    });
  }
  /* What is wrong with a field is said when one leaves it, and unsaid while one puts it right. */
  function checking(form) {
    var timer = 0, touched = {};
    function check() {
      ask(form.dataset.checkForm, {method: "POST", body: new URLSearchParams(new FormData(form))}).then(function (page) {
        form.querySelectorAll(".field").forEach(function (box) {
          var input = box.querySelector("input");
          if (touched[input.name]) mend(box, input, page.getElementById(input.id), page.getElementById(input.id + "-error"));
        });
        var echo = page.querySelectorAll("[data-echo]"), told = echo[echo.length - 1];
        form.querySelector("[data-echo]").textContent = told.textContent;
      }, function () {});
    }
    function mend(box, input, fresh, error) {
      var old = box.querySelector(".error");
      if ((old && old.textContent) === (error && error.textContent)) return;
      if (old) old.remove();
      box.classList.toggle("field--bad", !!error);
      ["aria-invalid", "aria-describedby"].forEach(function (name) {
        if (fresh.hasAttribute(name)) input.setAttribute(name, fresh.getAttribute(name)); else input.removeAttribute(name);
      });
      if (!error) return;
      error = d.importNode(error, true);
      error.setAttribute("role", "alert");
      box.append(error);
    }
    form.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(check, 400); });
    form.addEventListener("change", function (e) { touched[e.target.name] = 1; clearTimeout(timer); check(); });
    form.querySelectorAll("[aria-invalid]").forEach(function (input) { touched[input.name] = 1; });
  }

  function dress(piece) {
    piece.querySelectorAll("[data-check-form]").forEach(checking);
    piece.querySelectorAll("[data-extend]").forEach(extending);
  }
  d.addEventListener("put", function (e) { dress(e.detail); });
  dress(d);

  var mark = main.dataset.live;
  if (!mark || !window.EventSource) return;

  var list = d.querySelector("[data-rows]"), order = main.dataset.order, slot = d.getElementById("fresh");
  var changed = new Set(), fresh = new Set(), self = false, all = false, timer = 0, last = -GAP, busy = false, missed = false, failures = 0;

  function shown(id) { return d.querySelector('[data-ticket="' + id + '"]'); }

  function hear(news) {
    if (news.mark) mark = news.mark;
    if (news.type === "tickets") {
      news.data.changed.forEach(function (id) { if (shown(id)) changed.add(id); });
      if (slot) news.data.free.forEach(function (id) { if (!shown(id) && fresh.size < 100) fresh.add(id); });
    } else if (news.type === "order") {
      if (order === "any" || order === news.data.id) self = true;
    } else if (news.type === "again") {
      all = true;
    }
    if (missed && order) self = true;
    missed = false;
    soon(news.type === "again" ? Math.random() * 600 : 0);
  }

  function soon(delay) {
    if (!timer && (changed.size || all || self || fresh.newer !== fresh.size)) timer = setTimeout(look, Math.max(delay, last + GAP - performance.now(), 0));
  }

  function look() {
    var jobs = [];
    timer = 0;
    last = performance.now();
    if (busy || root.classList.contains("paying")) return void (timer = setTimeout(look, GAP));
    busy = true;
    if (slot && all) jobs.push(compare());
    if (list && (all || changed.size)) jobs.push(rows());
    else if (!list && (all || self || changed.size) && (order || d.querySelector("[data-part]"))) jobs.push(page());
    if (slot && fresh.newer !== fresh.size && fresh.size) jobs.push(more());
    changed.clear();
    all = self = false;
    Promise.allSettled(jobs).then(function (ends) {
      var failed = ends.some(function (end) { return end.status === "rejected"; });
      failures = failed ? failures + 1 : 0;
      if (failed) all = true;
      busy = false;
      soon(failed ? Math.min(30000, 500 * Math.pow(2, failures)) : GAP);
    });
  }

  /* Rows keep their place, whatever becomes of them. */
  function rows() {
    var ids = all ? Array.from(list.children, function (row) { return row.dataset.ticket; }) : Array.from(changed);
    return ask("/live/rows?" + ids.map(function (id) { return "id=" + id; }).join("&")).then(function (page) {
      var said = [];
      page.querySelectorAll("[data-ticket]").forEach(function (row) {
        var old = shown(row.dataset.ticket);
        if (!old || text(old) === text(row)) return;
        said.push(row.dataset.news);
        put(old, d.importNode(row, true));
      });
      if (said.length) speak(said.length > 1 ? voice.dataset.many : said[0]);
    });
  }

  /* Nobody knows what happened meanwhile: what the list would begin with now may be new. */
  function compare() {
    return ask(location.href).then(function (page) {
      page.querySelectorAll("[data-rows] [data-ticket]").forEach(function (row) {
        if (!shown(row.dataset.ticket)) fresh.add(row.dataset.ticket);
      });
    });
  }

  /* What is new never pushes what one reads: a line says so, and leads to it. */
  function more() {
    var ids = Array.from(fresh), address = main.dataset.fresh;
    fresh.newer = fresh.size;
    return ask(address + (address.includes("?") ? "&" : "?") + ids.map(function (id) { return "id=" + id; }).join("&")).then(function (page) {
      var line = page && page.querySelector("[data-news]");
      slot.replaceChildren.apply(slot, line ? [d.importNode(line, true)] : []);
      if (line) speak(line.dataset.news);
    });
  }

  function page() {
    var mine = ++turn;
    return ask(location.href).then(function (page) {
      var there = page.getElementById("main");
      if (there.dataset.stage !== main.dataset.stage) return location.replace(location.pathname);
      var sentence = refit(page, mine);
      if (sentence) speak(sentence);
    }, function (status) {
      if (status !== 404) return Promise.reject(status);
      location.reload();
    });
  }

  /* One stream for all tabs of a browser that are looked at: whoever holds the lock listens for the others. */
  var wire = window.BroadcastChannel ? new BroadcastChannel("live") : null, shared = wire && navigator.locks;
  var source = null, again = 0, refused = 0, election = null, resign = null, asked = false;

  function open() {
    source = new EventSource("/live?since=" + encodeURIComponent(mark));
    ["tickets", "order", "again", "here"].forEach(function (type) {
      source.addEventListener(type, function (e) {
        var news = {type: type, data: JSON.parse(e.data), mark: e.lastEventId || mark};
        hear(news);
        if (shared) wire.postMessage(news);
      });
    });
    source.onopen = function () { refused = 0; };
    source.onerror = function () {
      missed = true;
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(again);
      again = setTimeout(open, Math.min(40000, 2000 * Math.pow(2, refused++)) * (0.5 + Math.random()));
    };
  }

  function start() {
    if (source || election) return;
    if (!shared) return open();
    election = new AbortController();
    navigator.locks.request("live", {signal: election.signal}, function () {
      return new Promise(function (done) { resign = done; open(); });
    }).catch(function () {});
    asked = true;
    wire.postMessage({type: "ask"});
  }

  function stop() {
    clearTimeout(again);
    if (source) source.close();
    if (election) election.abort();
    if (resign) resign();
    source = election = resign = null;
    missed = true;
  }

  if (shared) wire.onmessage = function (e) {
    if (e.data.type === "ask") return void (source && wire.postMessage({type: "answer", mark: mark}));
    if (e.data.type !== "answer") return hear(e.data);
    if (asked && e.data.mark !== mark) hear({type: "again", mark: e.data.mark});
    else if (asked) hear({type: "here"});
    asked = false;
  };
  d.addEventListener("visibilitychange", function () { if (d.hidden) stop(); else start(); });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", function (e) { if (e.persisted && !d.hidden) start(); });
  fresh.newer = 0;
  if (!d.hidden) start();
})(document);
