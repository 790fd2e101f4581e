'use strict';

/* the page of dns_status html: its figures are those of its own ?json */

const EVERY = 2000;
const KEEP = 150;
const FEW = 30;
const FOLD = 12;
const RECENT = 5;

const $ = (id) => document.getElementById(id);
const control = document.querySelector('meta[name=dns-control]').content
                        .replace(/([^/])$/, '$1/');

const samples = [];
let busy = false;


/* elements are made once for a key, and only their text changes */

function child(parent, key, tag, cls) {
    const has = parent.kids || (parent.kids = new Map());
    let e = has.get(key);

    if (!e) {
        e = tag.includes(':')
            ? document.createElementNS('http://www.w3.org/2000/svg',
                                       tag.slice(4))
            : document.createElement(tag);
        has.set(key, e);
        parent.append(e);
    }

    e.seen = true;
    kind(e, cls);

    return e;
}

function kind(e, cls) {
    if (cls !== undefined && e.getAttribute('class') !== cls) {
        e.setAttribute('class', cls);
    }
}

function text(e, s) {
    s = String(s);

    if (e.firstChild && e.childNodes.length === 1
        && e.firstChild.nodeType === 3)
    {
        if (e.firstChild.data !== s) {
            e.firstChild.data = s;
        }

    } else {
        e.textContent = s;
    }

    return e;
}

/* what was not touched since begin() is gone; the rest in this order */

function begin(parent) {
    (parent.kids || []).forEach((e) => { e.seen = false; });
}

function end(parent, keys) {
    let at = parent.firstChild;

    for (const [key, e] of parent.kids || []) {
        if (!e.seen) {
            parent.kids.delete(key);

            if (e === at) {
                at = at.nextSibling;
            }

            e.remove();
        }
    }

    for (const key of keys || []) {
        const e = parent.kids.get(key);

        if (e === at) {
            at = at.nextSibling;

        } else {
            parent.insertBefore(e, at);
        }
    }
}

/* a figure of the JSON, as it is there */

function figure(e, path, value) {
    e.dataset.json = path;
    text(e, value === null ? '\u2013' : value.toLocaleString('en'));
}


const number = (n) => n === null || isNaN(n) ? '\u2013'
    : n >= 100000 ? Math.round(n / 1000).toLocaleString('en') + 'k'
    : n >= 100 ? Math.round(n).toLocaleString('en')
    : n >= 10 ? n.toFixed(1) : n === 0 ? '0' : n.toFixed(2);

const seconds = (s) => s === null || isNaN(s) ? '\u2013'
    : s >= 1 ? s.toFixed(2) + ' s'
    : s >= 0.001 ? (s * 1000).toFixed(s >= 0.01 ? 0 : 1) + ' ms'
    : Math.round(s * 1e6) + ' \u00b5s';

const octets = (n) => n >= 1073741824 ? (n / 1073741824).toFixed(1) + ' GB'
    : n >= 1048576 ? (n / 1048576).toFixed(1) + ' MB'
    : Math.round(n / 1024) + ' KB';

const share = (n) => isNaN(n) ? '\u2013' : (n * 100).toFixed(1) + '%';

const sum = (o) => Object.values(o)
    .reduce((n, v) => n + (typeof v === 'object' ? sum(v) : v), 0);

function since(time, now) {
    if (!time) {
        return '';
    }

    const s = Math.max(0, now - time);

    return s < 100 ? s + ' s' : s < 6000 ? Math.round(s / 60) + ' min'
        : s < 172800 ? Math.round(s / 3600) + ' h'
        : Math.round(s / 86400) + ' days';
}

const clock = (time) => new Date(time * 1000)
    .toLocaleTimeString([], { hour12: false });


/* sums that rates are made of */

function sample(json) {
    const s = { at: performance.now(), queries: 0, hits: 0, misses: 0,
                kernel: 0, failed: sum(json.totals.failed), buckets: [], peers: {} };

    for (const server of json.servers) {
        s.queries += sum(server.queries);
        s.hits += server.hits + server.stale;
        s.misses += server.misses;
        s.kernel += sum(server.responses.xdp || {});

        server.duration.buckets.forEach(([le, n], i) => {
            s.buckets[i] = [le, (s.buckets[i] ? s.buckets[i][1] : 0) + n];
        });
    }

    for (const u of json.upstreams) {
        for (const p of u.servers) {
            s.peers[u.upstream + '\n' + p.server] = p.queries;
        }
    }

    return s;
}

