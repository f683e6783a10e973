// One charge: how it stands, what happened to it, and what can be done about it.
import { ask, get } from './calls.js';
import {
    ago,
    confirm,
    copyable,
    decimals_of,
    exact,
    field,
    h,
    minor_of,
    money,
    notice,
    pairs,
    plain,
    quoted,
    relative,
    replace,
    trouble,
} from './dom.js';
import { badge } from './rows.js';
import { timeline } from './timeline.js';
import { outlook, status_words, to_do } from './words.js';

// --- what is known ------------------------------------------------------------------------------------------------------

function head(saga) {
    return [
        h(
            'div',
            { class: 'title-line' },
            h('h1', { tabindex: '-1' }, money(saga.amount, saga.currency), ' for order ', quoted(saga.order_id)),
            badge(...status_words(saga.status)),
        ),
        pairs([
            ['Charge', copyable(saga.charge_id, 'charge id')],
            ['Saga', saga.id && copyable(saga.id, 'saga id')],
            ['Order', copyable(saga.order_id, 'order id')],
            [
                'Customer',
                saga.customer_id && [
                    h('a', { href: `/console?q=${encodeURIComponent(saga.customer_id)}` }, quoted(saga.customer_id)),
                ],
            ],
            ['Shop', quoted(saga.tenant)],
            ['Made', [exact(saga.created_at), ', ', ago(saga.created_at)]],
        ]),
    ];
}

function ledger(saga) {
    const rows = saga.ledger.map((entry) =>
        h(
            'tr',
            {},
            h('td', {}, entry.type),
            h('td', { class: 'amount' }, money(entry.amount, entry.currency)),
            h('td', {}, entry.debit ? `${entry.debit} ← ${entry.credit}` : ''),
            h('td', {}, copyable(entry.gateway_id, 'the gateway’s id')),
        ),
    );
    const header = ['What', 'Amount', 'Accounts', 'Id at the gateway'].map((name) => h('th', { scope: 'col' }, name));
    return h(
        'section',
        { 'aria-labelledby': 'h-ledger' },
        h('h2', { id: 'h-ledger' }, 'Money that moved'),
        rows.length === 0
            ? h('p', { class: 'quiet' }, 'None yet.')
            : h(
                  'div',
                  { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'h-ledger' },
                  h('table', {}, h('thead', {}, h('tr', {}, header)), h('tbody', {}, rows)),
              ),
    );
}

const fact_names = {
    reservation_id: 'Reservation',
    authorization_id: 'Authorization',
    waiting_id: 'Open authentication',
    capture_id: 'Capture',
    shipment_id: 'Shipment',
    refund_id: 'Refund',
    void_id: 'Void',
};

function facts(saga) {
    const told = saga.facts ?? {};
    const entries = Object.entries(fact_names).map(([name, title]) => [title, told[name] && copyable(told[name], title)]);
    if (told.to_capture) entries.push(['To capture', money(told.to_capture, saga.currency)]);
    if (told.captured) entries.push(['Captured', money(told.captured, saga.currency)]);
    if (told.shipment_canceled) entries.push(['Shipment', 'canceled']);
    if (told.released) entries.push(['Goods', 'released']);
    for (const refund of saga.refunds ?? []) {
        entries.push([
            refund.status === 'pending' ? 'Refund under way' : 'Refunded',
            [money(refund.amount, saga.currency), ' ', refund.refund_id && copyable(refund.refund_id, 'refund id')],
        ]);
    }
    if (saga.step) {
        const name = saga.step.may_have_left ? 'Key of the call under way' : 'Key of the next call';
        entries.push([name, copyable(saga.step.idempotency_key, 'key')]);
    }
    return h('section', { 'aria-labelledby': 'h-facts' }, h('h2', { id: 'h-facts' }, 'Facts'), pairs(entries));
}

// --- what can be done ---------------------------------------------------------------------------------------------------

