// What the browser tests share: a real Chromium, and eyes for errors, layout shifts and response times.
//
//   YUMASCAN_URL=http://127.0.0.1:8080 node --test web/tests/browser/
//
// CHROMIUM names the browser (default /usr/bin/chromium); YUMASCAN_WASM=0 says the islands were not built.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const base = (process.env.YUMASCAN_URL ?? "").replace(/\/$/, "");
assert.ok(base, "set YUMASCAN_URL to a running explorer that holds blocks");
export const withIslands = process.env.YUMASCAN_WASM !== "0";
export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** A page that collects its console errors, failed requests and layout shifts. */
export async function open(browser, { script = true, viewport = desktop, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: script, viewport, colorScheme, baseURL: base });
  if (script) await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A stream that is open while one leaves the page is aborted by the browser, and so are its prefetches.
    // Where scripts are off, the browser refuses to fetch them: that is what was asked for.
    if (!script && request.resourceType() === "script") return;
    if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => response.status() >= 500 && problems.push(`response: ${response.status()} ${response.url()}`));
  if (script) {
    await page.addInitScript(() => {
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (entry.hadRecentInput) continue;
          const sources = entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120) ?? String(source.node));
          window.shifts.push({ value: entry.value, sources });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
  }
  return { page, problems, close: () => context.close() };
}

/** Waits until the islands answer. */
export async function hydrated(page) {
  if (withIslands) await page.waitForSelector("html.js", { state: "attached", timeout: 30_000 });
}

/** The JSON answer of a GraphQL-free look-up: what the explorer itself suggests. */
export async function suggest(text) {
  const answer = await fetch(`${base}/search.json?q=${encodeURIComponent(text)}`);
  assert.equal(answer.status, 200);
  return answer.json();
}

/** The current feed of the home page. */
export async function feed() {
  const answer = await fetch(`${base}/live/blocks.json`);
  assert.equal(answer.status, 200);
  return answer.json();
}

/** A signed extrinsic of the feed that is final; a burst of new ones may hide those for a block or two. */
export async function finalExtrinsic() {
  for (let turn = 0; turn < 120; turn += 1) {
    const { extrinsics, finalized } = await feed();
    const found = extrinsics.find((row) => row.signer && row.block <= finalized);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail("the feed shows no final signed extrinsic");
}

/** Addresses of one page of every kind, taken from what the explorer holds. */
export async function everyPage() {
  const { blocks, extrinsics, finalized } = await feed();
  assert.ok(blocks.length > 0, "the explorer holds blocks");
  const signed = extrinsics.find((row) => row.signer && row.block <= finalized) ?? extrinsics[0];
  assert.ok(signed, "the explorer holds a signed extrinsic");
  return [
    "/", "/blocks", `/block/${finalized}`, "/extrinsics", "/extrinsics?signed=any&result=failed", `/extrinsic/${signed.block}-${signed.index}`,
    `/extrinsic/${signed.block}-${signed.index}?args=raw`, "/events", "/events?name=Balances.Transfer", "/transfers", "/transfers?min=1",
    `/account/${signed.signer}`, `/account/${signed.signer}?tab=transfers`, `/account/${signed.signer}?tab=events`, "/runtimes", "/verification", ...(await epochs()), ...(await states()),
    "/search?q=balances", "/search", "/help",
  ];
}

/** The newest verified epochs' pages. */
async function epochs() {
  const board = await (await fetch(`${base}/verification`)).text();
  const found = [...board.matchAll(/href="(\/subnet\/[^"]+)"/g)].map((match) => match[1].replaceAll("&amp;", "&"));
  assert.ok(found.length > 0, "the explorer verified epochs");
  return [found.at(-1), `${found.at(-1)}&uid=0`];
}

/** Pages of the state of subnets; it is read behind the blocks, so they are waited for. */
async function states() {
  let answer;
  for (let turn = 0; turn < 240; turn += 1) {
    answer = await fetch(`${base}/subnets`);
    if (answer.status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.equal(answer.status, 200, "the explorer read the state of subnets");
  const netuids = [...(await answer.text()).matchAll(/href="\/subnet\/(\d+)"/g)].map((match) => Number(match[1]));
  assert.ok(netuids.length > 0, "the explorer holds subnets");
  const sides = ["market", "emissions", "metagraph", "validators", "miners", "parameters", "registrations", "holders", "moves", "epochs"];
  return [...(await people()), "/subnets", "/subnets?sort=-price", ...sides.map((side) => `/subnet/${netuids[0]}?tab=${side}`)];
}

/** Pages of validators, yields, trades and the economy. */
async function people() {
  const validators = await (await fetch(`${base}/validators`)).text();
  const found = [...validators.matchAll(/href="(\/validator\/[^"]+)"/g)].map((match) => match[1]);
  assert.ok(found.length > 0, "the explorer holds validators");
  const { extrinsics } = await feed();
  const signer = extrinsics.find((row) => row.signer)?.signer;
  const accounts = signer ? ["portfolio", "stake", "registrations"].map((tab) => `/account/${signer}?tab=${tab}`) : [];
  return ["/validators", "/validators?sort=-apr", found[0], "/yield", "/yield?window=7d&netuid=0&amount=100", "/slippage?amount=10&from=tao&to=1", "/tokenomics", ...accounts];
}
