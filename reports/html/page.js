/* SPDX-License-Identifier: GPL-2.0-or-later */
"use strict";
/*
 * Draws the charts of a report from the document embedded in it
 * (reports/report.schema.json). Every chart has its numbers as a table below
 * it. Text gets into the page as text only, never as HTML.
 */
(function () {
    const $ = (id) => document.getElementById(id);
    const D = JSON.parse($("data").textContent);
    const REQUEST_STAGES = [
        ["arrive", "to QEMU"], ["map", "mapped, or buffer allocated"],
        ["submit", "submitted"], ["ioctl begin", "ioctl begins"],
        ["ioctl end", "device"], ["complete", "back in QEMU"],
        ["unmap", "unmapped, or copied back"], ["respond", "answered"],
        ["seen", "seen by the initiator"]];
    const STAGE_COLOURS = ["#bbbbbb", "#0072b2", "#56b4e9", "#999933",
        "#882255", "#e69f00", "#009e73", "#d55e00", "#777777"];
    /* Light, dark; dash; point. Paths differ in more than their colour. */
    const PATHS = {
        "native": ["#6e7781", "#9aa4ae", [2, 3], "cross"],
        "generic-bounce": ["#c44e00", "#ff8b3d", [], "circle"],
        "generic-control": ["#c44e00", "#ff8b3d", [3, 3], "circle"],
        "generic-notrim": ["#b78103", "#f0c14b", [8, 4], "rect"],
        "generic-pool": ["#a0468c", "#e58fd0", [8, 4], "rectRot"],
        "generic-zerocopy": ["#0064a8", "#58b0ff", [], "triangle"],
        "generic-off": ["#3797c9", "#9cd3f5", [3, 3], "triangle"],
        "block": ["#00805c", "#3ecf9f", [], "star"],
        "block-series": ["#00805c", "#3ecf9f", [8, 4], "star"]};
    const MORE = [["#7a5195", "#c9a6e4"], ["#8c564b", "#d6a79c"],
        ["#17808a", "#63d0da"], ["#7f7f00", "#d0d04d"]];
    const UNITS = {throughput: "MB/s", cpu: "s/GiB", faults: "faults per request",
        rate: "requests/s", "cpu-request": "ns of CPU per request"};

    const state = {hidden: new Set(), log: false};
    const charts = [];
    let printing = false;

    /* ---- words and numbers ---- */

    function bytes(n) {
        const units = ["B", "KiB", "MiB", "GiB"];
        let u = 0;
        while (n >= 1024 && n % 1024 === 0 && u < 3) { n /= 1024; u++; }
        return n + " " + units[u];
    }
    function number(v) {
        if (v === null || v === undefined || !isFinite(v)) { return "-"; }
        const a = Math.abs(v);
        return v.toFixed(a < 9.9995 ? 3 : a < 999.95 ? 1 : 0);
    }
    function ratio(v) {
        if (v === null || v === undefined) { return "-"; }
        return v > 0 && v < 0.0995 ? v.toFixed(3) : v.toFixed(v < 10 ? 2 : 1);
    }
    function duration(ns) {
        if (ns === null || ns === undefined) { return "-"; }
        return ns < 1e6 ? (ns / 1e3).toPrecision(3) + " µs"
            : ns < 1e9 ? (ns / 1e6).toPrecision(3) + " ms"
            : (ns / 1e9).toPrecision(3) + " s";
    }
    function element(tag, text, className) {
        const e = document.createElement(tag);
        if (text !== undefined) { e.textContent = text; }
        if (className) { e.className = className; }
        return e;
    }
    function table(head, rows) {
        const t = element("table"), tr = element("tr");
        const body = element("tbody"), top = element("thead");
        head.forEach((h, i) => {
            const th = element("th", h, i ? "n" : "");
            th.scope = "col";
            tr.append(th);
        });
        top.append(tr);
        rows.forEach((row) => {
            const line = element("tr");
            row.forEach((value, i) => {
                const cell = element(i ? "td" : "th", value, i ? "n" : "");
                if (!i) { cell.scope = "row"; }
                line.append(cell);
            });
            body.append(line);
        });
        t.append(top, body);
        return t;
    }

    /* ---- what there is to show ---- */

    const groups = [];
    D.runs.forEach((run, r) => {
        run.blocks.forEach((block) => {
            const key = r + " " + block.target + " " + block.group;
            let group = groups.find((g) => g.key === key);
            if (!group) {
                group = {key: key, run: run, target: block.target,
                    name: block.group, blocks: []};
                groups.push(group);
            }
            group.blocks.push(block);
        });
    });
    groups.forEach((g) => g.blocks.sort((a, b) => a.size - b.size));
    const allPaths = [];
    D.runs.forEach((run) => run.blocks.forEach((b) => b.cells.forEach((c) => {
        if (!allPaths.includes(c.path)) { allPaths.push(c.path); }
    })));

    function dark() {
        const theme = document.documentElement.dataset.theme;
        return !printing && (theme ? theme === "dark"
            : matchMedia("(prefers-color-scheme: dark)").matches);
    }
    function style(path) {
        const known = PATHS[path];
        const i = allPaths.filter((p) => !PATHS[p]).indexOf(path);
        const more = MORE[Math.max(i, 0) % MORE.length];
        return {colour: (known || more)[dark() ? 1 : 0],
            dash: known ? known[2] : [6, 2, 2, 2],
            point: known ? known[3] : "rectRounded"};
    }
    const group = () => groups[$("group").selectedIndex];
    const block = () => group().blocks[$("size").selectedIndex];
    const shown = (path) => !state.hidden.has(path);
    const cellOf = (b, path) => b.cells.find((c) => c.path === path);
    const pathsOf = (blocks) => allPaths.filter((p) => shown(p) &&
        blocks.some((b) => cellOf(b, p)));

    /* ---- drawing ---- */

    /* Intervals of datasets that have them, as whiskers. */
    const whiskers = {id: "whiskers", afterDatasetsDraw(chart) {
        const ctx = chart.ctx;
        chart.data.datasets.forEach((set, i) => {
            if (!set.intervals || !chart.isDatasetVisible(i)) { return; }
            const scale = chart.scales[set.yAxisID || "y"];
            ctx.save();
            ctx.strokeStyle = set.borderColor;
            ctx.lineWidth = 1.25;
            chart.getDatasetMeta(i).data.forEach((point, j) => {
                const x = set.intervals[j];
                if (!x) { return; }
                const low = scale.getPixelForValue(x[0]);
                const high = scale.getPixelForValue(x[1]);
                if (!isFinite(low) || !isFinite(high)) { return; }
                ctx.beginPath();
                ctx.moveTo(point.x, low);
                ctx.lineTo(point.x, high);
                ctx.moveTo(point.x - 4, low);
                ctx.lineTo(point.x + 4, low);
                ctx.moveTo(point.x - 4, high);
                ctx.lineTo(point.x + 4, high);
                ctx.stroke();
            });
            ctx.restore();
        });
    }};
    /* A line at one value, and bands over some indices. */
    const marks = {id: "marks", beforeDatasetsDraw(chart, args, options) {
        const ctx = chart.ctx, area = chart.chartArea;
        ctx.save();
        if (options.line !== undefined) {
            const y = chart.scales.y.getPixelForValue(options.line);
            ctx.strokeStyle = options.colour;
            ctx.lineWidth = 1.5;
            ctx.beginPath();
            ctx.moveTo(area.left, y);
            ctx.lineTo(area.right, y);
            ctx.stroke();
        }
        (options.bands || []).forEach((i) => {
            const x = chart.scales.x;
            const half = (x.getPixelForValue(1) - x.getPixelForValue(0)) / 2;
            const at = x.getPixelForValue(i);
            ctx.fillStyle = "rgba(220, 40, 30, .28)";
            ctx.fillRect(at - half, area.top, 2 * half, area.height);
        });
        ctx.restore();
    }};

    function axis(title, more) {
        const style = getComputedStyle(document.documentElement);
        const text = printing ? "#1b1f24" : style.getPropertyValue("--text");
        const line = printing ? "#d0d7de" : style.getPropertyValue("--line");
        return Object.assign({title: {display: true, text: title, color: text},
            ticks: {color: text}, grid: {color: line}}, more);
    }
    /* On a logarithmic axis only 1, 2 and 5 are written. */
    function sparse(format) {
        return function (v) {
            const m = v / Math.pow(10, Math.floor(Math.log10(v) + 1e-9));
            return [1, 2, 5].includes(Math.round(m * 100) / 100)
                ? format(v) : "";
        };
    }
    function scaleFor(title, log, format) {
        const a = axis(title, log ? {type: "logarithmic"}
            : {beginAtZero: true});
        a.ticks.callback = log ? sparse(format) : format;
        a.ticks.autoSkip = !log;
        return a;
    }

    /* Draw @config into figure @id, and @head and @rows into its table. NULL
     * for @config: say @why there is none. */
    function draw(id, config, head, rows, why) {
        const figure = $(id), box = figure.querySelector(".box");
        const canvas = figure.querySelector("canvas");
        const empty = figure.querySelector(".empty");
        const text = figure.querySelector(".numbers");

        box.hidden = !config;
        empty.hidden = !!config;
        figure.querySelector("details").hidden = !config;
        text.replaceChildren();
        if (!config) {
            empty.textContent = why;
            return;
        }
        const colour = config.options.scales.x.ticks.color;
        config.options = Object.assign({responsive: true, animation: false,
            maintainAspectRatio: false,
            interaction: {mode: "index", intersect: false,
                axis: config.options.indexAxis || "x"}}, config.options);
        config.options.plugins = Object.assign({legend: {position: "bottom",
            onClick: null, labels: {color: colour, usePointStyle: true,
                boxHeight: 7}}}, config.options.plugins);
        config.plugins = [whiskers, marks];
        charts.push(new Chart(canvas, config));
        canvas.setAttribute("aria-label",
            figure.querySelector("figcaption").innerText.replace("\n", ": ") +
            ". Its numbers are in the table below it.");
        text.append(table(head, rows));
    }
    function lineSet(path, values, intervals) {
        const s = style(path);
        return {label: path, data: values, intervals: intervals,
            borderColor: s.colour,
            /* Hollow: the same thing again, or switched off. */
            backgroundColor: s.dash.length === 2 && s.dash[0] === s.dash[1]
                ? "transparent" : s.colour,
            borderDash: s.dash, pointStyle: s.point, pointRadius: 5,
            borderWidth: 2, spanGaps: true, tension: 0};
    }

    /* ---- figures over sizes ---- */

    /* The sizes side by side, with some room for the paths of each. */
    function sizeAxis(blocks) {
        const a = axis("transfer size", {type: "linear", min: -0.4,
            max: blocks.length - 0.6});
        a.ticks.stepSize = 1;
        a.ticks.autoSkip = false;
        a.ticks.maxRotation = 0;
        a.ticks.callback = (v) => Number.isInteger(v) && blocks[v]
            ? bytes(blocks[v].size) : "";
        a.afterBuildTicks = (scale) => {
            scale.ticks = blocks.map((b, i) => ({value: i}));
        };
        return a;
    }
    /* Points of , beside those of the other sets. */
    function spread(sets) {
        sets.forEach((set, k) => {
            const dx = (k - (sets.length - 1) / 2) * 0.4 / sets.length;
            set.data = set.data.map((y, i) => ({x: i + dx, y: y}));
        });
        return sets;
    }
    /* Makes the whiskers fit on . */
    function fit(axis, sets, log) {
        const all = [];
        sets.forEach((set) => set.data.forEach((p, i) => {
            all.push(p.y);
            if (set.intervals[i]) { all.push(...set.intervals[i]); }
        }));
        const good = all.filter((v) => v !== null && (!log || v > 0));
        if (good.length && log) {
            axis.min = Math.min(...good) / 1.15;
            axis.max = Math.max(...good) * 1.15;
        } else if (good.length) {
            axis.suggestedMax = Math.max(...good);
        }
        return axis;
    }
    function titles(blocks, format) {
        return {title: (items) => items.length
            ? bytes(blocks[items[0].dataIndex].size) : "",
        label: (item) => {
            const i = item.dataset.intervals[item.dataIndex];
            return item.dataset.label + ": " + format(item.raw.y) +
                (i ? " [" + format(i[0]) + ", " + format(i[1]) + "]" : "");
        }};
    }

    function overSizes(id, figure) {
        const blocks = group().blocks, paths = pathsOf(blocks);
        const x = (b, p) => {
            const c = cellOf(b, p);
            return c && c.figures[figure];
        };
        const sets = paths.map((p) => lineSet(p,
            blocks.map((b) => { const i = x(b, p); return i ? i.median : null; }),
            blocks.map((b) => {
                const i = x(b, p);
                return i && i.n > 1 ? [i.low, i.high] : null;
            })));
        const rows = [];
        blocks.forEach((b) => paths.forEach((p) => {
            const i = x(b, p);
            if (i) {
                rows.push([bytes(b.size) + ", " + p, number(i.median),
                    number(i.low) + " … " + number(i.high), String(i.n)]);
            }
        }));
        draw(id, rows.length ? {type: "line",
            data: {datasets: spread(sets)},
            options: {scales: {x: sizeAxis(blocks),
                y: fit(scaleFor(UNITS[figure], state.log, number), sets,
                    state.log)},
            plugins: {tooltip: {callbacks: titles(blocks, number)}}}} : null,
        ["size, path", "median", "interval", "rounds"], rows,
        "Not measured here.");
    }

    /* Zero-copy against its rivals, and the control: the noise. */
    function ratios(id, figure) {
        const blocks = group().blocks, pairs = [], rows = [];
        blocks.forEach((b) => b.findings.forEach((f) => {
            const name = f.over + " / " + f.under;
            if (f.figure === figure && shown(f.over) && shown(f.under) &&
                f.n && !pairs.some((p) => p.name === name)) {
                pairs.push({name: name, over: f.over, under: f.under,
                    control: f.control});
            }
        }));
        const at = (b, p) => b.findings.find((f) => f.figure === figure &&
            f.over === p.over && f.under === p.under && f.n);
        const sets = pairs.map((p) => {
            /* Named by what is compared with: the rival, or what else it is. */
            const set = lineSet(p.over === "generic-zerocopy" ? p.under : p.over,
                blocks.map((b) => { const f = at(b, p); return f ? f.median : null; }),
                blocks.map((b) => {
                    const f = at(b, p);
                    return f && f.n > 1 ? [f.low, f.high] : null;
                }));
            set.label = p.name + (p.control ? " (noise)" : "");
            return set;
        });
        blocks.forEach((b) => pairs.forEach((p) => {
            const f = at(b, p);
            if (f) {
                rows.push([bytes(b.size) + ", " + p.name, ratio(f.median),
                    ratio(f.low) + " … " + ratio(f.high), String(f.n), f.effect]);
            }
        }));
        draw(id, rows.length ? {type: "line",
            data: {datasets: spread(sets)},
            options: {scales: {x: sizeAxis(blocks),
                y: fit(scaleFor("ratio", true, ratio), sets, true)},
            plugins: {marks: {line: 1, colour: axis("").ticks.color},
                tooltip: {callbacks: titles(blocks, ratio)}}}} : null,
        ["size, paths", "ratio", "interval", "pairs", "what it shows"], rows,
        "There is no pair of paths here whose ratio may be shown.");
    }

    /* ---- one size ---- */

    function latency() {
        const b = block(), paths = pathsOf([b]);
        const names = ["p50", "p90", "p99", "p99.9", "max"];
        const sets = paths.map((p) => lineSet(p,
            names.map((n) => cellOf(b, p).latency[n])));
        draw("latency", {type: "line", data: {labels: names, datasets: sets},
            options: {scales: {x: axis("of all requests of all rounds"),
                y: scaleFor("latency", true, duration)},
            plugins: {tooltip: {callbacks: {label: (item) =>
                item.dataset.label + ": " + duration(item.raw)}}}}},
        ["path"].concat(names, "requests"),
        paths.map((p) => [p].concat(
            names.map((n) => duration(cellOf(b, p).latency[n])),
            String(cellOf(b, p).latency.count))));
    }

    /* Bars lie, so that paths can be read; a part is [label, colour, value]. */
    function bars(id, title, parts, format, why) {
        const b = block();
        const paths = pathsOf([b]).filter((p) => cellOf(b, p).trace &&
            parts(cellOf(b, p)).some((part) => part[2] > 0));
        if (!paths.length) {
            draw(id, null, [], [], why);
            return;
        }
        const all = paths.map((p) => parts(cellOf(b, p)));
        const used = all[0].map((part, i) => i)
            .filter((i) => all.some((part) => part[i][2] > 0));
        draw(id, {type: "bar", data: {labels: paths,
            datasets: used.map((i) => ({label: all[0][i][0],
                backgroundColor: all[0][i][1],
                data: all.map((part) => part[i][2])}))},
        options: {indexAxis: "y", scales: {
            x: Object.assign(scaleFor(title, false, format), {stacked: true}),
            y: axis("", {stacked: true, title: {display: false}})},
        plugins: {tooltip: {callbacks: {label: (item) =>
            item.dataset.label + ": " + format(item.raw)}}}}},
        ["path"].concat(used.map((i) => all[0][i][0])),
        paths.map((p, j) => [p].concat(
            used.map((i) => format(all[j][i][2])))));
    }
    function stages() {
        bars("stages", "mean time of a request", (cell) => {
            const s = cell.trace.stages || {};
            return REQUEST_STAGES.map(([name, label], i) => [label,
                STAGE_COLOURS[i], s[name] && cell.trace.requests
                    ? s[name].sum / cell.trace.requests : 0]);
        }, duration, "No trace of this size says where the time went.");
    }
    function ways() {
        bars("ways", "KiB of a request", (cell) => {
            const t = cell.trace;
            return [["direct: mapped, not copied by QEMU", "#0072b2", t.direct],
                ["bounced: copied by QEMU", "#d55e00", t.bounced]]
                .map((p) => [p[0], p[1], t.requests ? (p[2] || 0) / t.requests / 1024 : 0]);
        }, number,
        "No trace of this size says which way the data went.");
    }

    /* ---- the course of a cell ---- */

    function course() {
        const cell = cellOf(block(), $("path").value);
        const series = cell && cell.series[$("round").selectedIndex];
        if (!series) {
            draw("course", null, [], [], "This run has no time series.");
            return;
        }
        const last = series.requests.length - 1;
        const ms = series.slice / 1e6;
        /* The last slice is cut off where the time was over. */
        const speed = series.requests.map((n, i) =>
            i === last ? null : n * block().size / series.slice * 1e3);
        const slow = series.slowest.map((ns) => ns ? ns / 1e6 : null);
        const still = series.requests.map((n, i) => i)
            .filter((i) => series.requests[i] === 0);
        const s = style(cell.path);
        $("stalls").textContent = "Slices of " + number(ms) + " ms; " +
            (still.length ? still.length + " without any completion (red)"
                : "none without a completion") + "; slowest request " +
            duration(Math.max(...series.slowest)) + ".";
        draw("course", {type: "bar", data: {
            labels: series.requests.map((n, i) => number(i * ms)),
            datasets: [{type: "line", label: "MB/s", data: speed,
                borderColor: s.colour, backgroundColor: s.colour,
                pointRadius: 1.5, borderWidth: 2, yAxisID: "y"},
            {label: "slowest request that ended, ms", data: slow,
                backgroundColor: dark() ? "#8b949e" : "#afb8c1",
                yAxisID: "y2"}]},
        options: {scales: {x: axis("ms since the first request"),
            y: scaleFor("MB/s", false, number),
            y2: axis("ms", {position: "right", beginAtZero: true,
                grid: {display: false}})},
        plugins: {marks: {bands: still}}}},
        ["from, ms", "requests", "slowest"],
        series.requests.map((n, i) => [number(i * ms), String(n),
            n ? duration(series.slowest[i]) : "-"]));
    }

    /* ---- controls ---- */

    function fill(select, labels, keep) {
        const before = keep ? select.value : null;
        select.replaceChildren(...labels.map(([value, label]) => {
            const o = element("option", label);
            o.value = value;
            return o;
        }));
        if (labels.some((l) => l[0] === before)) { select.value = before; }
    }
    function fillRounds() {
        const cell = cellOf(block(), $("path").value);
        fill($("round"), (cell ? cell.series : []).map((s) =>
            [String(s.round), "round " + s.round + ": " + s.why]), false);
    }
    function fillPaths() {
        const fresh = !$("path").options.length;
        fill($("path"), block().cells.map((c) => [c.path, c.path]), true);
        if (fresh && cellOf(block(), "generic-bounce")) {
            $("path").value = "generic-bounce";
        }
        fillRounds();
    }
    function fillSizes() {
        const old = $("size").value;
        fill($("size"), group().blocks.map((b) =>
            [String(b.size), bytes(b.size)]), true);
        if ($("size").value !== old) {
            $("size").selectedIndex = group().blocks.length - 1;
        }
        fillPaths();
    }
    function drawAll() {
        charts.splice(0).forEach((c) => c.destroy());
        document.querySelectorAll("#charts .speed").forEach((e) => {
            e.hidden = block().machine_speed;
        });
        /* Without data, requests count. */
        const moves = group().blocks.some((b) => b.cells.some((c) =>
            c.figures.throughput));
        const speed = moves ? "throughput" : "rate";
        const cpu = moves ? "cpu" : "cpu-request";
        overSizes("throughput", speed);
        overSizes("cpu", cpu);
        ratios("ratio-throughput", speed);
        ratios("ratio-cpu", cpu);
        overSizes("faults", "faults");
        latency();
        stages();
        ways();
        course();
        document.querySelectorAll(".swatch").forEach((e) => {
            e.style.background = style(e.dataset.path).colour;
        });
    }
    function start() {
        const many = new Set(groups.map((g) => g.run)).size > 1;
        fill($("group"), groups.map((g) => [g.key, (many ? g.run.job + ": " : "") +
            g.target + ": " + g.name]), false);
        allPaths.forEach((p) => {
            const label = element("label"), box = element("input");
            const swatch = element("span", undefined, "swatch");
            box.type = "checkbox";
            box.checked = true;
            swatch.dataset.path = p;
            box.addEventListener("change", () => {
                if (box.checked) { state.hidden.delete(p); }
                else { state.hidden.add(p); }
                drawAll();
            });
            label.append(box, swatch, p);
            $("paths").append(label);
        });
        fillSizes();
        $("group").addEventListener("change", () => { fillSizes(); drawAll(); });
        $("size").addEventListener("change", () => { fillPaths(); drawAll(); });
        $("path").addEventListener("change", () => { fillRounds(); drawAll(); });
        $("round").addEventListener("change", drawAll);
        $("log").addEventListener("change", () => {
            state.log = $("log").checked;
            drawAll();
        });
        $("charts").hidden = false;
        drawAll();
    }
    function download() {
        const url = URL.createObjectURL(new Blob([$("data").textContent],
            {type: "application/json"}));
        const a = element("a");
        a.href = url;
        a.download = "sgbench-report.json";
        a.click();
        URL.revokeObjectURL(url);
    }

    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    $("theme").hidden = false;
    $("theme").addEventListener("click", () => {
        document.documentElement.dataset.theme = dark() ? "light" : "dark";
        drawAll();
    });
    $("download").hidden = false;
    $("download").addEventListener("click", download);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    addEventListener("beforeprint", () => {
        printing = true;
        document.documentElement.dataset.before =
            document.documentElement.dataset.theme || "";
        document.documentElement.dataset.theme = "light";
        document.querySelectorAll("main > section > details").forEach((d) => {
            d.open = true;
        });
        drawAll();
        charts.forEach((c) => c.resize(660, 280));
    });
    addEventListener("afterprint", () => {
        const before = document.documentElement.dataset.before;
        printing = false;
        if (before) { document.documentElement.dataset.theme = before; }
        else { delete document.documentElement.dataset.theme; }
        drawAll();
    });
    if (groups.length) { start(); }
}());