const unfinished = (saga) => ['RUNNING', 'COMPENSATING', 'NEEDS_ATTENTION'].includes(saga.state);
/** It changes by itself in a moment. */
const moving = (saga) => saga.owned || saga.state === 'RUNNING' || saga.state === 'COMPENSATING';

function refundable(saga) {
    if (saga.status !== 'succeeded') return 0;
    const back = (saga.refunds ?? []).reduce((sum, refund) => sum + refund.amount, 0);
    return Math.max(0, (saga.facts?.captured ?? 0) - back);
}

const disputed = (saga) =>
    saga.ledger.filter((entry) => entry.type === 'dispute').reduce((sum, entry) => sum + entry.amount, 0);
const pending = (saga) =>
    (saga.refunds ?? []).filter((one) => one.status === 'pending').reduce((sum, one) => sum + one.amount, 0);

/**
 * Refunds that were asked for here and not answered, by charge: asked for again they are the same, under the same key, whatever
 * became of their dialog or of this page.
 */
const unanswered = {
    name: (charge_id) => `tollgate-refund-${charge_id}`,
    of(charge_id) {
        try {
            return JSON.parse(sessionStorage.getItem(this.name(charge_id)));
        } catch {
            return null;
        }
    },
    keep(charge_id, asked) {
        try {
            if (asked) sessionStorage.setItem(this.name(charge_id), JSON.stringify(asked));
            else sessionStorage.removeItem(this.name(charge_id));
        } catch {
            // without storage it is kept for as long as the dialog
        }
    },
};

// The order's name may be of another direction of writing than the sentence (Unicode: FSI … PDI).
const named = (saga) => `${money(saga.amount, saga.currency)} for order “\u2068${saga.order_id}\u2069” (${saga.charge_id})`;

async function retry(saga) {
    const step = saga.step ? to_do(saga.step.name) : 'go on';
    const after = await confirm({
        title: 'Retry this charge?',
        text: `Tollgate will try at once to ${step} and to finish ${named(saga)}. Nothing is done twice: what already happened is looked up first.`,
        yes: 'Retry now',
        act: async () => (await ask('POST', `sagas/${encodeURIComponent(saga.charge_id)}/retry`)).json,
    });
    if (after === null) return null;
    if (after.status === 'needs_attention')
        return notice('It was tried again and still needs attention. The timeline names why.', false);
    const words = status_words(after.status)[0].toLowerCase();
    return notice(moving(after) ? `It goes on, and is ${words} now.` : `Retried. The charge is settled: ${words}.`);
}

/** What somebody should know before money goes back. */
function warnings(saga, earlier) {
    const told = [];
    if (disputed(saga) > 0)
        told.push(
            `The cardholder disputed ${money(disputed(saga), saga.currency)}. The bank may give that back by itself: a refund as well would pay twice.`,
        );
    if (pending(saga) > 0)
        told.push(`A refund of ${money(pending(saga), saga.currency)} is under way. What you ask for now comes on top of it.`);
    if (earlier)
        told.push(
            'This refund was asked for before, and its answer did not come. Asked for again it is the same one and is made only once.',
        );
    return told.map((text) => h('p', { class: 'notice bad' }, text));
}

