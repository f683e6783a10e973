#include <algorithm>

#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

using Kind = Begun::Kind;

constexpr std::int64_t per_max = std::int64_t{1'000'000} * 86'400 * 36'525;  // as in resilience/gcra.cpp
constexpr std::int64_t burst_max = 1'000'000'000'000'000;                    // a double counts so far exactly

void add_limit(Words& words, const Admission& admission) {
    if (!admission.limit) {
        words.ref("0").ref("0").ref("0");
        return;
    }
    const GcraPolicy& policy = *admission.limit;
    const std::int64_t per = std::clamp<std::int64_t>(policy.per.count(), 0, per_max / 1000) * 1000;
    words.add(std::clamp<std::int64_t>(policy.requests, 1, std::max<std::int64_t>(per, 1)));
    words.add(std::max<std::int64_t>(per, 1));
    words.add(std::clamp<std::int64_t>(policy.burst, 1, burst_max));
}

Words keys_of(const BeginCharge& begin, const Keys& keys, const std::string& nonce, const std::string& sale) {
    const ChargeRow& row = begin.row;
    Words words;
    words.add(keys.row(row.id)).add(keys.due()).add(keys.arrivals()).add(keys.of_tenant(row.tenant));
    words.add(keys.of_order(row.tenant, row.order_id)).add(keys.of_customer(row.customer_id));
    words.add(keys.living(sale)).add(keys.of_status(row.status, row.tenant));
    words.add(keys.told(nonce)).add(keys.limit(begin.admission.limit_key));
    for (const Velocity& velocity : begin.admission.velocities) words.add(keys.velocity(velocity.key));
    return words;
}

Words arguments_of(const BeginCharge& begin, const std::string& nonce, const std::string& sale, bool trace_replays) {
    const ChargeRow& row = begin.row;
    Words words;
    words.add(text_of(begin.now)).ref(nonce).ref(row.id).ref(row.fingerprint).ref(sale).ref(row.idempotency_key);
    words.ref(row.state).add(text_of(row.lease_until)).add(standing_of(row.status, row.live, false));
    words.ref(begin.admission.refusal ? "1" : "0").add(begin.duplicates_window.count());
    words.ref(begin.allow_duplicate ? "1" : "0");
    add_limit(words, begin.admission);
    words.ref(trace_replays ? "1" : "0").ref(row.customer_id);
    words.add(static_cast<std::int64_t>(begin.admission.velocities.size()));
    for (const Velocity& velocity : begin.admission.velocities) {
        words.add(velocity.window.count()).add(velocity.max).ref(velocity.counts_begin ? "1" : "0");
    }
    return words;
}

GcraDecision decide(const BeginCharge& begin, ReplyView kept) {
    return gcra(*begin.admission.limit, GcraTime(number_of(kept.text())), begin.now.time_since_epoch());
}

/// {"f", created_at and key, attempt, fence, begun_at, kept arrival time of the limit, counts}
Begun fresh(BeginCharge begin, const Reply& reply) {
    Begun begun{.kind = Kind::fresh, .row = {}, .error = {}, .limit = {}, .velocities = {}};
    ChargeRow& row = begin.row;
    row.created_at = created_at(reply[1].text());
    row.attempt = static_cast<int>(reply[2].integer());
    row.fence = static_cast<std::uint64_t>(reply[3].integer());
    row.begun_at = time_of(reply[4].text());
    row.due_at = row.begun_at;
    row.key_free = false;
    row.answer.reset();
    if (begin.admission.limit && !reply[5].is_nil()) begun.limit = decide(begin, reply[5]);
    for (std::size_t i = 0; i < reply[6].size(); ++i) {
        begun.velocities.push_back(std::min(reply[6][i].integer(), begin.admission.velocities[i].max + 1));
    }
    begun.row = std::move(row);
    return begun;
}

Begun answered(const BeginCharge& begin, StoredRow stored) {
    const bool outlived =
        begin.answer_ttl > Milliseconds(0) && stored.answered_at && begin.now - *stored.answered_at >= begin.answer_ttl;
    if (outlived) stored.row.answer.reset();
    const Kind kind = stored.row.answer ? Kind::replay : Kind::settled;
    return {.kind = kind, .row = std::move(stored.row), .error = {}, .limit = {}, .velocities = {}};
}

Begun limited(const BeginCharge& begin, ReplyView kept) {
    Begun begun;
    begun.limit = decide(begin, kept);
    begun.error = PaymentError(Code::rate_limited, "too many charges for this customer; wait before the next one",
                               begun.limit->retry_after);
    return begun;
}

Begun known(Kind kind, StoredRow stored) {
    return {.kind = kind, .row = std::move(stored.row), .error = {}, .limit = {}, .velocities = {}};
}

Result<Begun> read_begun(BeginCharge begin, const Reply& reply) {
    const std::string_view what = reply[0].text();
    const std::string id = begin.row.id;
    switch (what.size() == 1 ? what[0] : ' ') {
        case 'f':
            return fresh(std::move(begin), reply);
        case 't':
            return known(Kind::taken_over, read_row(id, reply[1]));
        case 'r':
            return known(Kind::reused, read_row(id, reply[1]));
        case 'i':
            return known(Kind::in_flight, read_row(id, reply[1]));
        case 'a':
            return answered(begin, read_row(id, reply[1]));
        case 'd':
            return known(Kind::duplicate, read_row(reply[1][0].text(), reply[1][1]));
        case 'l':
            return limited(begin, reply[1]);
        case 'x':
            return Begun{.kind = Kind::refused, .row = {}, .error = begin.admission.refusal, .limit = {}, .velocities = {}};
        case 'o':
            return fail(Code::store_unknown, "an earlier copy of this begin has been answered; ask again");
        default:
            return fail(Code::store_unknown, "the store answered a begin in a way nobody here knows; check its version");
    }
}

}  // namespace

Task<Result<Begun>> StoreCore::begin(Lane& lane, BeginCharge begin) {
    saw(begin.now, begin.answer_ttl);
    const int partition = partition_of_charge(begin.row.id);
    const std::string nonce = next_name();
    const std::string sale = sale_of(begin.row);
    Words keys = keys_of(begin, Keys(partition), nonce, sale);
    Words arguments = arguments_of(begin, nonce, sale, options_.redis.replicas > 0);
    const Answer answer = co_await run(
        lane, Run{scripts().begin, partition, begin.row.id, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    Result<Begun> begun = read_begun(std::move(begin), *answer);
    if (begun && (begun->kind == Kind::fresh || begun->kind == Kind::taken_over)) {
        transitions_.fetch_add(1, std::memory_order_relaxed);
    }
    co_return begun;
}

}  // namespace tollgate::redis
