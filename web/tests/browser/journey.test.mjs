// One looks something up and reads on: search → block → extrinsic → account, with and without script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, finalExtrinsic, hydrated, launch, open, withIslands } from "./support.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

for (const script of withIslands ? [true, false] : [false]) {
  test(`search leads to a block, its extrinsic and its signer, ${script ? "with" : "without"} script`, async () => {
    const wanted = await finalExtrinsic();
    const { page, problems, close } = await open(browser, { script });
    const times = [];
    page.on("response", async (response) => {
      if (response.request().resourceType() !== "document") return;
      await response.finished().catch(() => {});
      times.push(`${new URL(response.url()).pathname} ${response.request().timing().responseStart.toFixed(0)} ms`);
    });

    await page.goto("/");
    if (script) await hydrated(page);
    await page.getByRole("combobox").fill(String(wanted.block));
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/block/${wanted.block}`);
    const heading = (await page.locator("h1").innerText()).replaceAll(/\D/g, "");
    assert.equal(heading, String(wanted.block));

    await page.locator(`ol.extrinsics a.id[href="/extrinsic/${wanted.block}-${wanted.index}"]`).click();
    await page.waitForURL(`**/extrinsic/${wanted.block}-${wanted.index}`);
    assert.equal((await page.locator("h1").textContent()).trim(), wanted.name);
    assert.ok(await page.locator("ol.tree > li").count() >= 1, "the call tree has its root");

    const signer = page.locator(".facts").getByRole("link", { name: wanted.signer, exact: true });
    await signer.click();
    await page.waitForURL(`**/account/${wanted.signer}`);
    assert.ok(await page.locator("table.list tbody tr").count() >= 1, "the account did something");
    assert.match(await page.locator(".facts").innerText(), /Free balance\s+(unknown|[\d,]+\.\d{9}\s*TAO)/);

    await page.goto("/search?q=no-such-thing-anywhere");
    assert.match(await page.locator("main").innerText(), /Nothing stored matches/);
    console.log(`  time to first byte: ${times.join(", ")}`);
    assert.deepEqual(problems, []);
    await close();
  });
}

test("what does not exist answers 404 and says what to do", async () => {
  const { page, close } = await open(browser, { script: false });
  for (const path of ["/nowhere", "/block/999999999", "/extrinsic/1-9999", "/account/nobody", "/block/%3Cscript%3Ealert(1)%3C%2Fscript%3E"]) {
    const response = await page.goto(path);
    assert.equal(response.status(), 404, path);
    assert.ok(await page.locator("main .ways a").count() > 0, `${path} offers a way on`);
  }
  const response = await page.goto("/events?from=abc");
  assert.equal(response.status(), 400);
  assert.match(await page.locator("main").innerText(), /From block: “abc”/);
  await close();
});

test("filters, tabs and pages are deep links", async () => {
  const { page, close } = await open(browser, { script: false });
  await page.goto("/blocks?n=5");
  const first = await page.locator("tbody td:first-child a").allInnerTexts();
  await page.locator("a[rel=next]").click();
  const second = await page.locator("tbody td:first-child a").allInnerTexts();
  assert.equal(new Set([...first, ...second]).size, first.length + second.length, "no row twice");
  await page.reload();
  assert.deepEqual(await page.locator("tbody td:first-child a").allInnerTexts(), second);
  await page.locator("a[rel=prev]").click();
  assert.deepEqual((await page.locator("tbody td:first-child a").allInnerTexts()).slice(-5), first.slice(-5), "back is where one was");

  await page.goto("/extrinsics");
  await page.locator("select[name=result]").selectOption("failed");
  await page.getByRole("button", { name: "Filter" }).click();
  assert.match(page.url(), /result=failed/);
  assert.equal(await page.locator("tbody .sign.ok").count(), 0, "only failed ones are listed");
  await close();
});

test("without script the colours are chosen by a form and remembered", async () => {
  const { page, close } = await open(browser, { script: false });
  await page.goto("/blocks?n=5");
  await page.getByRole("button", { name: "Dark colours" }).click();
  await page.waitForURL(`${base}/blocks?n=5`);
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto("/events");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto("/theme?set=light&to=//elsewhere.example/");
  assert.ok(page.url().startsWith(base), "never leads to another site");
  await close();
});
