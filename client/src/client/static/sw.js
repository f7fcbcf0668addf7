/* What answers when there is no network. `SHOP` stands before this file when it is served: {version, assets, offline}.

   Files with their content's hash in the name are kept from one version to the next. Of pages, only those are kept that
   the server marks with `Offline-Copy`, whose value stands for one person: a page of anybody else throws them all away,
   and so does every way in or out. Nothing else is kept, no form is touched, and no stream. */
"use strict";

const FILES = "files-" + SHOP.version, COPIES = "copies", MOST = 30;
const WHO = /^\/(signin|signup|signout|api\/users\/)/, APART = /^\/(api|stand-in|live|static)\//;

self.addEventListener("install", (event) => event.waitUntil(prepare()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));

async function prepare() {
  const files = await caches.open(FILES);
  /* Without cookies: this page is shown to whoever is there. */
  await files.addAll([...SHOP.assets, new Request(SHOP.offline, {credentials: "omit", cache: "no-cache"})]);
  await self.skipWaiting();
}

async function begin() {
  for (const name of await caches.keys()) if (name !== FILES && name !== COPIES) await caches.delete(name);
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method !== "GET") {
    if (WHO.test(url.pathname)) event.waitUntil(caches.delete(COPIES));
    return;
  }
  if (SHOP.assets.includes(url.pathname)) event.respondWith(file(request));
  else if (request.mode === "navigate" && request.destination === "document" && !APART.test(url.pathname)) {
    event.respondWith(page(event, url.pathname));
  }
});

async function file(request) {
  return (await caches.match(request, {cacheName: FILES})) || fetch(request);
}

async function page(event, path) {
  let answer;
  try {
    answer = (await event.preloadResponse) || (await fetch(event.request));
  } catch (_) {
    return without(path);
  }
  const owner = answer.ok && answer.headers.get("Offline-Copy");
  event.waitUntil(owner ? keep(path, owner, answer.clone()) : drop(path, answer));
  return answer;
}

async function keep(path, owner, answer) {
  const copies = await caches.open(COPIES), names = await copies.keys();
  for (const name of names) {
    const other = await copies.match(name);
    if (other && other.headers.get("Offline-Copy") !== owner) await copies.delete(name);
  }
  /* Put last, so that the first is the one not looked at for longest. */
  await copies.delete(path);
  await copies.put(path, answer);
  if (names.length >= MOST) await copies.delete(names[0]);
}

async function drop(path, answer) {
  const copies = await caches.open(COPIES);
  if (!(await copies.match(path)) || answer.status >= 500) return;
  /* Led away from one's own page: nobody is signed in any more. */
  if (answer.type === "opaqueredirect") await caches.delete(COPIES);
  else await copies.delete(path);
}

async function without(path) {
  const copy = await caches.match(path, {cacheName: COPIES});
  if (!copy) return caches.match(SHOP.offline, {cacheName: FILES});
  const headers = new Headers();
  for (const name of ["Content-Type", "Content-Language", "Content-Security-Policy"]) {
    if (copy.headers.has(name)) headers.set(name, copy.headers.get(name));
  }
  return new Response((await copy.text()).replace("<html ", "<html data-offline "), {headers});
}