async function refund(saga) {
    const { currency, charge_id } = saga;
    const most = refundable(saga);
    const earlier = unanswered.of(charge_id);
    let key = earlier?.key ?? crypto.randomUUID();
    const amount = h('input', {
        type: 'text',
        inputmode: decimals_of(currency) > 0 ? 'decimal' : 'numeric',
        value: plain(earlier?.amount ?? most, currency),
        autocomplete: 'off',
        readonly: earlier !== null,
        required: true,
    });
    const reason = h('input', {
        type: 'text',
        maxlength: 200,
        autocomplete: 'off',
        value: earlier?.reason ?? '',
        readonly: earlier !== null,
    });
    const body_of = () => {
        if (earlier !== null) return { amount: earlier.amount, ...(earlier.reason && { reason: earlier.reason }) };
        const minor = minor_of(amount.value, currency);
        if (minor === null || minor === 0) throw new Error(`Give the amount in ${currency} as in “${plain(most, currency)}”.`);
        if (minor > most)
            throw new Error(
                `At most ${money(most, currency)} can be refunded: that is what was captured and not given back yet.`,
            );
        return { amount: minor, ...(reason.value.trim() && { reason: reason.value.trim() }) };
    };
    const done = await confirm({
        title: 'Refund this charge?',
        text: `The amount below goes back to the card that paid ${named(saga)}. This cannot be taken back.`,
        fields: [
            warnings(saga, earlier),
            field('Amount', amount, `In ${currency}; ${money(most, currency)} can be refunded.`),
            field('Reason', reason, 'For the records; may be left empty.'),
        ],
        yes: 'Refund',
        act: async () => {
            const body = body_of();
            unanswered.keep(charge_id, { key, ...body });
            try {
                const answer = await ask('POST', `charges/${encodeURIComponent(charge_id)}/refund`, { body, key });
                unanswered.keep(charge_id, null);
                return { minor: body.amount, settled: answer.status === 200 };
            } catch (refusal) {
                // A no is kept under its key: what is asked for after it is another request.
                if (!refusal.lost && refusal.status !== 401) {
                    unanswered.keep(charge_id, null);
                    key = crypto.randomUUID();
                }
                throw refusal;
            }
        },
    });
    if (done === null) {
        return unanswered.of(charge_id)
            ? notice('Whether that refund was made is not known yet. It shows below once it is; asked for again it is the same one.', false)
            : null;
    }
    const sum = money(done.minor, currency);
    return notice(
        done.settled ? `Refunded ${sum}.` : `The refund of ${sum} is asked for and under way; how it ends shows here.`,
    );
}

// --- the view -----------------------------------------------------------------------------------------------------------

const soon = 1_500;
const later = 15_000;
const soon_looks = 40;

export async function charge(view, id) {
    const said = h('div');
    const room = h('div');
    view.show(`Charge ${id}`, said, room);
    let before = '';
    let looks = 0;

    const act = (what) => async (event) => {
        const button = event.currentTarget.id;
        const outcome = await what(JSON.parse(before));
        looks = 0;
        await refresh();
        if (outcome) said.replaceChildren(outcome);
        else if (document.activeElement === document.body) document.getElementById(button)?.focus();
        outcome?.focus();
    };
    const draw = (saga) => {
        const most = refundable(saga);
        const buttons = h(
            'div',
            { class: 'buttons' },
            unfinished(saga) && h('button', { id: 'retry', type: 'button', class: 'primary', click: act(retry) }, 'Retry'),
            most > 0 && h('button', { id: 'refund', type: 'button', click: act(refund) }, 'Refund…'),
        );
        replace(
            room,
            head(saga),
            h(
                'section',
                { class: `outlook ${status_words(saga.status)[1]}`, 'aria-labelledby': 'h-next' },
                h('h2', { id: 'h-next' }, 'What happens next'),
                h('p', { id: 'next-words' }, outlook(saga, relative)),
                disputed(saga) > 0 &&
                    h('p', {}, `The cardholder disputed ${money(disputed(saga), saga.currency)}; answer that at the gateway.`),
                buttons,
            ),
            saga.timeline ? timeline(saga) : null,
            ledger(saga),
            facts(saga),
        );
        document.title = `${status_words(saga.status)[0]}: ${saga.order_id} · Tollgate`;
    };
    const refresh = async () => {
        try {
            const saga = await get(`sagas/${encodeURIComponent(id)}`, view.signal);
            const shown = JSON.stringify(saga);
            if (shown !== before) draw(saga);
            else document.getElementById('next-words').textContent = outlook(saga, relative); // time has passed
            before = shown;
            if (said.firstChild?.classList.contains('problem')) said.replaceChildren();
            view.after(moving(saga) && ++looks < soon_looks ? soon : later, refresh);
        } catch (refusal) {
            if (refusal.status < 0) return;
            said.replaceChildren(trouble(refusal, refresh));
            if (before && refusal.status !== 401) view.after(later, refresh);
        }
    };
    await refresh();
}