/* counters may begin anew */

const grown = (a, b) => b >= a ? b - a : b;

function rate(get, from, to) {
    return from && to && to.at > from.at
        ? grown(get(from) || 0, get(to) || 0) * 1000 / (to.at - from.at)
        : NaN;
}

/* of what came between two samples; within a bucket evenly */

function percentile(q, from, to) {
    if (!from) {
        return NaN;
    }

    const n = to.buckets.map(([le, v], i) =>
        [ le, grown(from.buckets[i] ? from.buckets[i][1] : 0, v) ]);
    const all = n.length ? n[n.length - 1][1] : 0;
    let low = 0, below = 0;

    for (const [le, v] of n) {
        if (v > 0 && v >= q * all) {
            return le === null ? low
                : low + (le - low) * (q * all - below) / (v - below);
        }

        low = le;
        below = v;
    }

    return NaN;
}


function chart(id, title, lines, format) {
    const card = child($('charts'), id, 'div', 'chart');
    const head = child(card, 'head', 'h3');
    const svg = child(card, 'svg', 'svg:svg');
    const points = samples.slice(1);
    const wide = Math.max(points.length, FEW);
    let top = 0;

    text(child(head, 'title', 'span'), title);
    svg.setAttribute('viewBox', '0 0 600 130');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', title);

    const values = lines.map(([name, get]) => points.map((s, i) =>
        get(samples[i], s)));

    values.flat().forEach((v) => { top = v > top ? v : top; });

    lines.forEach(([name], k) => {
        const last = values[k][values[k].length - 1];

        text(child(head, name, 'span', 'key c' + (k + 1)),
             name + ' ' + format(last === undefined ? NaN : last));

        const x = (i) => 600 - (points.length - 1 - i) * 600 / (wide - 1);
        const y = (v) => 126 - v / (top || 1) * 112;
        let d = '', pen = 'M', first = null, final = null;

        values[k].forEach((v, i) => {
            if (isNaN(v)) {
                pen = 'M';
                return;
            }

            d += pen + x(i).toFixed(1) + ' ' + y(v).toFixed(1);
            pen = 'L';
            first = first === null ? x(i) : first;
            final = x(i);
        });

        if (k === 0) {
            child(svg, 'area', 'svg:path', 'area')
                .setAttribute('d', lines.length > 1 || !d ? ''
                    : d.replace(/M/g, (m, at) => at ? 'L' : 'M')
                      + 'L' + final + ' 126L' + first + ' 126Z');
        }

        const path = child(svg, 'line' + k, 'svg:path', 'c' + (k + 1));

        path.setAttribute('d', d);
        path.setAttribute('vector-effect', 'non-scaling-stroke');
    });

    const base = child(svg, 'base', 'svg:line');

    base.setAttribute('x1', 0);
    base.setAttribute('x2', 600);
    base.setAttribute('y1', 126.5);
    base.setAttribute('y2', 126.5);

    text(child(head, 'top', 'span', 'key dim'), 'max ' + format(top));
}


function tiles(json, from, to) {
    const hits = rate((s) => s.hits, from, to);
    const misses = rate((s) => s.misses, from, to);
    const all = json.servers.reduce((n, s) => n + s.hits + s.stale
                                              + s.misses, 0);
    const got = json.servers.reduce((n, s) => n + s.hits + s.stale, 0);
    const q = json.totals.limits.queries;

    const tile = (key, name, value) => {
        const t = child($('tiles'), key, 'div', 'tile');

        text(child(t, 'b', 'b'), value);
        text(child(t, 'name', 'span'), name);

        return t;
    };

    tile('qps', 'queries a second', number(rate((s) => s.queries, from, to)));
    tile('p50', 'time of a query, median', seconds(percentile(.5, from, to)));
    tile('p99', 'time of 99% of the queries',
         seconds(percentile(.99, from, to)));
    tile('ratio', 'cache hits, now', share(hits / (hits + misses)));
    tile('ratios', 'cache hits, since the start', share(got / all));
    tile('failed', 'failed or refused a second',
         number(rate((s) => s.failed, from, to)));

    const t = tile('used', 'queries wait for a server', q.used);

    figure(t.kids.get('b'), 'totals.limits.queries.used', q.used);
}


