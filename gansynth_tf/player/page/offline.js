/**
 * A service worker of the static page: keeps the site, so that it opens without its host. What has a query is named by
 * its content and taken from what is kept; all else is asked for first, so that a new version is seen.
 */

const CACHE = `gansynth ${new URL(self.location).search}`;

self.addEventListener('install', (event) => event.waitUntil(keepAll()));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
self.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET' && event.request.url.startsWith(self.registration.scope)) {
    event.respondWith(answer(event.request));
  }
});

async function keepAll() {
  const facts = await (await fetch('model/instrument.json')).json();
  const large = ['runtime/ort.wasm', 'model/generator.onnx'];
  const names = Object.keys(facts.files).map((name) => large.includes(name) ? `${name}?${facts.id}` : name);
  await (await caches.open(CACHE)).addAll(['./', 'model/instrument.json', ...names]);
  await self.skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('gansynth ') && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request) {
  const kept = await (await caches.open(CACHE)).match(request);
  if (kept && new URL(request.url).search) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
