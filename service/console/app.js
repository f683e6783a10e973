// The console: who is logged in, which view an address shows, and the keys.
import { look, logIn, logOut, session } from './calls.js';
import { age, field, h, notice, trouble } from './dom.js';
import { charge } from './charge.js';
import { home, list_of, search } from './home.js';
import { event, reconciliation } from './records.js';

const main = document.getElementById('main');
const top_bar = document.getElementById('top');
const foot = document.getElementById('foot');
const query = document.getElementById('q');

// --- views --------------------------------------------------------------------------------------------------------------

/** What a view needs of the page for as long as it is shown. */
class View {
    #end = new AbortController();
    #timers = new Map();

    get signal() {
        return this.#end.signal;
    }
    show(title, ...content) {
        document.title = `${title} · Tollgate`;
        main.replaceChildren(...content);
    }
    visit(address) {
        history.pushState(null, '', address);
        route(true);
    }
    /** Once, but not while nobody looks; a later call with the same function replaces an earlier one. */
    after(ms, act) {
        clearTimeout(this.#timers.get(act));
        if (this.signal.aborted) return;
        this.#timers.set(
            act,
            setTimeout(() => {
                this.#timers.delete(act);
                if (!document.hidden) act();
                else document.addEventListener('visibilitychange', act, { once: true, signal: this.signal });
            }, ms),
        );
    }
    every(ms, act) {
        this.after(ms, async () => {
            await act();
            this.every(ms, act);
        });
    }
    end() {
        this.#end.abort();
        for (const timer of this.#timers.values()) clearTimeout(timer);
    }
}

const views = [
    ['charge', charge],
    ['webhook', event],
    ['day', reconciliation],
    ['q', search],
    ['list', list_of],
];
let shown = null;

function begin() {
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    shown?.end();
    shown = new View();
    return shown;
}

/** Shows what the address names, to whoever may see it. */
function route(focus) {
    if (session.now === null) return log_in_view();
    const view = begin();
    const wanted = new URLSearchParams(location.search);
    const found = views.find(([name]) => wanted.has(name) && (name === 'day' || wanted.get(name).trim()));
    query.value = found?.[0] === 'q' ? wanted.get('q') : '';
    for (const link of top_bar.querySelectorAll('nav a')) {
        const current = link.id === 'to-days' ? found?.[0] === 'day' : !found;
        if (current) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    }
    const [, draw] = found ?? ['', home];
    const drawn = draw(view, found ? wanted.get(found[0]).trim() : '');
    window.scrollTo(0, 0);
    if (focus) drawn.then(() => !view.signal.aborted && (main.querySelector('h1') ?? main).focus());
}

// --- who is here --------------------------------------------------------------------------------------------------------

function introduce() {
    const { who, keys, version } = session.now;
    top_bar.hidden = foot.hidden = false;
    document.getElementById('who').textContent = keys ? who : 'no keys';
    document.getElementById('who').title = keys
        ? `Logged in with the key ${who}`
        : 'No API keys are configured, so everybody on this machine is an operator.';
    document.getElementById('leave').hidden = !keys;
    foot.textContent = `Tollgate ${version} · times are UTC · ? shows the keys`;
}

function log_in_view(words) {
    const view = begin();
    top_bar.hidden = foot.hidden = true;
    const key = h('input', {
        type: 'password',
        autocomplete: 'current-password',
        required: true,
        maxlength: 512,
        spellcheck: 'false',
    });
    const problem = h('p', { class: 'problem', role: 'alert', hidden: !words }, words ?? '');
    const button = h('button', { type: 'submit', class: 'primary' }, 'Log in');
    const submit = async (event) => {
        event.preventDefault();
        if (button.disabled) return;
        button.disabled = true;
        problem.hidden = true;
        try {
            await logIn(key.value);
            key.value = '';
            if (view.signal.aborted) return;
            introduce();
            route(true);
        } catch (refusal) {
            problem.textContent = refusal.message;
            problem.hidden = false;
            button.disabled = false;
            key.select();
        }
    };
    view.show(
        'Log in',
        h(
            'form',
            { class: 'login', submit },
            h('h1', { tabindex: '-1' }, 'Tollgate'),
            h('p', {}, 'The console for operators. Log in with an API key that has the scope ', h('code', {}, 'admin'), '.'),
            field('API key', key),
            problem,
            button,
        ),
    );
    key.focus();
}

async function leave() {
    try {
        await logOut();
    } catch (refusal) {
        main.prepend(trouble(refusal, leave));
        return;
    }
    history.pushState(null, '', '/console');
    log_in_view();
    main.querySelector('form').prepend(notice('You are logged out.'));
}

session.changed = introduce;
session.ended = () => log_in_view('Your session has ended. Log in again, and go on where you were.');

async function start() {
    const view = begin();
    try {
        session.now = await look();
        if (session.now === null) return log_in_view();
        introduce();
        route(false);
    } catch (refusal) {
        view.show('Tollgate', h('h1', {}, 'Tollgate'), trouble(refusal, start));
    }
}

// --- keys ---------------------------------------------------------------------------------------------------------------

const keys_off = 'tollgate-keys-off';
const stored = (() => {
    try {
        return window.localStorage;
    } catch {
        return null;
    }
})();

function move(step) {
    const rows = [...main.querySelectorAll('a.row, a.row-link')];
    const at = rows.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
    rows[next]?.focus();
}

function show_help() {
    const keys = [
        ['/', 'search'],
        ['j or ↓', 'next in a list'],
        ['k or ↑', 'previous in a list'],
        ['Enter', 'open'],
        ['g', 'home'],
        ['Escape', 'close a dialog'],
        ['?', 'this help'],
    ];
    const box = h('input', {
        type: 'checkbox',
        id: 'keys-on',
        change: () => stored?.setItem(keys_off, box.checked ? '' : '1'),
    });
    box.checked = !stored?.getItem(keys_off);
    const dialog = h(
        'dialog',
        { 'aria-labelledby': 'help-title', close: () => dialog.remove() },
        h('h2', { id: 'help-title' }, 'Keys'),
        h(
            'dl',
            { class: 'pairs keys' },
            keys.map(([key, does]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, does))),
        ),
        h('p', {}, h('label', {}, box, ' Keys of a single letter work')),
        h('p', {}, 'The API behind all this is described at ', h('a', { href: '/docs' }, '/docs'), '.'),
        h('div', { class: 'buttons' }, h('button', { type: 'button', autofocus: true, click: () => dialog.close() }, 'Close')),
    );
    document.body.append(dialog);
    dialog.showModal();
}

