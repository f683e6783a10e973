// What the service's names mean, in the words of whoever has to act on them at three in the morning.

/** A step: as something to do, as done, and as failed. */
const steps = {
    reserve: ['reserve the goods', 'Goods reserved', 'Reserving the goods failed'],
    authorize: ['authorize the card', 'Card authorized', 'Authorizing the card failed'],
    capture: ['capture the payment', 'Payment captured', 'Capturing the payment failed'],
    ship: ['order the shipment', 'Shipment ordered', 'Ordering the shipment failed'],
    cancel_shipment: ['cancel the shipment', 'Shipment canceled', 'Canceling the shipment failed'],
    refund: ['refund the payment', 'Payment refunded', 'Refunding the payment failed'],
    void: ['void the authorization', 'Authorization voided', 'Voiding the authorization failed'],
    release: ['release the goods', 'Goods released', 'Releasing the goods failed'],
};

export const times = (count) => (count === 1 ? 'once' : `${count} times`);

/** With its stop at the end. */
export const sentence = (text) => (/[.!?…]$/.test(text) ? text : `${text}.`);

export const to_do = (step) => steps[step]?.[0] ?? step;

const payments = {
    authorize: 'Card authorized',
    capture: 'Payment captured',
    release: 'Rest of the authorization released',
    void: 'Authorization voided',
    refund: 'Payment refunded',
    dispute: 'Payment disputed by the cardholder',
};

const statuses = {
    processing: ['Processing', 'moving'],
    requires_action: ['Waits for the customer', 'moving'],
    authorized: ['Authorized', 'moving'],
    succeeded: ['Succeeded', 'good'],
    declined: ['Declined', 'ended'],
    blocked: ['Blocked', 'ended'],
    reversed: ['Reversed', 'ended'],
    canceled: ['Canceled', 'ended'],
    needs_attention: ['Needs attention', 'bad'],
};

/** In words, and of which kind it is: good, bad, moving or ended. */
export const status_words = (status) => statuses[status] ?? [status.replaceAll('_', ' '), 'moving'];

export const discrepancies = {
    missing_internal: 'The gateway moved money that we know nothing of.',
    missing_gateway: 'We say that money moved, and the gateway has nothing of it.',
    amount_mismatch: 'The amounts differ.',
    currency_mismatch: 'The currencies differ.',
    status_mismatch: 'The two sides say different things about how it stands.',
    duplicate_at_gateway: 'The gateway did it more than once.',
    late: 'It is in the books of another day at the gateway.',
    orphan_refund: 'The gateway refunded what we did not ask to be refunded.',
};

export const discrepancy_actions = {
    none: 'Nothing was done about it.',
    page: 'Somebody was paged; settle it with the gateway.',
    replay: 'It was repaired: what the gateway knows was played again.',
    adopt: 'It was repaired: what the gateway knows was taken over.',
    'left to the service': 'Left to the running service, which repairs it.',
};

export const event_states = {
    waiting: ['Waits to be worked on', 'moving'],
    done: ['Worked on', 'good'],
    dead: ['Given up', 'bad'],
};

export const queues = { incoming: 'from outside (a webhook)', outgoing: 'to the shop' };

export const breaker_states = {
    closed: ['Closed', '', 'good'],
    open: ['Open', 'calls are refused at once', 'bad'],
    half_open: ['Half open', 'a call is let through to see', 'moving'],
};

/** "code: sentence" of a failure */
function split(outcome) {
    const found = /^([a-z][a-z0-9_]*): (.*)$/s.exec(outcome);
    return found ? { code: found[1], detail: found[2] } : { code: '', detail: outcome };
}

/** Who did it, as one of shop, gateway, tollgate and operator, with the name to show. */
function actor(one, saga) {
    if (one.what === 'saga.retry' || one.what.startsWith('operator.')) return ['operator', one.who];
    if (one.who === 'tollgate' || one.who === 'gateway') return [one.who, one.who];
    return one.who === saga.tenant ? ['shop', one.who] : ['operator', one.who];
}

const asked = {
    capture: 'Asked to capture the payment',
    void: 'Asked to void the authorization',
    refund: 'Asked for a refund',
    confirm: 'The customer came back from authentication',
};

const news = {
    authorized: 'The gateway told that the card was authorized',
    captured: 'The gateway told of a capture',
    voided: 'The gateway told of a void',
    refunded: 'The gateway told of a refund',
    disputed: 'The gateway told of a dispute',
    action_completed: 'The gateway told that the customer authenticated',
    failed: 'The gateway told of a failure',
};

const pages = {
    failed_compensation: 'undoing keeps failing',
    missing_gateway: 'the gateway does not know a payment of ours',
    echo_mismatch: 'the gateway answered with another amount or currency than was asked',
    dead_letter: 'an event was given up',
    unknown_outcome_stuck: 'what became of a call is still not known',
};

const judged = {
    review: 'Fraud rules: let through, for somebody to review',
    challenge: 'Fraud rules: the customer must authenticate',
    block: 'Fraud rules: blocked',
};

/** A rule's name may follow. */
function verdict(outcome) {
    const [decision, rule] = outcome.split(/: (.*)/s);
    return {
        title: judged[decision] ?? outcome,
        detail: rule && `by the rule ${rule}`,
        kind: decision === 'block' ? 'bad' : 'asked',
    };
}

/** Codes of a call whose answer did not come, or told nothing: it may have been done. */
const unknown_codes = new Set(['gateway_timeout', 'gateway_fault', 'unreadable_answer', 'store_unknown']);

function failed(step, looked, outcome) {
    const { code, detail } = split(outcome);
    if (looked) return { title: `Looked up whether it happened (${to_do(step)}), and learned nothing`, code, detail, kind: 'bad' };
    const title = unknown_codes.has(code) ? `No answer: whether it happened is not known (${to_do(step)})` : steps[step][2];
    return { title, code, detail, kind: 'bad' };
}