function charts() {
    chart('c-qps', 'Queries a second',
          [ [ 'now', (a, b) => rate((s) => s.queries, a, b) ] ], number);
    chart('c-time', 'Time of a query',
          [ [ '50%', (a, b) => percentile(.5, a, b) ],
            [ '90%', (a, b) => percentile(.9, a, b) ],
            [ '99%', (a, b) => percentile(.99, a, b) ] ], seconds);
}


const mood = (p) => p.forced === 'down' ? 'warn'
    : p.up ? (p.state === 'up' ? 'good' : 'warn')
    : p.state === 'down' ? 'dim' : 'bad';

const state = (p) => p.state + (p.forced ? ' (by hand)' : '');

async function post(what, button) {
    button.disabled = true;

    try {
        const r = await fetch(control + what, { method: 'POST' });
        const is = r.headers.get('content-type') || '';
        const said = is.includes('json') ? await r.json()
                                         : { error: r.statusText };

        complain(said.error ? r.status + ': ' + said.error : '');
        await poll();

        return said;

    } catch (e) {
        complain('No answer to ' + what + ': ' + e.message);

    } finally {
        button.disabled = false;
    }
}

function button(parent, key, label, action) {
    const b = child(parent, key, 'button');

    b.type = 'button';
    text(b, label);
    b.onclick = () => action(b);
}

/* what can be done with a server */

function buttons(parent, u, p) {
    const keys = [];

    begin(parent);

    if (control) {
        const path = 'upstreams/' + encodeURIComponent(u.upstream) + '/'
                     + encodeURIComponent(p.server) + '?state=';

        const offer = (to, label) => {
            keys.push(to);
            button(parent, to, label, (b) => post(path + to, b));
        };

        if (p.forced) {
            offer('auto', 'Back to automatic');

        } else {
            if (!p.up) {
                offer('up', 'Force up');
            }

            if (p.state !== 'down') {
                offer('down', 'Take out');
            }
        }
    }

    end(parent, keys);
}

function troubles(json) {
    const list = $('troubles');
    const keys = [];
    let servers = 0;

    begin(list);

    for (const u of json.upstreams) {
        for (const [k, p] of u.servers.entries()) {
            servers++;

            if (p.up || p.state === 'down' && !p.forced) {
                continue;
            }

            const key = u.upstream + '\n' + k + p.server;
            const li = child(list, key, 'li');

            keys.push(key);
            text(child(li, 'state', 'span', 'badge ' + mood(p)), state(p));
            text(child(li, 'name', 'b'), p.server);
            text(child(li, 'of', 'span', 'dim'), 'of ' + u.upstream);
            text(child(li, 'why', 'span', 'why'), p.reason
                 + (p.changed ? ', for ' + since(p.changed, json.time) : ''));
            buttons(child(li, 'act', 'span'), u, p);
        }
    }

    end(list, keys);
    $('trouble').hidden = keys.length === 0;

    return [ keys.length, servers ];
}


const COLUMNS = [ [ 'Server' ], [ 'State' ], [ 'q/s', 1 ], [ 'Share', 1 ],
    [ 'Time', 1 ], [ 'Waiting', 1 ], [ 'Timeouts', 1 ], [ 'Errors', 1 ] ];

