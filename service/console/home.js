// What needs a human now, how the service stands, and the search.
import { get, query_of } from './calls.js';
import { ago, duration, h, money, pairs, quoted, say, trouble } from './dom.js';
import { breaker_states, discrepancies, discrepancy_actions, queues, sentence, status_words, times, to_do } from './words.js';

const refresh_every = 15_000;

export function badge(words, kind) {
    return h('span', { class: `badge ${kind}` }, words);
}

function row(address, head, more) {
    return h('li', {}, h('a', { class: 'row', href: address }, h('span', { class: 'row-head' }, head), h('span', { class: 'row-more' }, more)));
}

export function charge_row(saga) {
    const more = [badge(...status_words(saga.status)), ' '];
    if (saga.step) more.push(`Next: ${to_do(saga.step.name)}, tried ${times(saga.step.tries)}. `);
    if (saga.failure) more.push(`Why: ${sentence(saga.failure.detail)} `);
    if (saga.capture_before) more.push('Ends ', ago(saga.capture_before), '. ');
    more.push('Made ', ago(saga.created_at), '.');
    const customer = saga.customer_id ? [' for ', quoted(saga.customer_id)] : [];
    return row(`/console?charge=${encodeURIComponent(saga.charge_id)}`,
        [h('span', {}, 'Order ', h('span', { class: 'linked' }, quoted(saga.order_id)), customer), h('span', { class: 'amount' }, money(saga.amount, saga.currency))], more);
}

function event_row(event) {
    return row(`/console?webhook=${encodeURIComponent(event.id)}`, [h('span', { class: 'linked' }, quoted(event.type)), h('span', {}, queues[event.queue])],
        [`Failed ${times(event.failures)}. `, event.note && ['Note: ', quoted(sentence(event.note))], ' Came ', ago(event.received_at ?? event.created_at), '.']);
}

export function discrepancy_item(one, date) {
    const side = (name, movement) => (movement ? `${name}: ${money(movement.amount, movement.currency)} ${movement.status}. ` : `${name}: nothing. `);
    return h('li', { class: 'discrepancy' },
        h('p', {}, h('strong', {}, discrepancies[one.kind] ?? one.kind), ' ', h('span', { class: 'quiet' }, one.kind)),
        h('p', {}, `A ${one.type}. `, side('We', one.internal), side('The gateway', one.gateway), discrepancy_actions[one.action] ?? one.action),
        h('p', { class: 'links' },
            one.charge_id && h('a', { class: 'row-link', href: `/console?charge=${encodeURIComponent(one.charge_id)}` }, 'Charge ', one.charge_id),
            date && h('a', { class: 'row-link', href: `/console?day=${encodeURIComponent(date)}` }, 'Day ', date),
            one.reference && h('span', { class: 'quiet' }, 'Gateway’s reference ', quoted(one.reference))));
}

const lists = [
    ['needs_attention', 'Needs attention', charge_row,
        'Undoing a charge keeps failing, so money or goods may not be where they belong. Open it, read what failed, have that mended, then retry.'],
    ['unknown_outcomes', 'Unknown outcomes', charge_row,
        'A call left and no answer came back. Tollgate looks it up by itself; when it stays here, ask the gateway’s people with the key of the call.'],
    ['dead_letters', 'Dead letters', event_row,
        'Events that failed too often and were given up. Open one, have mended what its note names, then replay it.'],
    ['discrepancies', 'Discrepancies', (one) => discrepancy_item(one, one.date),
        'Our books and the gateway’s differ, and nothing mended it by itself. Settle each with the gateway.'],
    ['expiring', 'Expiring authorizations', charge_row,
        'Held money that the gateway lets go within a day. Ask the shop whether it wants to capture or void.'],
];

const count_of = (list) => (list.error ? '?' : `${list.count}${list.more ? '+' : ''}`);

