// One event, and one day's comparison with the gateway's books.
import { ask, get, query_of } from './calls.js';
import { ago, confirm, copyable, exact, h, money, notice, pairs, quoted, replace, say, trouble } from './dom.js';
import { badge, discrepancy_item } from './rows.js';
import { event_states, queues } from './words.js';

// --- an event -----------------------------------------------------------------------------------------------------------

const pages_max = 10;

/** A webhook is told with its body; an event to the shop is known only while it is a dead letter. */
async function find_event(id, signal) {
    try {
        return await get(`webhooks/${encodeURIComponent(id)}`, signal);
    } catch (refusal) {
        if (refusal.status !== 404) throw refusal;
        let cursor = '';
        for (let page = 0; page < pages_max; ++page) {
            const { data, next_cursor } = await get(`dead-letters?${query_of({ limit: 100, cursor })}`, signal);
            const found = data.find((event) => event.id === id);
            if (found) return found;
            if (!next_cursor) break;
            cursor = next_cursor;
        }
        throw refusal;
    }
}

function pretty(body) {
    try {
        return JSON.stringify(JSON.parse(body), null, 2);
    } catch {
        return body;
    }
}

async function replay(event) {
    const dead = event.state === 'dead';
    const what = event.queue === 'incoming' ? 'work on it again' : 'send it to the shop again';
    const done = await confirm({
        title: 'Replay this event?',
        text: `Tollgate will ${what}: ${event.type} (${event.id}). What it already led to is not done twice.`,
        yes: 'Replay now',
        act: () => ask('POST', `${dead ? 'dead-letters' : 'webhooks'}/${encodeURIComponent(event.id)}/replay`),
    });
    return done && notice('It waits to be worked on now, and its state below says how that ends.');
}

export async function event(view, id) {
    const said = h('div');
    const room = h('div');
    view.show(`Event ${id}`, said, room);
    let before = '';
    const act = async () => {
        const outcome = await replay(JSON.parse(before));
        await refresh();
        if (!outcome) return;
        said.replaceChildren(outcome);
        outcome.focus();
    };
    const draw = (one) => {
        const can = one.state === 'dead' || (one.queue === 'incoming' && one.state === 'done');
        replace(
            room,
            h(
                'div',
                { class: 'title-line' },
                h('h1', { tabindex: '-1' }, 'Event ', quoted(one.type)),
                badge(...(event_states[one.state] ?? [one.state, 'moving'])),
            ),
            pairs([
                ['Id', copyable(one.id, 'event id')],
                ['Goes', queues[one.queue]],
                ['From', one.source && quoted(one.source)],
                ['The sender’s id', one.event_id && copyable(one.event_id, 'the sender’s id')],
                [
                    'Charge',
                    one.charge_id && [h('a', { href: `/console?charge=${encodeURIComponent(one.charge_id)}` }, one.charge_id)],
                ],
                ['Came', one.received_at && [exact(one.received_at), ', ', ago(one.received_at)]],
                ['Made', one.created_at && [exact(one.created_at), ', ', ago(one.created_at)]],
                ['Failures', String(one.failures)],
                ['Due', one.due_at && [exact(one.due_at), ', ', ago(one.due_at)]],
                ['Ended', one.settled_at && [exact(one.settled_at), ', ', ago(one.settled_at)]],
                ['Note', one.note && quoted(one.note)],
            ]),
            h(
                'div',
                { class: 'buttons' },
                can &&
                    h(
                        'button',
                        { id: 'replay', type: 'button', class: one.state === 'dead' ? 'primary' : null, click: act },
                        'Replay…',
                    ),
            ),
            one.body !== undefined &&
                h(
                    'section',
                    { 'aria-labelledby': 'h-body' },
                    h('h2', { id: 'h-body' }, 'Body'),
                    h('pre', { tabindex: '0', role: 'region', 'aria-labelledby': 'h-body' }, pretty(one.body)),
                ),
        );
        document.title = `Event ${one.type} · Tollgate`;
    };
    const refresh = async () => {
        try {
            const one = await find_event(id, view.signal);
            const shown = JSON.stringify(one);
            if (shown !== before) draw(one);
            before = shown;
            if (said.firstChild?.classList.contains('problem')) said.replaceChildren();
            view.after(one.state === 'waiting' ? 1_500 : 15_000, refresh);
        } catch (refusal) {
            if (refusal.status < 0) return;
            const gone = before && refusal.status === 404;
            said.replaceChildren(gone ? notice('It is no dead letter any more.') : trouble(refusal, refresh));
        }
    };
    await refresh();
}