function upstream(u, i, json, from, to) {
    const card = child($('groups'), u.upstream, 'details', 'card');
    const head = child(card, 'head', 'summary');
    const up = u.servers.filter((p) => p.up).length;
    const whole = up > 0 && up === u.servers.length;
    const well = u.servers.length > 0
                 && !u.servers.some((p) => !p.up && p.state !== 'down');

    text(child(head, 'name', 'h3'), u.upstream);
    text(child(head, 'up', 'span', 'badge '
               + (whole ? 'good' : up ? 'warn' : 'bad')),
         up + ' of ' + u.servers.length + ' up');
    text(child(head, 'method', 'span', 'dim'), u.method);

    /* of many, those that are well are a line until somebody looks */

    if (card.well !== well) {
        card.open = !well || json.upstreams.length <= FOLD;
        card.well = well;
    }

    const table = child(card, 'table', 'table');
    const tr = child(child(table, 'head', 'thead'), 'tr', 'tr');

    for (const [name, n] of COLUMNS) {
        text(child(tr, name, 'th', n ? 'n' : ''), name);
    }

    if (control) {
        child(tr, 'act', 'th');
    }

    const body = child(table, 'body', 'tbody');
    const get = (p) => (s) => s.peers[u.upstream + '\n' + p.server];
    const rates = u.servers.map((p) => rate(get(p), from, to));
    const all = rates.reduce((a, b) => a + b, 0);
    const total = u.servers.reduce((n, p) => n + p.queries, 0);

    text(child(head, 'rate', 'span', 'rate dim'), number(all) + ' q/s');

    begin(body);

    u.servers.forEach((p, k) => {
        const row = child(body, k + p.server, 'tr');
        const path = 'upstreams.' + i + '.servers.' + k + '.';
        const cell = (key, s) => {
            const td = child(row, key, 'td', 'n');

            td.dataset.label = key;

            return s === undefined ? td : text(td, s);
        };

        const name = child(row, 'name', 'td', 'name');

        text(child(name, 'a', 'span'), p.server);
        text(child(name, 'b', 'small'), (p.backup ? 'backup, ' : '')
             + 'weight ' + p.weight + (p.tls_error ? ', ' + p.tls_error
                                                   : ''));

        const is = child(row, 'is', 'td', 'is');

        text(child(is, 'a', 'span', 'badge ' + mood(p)), state(p));
        text(child(is, 'b', 'small'), (p.reason ? p.reason + ', ' : '')
             + (p.changed ? 'for ' + since(p.changed, json.time) : ''));

        cell('q/s', number(rates[k]));
        cell('share', share(all > 0 ? rates[k] / all : p.queries / total));
        cell('time', seconds(p.rtt));
        figure(cell('waiting'), path + 'outstanding', p.outstanding);
        figure(cell('timeouts'), path + 'timeouts', p.timeouts);
        figure(cell('errors'), path + 'errors', p.errors);

        if (control) {
            buttons(child(row, 'act', 'td', 'act'), u, p);
        }
    });

    end(body);

    const wanted = $('filter').value.toLowerCase();

    card.hidden = wanted !== '' && !(u.upstream + ' ' + u.servers
        .map((p) => p.server + ' ' + state(p)).join(' ')).toLowerCase()
        .includes(wanted);
}


function bar(parent, key, path, value, most, note) {
    const b = child(parent, key, 'div', 'bar');

    text(child(b, 'a', 'span'), key);

    const m = child(b, 'b', 'meter');

    m.max = most || 1;
    m.value = value;
    m.setAttribute('aria-label', key);

    const n = child(b, 'c', 'span');

    figure(child(n, 'n', 'span'), path, value);
    text(child(n, 'note', 'span', 'dim'), note || '');
}

function bars(parent, what, entries) {
    const most = entries.reduce((n, [k, p, v]) => v > n ? v : n, 0);

    begin(parent);
    text(child(parent, '', 'div', 'dim'), entries.length ? what : 'none');
    entries.forEach(([key, path, n]) => bar(parent, key, path, n, most));
    end(parent);
}

function answers(json) {
    const source = [], rcode = [];

    json.servers.forEach((s, i) => {
        for (const [from, codes] of Object.entries(s.responses)) {
            for (const [code, n] of Object.entries(codes)) {
                const path = 'servers.' + i + '.responses.' + from + '.'
                             + code;

                tally(source, from, path, n);
                tally(rcode, code, path, n);
            }
        }
    });

    bars($('sources'), 'by source', source);
    bars($('rcodes'), 'by rcode', rcode);
}

function tally(list, key, path, n) {
    const has = list.find((e) => e[0] === key);

    if (has) {
        has[1] += ' ' + path;
        has[2] += n;

    } else {
        list.push([ key, path, n ]);
    }
}

