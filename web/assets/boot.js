// Loads the islands' module and hydrates what the server rendered. Pages are whole without it.
const { pkg } = document.querySelector("script[data-pkg]").dataset;
const started = await import(pkg).catch((error) => console.warn("islands not loaded:", error));

if (started) {
  const module_or_path = new URL(pkg.replace(/\.js$/, "_bg.wasm"), document.baseURI);
  await started.default({ module_or_path });
  started.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) {
    const { component } = island.dataset;
    // The exported name ends in a hash of the island's source, which compilers may print differently.
    const stem = component.replace(/\d+$/, "");
    const start = started[component] ?? started[Object.keys(started).find((name) => name.startsWith(stem))];
    await start?.(island);
  }
  document.documentElement.classList.add("js");
}
