// How the service stands, as it tells by itself.
import { duration, h, pairs } from './dom.js';
import { badge } from './rows.js';
import { breaker_states } from './words.js';

function breaker(one) {
    const [title, meaning, kind] = breaker_states[one.state] ?? [one.state, '', 'moving'];
    const again = one.retry_after ? `, tried again in ${one.retry_after} s` : '';
    return h(
        'li',
        { 'data-breaker': one.name },
        h('code', {}, one.name),
        ' ',
        badge(title, kind),
        h('span', { class: 'quiet' }, ` ${meaning}${again}`),
    );
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
        h(
            'p',
            { class: 'quiet' },
            'Closed: calls pass. Open: they failed too often and are refused at once, until one that is let through succeeds.',
        ),
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
            [
                'Calls to the gateway',
                limits.gateway_per_second ? `${limits.gateway_per_second} a second at most` : 'as many as come',
            ],
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
export function live(view, room) {
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
                const open_ones = now.breakers
                    .filter((one) => one.state === 'open')
                    .map((one) => one.name)
                    .join(', ');
                const words = open_ones ? `Live. Open breakers: ${open_ones}.` : 'Live.';
                if (status.textContent !== words) status.textContent = words;
            } catch {
                status.textContent = 'What the service tells cannot be read; load the page again.';
            }
        });
        source.addEventListener('error', () => {
            if (!cut)
                status.textContent = `Cut off at ${new Date().toISOString().slice(11, 19)} UTC; what is below was so then. Trying again…`;
            cut = true;
            body.classList.add('stale');
            if (source.readyState !== EventSource.CLOSED) return;
            setTimeout(open, come_back_after);
        });
    };
    open();
}