function limits(json) {
    begin($('gauges'));

    for (const [key, g] of Object.entries(json.totals.limits)) {
        bar($('gauges'), key.replace(/_/g, ' '),
            'totals.limits.' + key + '.used', g.used, g.limit,
            ' of ' + g.limit.toLocaleString('en'));

        const m = $('gauges').kids.get(key.replace(/_/g, ' ')).kids.get('b');

        m.optimum = 0;
        m.low = g.limit * .5;
        m.high = g.limit * .8;
    }

    end($('gauges'));

    const list = [];

    for (const kind of [ 'failed', 'dropped' ]) {
        for (const [key, n] of Object.entries(json.totals[kind])) {
            if (n) {
                list.push([ kind + ': ' + key.replace(/_/g, ' '),
                            'totals.' + kind + '.' + key, n ]);
            }
        }
    }

    bars($('failures'), 'queries', list);
}


function caches(json) {
    begin($('zones'));

    json.caches.forEach((c, i) => {
        const box = child($('zones'), c.zone, 'div');
        const path = 'caches.' + i + '.';

        bar(box, c.zone, path + 'entries', c.entries, 0, ' answers');

        const m = box.kids.get(c.zone).kids.get('b');

        m.max = c.size;
        m.value = c.bytes;

        const p = child(box, 'p', 'p', 'facts dim');

        for (const key of [ 'inserts', 'evictions', 'deferred' ]) {
            figure(child(p, key, 'span'), path + key, c[key]);
            text(child(p, key + '-', 'span'), ' ' + key + ', ');
        }

        text(child(p, 'size', 'span'), octets(c.bytes) + ' of '
             + octets(c.size));

        if (control) {
            purge(box, c);
        }
    });

    end($('zones'));
    $('caches').hidden = json.caches.length === 0;
}

function purge(box, c) {
    const form = child(box, 'form', 'form');
    const field = (name, hint) => {
        const input = child(form, name, 'input');

        input.name = name;
        input.placeholder = hint;
        input.setAttribute('aria-label', hint);

        return input;
    };

    const name = field('name', 'name to purge');
    const type = field('type', 'any type');
    const label = child(form, 'label', 'label');
    const below = child(label, 'below', 'input');

    below.type = 'checkbox';
    text(child(label, 'text', 'span'), ' and below');

    const b = child(form, 'go', 'button');

    text(b, 'Purge');

    form.onsubmit = async (event) => {
        event.preventDefault();

        const args = [];

        if (name.value) {
            args.push('name=' + encodeURIComponent(name.value));
        }

        if (type.value) {
            args.push('type=' + encodeURIComponent(type.value));
        }

        if (below.checked) {
            args.push('below=1');
        }

        if (!args.length
            && !confirm('Drop all answers of ' + c.zone + '?'))
        {
            return;
        }

        const said = await post('caches/' + encodeURIComponent(c.zone)
                                + '/purge?' + args.join('&'), b);

        if (said && !said.error) {
            text(child(form, 'said', 'span', 'dim'),
                 said.purged.toLocaleString('en') + ' purged');
        }
    };
}


/* what dns_xdp has: answers in the kernel, and what it left to the sockets */

function kernel(json, from, to) {
    const x = json.xdp;

    $('kernel').hidden = x === null;

    if (x === null) {
        return;
    }

    const box = $('xdp');
    const given = [];

    json.servers.forEach((s, i) => {
        for (const [code, n] of Object.entries(s.responses.xdp || {})) {
            tally(given, 'responses', 'servers.' + i + '.responses.xdp.'
                  + code, n);
        }
    });

    bar(box, 'answers', 'xdp.entries', x.entries, x.entries_size,
        ' of ' + x.entries_size.toLocaleString('en'));

    const p = child(box, 'p', 'p', 'facts dim');
    const [, path, n] = given[0] || [ '', '', 0 ];

    figure(child(p, 'given', 'span'), path, n);
    text(child(p, 'given-', 'span'), ' responses, '
         + number(rate((s) => s.kernel, from, to)) + ' a second, ');
    figure(child(p, 'in', 'span'), 'xdp.promotions', x.promotions);
    text(child(p, 'in-', 'span'), ' promotions');

    bars($('passes'), 'queries left to the sockets, by reason',
         Object.entries(x.passes).map(([why, n]) =>
             [ why, 'xdp.passes.' + why, n ]));
}


