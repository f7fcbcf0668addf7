/* The Payment Element as the page sees it: a frame with the fields. What is typed stays in there. */
const FRAME = `${BASE}/v3/element`;
const LOADED_WITHIN = 10000;
const HEIGHT = 268;

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

class PaymentElement {
  constructor(group, options) {
    this.group = group;
    this.options = options || {};
    this.listeners = {};
    this.waiting = new Map();
    this.asked = 0;
    this.frame = null;
    this.port = null;
  }

  mount(target) {
    const container = typeof target === "string" ? document.querySelector(target) : target;
    if (!container) throw new IntegrationError(`Nothing to mount the element into: ${target}`);
    this.unmount();
    this.container = container;
    this.frame = this.draw();
    container.classList.add("StripeElement");
    container.replaceChildren(this.frame);
    this.emit("loaderstart", {});
    return this;
  }

  draw() {
    const dark = isDark(this.group.appearance);
    const frame = make("iframe", { src: `${FRAME}${dark ? "?dark" : ""}`, title: "Card details" });
    // The wider frame leaves room for the focus ring of the fields at its edge.
    const style = { display: "block", border: "0", width: "calc(100% + 8px)", margin: "-4px", height: `${HEIGHT}px` };
    Object.assign(frame.style, { ...style, colorScheme: dark ? "dark" : "light" });
    frame.addEventListener("load", () => this.connect(frame));
    return frame;
  }

  connect(frame) {
    if (frame !== this.frame) return;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }) => this.heard(data);
    frame.contentWindow.postMessage({ standIn: "element" }, window.location.origin, [port2]);
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.fail(), LOADED_WITHIN);
    this.ask("start", { options: this.options, locale: this.group.locale, ...this.appearance() }).then(() => {
      clearTimeout(this.patience);
      this.emit("ready", {});
    });
  }

  fail() {
    this.emit("loaderror", { error: { type: "api_connection_error", message: "The card form could not be loaded." } });
  }

  heard({ answers, value, event, detail, height }) {
    if (answers) {
      this.waiting.get(answers)?.(value);
      this.waiting.delete(answers);
    }
    if (height && this.frame) this.frame.style.height = `${height}px`;
    if (event === "change") this.container.classList.toggle("StripeElement--complete", detail.complete);
    if (event) this.emit(event, detail || {});
  }

  /* What the frame answers to `what`. */
  ask(what, more) {
    if (!this.port) throw new IntegrationError("The element is not mounted, or not ready yet.");
    this.asked += 1;
    const number = this.asked;
    this.port.postMessage({ number, what, ...more });
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  /* With the colour that lies behind the frame: a frame that is seen through is unreadable to tools that check contrast. */
  appearance() {
    return { appearance: this.group.appearance, behind: behind(this.container) };
  }

  show(appearance) {
    if (!this.frame) return;
    this.frame.style.colorScheme = isDark(appearance) ? "dark" : "light";
    if (this.port) this.ask("appearance", this.appearance());
  }

  update(options) {
    Object.assign(this.options, options);
    if (this.port) this.ask("update", { options });
    return this;
  }

  unmount() {
    clearTimeout(this.patience);
    this.container?.classList.remove("StripeElement", "StripeElement--complete");
    this.frame?.remove();
    this.port?.close();
    this.frame = this.port = this.container = null;
    this.waiting.clear();
    return this;
  }

  focus() {
    if (this.port) this.ask("focus");
    return this;
  }

  blur() {
    this.frame?.blur();
    return this;
  }

  clear() {
    if (this.port) this.ask("clear");
    return this;
  }

  destroy() {
    this.unmount();
    this.listeners = {};
    this.group.made = null;
  }

  on(event, listener) {
    (this.listeners[event] ||= []).push(listener);
    return this;
  }

  once(event, listener) {
    const only = (detail) => {
      this.off(event, only);
      listener(detail);
    };
    return this.on(event, only);
  }

  off(event, listener) {
    this.listeners[event] = listener ? (this.listeners[event] || []).filter((known) => known !== listener) : [];
    return this;
  }

  emit(event, detail) {
    for (const listener of [...(this.listeners[event] || [])]) listener({ elementType: "payment", ...detail });
  }
}

function behind(node) {
  const colour = getComputedStyle(node).backgroundColor;
  const clear = colour === "transparent" || /[,/] ?0\)$/.test(colour);
  return clear && node.parentElement ? behind(node.parentElement) : colour;
}

function isDark(appearance) {
  return appearance.theme === "night";
}
