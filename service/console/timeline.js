// What happened to a charge, drawn: who did it, when, and how long nothing happened in between.
import { clock, day, duration, h, quoted, svg } from './dom.js';
import { moment, to_do } from './words.js';

const shapes = {
    shop: 'M4 9l2-5h12l2 5M5 9v11h14V9M9 20v-6h6v6',
    gateway: 'M3 6h18v12H3zM3 10h18M6 15h4',
    tollgate: 'M5 21V5M19 21V5M5 10h14',
    operator: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-5 4-7 8-7s7 2 8 7',
};
const marks = { good: '✓', bad: '✕', asked: '→', status: '●' };
const kinds = { good: 'done', bad: 'failed', asked: '', status: '' };

function icon(role) {
    return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: shapes[role] }));
}

const noticeable_wait = 1_000;

function wait_before(one, previous) {
    const gap = previous ? Date.parse(one.at) - Date.parse(previous.until ?? previous.at) : 0;
    if (gap < noticeable_wait) return null;
    const length = Math.min(4, Math.max(1, Math.round(Math.log10(gap / 1000)) + 1));
    return h('li', { class: `wait wait-${length}` }, `${duration(gap)} later`);
}

function timeline_item(one, saga, previous) {
    const { role, who, title, detail, code, kind } = moment(one, saga);
    const roles = { shop: 'Shop', gateway: 'Gateway', tollgate: 'Tollgate', operator: 'Operator' };
    const again = one.times > 1 && h('p', { class: 'quiet' }, `${one.times} times, the last at `, clock(one.until), '.');
    const new_day = (!previous || day(previous.at) !== day(one.at)) && h('li', { class: 'day' }, `${day(one.at)} UTC`);
    const since = Date.parse(one.at) - Date.parse(saga.created_at);
    return [
        new_day,
        wait_before(one, previous),
        h(
            'li',
            { class: `moment ${role} ${kind}` },
            h('div', { class: 'when' }, clock(one.at), h('span', { class: 'quiet' }, `+${duration(Math.max(0, since))}`)),
            h(
                'div',
                { class: 'who' },
                icon(role),
                h('span', {}, roles[role], role !== 'tollgate' && who !== role && [' ', h('b', {}, quoted(who))]),
            ),
            h(
                'div',
                { class: 'what' },
                h(
                    'p',
                    { class: 'deed' },
                    h('span', { class: 'mark', 'aria-hidden': 'true' }, marks[kind]),
                    h('span', { class: 'unseen' }, kinds[kind]),
                    ' ',
                    title,
                ),
                detail && h('p', { class: 'detail' }, quoted(detail), code && [' ', h('code', {}, code)]),
                again,
            ),
        ),
    ];
}

export function timeline(saga) {
    const list = h('ol', { class: 'timeline' });
    const past = saga.timeline ?? [];
    past.forEach((one, index) => list.append(...timeline_item(one, saga, past[index - 1]).filter(Boolean)));
    if (saga.step) {
        const asks = saga.step.may_have_left && saga.step.tries > 0;
        const will = asks ? `Will look up whether it happened (${to_do(saga.step.name)}), ` : `Will ${to_do(saga.step.name)}, `;
        const when = saga.owned ? 'now' : saga.due_at ? ['at ', clock(saga.due_at)] : 'when it is retried';
        list.append(
            h(
                'li',
                { class: 'moment next' },
                h('div', { class: 'when' }, h('span', {}, 'Next')),
                h('div', { class: 'who' }, icon('tollgate'), 'Tollgate'),
                h('div', { class: 'what' }, h('p', { class: 'deed' }, will, when, '.')),
            ),
        );
    }
    return h(
        'section',
        { 'aria-labelledby': 'h-timeline' },
        h('h2', { id: 'h-timeline' }, 'What happened'),
        past.length <= 1 &&
            !saga.step &&
            h('p', { class: 'quiet' }, 'Nothing more was written down: this charge is older than timelines are. Money that moved is below.'),
        list,
    );
}