function servers(json) {
    begin($('listens'));

    json.servers.forEach((s, i) => {
        const box = child($('listens'), s.server, 'div', 'facts');
        const head = child(box, 'head', 'p', 'facts');

        text(child(head, 'name', 'b'), s.listen.join(', '));
        text(child(head, 'q', 'span', 'dim'),
             ' ' + sum(s.queries).toLocaleString('en') + ' queries'
             + (s.cache ? ', cache ' + s.cache : ''));

        const list = child(box, 'zones', 'table');

        begin(list);

        s.zones.forEach((z, k) => {
            const row = child(list, k + z.zone, 'tr');
            const to = z.return ? 'return ' + z.return
                : z.upstream || 'by variable';

            text(child(row, 'zone', 'td'), z.zone);
            text(child(row, 'to', 'td'), [ to ].concat(z.fallback)
                 .join(', then '));
        });

        end(list);
    });

    end($('listens'));
}

function changes(json) {
    const list = $('events');
    const keys = [];

    begin(list);

    json.changes.forEach((c) => {
        let key = JSON.stringify(c);

        while (keys.includes(key)) {
            key += '+';
        }

        const li = child(list, key, 'li');
        const t = child(li, 'time', 'time');

        keys.push(key);
        t.dateTime = new Date(c.time * 1000).toISOString();
        t.title = new Date(c.time * 1000).toLocaleString();
        text(t, clock(c.time));

        text(child(li, 'what', 'span'), c.server
             ? c.server + ' of ' + c.upstream + ' ' : 'this nginx ');
        text(child(li, 'state', 'span', 'badge '
                   + (/^(up|ready|slow start)$/.test(c.state) ? 'good'
                      : /^(down|not ready)$/.test(c.state) ? 'warn'
                      : 'bad')), c.state);
        text(child(li, 'why', 'span', 'dim'), ' ' + (c.reason || ''));
    });

    if (!keys.length) {
        text(child(list, 'none', 'li', 'dim'), 'none since nginx was started');
    }

    end(list, keys);
}


function show(json) {
    samples.push(sample(json));

    if (samples.length > KEEP) {
        samples.shift();
    }

    const to = samples[samples.length - 1];
    const from = samples.length > 1
        ? samples[Math.max(0, samples.length - 1 - RECENT)] : undefined;

    tiles(json, from, to);
    charts();

    const [out, all] = troubles(json);

    begin($('groups'));
    json.upstreams.forEach((u, i) => upstream(u, i, json, from, to));
    end($('groups'), json.upstreams.map((u) => u.upstream));
    $('upstreams').hidden = all === 0;

    for (const id of [ 'tiles', 'charts', 'servers', 'answers', 'limits',
                       'reasons', 'changes' ])
    {
        $(id).hidden = json.servers.length === 0;
    }

    changes(json);
    caches(json);
    kernel(json, from, to);
    servers(json);
    answers(json);
    limits(json);

    const verdict = !json.servers.length ? [ 'dim', 'no DNS server' ]
        : json.drained ? [ 'warn', 'set not ready by hand' ]
        : out ? [ 'bad', out + ' of ' + all + ' servers out' ]
        : [ 'good', all ? 'all ' + all + ' servers well' : 'serving' ];

    kind($('verdict'), 'badge ' + verdict[0]);
    text($('verdict'), verdict[1]);
    text($('clock'), clock(json.time));

    if (control) {
        begin($('tools'));
        button($('tools'), json.drained ? 'auto' : 'drain',
               json.drained ? 'Ready again' : 'Set not ready',
               (b) => post('ready?state=' + (json.drained ? 'auto' : 'down'),
                           b));
        end($('tools'));
    }

    document.title = (out ? '(' + out + ') ' : '') + 'DNS';

    globalThis.dnsStatus = json;
}

let said = '';

function complain(why) {
    said = why;
    $('alert').hidden = why === '';
    text($('alert'), why);
}

async function poll() {
    if (busy) {
        return;
    }

    busy = true;

    try {
        const r = await fetch(location.pathname + '?json',
                              { cache: 'no-store',
                                signal: AbortSignal.timeout(10000) });

        if (!r.ok) {
            throw new Error(r.status + ' ' + r.statusText);
        }

        show(await r.json());

        if (said.startsWith('No figures')) {
            complain('');
        }

    } catch (e) {
        complain('No figures from nginx: ' + e.message);
        kind($('verdict'), 'badge bad');
        text($('verdict'), 'not known');

    } finally {
        busy = false;
    }
}

$('filter').oninput = () => { if (globalThis.dnsStatus) { poll(); } };
setInterval(poll, EVERY);
poll();
