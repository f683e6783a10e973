// Pieces that every view is made of. Whatever comes from outside becomes text, never markup.

/** An element: functions among the attributes are listeners; null and false leave one out. */
export function h(tag, attributes = {}, ...children) {
    return build(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
    return build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function build(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === 'function') node.addEventListener(name, value);
        else node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

/** What strangers wrote: its direction of writing must not spill over into the words around it. */
export const quoted = (text) => h('bdi', {}, text);

/** For those who do not see the page. */
export function say(text) {
    document.getElementById('said').textContent = text;
}

// --- time ---------------------------------------------------------------------------------------------------------------

export function duration(ms) {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    const seconds = ms / 1000;
    if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
    if (seconds < 60) return `${Math.round(seconds)} s`;
    const pair = (big, bigger, smaller) => {
        const rest = Math.floor(big % bigger);
        return rest === 0 ? '' : ` ${rest} ${smaller}`;
    };
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min${pair(seconds, 60, 's')}`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${hours} h${pair(minutes, 60, 'min')}`;
    return `${Math.floor(hours / 24)} d${pair(hours, 24, 'h')}`;
}

export function relative(iso) {
    const ms = Date.now() - Date.parse(iso);
    if (Math.abs(ms) < 1000) return 'now';
    return ms > 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`;
}

const parts = (iso) => {
    const text = new Date(iso).toISOString();
    return { day: text.slice(0, 10), clock: text.slice(11, 19), ms: text.slice(19, 23) };
};

/** "2026-11-22 10:00:00 UTC" */
export function exact(iso) {
    const { day, clock } = parts(iso);
    return h('time', { datetime: iso, title: iso }, `${day} ${clock} UTC`);
}

/** "10:00:00.250" */
export function clock(iso) {
    const at = parts(iso);
    return h('time', { datetime: iso, title: iso }, at.clock, h('span', { class: 'fraction' }, at.ms));
}

export const day = (iso) => parts(iso).day;

/** "3 min ago", kept up to date. */
export function ago(iso) {
    return h('time', { class: 'ago', datetime: iso, title: `${iso}` }, relative(iso));
}

export function age() {
    for (const time of document.querySelectorAll('time.ago')) {
        const text = relative(time.getAttribute('datetime'));
        if (time.textContent !== text) time.textContent = text;
    }
}

// --- money --------------------------------------------------------------------------------------------------------------

// ISO 4217. Browsers know what is customary in cash instead, which moves the point of some currencies.
const decimals = new Map();
for (const [count, codes] of [
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
    [4, 'CLF UYW'],
]) {
    for (const code of codes.split(' ')) decimals.set(code, count);
}

export const decimals_of = (currency) => decimals.get(currency) ?? 2;

/** "49.99" of 4999 */
export function plain(minor, currency) {
    const count = decimals_of(currency);
    const digits = String(Math.abs(minor)).padStart(count + 1, '0');
    const whole = digits.slice(0, digits.length - count);
    return (minor < 0 ? '-' : '') + (count === 0 ? whole : `${whole}.${digits.slice(-count)}`);
}

/** "USD 49.99", with the currency's own decimals */
export function money(minor, currency) {
    const count = decimals_of(currency);
    try {
        const format = new Intl.NumberFormat('en', {
            style: 'currency',
            currency,
            currencyDisplay: 'code',
            minimumFractionDigits: count,
            maximumFractionDigits: count,
        });
        return format.format(plain(minor, currency));
    } catch {
        return `${currency} ${plain(minor, currency)}`;
    }
}

/** 4999 of "49.99"; null: it is no such amount. */
export function minor_of(text, currency) {
    const count = decimals_of(currency);
    const found = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
    if (!found || (found[2] ?? '').length > count) return null;
    return Number(found[1] + (found[2] ?? '').padEnd(count, '0'));
}

// --- parts of a page ----------------------------------------------------------------------------------------------------

export function copyable(text, what) {
    const button = h('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what} ${text}` }, 'Copy');
    if (!navigator.clipboard) return h('code', {}, text);
    button.addEventListener('click', async () => {
        try {
            await navigator.clipboard.writeText(text);
            button.textContent = 'Copied';
            say(`Copied ${what}`);
        } catch {
            button.textContent = 'Not allowed';
        }
        setTimeout(() => (button.textContent = 'Copy'), 2000);
    });
    return h('span', { class: 'copyable' }, h('code', {}, text), button);
}

/** Names and values; those without a value are left out. */
export function pairs(entries) {
    const list = h('dl', { class: 'pairs' });
    for (const [name, value] of entries) {
        if (value === null || value === undefined || value === '') continue;
        list.append(h('div', {}, h('dt', {}, name), h('dd', {}, value)));
    }
    return list;
}

/** A calm failure, with a way out of it. */
export function trouble(refusal, again) {
    return h(
        'div',
        { class: 'problem', role: 'alert' },
        h('p', {}, refusal.message),
        again && h('button', { type: 'button', click: again }, 'Try again'),
    );
}

/** Of good news and bad, at the top of a view; it is read out and takes the focus, since its button may be gone. */
export function notice(text, good = true) {
    return h('p', { class: good ? 'notice good' : 'notice bad', tabindex: '-1', role: 'status' }, text);
}

/**
 * Asks before something is done. `act` does it, and what it throws is shown for another try; the promise gives what it returned,
 * or null for those who think better of it. Cancel has the focus.
 */
export function confirm({ title, text, fields = [], yes, act }) {
    return new Promise((resolve) => {
        let result = null;
        let busy = false;
        const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        const cancel = h('button', { type: 'button', autofocus: true, click: () => dialog.close() }, 'Cancel');
        const go = h('button', { type: 'submit', class: 'primary' }, yes);
        const submit = async (event) => {
            event.preventDefault();
            if (busy) return;
            busy = true;
            cancel.disabled = go.disabled = true;
            go.textContent = 'Working…';
            problem.hidden = true;
            try {
                result = await act();
                dialog.close();
            } catch (refusal) {
                problem.textContent = refusal.lost
                    ? `${refusal.message} Whether it was done is not known. Try again: it is done only once.`
                    : refusal.message;
                problem.hidden = false;
                go.textContent = refusal.lost ? 'Try again' : yes;
                dialog.querySelectorAll('input').forEach((input) => (input.readOnly = Boolean(refusal.lost)));
            }
            busy = false;
            cancel.disabled = go.disabled = false;
        };
        const dialog = h(
            'dialog',
            {
                'aria-labelledby': 'dialog-title',
                'aria-describedby': 'dialog-text',
                keydown: (event) => busy && event.key === 'Escape' && event.preventDefault(), // what has left cannot be canceled
                cancel: (event) => busy && event.preventDefault(),
                close: () => {
                    dialog.remove();
                    resolve(result);
                },
            },
            h(
                'form',
                { submit },
                h('h2', { id: 'dialog-title' }, title),
                h('p', { id: 'dialog-text' }, text),
                fields,
                problem,
                h('div', { class: 'buttons' }, cancel, go),
            ),
        );
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** A field of a form with its name and a hint. */
export function field(name, input, hint) {
    input.id = `field-${name.toLowerCase().replaceAll(' ', '-')}`;
    if (hint) input.setAttribute('aria-describedby', `${input.id}-hint`);
    return h(
        'div',
        { class: 'field' },
        h('label', { for: input.id }, name),
        input,
        hint && h('p', { id: `${input.id}-hint`, class: 'hint' }, hint),
    );
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
