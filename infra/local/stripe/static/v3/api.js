/* Calls to the stand-in, always on the page's own origin: card numbers go nowhere else. */
const BASE = "/stand-in/stripe";

function encode(value, name, into) {
  if (value === undefined || value === null) return into;
  if (typeof value !== "object") {
    into.append(name, String(value));
    return into;
  }
  for (const [key, child] of Object.entries(value)) encode(child, name ? `${name}[${key}]` : key, into);
  return into;
}

async function call(key, method, path, parameters) {
  const form = encode(parameters, "", new URLSearchParams());
  const get = method === "GET";
  try {
    const response = await fetch(BASE + path + (get ? `?${form}` : ""), {
      method,
      headers: { Authorization: `Bearer ${key}` },
      body: get ? undefined : form,
    });
    const body = await response.json();
    return response.ok ? { value: body } : { error: body.error };
  } catch {
    return { error: { type: "api_connection_error", message: "The card could not be sent. Check the connection and try again." } };
  }
}

function intentId(clientSecret) {
  const found = /^(pi_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/.exec(clientSecret || "");
  if (!found) throw new Error("This is not the client secret of a PaymentIntent.");
  return found[1];
}

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
