#include <map>
#include <set>

#include "stores/audit_hasher.hpp"
#include "stores/placement.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/redis_store.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/run_alone.hpp"

namespace tollgate {
namespace redis {
namespace {

constexpr std::int64_t records_a_look = 500;

/// A chain: the days it has records of, and its last number.
struct Chain {
    std::set<std::string> days;
    std::int64_t last = 0;
};
using Chains = std::map<std::string, Chain>;

class Verifier {
public:
    Verifier(const Runtime& runtime, Client& client, Milliseconds timeout)
        : runtime_(runtime), client_(client), timeout_(timeout) {}

    Task<Result<AuditVerdict>> run() {
        for (int i = 0; i < partitions; ++i) {
            const Keys keys(i);
            const Result<Chains> known = co_await chains_of(keys, i);
            if (!known) co_return fail(known.error());
            for (const auto& [name, chain] : *known) {
                const Result<bool> sound = co_await verify(keys, i, name, chain);
                if (!sound) co_return fail(sound.error());
                if (!*sound) co_return verdict_;
            }
        }
        co_return verdict_;
    }

private:
    Task<Answer> ask(Command command, int partition) {
        co_return co_await client_.call(std::move(command), slot_of(Keys(partition).due()), runtime_.clock.steady() + timeout_,
                                        Repeat::safe);
    }

    Task<Result<Chains>> chains_of(Keys keys, int partition) {
        const Answer list = co_await ask({"HGETALL", keys.chains()}, partition);
        if (!list) co_return fail(unreadable(list.error()));
        Chains chains;
        for (std::size_t i = 0; i + 1 < list->size(); i += 2) {
            const std::string_view name = (*list)[i].text();
            const std::size_t colon = std::min(name.find(':'), name.size());
            Chain& chain = chains[std::string(name.substr(std::min(colon + 1, name.size())))];
            chain.days.emplace(name.substr(0, colon));
            chain.last = std::max(chain.last, (*list)[i + 1].integer());
        }
        co_return chains;
    }

    /// False when a record is bad.
    Task<Result<bool>> verify(Keys keys, int partition, std::string name, Chain chain) {
        head_ = {};
        seq_ = 0;
        // In this order, since the chain may grow meanwhile: what is there, and then how far it was written.
        std::int64_t there = 0;
        for (const std::string& day : chain.days) {
            const Answer count = co_await ask({"HLEN", keys.chain(day + ":" + name)}, partition);
            if (!count) co_return fail(unreadable(count.error()));
            there += count->integer();
        }
        for (const std::string& day : chain.days) {
            const Answer last = co_await ask({"HGET", keys.chains(), day + ":" + name}, partition);
            if (!last) co_return fail(unreadable(last.error()));
            chain.last = std::max(chain.last, last->integer());
        }
        while (seq_ < chain.last) {
            std::map<std::int64_t, std::string> some;
            for (const std::string& day : chain.days) {
                const Result<void> read = co_await read_some(keys.chain(day + ":" + name), partition, chain.last, some);
                if (!read) co_return fail(read.error());
            }
            const std::int64_t until = std::min(seq_ + records_a_look, chain.last);
            while (seq_ < until) {
                if (!check_next(name, some)) co_return false;
            }
        }
        if (there <= chain.last) co_return true;
        ++seq_;
        co_return bad(name, "there are records beyond the one that was last written");
    }

    Task<Result<void>> read_some(std::string key, int partition, std::int64_t last, std::map<std::int64_t, std::string>& some) {
        std::vector<std::string> numbers;
        for (std::int64_t i = seq_ + 1; i <= std::min(seq_ + records_a_look, last); ++i) numbers.push_back(std::to_string(i));
        std::vector<std::string_view> words{"HMGET", key};
        words.insert(words.end(), numbers.begin(), numbers.end());
        const Answer answer = co_await ask(Command(words), partition);
        if (!answer) co_return fail(unreadable(answer.error()));
        for (std::size_t i = 0; i < answer->size(); ++i) {
            if (!(*answer)[i].is_nil()) some.emplace(seq_ + 1 + static_cast<std::int64_t>(i), (*answer)[i].text());
        }
        co_return Result<void>();
    }

    bool check_next(const std::string& name, const std::map<std::int64_t, std::string>& some) {
        const auto found = some.find(++seq_);
        if (found == some.end()) return bad(name, "the record is missing");
        const std::string_view bytes = found->second;
        const std::optional<AuditRecord> record = decode_audit_record(bytes.substr(std::min(bytes.size(), head_.size())));
        if (!record) return bad(name, "the record cannot be read");
        head_ = hasher_.next(head_, seq_, *record);
        if (bytes.substr(0, head_.size()) != bytes_of(head_)) return bad(name, "the record does not match its hash");
        ++verdict_.records;
        return true;
    }

    bool bad(const std::string& chain, const char* why) {
        verdict_.bad_seq = seq_;
        verdict_.why = why;
        verdict_.chain = chain;
        return false;
    }

    static PaymentError unreadable(const Failure& failure) {
        return {Code::store_unavailable, "the audit log could not be read: " + failure.why};
    }

    const Runtime& runtime_;
    Client& client_;
    const Milliseconds timeout_;
    AuditHasher hasher_;
    AuditHash head_{};
    std::int64_t seq_ = 0;
    AuditVerdict verdict_;
};

}  // namespace
}  // namespace redis

Result<AuditVerdict> verify_audit(const RedisStoreOptions& options) {
    using redis::Client;
    Result<Result<AuditVerdict>> verdict = redis::run_alone<Result<AuditVerdict>>(
        options.redis, [&](const Runtime& runtime, Client& client) -> Task<Result<AuditVerdict>> {
            redis::Verifier verifier(runtime, client, options.timeout);
            co_return co_await verifier.run();
        });
    if (!verdict) return fail(std::move(verdict.error()));
    return std::move(*verdict);
}

}  // namespace tollgate