function told(one) {
    const [family, rest] = [one.what.split('.')[0], one.what.slice(one.what.indexOf('.') + 1)];
    if (family === 'payment') return { title: payments[rest] ?? rest, detail: one.outcome, kind: 'good' };
    if (one.what === 'charge.status') {
        const [words, kind] = status_words(one.outcome);
        return { title: `Status: ${words.toLowerCase()}`, kind: kind === 'bad' ? 'bad' : 'status' };
    }
    if (family === 'asked' || family === 'operator') return { title: asked[rest] ?? `Asked: ${rest}`, detail: one.outcome, kind: 'asked' };
    if (one.what === 'charge.create') return { title: 'Charge asked for', detail: one.outcome, kind: 'asked' };
    if (one.what === 'saga.retry') return { title: 'Retried by hand', detail: one.outcome, kind: 'asked' };
    if (one.what === 'page') return { title: 'Somebody was paged', detail: pages[one.outcome] ?? one.outcome, kind: 'asked' };
    if (one.what === 'fraud') return verdict(one.outcome);
    if (one.what === 'left_out')
        return { title: 'Calls are left out here', detail: 'The audit log has all that moved money.', kind: 'asked' };
    if (one.what === 'news') {
        const [name, ...more] = one.outcome.split(' ');
        return {
            title: news[name] ?? `The gateway told: ${name}`,
            detail: more.join(' '),
            kind: name === 'failed' ? 'bad' : 'asked',
        };
    }
    const looked = one.what.startsWith('look up ');
    const step = looked ? one.what.slice('look up '.length) : one.what;
    if (!steps[step]) {
        const { code, detail } = split(one.outcome);
        return { title: one.what, code, detail, kind: code ? 'bad' : 'asked' };
    }
    const done = steps[step][1];
    if (one.outcome === 'done') return { title: looked ? `${done}, as looking it up told` : done, kind: 'good' };
    if (looked && split(one.outcome).code === 'never_arrived') {
        return { title: `Looked up whether it happened (${to_do(step)}): the call never arrived`, kind: 'asked' };
    }
    if (step === 'authorize' && one.outcome === 'the customer must authenticate')
        return { title: 'The bank asks the customer to authenticate', kind: 'asked' };
    return failed(step, looked, one.outcome);
}

/** A moment of the timeline: who, in which role, and what happened as title, detail, code and kind. */
export function moment(one, saga) {
    const [role, who] = actor(one, saga);
    return { role, who, ...told(one) };
}

/** Why it is undone, in a sentence. */
export function why_undone(failure, verb = 'is') {
    if (failure.voided && failure.code === 'checkout_reversed') return `It ${verb} given up on purpose: ${sentence(failure.detail)}`;
    if (failure.timed_out) return `It ${verb} undone because the customer did not authenticate in time.`;
    return `It ${verb} undone because it could not ${to_do(failure.step)}: ${sentence(failure.detail)}`;
}

/** What comes next, and what is to be done about it, in sentences; `in_time` tells a time in words. */
export function outlook(saga, in_time) {
    const step = saga.step ? to_do(saga.step.name) : '';
    const tries = saga.step?.tries ? `, tried ${times(saga.step.tries)} so far` : '';
    const by_itself = saga.due_at ? ` Tollgate goes on by itself ${in_time(saga.due_at)}.` : '';
    const verb = saga.state === 'COMPENSATED' ? 'was' : 'is';
    const why = saga.failure ? `${why_undone(saga.failure, verb)} ` : '';
    if (saga.state === 'UNREADABLE')
        return `Its state cannot be read: ${sentence(saga.detail)} Nobody works on it; report this as a bug.`;
    if (saga.status === 'needs_attention') {
        const now = saga.owned ? ' Tollgate is trying it again right now.' : by_itself.replace('goes on', 'tries again');
        return `${why}It still has to ${step || 'be undone'}${tries}, and that keeps failing.${now} Mend what the timeline names, then retry.`;
    }
    if (saga.status === 'requires_action') {
        return `The customer must authenticate with their bank. Nothing for you to do.${by_itself.replace('goes on', 'gives up')}`;
    }
    if (saga.status === 'authorized' && !saga.step) {
        const end = saga.capture_before ? ` The authorization ends ${in_time(saga.capture_before)}.` : '';
        return `The money is held on the card. The shop must capture or void it; shortly before the end Tollgate does what it is configured to.${end}`;
    }
    if (saga.state === 'RUNNING' || saga.state === 'COMPENSATING') {
        if (saga.step?.may_have_left && saga.step.tries > 0) {
            const looking = saga.owned ? ' Tollgate is looking it up right now.' : by_itself.replace('goes on', 'looks it up');
            return (
                `${why}A call left to ${step} and no answer told what became of it, so whether it happened is not known` +
                ` (asked ${times(saga.step.tries)} so far).${looking} Retry asks now; nothing is done twice.`
            );
        }
        if (saga.owned) return `${why}Tollgate is at it now: ${step}${tries}.`;
        return `${why}It still has to ${step || 'go on'}${tries}.${by_itself}`;
    }
    const ends = {
        succeeded: 'Done. Nothing is left to do.',
        declined: 'The card was declined, and what was reserved is given back. Nothing is left to do.',
        blocked: `It was refused as fraud${saga.failure ? `: ${sentence(saga.failure.detail)}` : '.'} Nothing is held. Nothing is left to do.`,
        reversed: `${why}Everything was undone. Nothing is left to do.`,
        canceled: 'It was canceled, and nothing is held any more. Nothing is left to do.',
    };
    return ends[saga.status] ?? '';
}
