// run draws each of `cases` (name -> the chart of an answer) with a library, as a mini-program does, 360 pixels wide on a
// screen with two dots to the pixel. Then it counts the marks that a person sees and writes into the page
// {failures, marks: {name: count}}.
const width = 360, height = 260, dots = 2;

const failures = [];
addEventListener('error', event => failures.push(event.message));
addEventListener('unhandledrejection', event => failures.push(String(event.reason)));
console.error = console.warn = (...words) => failures.push(words.join(' '));

// What the documentation of `format` tells a front end to do, for each library. Motion is off: no other option is set but
// those that it names.
const draw = {
  echarts(div, chart) {
    echarts.init(div, null, {devicePixelRatio: dots}).setOption({animation: false, ...chart});
  },
  f2(div, rows) {
    f2Chart(div, rows, [F2.Line, F2.Point]);
  },
  'f2 without Point'(div, rows) {
    f2Chart(div, rows, [F2.Line]);
  },
  'f2 bars'(div, rows) {
    f2Chart(div, rows, [F2.Interval], {adjust: 'stack'});
  },
  ucharts(div, chart, library) {
    uChart(div, chart, library, {type: 'line'});
  },
  'ucharts bars'(div, chart, library) {
    uChart(div, chart, library, {type: 'column', extra: {column: {type: 'stack'}}});
  },
  'ucharts columns'(div, chart, library) {
    uChart(div, chart, library, {type: 'column', extra: {column: {type: 'group'}}});
  },
  picture(div, svg) {
    div.style.height = '';
    div.innerHTML = svg;
    const texts = [...div.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    const {left, right, top, bottom} = div.firstChild.getBoundingClientRect();
    for (const [words, box] of texts) {
      if (box.left < left || box.right > right || box.top < top || box.bottom > bottom) failures.push(`${words} is not inside`);
    }
    for (const [i, [words, a]] of texts.entries()) {
      for (const [others, b] of texts.slice(i + 1)) {
        const lineGap = 4; // boxes of lines are higher than their characters
        if (a.left < b.right && b.left < a.right && a.top + lineGap < b.bottom && b.top + lineGap < a.bottom) failures.push(`${words} covers ${others}`);
      }
    }
  },
};

function uChart(div, {categories, series}, {default: uCharts}, kind) {
  new uCharts({
    ...kind, context: canvasIn(div).getContext('2d'), width: width * dots, height: height * dots, pixelRatio: dots,
    animation: false, categories, series, dataLabel: false, xAxis: {labelCount: 4, disableGrid: true},
  });
}

function f2Chart(div, data, geometries, more = {}) {
  const {jsx, Canvas, Chart, Axis, Legend} = F2;
  const {props} = jsx(Canvas, {context: canvasIn(div).getContext('2d'), pixelRatio: dots, width, height, animate: false},
    jsx(Chart, {data}, jsx(Axis, {field: 'date', tickCount: 3}), jsx(Axis, {field: 'value'}), jsx(Legend, {}),
      ...geometries.map(one => jsx(one, {x: 'date', y: 'value', color: 'type', ...more}))));
  new Canvas(props).render();
}

function canvasIn(div) {
  const canvas = div.appendChild(document.createElement('canvas'));
  canvas.width = width * dots;
  canvas.height = height * dots;
  canvas.style = `width: ${width}px; height: ${height}px`;
  return canvas;
}

// A mark is a patch of colour: axes and texts are grey. Patches of less than about 3 by 3 pixels cannot be made out.
function marks(div) {
  const drawn = div.querySelectorAll('svg .bar, svg .dot, svg .run, svg .zero, svg .key');
  if (div.querySelector('svg')) return [...drawn].filter(mark => mark.getBoundingClientRect().width > 0).length;
  const smallest = 30;
  const colour = pixels(div);
  let found = 0;
  for (let start = 0; start < colour.length; start++) {
    if (colour[start] && patch(colour, start) >= smallest) found++;
  }
  return found;
}

function pixels(div) {
  const all = document.createElement('canvas');
  all.width = width * dots;
  all.height = height * dots;
  const context = all.getContext('2d');
  for (const canvas of div.querySelectorAll('canvas')) context.drawImage(canvas, 0, 0);
  const {data} = context.getImageData(0, 0, all.width, all.height);
  return Uint8Array.from({length: all.width * all.height}, (_, at) => {
    const [r, g, b, alpha] = data.subarray(4 * at, 4 * at + 4);
    return alpha > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 50;
  });
}

// patch takes the patch that starts here out of the picture and returns its size in dots.
function patch(colour, start) {
  const row = width * dots, waiting = [start];
  let size = 0;
  colour[start] = 0;
  while (waiting.length > 0) {
    const at = waiting.pop();
    size++;
    for (const next of [at - row - 1, at - row, at - row + 1, at - 1, at + 1, at + row - 1, at + row, at + row + 1]) {
      if (colour[next]) {
        colour[next] = 0;
        waiting.push(next);
      }
    }
  }
  return size;
}

export function run(format, cases, library) {
  const drawn = Object.entries(cases).map(([name, chart]) => {
    const div = document.body.appendChild(document.createElement('div'));
    div.style = `width: ${width}px; height: ${height}px`;
    try {
      draw[format](div, chart, library);
    } catch (error) {
      failures.push(`${name}: ${error.stack}`);
    }
    return [name, div];
  });
  setTimeout(() => write(drawn), 3000); // F2 draws later
}

function write(drawn) {
  const result = document.body.appendChild(document.createElement('script'));
  result.type = 'application/json';
  result.textContent = JSON.stringify({failures, marks: Object.fromEntries(drawn.map(([name, div]) => [name, marks(div)]))});
}