const shortcuts = {
    '/': () => query.focus(),
    '?': show_help,
    g: () => shown?.visit('/console'),
    j: () => move(1),
    k: () => move(-1),
};

document.addEventListener('keydown', (event) => {
    if (session.now === null || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog')) return;
    if (event.target.closest?.('input, textarea, select, pre, .scroll')) return;
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (arrow && document.activeElement?.matches('a.row, a.row-link')) {
        event.preventDefault();
        return move(arrow);
    }
    const act = shortcuts[event.key];
    if (!act || stored?.getItem(keys_off)) return;
    event.preventDefault();
    act();
});

// --- addresses ----------------------------------------------------------------------------------------------------------

document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="/console"]');
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    shown?.visit(link.getAttribute('href'));
});
document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault(); // it leads to no other address, so that nothing is drawn anew
    main.focus();
});
document.getElementById('search').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = query.value.trim();
    if (text) shown?.visit(`/console?q=${encodeURIComponent(text)}`);
});
document.getElementById('help').addEventListener('click', show_help);
document.getElementById('leave').addEventListener('click', leave);
window.addEventListener('popstate', () => route(true));
window.addEventListener('pageshow', (event) => event.persisted && start()); // from a cache: who is here may have changed
setInterval(age, 5_000);
start();
