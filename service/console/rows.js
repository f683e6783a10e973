// What stands in lists.
import { ago, h, money, quoted } from './dom.js';
import { discrepancies, discrepancy_actions, queues, sentence, status_words, times, to_do, why_undone } from './words.js';

export function badge(words, kind) {
    return h('span', { class: `badge ${kind}` }, words);
}

function row(address, head, more) {
    return h(
        'li',
        {},
        h('a', { class: 'row', href: address }, h('span', { class: 'row-head' }, head), h('span', { class: 'row-more' }, more)),
    );
}

export function charge_row(saga) {
    const more = [badge(...status_words(saga.status)), ' '];
    if (saga.step?.may_have_left && saga.status === 'processing') more.push(`Not known whether it happened: ${to_do(saga.step.name)}. `);
    else if (saga.step) more.push(`Next: ${to_do(saga.step.name)}, tried ${times(saga.step.tries)}. `);
    if (saga.failure) more.push(`${why_undone(saga.failure)} `);
    if (saga.capture_before) more.push('Ends ', ago(saga.capture_before), '. ');
    more.push('Made ', ago(saga.created_at), '.');
    const customer = saga.customer_id ? [' for ', quoted(saga.customer_id)] : [];
    return row(
        `/console?charge=${encodeURIComponent(saga.charge_id)}`,
        [
            h('span', {}, 'Order ', h('span', { class: 'linked' }, quoted(saga.order_id)), customer),
            h('span', { class: 'amount' }, money(saga.amount, saga.currency)),
        ],
        more,
    );
}

export function event_row(event) {
    return row(
        `/console?webhook=${encodeURIComponent(event.id)}`,
        [h('span', { class: 'linked' }, quoted(event.type)), h('span', {}, queues[event.queue])],
        [
            `Failed ${times(event.failures)}. `,
            event.note && ['Note: ', quoted(sentence(event.note))],
            ' Came ',
            ago(event.received_at ?? event.created_at),
            '.',
        ],
    );
}

export function discrepancy_item(one, date) {
    const nothing = one.kind === 'duplicate_at_gateway' ? 'the first one only' : 'nothing';
    const side = (name, movement) =>
        movement
            ? [`${name}: ${money(movement.amount, movement.currency)} ${movement.status}`, movement.id && [', ', quoted(movement.id)], '. ']
            : `${name}: ${nothing}. `;
    return h(
        'li',
        { class: 'discrepancy' },
        h('p', {}, h('strong', {}, discrepancies[one.kind] ?? one.kind), ' ', h('span', { class: 'quiet' }, one.kind)),
        h(
            'p',
            {},
            `A ${one.type}. `,
            side('We', one.internal),
            side('The gateway', one.gateway),
            discrepancy_actions[one.action] ?? one.action,
        ),
        h(
            'p',
            { class: 'links' },
            one.charge_id &&
                h(
                    'a',
                    { class: 'row-link', href: `/console?charge=${encodeURIComponent(one.charge_id)}` },
                    'Charge ',
                    one.charge_id,
                ),
            date && h('a', { class: 'row-link', href: `/console?day=${encodeURIComponent(date)}` }, 'Day ', date),
            one.reference &&
                one.reference !== one.charge_id &&
                h('span', { class: 'quiet' }, 'Gateway’s reference ', quoted(one.reference)),
        ),
    );
}