// --- a day --------------------------------------------------------------------------------------------------------------

/** As YYYY-MM-DD, and one that there is. */
function is_day(text) {
    const at = new Date(`${text}T00:00:00Z`);
    return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

const yesterday = () => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

function sums(report) {
    const rows = Object.entries(report.sums).map(([currency, sum]) =>
        h(
            'tr',
            {},
            h('th', { scope: 'row' }, currency),
            h('td', { class: 'amount' }, money(sum.internal, currency)),
            h('td', { class: 'amount' }, money(sum.gateway, currency)),
            h(
                'td',
                {},
                sum.internal === sum.gateway ? '✓ equal' : `✕ differ by ${money(sum.internal - sum.gateway, currency)}`,
            ),
        ),
    );
    const header = ['Currency', 'Our books', 'The gateway’s', ''].map((name) => h('th', { scope: 'col' }, name));
    return (
        rows.length > 0 &&
        h(
            'div',
            { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Sums' },
            h('table', {}, h('thead', {}, h('tr', {}, header)), h('tbody', {}, rows)),
        )
    );
}

function draw_report(room, report) {
    const { discrepancies } = report;
    replace(
        room,
        h('p', { class: discrepancies.length > 0 ? 'notice bad' : 'notice good', id: 'summary' }, report.summary),
        pairs([
            ['Compared', String(report.total)],
            ['Matched', String(report.matched)],
            ['Discrepancies', String(discrepancies.length + (report.omitted ?? 0))],
        ]),
        h('h2', {}, 'Sums'),
        sums(report) || h('p', { class: 'quiet' }, 'No money moved that day.'),
        h('h2', {}, 'Discrepancies'),
        discrepancies.length > 0
            ? h(
                  'ul',
                  { class: 'rows', id: 'discrepancies' },
                  discrepancies.map((one) => discrepancy_item(one, null)),
              )
            : h('p', { class: 'quiet' }, 'Nothing here.'),
        report.omitted && h('p', { class: 'quiet' }, `${report.omitted} more are not listed.`),
    );
    say(report.summary);
}

const looks_max = 120;

export async function reconciliation(view, asked) {
    const date = is_day(asked) ? asked : yesterday();
    const input = h('input', { type: 'date', value: date, max: new Date().toISOString().slice(0, 10), required: true });
    input.id = 'day';
    const form = h(
        'form',
        {
            class: 'day-form',
            submit: (event) => {
                event.preventDefault();
                if (input.value) view.visit(`/console?day=${encodeURIComponent(input.value)}`);
            },
        },
        h('label', { for: 'day' }, 'Day (UTC)'),
        input,
        h('button', { type: 'submit' }, 'Show'),
        h('button', { type: 'button', id: 'compare', click: () => compare() }, 'Compare this day…'),
    );
    const said = h('div');
    const room = h('div');
    view.show(
        `Reconciliation of ${date}`,
        h('h1', { tabindex: '-1' }, `Reconciliation of ${date}`),
        h('p', { class: 'quiet' }, 'Our books of a UTC day beside the gateway’s: captures, refunds and disputes.'),
        form,
        said,
        room,
    );

    const look = async (left) => {
        try {
            const { status, json } = await ask('GET', `reconciliation/${encodeURIComponent(date)}`, { signal: view.signal });
            if (status === 200) {
                said.replaceChildren();
                draw_report(room, json);
            } else if (left > 0) {
                said.replaceChildren(h('p', { class: 'quiet', role: 'status' }, 'This day is being compared…'));
                view.after(1_000, () => look(left - 1));
            } else {
                said.replaceChildren(
                    notice('It is still being compared. Come back later, or press Show to look again.', false),
                );
            }
        } catch (refusal) {
            if (refusal.status === 404)
                said.replaceChildren(h('p', { id: 'never', class: 'quiet' }, 'This day was not compared yet.'));
            else if (refusal.status >= 0) said.replaceChildren(trouble(refusal, () => look(looks_max)));
        }
    };
    const compare = async () => {
        const done = await confirm({
            title: 'Compare this day?',
            text: `Tollgate will ask the gateway for its books of ${date} and compare them with ours. What can be repaired is repaired, and somebody is paged for the rest.`,
            yes: 'Compare now',
            act: () => ask('POST', 'reconciliation', { body: { date } }),
        });
        if (done === null) return;
        if (done.status === 200) {
            said.replaceChildren();
            draw_report(room, done.json);
        } else {
            await look(looks_max);
        }
    };
    await look(looks_max);
}