function section([name, title, item, meaning], list) {
    const part = h('section', { class: list.count > 0 ? 'list pressing' : 'list', 'aria-labelledby': `h-${name}`, id: name },
        h('h2', { id: `h-${name}` }, title, ' ', h('span', { class: 'count' }, count_of(list))));
    if (list.error) {
        part.append(h('p', { class: 'problem' }, `This list cannot be had right now: ${sentence(list.error)}`));
    } else if (list.data.length === 0) {
        part.append(h('p', { class: 'quiet' }, 'Nothing here.'));
    } else {
        part.append(h('p', {}, meaning), h('ul', { class: 'rows' }, list.data.map(item)));
        if (list.more || list.count > list.data.length) part.append(h('p', { class: 'quiet' }, `Shown: the first ${list.data.length}.`));
    }
    return part;
}

/** Puts new content in place of the old, with the focus where it was. */
export function replace(room, ...content) {
    const at = room.contains(document.activeElement) ? document.activeElement : null;
    const [address, id] = [at?.getAttribute('href'), at?.id];
    room.replaceChildren(...content.flat().filter(Boolean));
    if (!at) return;
    const same = id ? document.getElementById(id) : address && room.querySelector(`[href="${CSS.escape(address)}"]`);
    (same ?? room.querySelector('h1, h2, a') ?? document.getElementById('main')).focus();
}

export async function home(view) {
    const state = h('span', { class: 'quiet' });
    const lists_room = h('div', { class: 'lists' });
    const failure = h('div');
    const live_room = h('section', { class: 'live', 'aria-labelledby': 'h-live' });
    view.show('What needs a human now', h('div', { class: 'title-line' }, h('h1', { tabindex: '-1' }, 'What needs a human now'), state),
        failure, lists_room, live_room);
    live(view, live_room);

    let before = '';
    let counts = '';
    const refresh = async () => {
        try {
            const told = await get('attention', view.signal);
            state.replaceChildren('As of ', ago(told.at));
            failure.replaceChildren();
            const shown = JSON.stringify({ ...told, at: '' });
            if (shown === before) return;
            before = shown;
            replace(lists_room, lists.map((list) => section(list, told[list[0]])));
            const sum = lists.filter(([name]) => told[name].count > 0).map(([name, title]) => `${title}: ${count_of(told[name])}`).join(', ');
            if (sum !== counts) say(sum || 'Nothing needs a human now');
            counts = sum;
        } catch (refusal) {
            if (refusal.status >= 0) failure.replaceChildren(trouble(refusal, refresh));
        }
    };
    view.every(refresh_every, refresh);
    await refresh();
}

// --- live ---------------------------------------------------------------------------------------------------------------

function breaker(one) {
    const [title, meaning, kind] = breaker_states[one.state] ?? [one.state, '', 'moving'];
    const again = one.retry_after ? `, tried again in ${one.retry_after} s` : '';
    return h('li', { 'data-breaker': one.name }, h('code', {}, one.name), ' ', badge(title, kind), h('span', { class: 'quiet' }, ` ${meaning}${again}`));
}

function of_most(value, most) {
    return [`${value} of ${most} `, h('meter', { min: 0, max: most, value, high: most * 0.8, 'aria-hidden': 'true' })];
}

function queue(one) {
    const oldest = !one.oldest_due_seconds ? '' : `, the oldest due for ${duration(one.oldest_due_seconds * 1000)}`;
    return `${one.waiting} waiting${one.waiting > 0 ? oldest : ''}`;
}

