// What needs a human now, how the service stands, and the search.
import { get, query_of } from './calls.js';
import { ago, h, quoted, replace, say, trouble } from './dom.js';
import { live } from './live.js';
import { charge_row, discrepancy_item, event_row } from './rows.js';
import { sentence } from './words.js';

const refresh_every = 15_000;

const lists = [
    [
        'needs_attention',
        'Needs attention',
        charge_row,
        'Undoing a charge keeps failing, so money or goods may not be where they belong. Open it, read what failed, have that mended, then retry.',
    ],
    [
        'unknown_outcomes',
        'Unknown outcomes',
        charge_row,
        'A call left and no answer came back. Tollgate looks it up by itself; when it stays here, ask the gateway’s people with the key of the call.',
    ],
    [
        'dead_letters',
        'Dead letters',
        event_row,
        'Events that failed too often and were given up. Open one, have mended what its note names, then replay it.',
    ],
    [
        'discrepancies',
        'Discrepancies',
        (one) => discrepancy_item(one, one.date),
        'Our books and the gateway’s differ, and nothing mended it by itself. Settle each with the gateway.',
    ],
    [
        'expiring',
        'Expiring authorizations',
        charge_row,
        'Held money that the gateway lets go within a day. Ask the shop whether it wants to capture or void.',
    ],
];

const all_of = {
    needs_attention: '/console?list=NEEDS_ATTENTION',
    unknown_outcomes: '/console?list=RUNNING',
    dead_letters: '/console?list=dead-letters',
    expiring: '/console?list=AUTHORIZED',
};

const count_of = (list) => (list.error ? '?' : `${list.count}${list.more ? '+' : ''}`);

function section([name, title, item, meaning], list) {
    const part = h(
        'section',
        { class: list.count > 0 ? 'list pressing' : 'list', 'aria-labelledby': `h-${name}`, id: name },
        h('h2', { id: `h-${name}` }, title, ' ', h('span', { class: 'count' }, count_of(list))),
    );
    if (list.error) {
        part.append(h('p', { class: 'problem' }, `This list cannot be had right now: ${sentence(list.error)}`));
    } else if (list.data.length === 0) {
        part.append(h('p', { class: 'quiet' }, 'Nothing here.'));
    } else {
        part.append(h('p', {}, meaning), h('ul', { class: 'rows' }, list.data.map(item)));
        if (list.more || list.count > list.data.length)
            part.append(
                h(
                    'p',
                    { class: 'quiet' },
                    `Shown: the newest ${list.data.length}.`,
                    all_of[name] && [' ', h('a', { href: all_of[name] }, 'Show all of them')],
                ),
            );
    }
    return part;
}

export async function home(view) {
    const state = h('span', { class: 'quiet' });
    const lists_room = h('div', { class: 'lists' });
    const failure = h('div');
    const live_room = h('section', { class: 'live', 'aria-labelledby': 'h-live' });
    view.show(
        'What needs a human now',
        h('div', { class: 'title-line' }, h('h1', { tabindex: '-1' }, 'What needs a human now'), state),
        failure,
        lists_room,
        live_room,
    );
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
            replace(
                lists_room,
                lists.map((list) => section(list, told[list[0]])),
            );
            const sum = lists
                .filter(([name]) => told[name].count > 0)
                .map(([name, title]) => `${title}: ${count_of(told[name])}`)
                .join(', ');
            const blind = lists.some(([name]) => told[name].error);
            if (sum !== counts) say(sum || (blind ? 'Some lists cannot be had right now' : 'Nothing needs a human now'));
            counts = sum;
        } catch (refusal) {
            if (refusal.status >= 0) failure.replaceChildren(trouble(refusal, refresh));
        }
    };
    view.every(refresh_every, refresh);
    await refresh();
}

// --- search -------------------------------------------------------------------------------------------------------------

const page_size = 50;
const rows_max = 500;

/** Page after page of `path`, as rows that `item` draws. */
async function paged(view, title, path, query, item, words_of) {
    const list = h('ul', { class: 'rows' });
    const foot = h('div', { class: 'foot' });
    view.show(...title, list, foot);
    const more = async (cursor) => {
        foot.replaceChildren(h('p', { class: 'quiet' }, 'Searching…'));
        try {
            const page = await get(`${path}?${query_of({ ...query, limit: page_size, cursor })}`, view.signal);
            list.append(...page.data.map(item));
            const words = words_of(list.children.length, page.next_cursor);
            const last = list.children.length >= rows_max && page.next_cursor ? ' There are more than can be shown.' : '';
            foot.replaceChildren(h('p', { class: 'quiet' }, words + last));
            say(words);
            if (page.next_cursor && !last)
                foot.append(h('button', { type: 'button', click: () => more(page.next_cursor) }, 'Show more'));
        } catch (refusal) {
            if (refusal.status >= 0) foot.replaceChildren(trouble(refusal, () => more(cursor)));
        }
    };
    await more('');
}

const counted = (count, one, many, further) => `${count} ${count === 1 ? one : many}${further ? ' so far' : ''}, newest first.`;

export function search(view, text) {
    const title = h('h1', { tabindex: '-1' }, 'Charges that match “', quoted(text), '”');
    const nothing =
        'Nothing was found. Search by the id of a charge, of a saga or of a payment at the gateway, or by the whole name of an order or a customer.';
    return paged(view, [`Search: ${text}`, title], 'charges', { q: text }, charge_row, (count, further) =>
        count === 0 && !further ? nothing : counted(count, 'charge', 'charges', further),
    );
}

const state_titles = {
    NEEDS_ATTENTION: 'Charges that need attention',
    RUNNING: 'Charges that run',
    AUTHORIZED: 'Authorized charges',
};

/** All of what the first page shows the newest of. */
export function list_of(view, name) {
    const dead = name === 'dead-letters';
    const title = dead ? 'Dead letters' : (state_titles[name] ?? `Charges in the state ${name}`);
    return paged(
        view,
        [title, h('h1', { tabindex: '-1' }, title)],
        dead ? 'dead-letters' : 'sagas',
        dead ? {} : { state: name },
        dead ? event_row : charge_row,
        (count, further) => (count === 0 && !further ? 'Nothing here.' : counted(count, 'row', 'rows', further)),
    );
}
