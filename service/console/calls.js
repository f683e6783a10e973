// What the page asks of the service. Every call has a time limit, and fails with a Refusal that says why in words.

export class Refusal extends Error {
    /** `lost`: whether the service did what it was asked is not known. `code`: the problem's. */
    constructor(message, { status = 0, lost = false, code = '' } = {}) {
        super(message);
        this.status = status;
        this.lost = lost;
        this.code = code;
    }
}

const patience = 20_000;
const patience_to_act = 60_000; // what moves money may take the service charge_timeout, 30 s unless it says otherwise

/** Who is logged in: the answer of GET /console/session; null: nobody. The page hears of it when that ends or changes. */
export const session = { now: null, ended: () => {}, changed: () => {} };

async function send(method, path, { body, headers = {}, signal } = {}) {
    const most = method === 'GET' ? patience : patience_to_act;
    const limit = AbortSignal.timeout(most);
    const options = {
        method,
        headers: { Accept: 'application/json', ...headers },
        cache: 'no-store',
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
    };
    if (body !== undefined) {
        options.body = JSON.stringify(body);
        options.headers['Content-Type'] = 'application/json';
    }
    try {
        const response = await fetch(path, options);
        const text = await response.text();
        return { status: response.status, text, wait: response.headers.get('Retry-After') };
    } catch {
        if (signal?.aborted) throw new Refusal('', { status: -1 });
        const words = limit.aborted
            ? `The service did not answer within ${most / 1000} seconds.`
            : 'The service cannot be reached.';
        throw new Refusal(words, { lost: true });
    }
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

/** What a problem (RFC 9457) says, for people. */
function words(answer) {
    const problem = parsed(answer.text) ?? {};
    const parts = [problem.detail || problem.title || `The service answered ${answer.status}.`];
    for (const error of (problem.errors ?? []).slice(0, 5)) parts.push(`${error.pointer}: ${error.detail}`);
    if (answer.wait && (answer.status === 429 || answer.status === 503)) parts.push(`Try again in ${answer.wait} s.`);
    return parts.join(' ');
}

/** A problem that says it may not be tried again is a definite no; a 5xx without a word is none. */
function refused(answer) {
    const problem = parsed(answer.text);
    const definite = answer.status < 500 || problem?.retriable === false;
    return new Refusal(words(answer), { status: answer.status, lost: !definite, code: problem?.code ?? '' });
}

/** Who is logged in, told anew; null: nobody. */
export async function look() {
    const answer = await send('GET', '/console/session');
    if (answer.status === 401) return null;
    if (answer.status !== 200) throw refused(answer);
    return parsed(answer.text);
}

export async function logIn(key) {
    const answer = await send('POST', '/console/session', { body: { key } });
    if (answer.status !== 200) throw refused(answer);
    session.now = parsed(answer.text);
}

export async function logOut() {
    const answer = await send('DELETE', '/console/session', { headers: { 'X-CSRF-Token': session.now?.csrf ?? '' } });
    if (answer.status !== 204 && answer.status !== 401) throw refused(answer);
    session.now = null;
}

/** Somebody logged in anew in another window: the cookie is theirs by now. True: it is the same person, go on. */
async function isStillMe() {
    const now = await look();
    if (now === null || now.csrf === session.now?.csrf) return false;
    const same = now.who === session.now?.who;
    session.now = now;
    session.changed();
    if (!same) throw new Refusal(`Another window logged in as ${now.who}. Nothing was done; look again before you go on.`);
    return true;
}

/** `path` is one of /admin of the API, without that. Answers with the status and the JSON. */
export async function ask(method, path, { body, key, signal } = {}) {
    const call = () => {
        const headers = {};
        if (method !== 'GET') headers['X-CSRF-Token'] = session.now?.csrf ?? '';
        if (key) headers['Idempotency-Key'] = key;
        return send(method, `/console/api/${path}`, { body, headers, signal });
    };
    let answer = await call();
    if (answer.status === 403 && method !== 'GET' && (await isStillMe())) answer = await call();
    if (answer.status === 401) {
        session.now = null;
        session.ended();
        throw new Refusal('Your session has ended.', { status: 401 });
    }
    if (answer.status < 200 || answer.status > 299) throw refused(answer);
    return { status: answer.status, json: parsed(answer.text) ?? {} };
}

/** The query of an address (RFC 3986, where a plus is a plus); empty values are left out. */
export const query_of = (values) =>
    Object.entries(values)
        .filter(([, value]) => value !== '')
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&');

export const get = async (path, signal) => (await ask('GET', path, { signal })).json;
