// What a page costs, asked of the browser itself.

/** A channel to the browser beside the page: `metrics()` in ms and numbers, `collected()` after all garbage is gone. */
export async function instruments(me) {
  const cdp = await me.context.newCDPSession(me.page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cdp.send('HeapProfiler.enable');
  const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  const collected = async () => {
    // What only a finaliser lets go of is gone the second time.
    for (let n = 0; n < 2; n += 1) await cdp.send('HeapProfiler.collectGarbage');
    const { JSHeapUsedSize, Nodes, JSEventListeners } = await metrics();
    return { heap: JSHeapUsedSize, nodes: Nodes, listeners: JSEventListeners };
  };
  return { cdp, metrics, collected };
}

export const sorted = (all) => [...all].sort((a, b) => a - b);
export const quantile = (all, q) => sorted(all)[Math.min(all.length - 1, Math.floor(all.length * q))];
export const median = (all) => quantile(all, 0.5);
export const wait = (ms) => new Promise((done) => setTimeout(done, ms));