function stand(now) {
    const { limits, charges, queues: waiting } = now;
    const rate = limits.rate_limit;
    return [
        h('h3', {}, 'Breakers'),
        h('p', { class: 'quiet' }, 'Closed: calls pass. Open: they failed too often and are refused at once, until one that is let through succeeds.'),
        now.breakers.length > 0
            ? h('ul', { class: 'breakers' }, now.breakers.map(breaker))
            : h('p', { class: 'quiet' }, 'None was needed yet.'),
        h('h3', {}, 'Limits of this process'),
        pairs([
            ['Requests in flight', of_most(limits.in_flight, limits.max_in_flight)],
            ['Connections', of_most(limits.connections, limits.max_connections)],
            ['Refused as too many', String(limits.overload_refusals)],
            ['Limit for each customer', rate ? `${rate.requests} in ${rate.per_seconds} s, ${rate.burst} at once` : 'none'],
            ['Refused by that limit', String(limits.rate_limit_refusals)],
            ['Calls to the gateway', limits.gateway_per_second ? `${limits.gateway_per_second} a second at most` : 'as many as come'],
        ]),
        h('h3', {}, 'Queues and charges'),
        waiting && charges
            ? pairs([
                ['Events from outside', queue(waiting.incoming)],
                ['Events to the shop', queue(waiting.outgoing)],
                ['Dead letters', String(waiting.dead_letters)],
                ['Charges processing', String(charges.processing)],
                ['… that wait for customers', String(charges.requires_action)],
                ['… authorized', String(charges.authorized)],
                ['… refunding', String(charges.refunding)],
                ['… that need attention', String(charges.needs_attention)],
            ])
            : h('p', { class: 'problem' }, 'The store does not answer right now.'),
    ];
}

const come_back_after = 5_000;

/** What the service pushes; a browser comes back by itself when the line is cut, but not when it was refused. */
function live(view, room) {
    const status = h('p', { class: 'quiet', role: 'status' }, 'Connecting…');
    const body = h('div', { class: 'stand' });
    room.append(h('h2', { id: 'h-live' }, 'How the service stands'), status, body);
    let cut = false;
    const open = () => {
        if (view.signal.aborted) return;
        const source = new EventSource('/console/live');
        view.signal.addEventListener('abort', () => source.close(), { once: true });
        source.addEventListener('open', () => {
            body.classList.remove('stale');
            cut = false;
        });
        source.addEventListener('state', (event) => {
            try {
                const now = JSON.parse(event.data);
                body.replaceChildren(...stand(now));
                const open_ones = now.breakers.filter((one) => one.state === 'open').map((one) => one.name).join(', ');
                const words = open_ones ? `Live. Open breakers: ${open_ones}.` : 'Live.';
                if (status.textContent !== words) status.textContent = words;
            } catch {
                status.textContent = 'What the service tells cannot be read; load the page again.';
            }
        });
        source.addEventListener('error', () => {
            if (!cut) status.textContent = `Cut off at ${new Date().toISOString().slice(11, 19)} UTC; what is below was so then. Trying again…`;
            cut = true;
            body.classList.add('stale');
            if (source.readyState !== EventSource.CLOSED) return;
            setTimeout(open, come_back_after);
        });
    };
    open();
}

// --- search -------------------------------------------------------------------------------------------------------------

const page_size = 50;
const rows_max = 500;

export async function search(view, text) {
    const list = h('ul', { class: 'rows' });
    const foot = h('div', { class: 'foot' });
    view.show(`Search: ${text}`, h('h1', { tabindex: '-1' }, 'Charges that match “', quoted(text), '”'), list, foot);
    const more = async (cursor) => {
        foot.replaceChildren(h('p', { class: 'quiet' }, 'Searching…'));
        try {
            const page = await get(`charges?${query_of({ q: text, limit: page_size, cursor })}`, view.signal);
            list.append(...page.data.map(charge_row));
            const count = list.children.length;
            const words = count === 0
                ? 'Nothing was found. Search by the id of a charge, of a saga or of a payment at the gateway, or by the whole name of an order or a customer.'
                : `${count} ${count === 1 ? 'charge' : 'charges'}${page.next_cursor ? ' so far' : ''}, newest first.`;
            const last = count >= rows_max && page.next_cursor ? ' There are more than can be shown.' : '';
            foot.replaceChildren(h('p', { class: 'quiet' }, words + last));
            say(words);
            if (page.next_cursor && !last) foot.append(h('button', { type: 'button', click: () => more(page.next_cursor) }, 'Show more'));
        } catch (refusal) {
            if (refusal.status >= 0) foot.replaceChildren(trouble(refusal, () => more(cursor)));
        }
    };
    await more('');
}
