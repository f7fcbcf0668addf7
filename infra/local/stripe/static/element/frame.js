/* Inside the frame: answers the page that holds it, over one port. */
const root = document.querySelector("#fields");
let fields = null;

function start(port, { appearance, behind, locale }) {
  const say = (event, detail) => port.postMessage({ event, detail });
  look(appearance, behind);
  fields = new Fields(root, { locale, say });
  new ResizeObserver(() => port.postMessage({ height: document.body.scrollHeight })).observe(document.body);
}

async function confirm({ key, secret, parameters }) {
  const { payment_method_data: given = {}, return_url: back } = parameters;
  const typed = fields.method();
  const result = await call(key, "POST", `/v1/payment_intents/${intentId(secret)}/confirm`, {
    client_secret: secret,
    return_url: back,
    use_stripe_sdk: true,
    payment_method_data: { ...given, ...typed, billing_details: { ...given.billing_details, ...typed.billing_details } },
  });
  if (result.error) fields.blame(result.error);
  return result;
}

const ANSWERS = {
  start: (asked, port) => start(port, asked),
  appearance: ({ appearance, behind }) => look(appearance, behind),
  update: ({ options }) => fields.update(options),
  check: () => fields.complain(),
  clear: () => fields.clear(),
  focus: () => fields.focus(),
  confirm,
};

window.addEventListener("message", ({ origin, source, data, ports }) => {
  if (origin !== window.location.origin || source !== window.parent || data?.standIn !== "element") return;
  const [port] = ports;
  port.onmessage = async ({ data: asked }) => {
    port.postMessage({ answers: asked.number, value: await ANSWERS[asked.what](asked, port) });
  };
});
