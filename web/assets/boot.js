// Loads the islands' module and hydrates what the server rendered. Pages are whole without it.
const { pkg } = document.querySelector("script[data-pkg]").dataset;

async function wake() {
  const module = await import(pkg);
  const module_or_path = new URL(pkg.replace(/\.js$/, "_bg.wasm"), document.baseURI);
  await module.default({ module_or_path });
  module.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) {
    const { component } = island.dataset;
    // The exported name ends in a hash of the island's source, which compilers may print differently.
    const stem = component.replace(/\d+$/, "");
    const start = module[component] ?? module[Object.keys(module).find((name) => name.startsWith(stem))];
    await start?.(island);
  }
  document.documentElement.classList.add("js");
}

await wake().catch((error) => console.warn("islands not loaded:", error));
