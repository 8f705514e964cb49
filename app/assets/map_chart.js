// The maps of a page. One component, mounted for three ends, by what is in `data`:
//   library: the source of Plotly, for the page;
//   figure:  one map, drawn anew when it changes; the part in sight stays, unless `centre` says
//            where to look;
//   rows:    what is selected, shown on every map of the page.
// A map answers `selected` with rows of the cohort, of a click, a box or a lasso. It outlives its
// page: who comes back finds it as it was left, and waits for no drawing.

const KINDS = { i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array };
const CONFIG = {
  displaylogo: false,
  responsive: true,
  showSendToCloud: false,
  modeBarButtonsToRemove: ["toImage", "autoScale2d", "sendChartToCloud"],
};
const [FEW, FEW_PX] = [5, 14];  // a few selected points are drawn large, or nobody finds them
const shared = (window.physioclrMap ??= { rows: [], plots: {} });

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.library) load(data.library);
  if (data.rows) whenDrawable(() => follow(data.rows));
  if (!data.figure) return;
  const plot = mounted(parentElement, data.place);
  plot.send = setTriggerValue;
  if (plot.asked !== data.figure) {
    plot.asked = data.figure;
    whenDrawable(() => plot.asked === data.figure && draw(plot, JSON.parse(data.figure), data.centre));
  }
}

function mounted(parent, place) {
  const plot = (shared.plots[place] ??= document.createElement("div"));
  if (plot.parentElement !== parent) {
    plot.classList.add("pc-map");
    parent.append(plot);
    if (plot.listens) refreshed(plot);
  }
  return plot;
}

function refreshed(plot) {
  if (plot.clientWidth !== plot._fullLayout.width) window.Plotly.Plots.resize(plot);
  if (String(plot.shows ?? "") !== String(shared.rows)) showSelection(plot);
}

function load(source) {
  if (window.Plotly) return;
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);
}

function whenDrawable(then) {
  if (window.Plotly) then();
  else setTimeout(() => whenDrawable(then), 20);
}

function draw(plot, figure, place) {
  const ink = figure.layout.font?.color;
  if (plot.ink !== undefined && plot.ink !== ink) {  // another theme: its colours need the palette
    window.Plotly.purge(plot);
    plot.listens = false;
  }
  plot.ink = ink;
  plot.rowsOf = figure.data.map((trace) => trace.customdata && decoded(trace.customdata));
  plot.style.height = `${figure.layout.height}px`;
  window.Plotly.react(plot, figure.data, figure.layout, CONFIG).then(() => {
    listen(plot);
    if (shared.rows.length || plot.shows?.length) showSelection(plot);
    moveTo(plot, place);
  });
}

function decoded(packed) {
  const bytes = Uint8Array.from(atob(packed.bdata), (letter) => letter.charCodeAt(0));
  return new KINDS[packed.dtype](bytes.buffer);
}

function listen(plot) {
  if (plot.listens) return;
  plot.listens = true;
  plot.on("plotly_selected", (event) => {
    if (event) choose(event.points.map((point) => point.customdata), plot);
  });
  plot.on("plotly_deselect", () => choose([], plot));
  plot.on("plotly_click", (event) => {
    if (Number.isInteger(event.points[0]?.customdata)) choose([event.points[0].customdata], plot);
  });
}

function choose(found, plot) {
  const rows = found.filter(Number.isInteger);
  shared.rows = rows;
  maps().forEach((other) => showSelection(other, other === plot && rows.length > 1));
  plot.send("selected", rows);
}

function follow(rows) {
  const known = new Set(shared.rows);
  if (rows.length === known.size && rows.every((row) => known.has(row))) return;
  shared.rows = rows;
  maps().forEach((plot) => showSelection(plot));
}

function maps() {
  return Object.values(shared.plots).filter((plot) => plot.listens && plot.isConnected);
}

function showSelection(plot, keepOutline = false) {
  const chosen = new Set((plot.shows = shared.rows));
  const places = plot.rowsOf.map((rows) => rows && chosen.size ? placesIn(rows, chosen) : null);
  const few = chosen.size <= FEW;
  const sizes = plot.data.map(({ marker }) => (few ? Math.max(marker.size, FEW_PX) : marker.size + 2));
  window.Plotly.restyle(plot, { selectedpoints: places, "selected.marker.size": sizes });
  if (!keepOutline && plot.layout.selections?.length) {
    window.Plotly.relayout(plot, { selections: [] });
  }
}

function placesIn(rows, chosen) {
  const places = [];
  rows.forEach((row, place) => chosen.has(row) && places.push(place));
  return places;
}

function moveTo(plot, place) {
  const asked = JSON.stringify(place);
  if (plot.movedTo === asked) return;
  plot.movedTo = asked;
  if (!place) return;
  const { xaxis, yaxis } = plot._fullLayout;
  const moved = {};
  [xaxis, yaxis].forEach(({ _name, range: [low, high] }, i) => {
    const half = (high - low) / (xaxis.autorange ? 6 : 2);
    moved[`${_name}.range`] = [place[i] - half, place[i] + half];
  });
  window.Plotly.relayout(plot, moved);
}
